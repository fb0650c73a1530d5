"""Subscriptions: a customer is billed again and again, until it ends.

A period is billed when it begins; what is used is billed when it ends. A renewal makes a draft that can be changed for
an hour; the first invoice is finalized at once when it is charged automatically.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal, json_reply
from mocks.payment import declines, listing, methods
from mocks.payment.bodies import EmptyBody
from mocks.payment.customers import charged
from mocks.payment.errors import Failed, declined
from mocks.payment.invoicing import coupons, invoices, items, meters, prices
from mocks.payment.invoicing import subscription as shapes
from mocks.payment.invoicing.collecting import FinalizeBody, PayBody, finalize, give_up, pay, void
from mocks.payment.invoicing.coupons import discounts_of
from mocks.payment.invoicing.invoice import Invoice, InvoiceParent, SubscriptionDetails, with_lines
from mocks.payment.invoicing.lines import Line, LineParent, SubscriptionItemDetails, pricing_of
from mocks.payment.invoicing.prices import Price, amount_of
from mocks.payment.invoicing.proration import prorations
from mocks.payment.invoicing.subscription import (
    RUNNING,
    AddedItem,
    CancelBody,
    CancellationDetails,
    ItemEntry,
    PauseBody,
    ResumeBody,
    Subscription,
    SubscriptionBody,
    SubscriptionInvoiceSettings,
    SubscriptionItem,
    SubscriptionPaymentSettings,
    SubscriptionQuery,
    SubscriptionUpdate,
    TrialSettings,
    in_period,
    item_list,
    period_end,
    plan_of,
    with_items,
)
from mocks.payment.invoicing.tax_rates import rates_of
from mocks.payment.model import DAY_SECONDS, SECOND_US, Processor, merged
from mocks.payment.parts import AutomaticTax, DiscountBody, Period
from mocks.payment.records import Customer
from mocks.payment.rows import alter, answer, answer_list, find, prepare, read, remove, row

EXPIRES_SECONDS = 23 * 3_600
_BEHAVIORS = ("allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")
_FAR = 4_102_444_800


# --- subscribing ----------------------------------------------------------------------------------------------------


def create(model: Processor, body: SubscriptionBody, key: str = "", **more: Any) -> Subscription:
    """Subscribe a customer and bill the first period, unless a trial comes first."""
    customer = charged(model, body.customer)
    assert customer is not None, "the form requires a customer"
    if not body.items:
        raise Refusal("parameter_missing", "Missing required param: items.", field="items")
    _require(body)
    key = key or model.new_id("sub")
    found = [price_of(model, entry, f"items[{index}]") for index, entry in enumerate(body.items)]
    _require_alike(found)
    now = model.now
    trial_end = _trial_end(model, body, found)
    anchor = trial_end or body.billing_cycle_anchor or now
    end = trial_end or (anchor if anchor > now else period_end(found[0], now, anchor))
    rows = [_item(model, key, *each, now, end) for each in zip(body.items, found, strict=True)]
    discounts = discounts_of(model, _asked_discounts(body), subscription=key, customer=customer.id)
    method = body.default_payment_method or None
    if method is not None:
        method = methods.method_for(model, method, "default_payment_method").id
    cancel_at = _instant(body.cancel_at, "cancel_at")
    waits = body.payment_behavior == "default_incomplete" and body.collection_method == "charge_automatically"
    made = Subscription(
        id=key, billing_cycle_anchor=anchor, created=now, currency=found[0].currency, customer=customer.id,
        collection_method=body.collection_method, days_until_due=body.days_until_due, default_payment_method=method,
        default_tax_rates=rates_of(model, body.default_tax_rates, "default_tax_rates"),
        description=body.description or None, discounts=[each.id for each in discounts],
        invoice_settings=body.invoice_settings or SubscriptionInvoiceSettings(), items=item_list(key, rows),
        metadata=merged({}, body.metadata), automatic_tax=body.automatic_tax or AutomaticTax(),
        payment_settings=body.payment_settings or SubscriptionPaymentSettings(),
        start_date=body.backdate_start_date or now, status="trialing" if trial_end else "incomplete",
        test_clock=customer.test_clock, trial_end=trial_end, trial_start=now if trial_end else None,
        trial_settings=body.trial_settings or TrialSettings(), cancel_at=cancel_at,
        cancel_at_period_end=bool(body.cancel_at_period_end), **more,
    )  # fmt: skip
    if body.cancel_at_period_end:
        made = structs.replace(made, cancel_at=end, canceled_at=now)
    if body.collection_method == "send_invoice" and not trial_end:
        made = structs.replace(made, status="active")
    if body.payment_behavior == "error_if_incomplete":
        _require_payable(model, made)
    return _started(model, with_items(model, made, rows), body, waits)


def _started(model: Processor, made: Subscription, body: SubscriptionBody, waits: bool) -> Subscription:
    """Keep a new subscription, bill its first period and plan what it will do by itself."""
    model.tables["subscription"][made.id] = made
    model.index.note("subscription", made.id, made.metadata)
    at_once = made.collection_method == "charge_automatically"
    invoice = bill(model, made, "subscription_create", body.add_invoice_items or (), keeps_draft=not at_once)
    made = structs.replace(made, latest_invoice=invoice.id)
    model.tables["subscription"][made.id] = made
    _plan(model, made)
    if at_once:
        invoice = finalize(model, invoice, FinalizeBody(auto_advance=not waits), charges=False)
        if invoice.status == "open" and not waits:
            _try_to_pay(model, invoice)
    found: Subscription = model.tables["subscription"][made.id]
    if found.status == "incomplete":
        model.desk.agenda.add((model.now + EXPIRES_SECONDS) * SECOND_US, "incomplete_expires", made.id)
    shapes.show(model, found)
    model.emit("customer.subscription.created", found)
    return found


def _require(body: SubscriptionBody | SubscriptionUpdate) -> None:
    if body.collection_method not in (None, "charge_automatically", "send_invoice"):
        text = f"Invalid collection_method: {body.collection_method}"
        raise Refusal("parameter_invalid", text, field="collection_method")
    if body.collection_method == "send_invoice" and body.days_until_due is None:
        text = "Missing required param: days_until_due, for invoices that are sent."
        raise Refusal("parameter_missing", text, field="days_until_due")
    if body.payment_behavior not in _BEHAVIORS:
        text = f"Invalid payment_behavior: {body.payment_behavior}"
        raise Refusal("parameter_invalid", text, field="payment_behavior")


def price_of(model: Processor, entry: ItemEntry, field: str) -> Price:
    """Return the recurring price that an entry names or describes."""
    key = entry.price or entry.plan
    if key:
        price: Price = model.referred("price", key, f"{field}[price]")
    elif entry.price_data is not None:
        price = prices.on_the_fly(model, entry.price_data, f"{field}[price_data]")
    else:
        raise Refusal("parameter_missing", f"Missing required param: {field}[price].", field=f"{field}[price]")
    if price.recurring is None:
        text = f"The price {price.id} is not recurring: it cannot be subscribed to."
        raise Refusal("parameter_invalid", text, field=f"{field}[price]")
    if not price.active and entry.price_data is None:
        raise Refusal("parameter_invalid", f"The price {price.id} is inactive.", field=f"{field}[price]")
    if entry.quantity is not None and entry.quantity < 0:
        text = "This value must be greater than or equal to 0."
        raise Refusal("parameter_invalid_integer", text, field=f"{field}[quantity]")
    return price


def _require_alike(found: Sequence[Price]) -> None:
    terms = {(each.recurring.interval, each.recurring.interval_count) for each in found if each.recurring is not None}
    if len(terms) > 1 or len({each.currency for each in found}) > 1:
        text = "All prices of a subscription have the same currency and recur alike."
        raise Refusal("parameter_invalid", text, field="items")


def _item(model: Processor, key: str, entry: ItemEntry, price: Price, start: int, end: int) -> SubscriptionItem:
    metered = price.recurring is not None and price.recurring.usage_type == "metered"
    quantity = None if metered else 1 if entry.quantity is None else entry.quantity
    row_key = model.new_id("si")
    discounts = discounts_of(model, entry.discounts, subscription=key, subscription_item=row_key)
    return SubscriptionItem(
        id=row_key, created=model.now, current_period_end=end, current_period_start=start,
        discounts=[each.id for each in discounts], metadata=merged({}, entry.metadata), plan=plan_of(price),
        price=price, quantity=quantity, subscription=key,
        tax_rates=rates_of(model, entry.tax_rates, "items[tax_rates]"),
    )  # fmt: skip


def _asked_discounts(body: SubscriptionBody | SubscriptionUpdate) -> list[DiscountBody] | str | None:
    if body.coupon or body.promotion_code:
        return [DiscountBody(coupon=body.coupon, promotion_code=body.promotion_code)]
    return body.discounts


def _trial_end(model: Processor, body: SubscriptionBody, found: Sequence[Price]) -> int | None:
    if body.trial_end == "now":
        return None
    end = _instant(body.trial_end, "trial_end")
    days = body.trial_period_days
    if days is None and body.trial_from_plan and found[0].recurring is not None:
        days = found[0].recurring.trial_period_days
    if end is None and days:
        if not 0 < days <= 730:
            raise Refusal("parameter_invalid_integer", "A trial lasts 1 to 730 days.", field="trial_period_days")
        end = model.now + days * DAY_SECONDS
    return end if end is not None and end > model.now else None


def _instant(text: str | None, field: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= _FAR):
        raise Refusal("parameter_invalid_integer", f"Invalid instant: {text}.", field=field)
    return int(text)


def _require_payable(model: Processor, made: Subscription) -> None:
    """Refuse what would stay incomplete, before anything has changed."""
    if made.collection_method != "charge_automatically" or made.status == "trialing":
        return
    customer: Customer = model.customers[made.customer]
    key = made.default_payment_method or customer.method
    method = model.methods.get(key or "")
    if method is None:
        raise Refusal("no_payment_method", "The customer has no default payment method.", field="customer")
    failure = declines.card(method.behaviour, 1, True) if method.type == "card" else None
    if failure is not None:
        raise Declined(failure)


class Declined(Exception):
    """A card would be declined, so nothing was made."""

    def __init__(self, failure: Any) -> None:
        super().__init__(failure.code)
        self.failure = failure


def _try_to_pay(model: Processor, invoice: Invoice) -> None:
    try:
        pay(model, invoice, PayBody())
    except Refusal:
        model.change("invoice", invoice, "payment_failed", attempted=True, attempt_count=1)


# --- billing --------------------------------------------------------------------------------------------------------


def bill(
    model: Processor, subscription: Subscription, reason: str, added: Sequence[AddedItem] = (), *,
    keeps_draft: bool = True, rows: Sequence[SubscriptionItem] | None = None,
) -> Invoice:  # fmt: skip
    """Make the invoice of a subscription: its period, what was used before it, and what waits for an invoice."""
    customer: Customer = model.customers[subscription.customer]
    key, period = model.new_id("in"), subscription.period
    billed = subscription.items.data if rows is None else rows
    lines = [line for each in billed if (line := _line(model, subscription, each, key)) is not None]
    waiting = items.pending(model, customer.id, subscription.currency, subscription.id)
    lines = [*items.taken(model, waiting, key), *lines]
    details = SubscriptionDetails(metadata=subscription.metadata, subscription=subscription.id)
    discounts = list(subscription.discounts) or ([customer.discount.id] if customer.discount is not None else [])
    advances = subscription.pause_collection is None
    due = None
    if subscription.collection_method == "send_invoice":
        due = model.now + (subscription.days_until_due or 0) * DAY_SECONDS
    invoice = invoices.blank(
        model, customer, key, subscription.currency, auto_advance=advances, billing_reason=reason,
        collection_method=subscription.collection_method, default_tax_rates=subscription.default_tax_rates,
        discounts=discounts, due_date=due, metadata={}, parent=InvoiceParent(
            subscription_details=details, type="subscription_details"
        ), period_start=period.start, period_end=period.start, default_payment_method=None,
        description=subscription.invoice_settings.description,
    )  # fmt: skip
    invoice = with_lines(model, invoice, lines)
    if not keeps_draft:
        invoice = structs.replace(invoice, automatically_finalizes_at=None)
    invoices.keep_draft(model, invoice)
    for each in added:
        items.create(
            model,
            items.ItemBody(
                invoice=key, customer=customer.id, price=each.price, price_data=each.price_data,
                quantity=each.quantity, discounts=each.discounts, metadata=each.metadata, tax_rates=each.tax_rates,
            ),
        )  # fmt: skip
    found: Invoice = model.tables["invoice"][key]
    return found


def _line(model: Processor, subscription: Subscription, each: SubscriptionItem, invoice: str) -> Line | None:
    """Return what an item is billed with now; a metered one bills the period that has ended, if one has."""
    start, end = each.current_period_start, each.current_period_end
    recurring = each.price.recurring
    quantity = each.quantity
    if quantity is None:
        ended = each.billed_until
        if ended is None or recurring is None:
            return None
        start, end = ended, start
        quantity = meters.usage(model, recurring.meter, subscription.customer, start, end)
    trial = subscription.status == "trialing"
    amount = 0 if trial else amount_of(model, each.price, quantity)
    product = model.tables["product"].get(each.price.product)
    name = product.name if product is not None else each.price.product
    details = SubscriptionItemDetails(subscription=subscription.id, subscription_item=each.id)
    line = Line(
        id=model.new_id("il"), amount=amount, currency=subscription.currency,
        description=f"Trial period for {name}" if trial else f"{quantity} × {name}", discounts=each.discounts,
        invoice=invoice, metadata=subscription.metadata, period=Period(start=start, end=end),
        parent=LineParent(subscription_item_details=details, type="subscription_item_details"),
        pricing=pricing_of(each.price), quantity=quantity, quantity_decimal=str(quantity),
        subscription=subscription.id, subtotal=amount,
    )  # fmt: skip
    if each.tax_rates:
        model.line_rates[line.id] = tuple([rate.id for rate in each.tax_rates])
    return line


def _plan(model: Processor, subscription: Subscription) -> None:
    """Put on the agenda when the period ends, when a trial is about to, and when the subscription is to."""
    end = subscription.period.end
    model.desk.agenda.add(end * SECOND_US, "renew_subscription", subscription.id, end)
    if subscription.status == "trialing" and end - 3 * DAY_SECONDS > model.now:
        model.desk.agenda.add((end - 3 * DAY_SECONDS) * SECOND_US, "trial_will_end", subscription.id, end)
    if subscription.cancel_at is not None and not subscription.cancel_at_period_end:
        due_us = max(subscription.cancel_at * SECOND_US, model.desk.now_us)
        model.desk.agenda.add(due_us, "cancel_subscription", subscription.id, subscription.cancel_at)


def renew(model: Processor, key: str, end: int) -> None:
    """Agenda: a period ends: the subscription ends with it, or the next one is billed."""
    subscription: Subscription | None = model.tables["subscription"].get(key)
    if subscription is None or subscription.period.end != end or subscription.status not in RUNNING:
        return
    if subscription.cancel_at_period_end or (subscription.cancel_at is not None and subscription.cancel_at <= end):
        ended(model, subscription, "cancellation_requested")
        return
    if subscription.status == "trialing" and not _trial_goes_on(model, subscription):
        return
    begin_period(model, subscription, end, "subscription_cycle")


def _while_paused(model: Processor, subscription: Subscription, invoice: Invoice) -> Invoice:
    """Do with a draft what was said to be done while collection is paused."""
    pause = subscription.pause_collection
    if pause is None or pause.behavior == "keep_as_draft":
        return invoice
    invoice = finalize(model, invoice)
    if invoice.status != "open":
        return invoice
    return void(model, invoice, _NOTHING) if pause.behavior == "void" else give_up(model, invoice, _NOTHING)


def _trial_goes_on(model: Processor, subscription: Subscription) -> bool:
    """Tell whether a trial turns into a paid subscription; without a payment method it may end or pause."""
    customer: Customer = model.customers[subscription.customer]
    if subscription.default_payment_method or customer.method:
        return True
    wanted = subscription.trial_settings.end_behavior.missing_payment_method
    if wanted == "cancel":
        ended(model, subscription, "payment_failed")
        return False
    if wanted == "pause":
        shapes.show(model, model.change("subscription", subscription, "paused", status="paused"))
        return False
    return True


def begin_period(model: Processor, subscription: Subscription, start: int, reason: str) -> Subscription:
    """Begin the period that starts at an instant, and bill it."""
    rows = subscription.items.data
    anchor = subscription.billing_cycle_anchor
    end = period_end(rows[0].price, start, anchor)
    if end <= start:
        end = period_end(rows[0].price, start, start)
    fresh = [
        structs.replace(in_period(each, start, end), billed_until=each.current_period_start)
        if each.quantity is None
        else in_period(each, start, end)
        for each in rows
    ]
    status = "active" if subscription.status in ("trialing", "paused") else subscription.status
    discounts = coupons.lasting(model, [model.tables["discount"][each] for each in subscription.discounts])
    after: Subscription = with_items(model, subscription, fresh)
    after = model.change(
        "subscription", subscription, "", items=after.items, status=status, discounts=[each.id for each in discounts]
    )
    invoice = _while_paused(model, after, bill(model, after, reason, keeps_draft=True))
    after = model.change("subscription", after, "", latest_invoice=invoice.id)
    model.emit("customer.subscription.updated", after, "", subscription)
    shapes.show(model, after)
    _plan(model, after)
    return after


def ended(model: Processor, subscription: Subscription, reason: str, **details: Any) -> Subscription:
    """End a subscription now."""
    after: Subscription = model.change(
        "subscription", subscription, "deleted", status="canceled", ended_at=model.now,
        canceled_at=subscription.canceled_at or model.now,
        cancellation_details=structs.replace(subscription.cancellation_details, reason=reason, **details),
    )  # fmt: skip
    shapes.show(model, after)
    return after


# --- agenda ---------------------------------------------------------------------------------------------------------


def incomplete_expires(model: Processor, key: str) -> None:
    """Agenda: a subscription whose first invoice was not paid within 23 hours is given up."""
    subscription: Subscription | None = model.tables["subscription"].get(key)
    if subscription is None or subscription.status != "incomplete":
        return
    invoice: Invoice | None = model.tables["invoice"].get(subscription.latest_invoice or "")
    if invoice is not None and invoice.status == "open":
        void(model, invoice, _NOTHING)
    after = model.change("subscription", subscription, status="incomplete_expired", ended_at=model.now)
    shapes.show(model, after)


def cancel_at(model: Processor, key: str, instant: int) -> None:
    """Agenda: a subscription was to end now."""
    subscription: Subscription | None = model.tables["subscription"].get(key)
    if subscription is not None and subscription.cancel_at == instant and subscription.status in RUNNING:
        ended(model, subscription, "cancellation_requested")


def dunning_ends(model: Processor, key: str) -> None:
    """Agenda: nobody paid, after all attempts."""
    subscription: Subscription | None = model.tables["subscription"].get(key)
    if subscription is not None and subscription.status in ("past_due", "unpaid"):
        ended(model, subscription, "payment_failed")


def trial_will_end(model: Processor, key: str, end: int) -> None:
    """Agenda: a trial ends in three days."""
    subscription: Subscription | None = model.tables["subscription"].get(key)
    if subscription is not None and subscription.status == "trialing" and subscription.trial_end == end:
        model.emit("customer.subscription.trial_will_end", subscription)


# --- changing -------------------------------------------------------------------------------------------------------


def update(model: Processor, subscription: Subscription, body: SubscriptionUpdate) -> Subscription:
    """Change a subscription; a change of items in the middle of a period is prorated."""
    if subscription.status in ("canceled", "incomplete_expired"):
        text = "A canceled subscription can only update its cancellation_details and metadata."
        raise Refusal("subscription_unexpected_state", text, field="id")
    changes = _plain_changes(model, subscription, body)
    rows = list(subscription.items.data)
    fresh = _changed_rows(model, subscription, body.items) if body.items else rows
    after = structs.replace(subscription, **changes)
    if fresh != rows:
        after = swapped(model, subscription, after, fresh, body.proration_behavior, body.proration_date)
    _keep_changed(model, subscription, after)
    for each in body.add_invoice_items or ():
        items.create(
            model,
            items.ItemBody(
                customer=after.customer,
                price=each.price,
                price_data=each.price_data,
                quantity=each.quantity,
                subscription=after.id,
            ),
        )
    if body.trial_end == "now" and subscription.status == "trialing":
        after = begin_period(model, structs.replace(after, trial_end=model.now), model.now, "subscription_update")
    elif _resets_anchor(body.billing_cycle_anchor):
        after = structs.replace(after, billing_cycle_anchor=model.now)
        after = begin_period(model, after, model.now, "subscription_update")
    found: Subscription = model.tables["subscription"][subscription.id]
    return found


def _resets_anchor(asked: Any) -> bool:
    return asked == "now" or (isinstance(asked, dict) and asked.get("type") == "now")


def _keep_changed(model: Processor, before: Subscription, after: Subscription) -> None:
    model.tables["subscription"][after.id] = after
    model.index.note("subscription", after.id, after.metadata)
    model.emit("customer.subscription.updated", after, "", before)
    shapes.show(model, after)
    if after.cancel_at != before.cancel_at and after.cancel_at is not None and not after.cancel_at_period_end:
        _plan(model, after)


def _plain_changes(model: Processor, subscription: Subscription, body: SubscriptionUpdate) -> dict[str, Any]:
    changes: dict[str, Any] = {"metadata": merged(subscription.metadata, body.metadata)}
    for name in (
        "collection_method", "days_until_due", "description", "payment_settings", "invoice_settings",
        "pause_collection", "trial_settings", "automatic_tax", "pending_invoice_item_interval",
    ):  # fmt: skip
        value = getattr(body, name)
        if value is not None:
            changes[name] = value if value != "" else None
    if body.default_payment_method is not None:
        method = body.default_payment_method
        changes["default_payment_method"] = methods.method_for(model, method, name).id if method else None
    if body.default_tax_rates is not None:
        changes["default_tax_rates"] = rates_of(model, body.default_tax_rates, "default_tax_rates")
    asked = _asked_discounts(body)
    if asked is not None:
        made = discounts_of(model, asked, subscription=subscription.id, customer=subscription.customer)
        changes["discounts"] = [each.id for each in made]
    if body.trial_end not in (None, "now"):
        changes["trial_end"] = _instant(body.trial_end, "trial_end")
    return changes | _cancellation(model, subscription, body)


def _cancellation(model: Processor, subscription: Subscription, body: SubscriptionUpdate) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if body.cancellation_details is not None:
        details = body.cancellation_details
        changes["cancellation_details"] = structs.replace(details, reason=subscription.cancellation_details.reason)
    if body.cancel_at_period_end is not None:
        ends = body.cancel_at_period_end
        changes["cancel_at_period_end"] = ends
        changes["cancel_at"] = subscription.period.end if ends else None
        changes["canceled_at"] = model.now if ends else None
    elif body.cancel_at is not None:
        text = body.cancel_at
        period = subscription.period
        named = {"min_period_end": period.end, "max_period_end": period.end, "max_billed_until": period.end}
        changes["cancel_at"] = named[text] if text in named else _instant(text, "cancel_at")
        changes["canceled_at"] = model.now if text else None
        changes["cancel_at_period_end"] = False
    if changes.get("canceled_at"):
        details = changes.get("cancellation_details", subscription.cancellation_details)
        changes["cancellation_details"] = structs.replace(details, reason="cancellation_requested")
    return changes


def _changed_rows(model: Processor, subscription: Subscription, entries: Sequence[ItemEntry]) -> list[SubscriptionItem]:
    rows = {each.id: each for each in subscription.items.data}
    period = subscription.period
    for index, entry in enumerate(entries):
        if entry.id is None:
            price = price_of(model, entry, f"items[{index}]")
            made = _item(model, subscription.id, entry, price, period.start, period.end)
            rows[made.id] = made
            continue
        if entry.id not in rows:
            raise Refusal("reference_missing", f"No such subscription_item: '{entry.id}'", f"items[{index}][id]")
        if entry.deleted:
            del rows[entry.id]
            continue
        rows[entry.id] = _changed_row(model, rows[entry.id], entry, f"items[{index}]")
    if not rows:
        raise Refusal("parameter_invalid", "A subscription has one item at least.", field="items")
    _require_alike([each.price for each in rows.values()])
    return list(rows.values())


def _changed_row(model: Processor, before: SubscriptionItem, entry: ItemEntry, field: str) -> SubscriptionItem:
    price = before.price
    if entry.price or entry.plan or entry.price_data is not None:
        price = price_of(model, entry, field)
    changes: dict[str, Any] = {"metadata": merged(before.metadata, entry.metadata)}
    if entry.tax_rates is not None:
        changes["tax_rates"] = rates_of(model, entry.tax_rates, f"{field}[tax_rates]")
    metered = price.recurring is not None and price.recurring.usage_type == "metered"
    quantity = None if metered else before.quantity if entry.quantity is None else entry.quantity
    return structs.replace(before, price=price, plan=plan_of(price), quantity=quantity, **changes)


def swapped(
    model: Processor, before: Subscription, after: Subscription, fresh: Sequence[SubscriptionItem], behavior: str,
    at: int | None,
) -> Subscription:  # fmt: skip
    """Return a subscription with other items; the rest of the period is prorated, a new interval begins at once."""
    if behavior not in ("create_prorations", "none", "always_invoice"):
        raise Refusal("parameter_invalid", f"Invalid proration_behavior: {behavior}", field="proration_behavior")
    if before.status == "trialing":
        return with_items(model, after, fresh)
    again = fresh[0].price.recurring != before.items.data[0].price.recurring
    if behavior != "none":
        for item in prorations(model, before, fresh, at or model.now, starts_anew=again):
            items.wait(model, item)
            model.add("invoiceitem", item)
    if again:
        start = model.now
        end = period_end(fresh[0].price, start, start)
        fresh = [in_period(each, start, end) for each in fresh]
        after = structs.replace(with_items(model, after, fresh), billing_cycle_anchor=start)
        model.tables["subscription"][after.id] = after
        _plan(model, after)
    else:
        after = with_items(model, after, fresh)
        model.tables["subscription"][after.id] = after
    if again or behavior == "always_invoice":
        invoice = bill(model, after, "subscription_update", keeps_draft=False, rows=fresh if again else ())
        invoice = finalize(model, invoice, charges=False)
        if invoice.status == "open" and after.collection_method == "charge_automatically":
            _try_to_pay(model, invoice)
        after = structs.replace(model.tables["subscription"][after.id], latest_invoice=invoice.id)
    return after


# --- ending ---------------------------------------------------------------------------------------------------------


def cancel(model: Processor, subscription: Subscription, body: CancelBody) -> Subscription:
    """End a subscription now; the rest of the period is credited when asked for."""
    if subscription.status in ("canceled", "incomplete_expired"):
        raise Refusal("resource_missing", f"No such subscription: '{subscription.id}'", field="id")
    if body.prorate and subscription.status in RUNNING:
        for item in prorations(model, subscription, (), model.now):
            items.wait(model, item)
            model.add("invoiceitem", item)
    given = body.cancellation_details or CancellationDetails()
    after = ended(model, subscription, "cancellation_requested", comment=given.comment, feedback=given.feedback)
    waiting = items.pending(model, after.customer, after.currency, after.id)
    if body.invoice_now and waiting:
        invoice = finalize(model, bill(model, after, "subscription_update", keeps_draft=False, rows=()), charges=False)
        if invoice.status == "open":
            _try_to_pay(model, invoice)
        after = model.change("subscription", after, "", latest_invoice=invoice.id)
    return after


def pause(model: Processor, subscription: Subscription, body: PauseBody) -> Subscription:
    """Pause a subscription: nothing is billed until it goes on."""
    if subscription.status not in RUNNING:
        raise Refusal("subscription_unexpected_state", f"The subscription is {subscription.status}.", field="id")
    after: Subscription = model.change("subscription", subscription, "paused", status="paused")
    shapes.show(model, after)
    return after


def resume(model: Processor, subscription: Subscription, body: ResumeBody) -> Subscription:
    """Let a paused subscription go on with a new period."""
    if subscription.status != "paused":
        text = f"The subscription is {subscription.status}: only a paused one is resumed."
        raise Refusal("subscription_unexpected_state", text, field="id")
    anchored = structs.replace(subscription, billing_cycle_anchor=model.now)
    after = begin_period(model, anchored, model.now, "subscription_update")
    model.emit("customer.subscription.resumed", after)
    return after


def _delete_discount(model: Processor, call: Call) -> Reply:
    prepare(model, call, "subscription")
    subscription: Subscription = model.named("subscription", call.params["id"])
    if not subscription.discounts:
        raise Refusal("resource_missing", "No active discount for subscription", field="id")
    model.change("subscription", subscription, discounts=())
    return json_reply({"id": subscription.discounts[0], "object": "discount", "deleted": True})


def _create(model: Processor, call: Call) -> Reply:
    prepare(model, call, "subscription")
    try:
        return answer(model, call, create(model, call.body))
    except Declined as refused:
        return json_reply(Failed(error=declined(refused.failure)), 402)


def _list(model: Processor, call: Call) -> Reply:
    """List subscriptions: those that have not ended, unless a status is asked for."""
    query: SubscriptionQuery = call.body
    among = {
        each.id: each
        for each in model.tables["subscription"].values()
        if _fits(each, query.status)
        and (query.price is None or any(r.price.id == query.price for r in each.items.data))
    }
    plain = structs.replace(query, status=None, price=None)
    return answer_list(model, call, "subscription", listing.chosen(model, "subscription", plain, among))


def _fits(subscription: Subscription, status: str | None) -> bool:
    if status is None:
        return subscription.status not in ("canceled", "incomplete_expired")
    if status == "ended":
        return subscription.status in ("canceled", "incomplete_expired")
    return status == "all" or subscription.status == status


_NOTHING: Any = None
_ALL, _ONE = "/v1/subscriptions", "/v1/subscriptions/{id}"
ROWS: tuple[Operation, ...] = (
    row("create_subscription", "POST", _ALL, _create, SubscriptionBody, Subscription),
    row("list_subscriptions", "GET", _ALL, _list, SubscriptionQuery),
    find("search_subscriptions", _ALL + "/search", "subscription"),
    read("get_subscription", _ONE, "subscription", Subscription),
    alter("update_subscription", _ONE, "subscription", SubscriptionUpdate, update, Subscription),
    alter("resume_subscription", _ONE + "/resume", "subscription", ResumeBody, resume, Subscription),
    alter("pause_subscription", _ONE + "/pause", "subscription", PauseBody, pause, Subscription),
    remove("cancel_subscription", _ONE, "subscription", cancel, CancelBody),
    row("delete_subscription_discount", "DELETE", _ONE + "/discount", _delete_discount, EmptyBody),
)
