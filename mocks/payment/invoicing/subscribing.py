"""Subscribing: a customer is subscribed to prices, and the first period is billed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from domain.calendar import SECOND_US
from mocks.kernel.operations import Refusal
from mocks.payment import declines
from mocks.payment.customers import charged
from mocks.payment.invoicing import items, prices
from mocks.payment.invoicing import subscription as shapes
from mocks.payment.invoicing.collecting import FinalizeBody, PayBody, finalize, pay
from mocks.payment.invoicing.coupons import discounts_of
from mocks.payment.invoicing.invoice import Invoice
from mocks.payment.invoicing.prices import Price
from mocks.payment.invoicing.proration import backdated
from mocks.payment.invoicing.renewals import bill, plan
from mocks.payment.invoicing.subscription import (
    Subscription,
    SubscriptionInvoiceSettings,
    SubscriptionItem,
    SubscriptionPaymentSettings,
    TrialSettings,
    item_list,
    period_end,
    plan_of,
    with_items,
)
from mocks.payment.invoicing.subscription_bodies import (
    ItemEntry,
    SubscriptionBody,
    SubscriptionUpdate,
)
from mocks.payment.invoicing.tax_rates import rates_of
from mocks.payment.model import DAY_SECONDS, Processor, merged
from mocks.payment.parts import AutomaticTax, DiscountBody
from mocks.payment.records import Customer, Method

EXPIRES_SECONDS = 23 * 3_600


_FAR = 4_102_444_800
_BACK_SECONDS = 3 * 366 * DAY_SECONDS


def create(model: Processor, body: SubscriptionBody, key: str = "", **more: Any) -> Subscription:
    """Subscribe a customer and bill the first period, unless a trial comes first."""
    customer = charged(model, body.customer)
    if customer is None:  # the form names one, and it is empty
        raise Refusal("parameter_missing", "Missing required param: customer.", field="customer")
    if not body.items:
        raise Refusal("parameter_missing", "Missing required param: items.", field="items")
    require_terms(body)
    key = key or model.new_id("sub")
    found = [price_of(model, entry, f"items[{index}]") for index, entry in enumerate(body.items)]
    require_alike(found)
    now = model.now
    trial_end = _trial_end(model, body, found)
    since = _since(model, body)
    anchor = trial_end or _anchor(model, body, found[0])
    end = anchor if anchor > now else period_end(found[0], now, anchor)
    rows = [item_of(model, key, *each, now, end) for each in zip(body.items, found, strict=True)]
    discounts = discounts_of(model, asked_discounts(body), subscription=key, customer=customer.id)
    method = payer(model, customer.id, body.default_payment_method)
    cancel_at = instant_of(body.cancel_at, "cancel_at")
    waits = body.payment_behavior == "default_incomplete" and body.collection_method == "charge_automatically"
    made = Subscription(
        id=key, billing_cycle_anchor=anchor, created=now, currency=found[0].currency, customer=customer.id,
        collection_method=body.collection_method, days_until_due=body.days_until_due, default_payment_method=method,
        default_tax_rates=rates_of(model, body.default_tax_rates, "default_tax_rates"),
        description=body.description or None, discounts=[each.id for each in discounts],
        invoice_settings=body.invoice_settings or SubscriptionInvoiceSettings(), items=item_list(key, rows),
        metadata=merged({}, body.metadata), automatic_tax=body.automatic_tax or AutomaticTax(),
        payment_settings=body.payment_settings or SubscriptionPaymentSettings(),
        start_date=since, status="trialing" if trial_end else "incomplete",
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
    if made.status != "trialing" and made.start_date < model.now and body.proration_behavior != "none":
        for item in backdated(model, made, made.start_date):
            items.wait(model, item)
            model.add("invoiceitem", item)
    unbilled = made.status != "trialing" and made.billing_cycle_anchor > model.now and body.proration_behavior == "none"
    invoice = bill(
        model, made, "subscription_create", body.add_invoice_items or (), keeps_draft=not at_once,
        rows=() if unbilled else None,
    )  # fmt: skip
    made = structs.replace(made, latest_invoice=invoice.id)
    model.tables["subscription"][made.id] = made
    plan(model, made)
    if at_once:
        invoice = finalize(model, invoice, FinalizeBody(auto_advance=not waits), charges=False)
        if invoice.status == "open" and not waits:
            try_to_pay(model, invoice)
    found: Subscription = model.tables["subscription"][made.id]
    if found.status == "incomplete":
        model.desk.agenda.add((model.now + EXPIRES_SECONDS) * SECOND_US, "incomplete_expires", made.id)
    shapes.show(model, found)
    model.emit("customer.subscription.created", found)
    return found


def _anchor(model: Processor, body: SubscriptionBody, price: Price) -> int:
    """Return the instant on which periods begin: now, or the one asked for, which the first full period must reach."""
    if body.billing_cycle_anchor_config is not None:
        text = "This world takes billing_cycle_anchor, an instant, instead."
        raise Refusal("parameter_invalid", text, field="billing_cycle_anchor_config")
    anchor = body.billing_cycle_anchor
    if anchor is None:
        return model.now
    if not model.now <= anchor <= period_end(price, model.now, model.now):
        text = "billing_cycle_anchor lies between now and the end of one period from now."
        raise Refusal("parameter_invalid", text, field="billing_cycle_anchor")
    return anchor


def _since(model: Processor, body: SubscriptionBody) -> int:
    """Return since when a subscription runs: from now on, or as asked for, three years back at most."""
    since = body.backdate_start_date or model.now
    if not model.now - _BACK_SECONDS <= since <= model.now:
        text = "backdate_start_date lies in the past, by three years at most."
        raise Refusal("parameter_invalid", text, field="backdate_start_date")
    return since


def payer(model: Processor, customer: str, key: str | None) -> str | None:
    """Return the payment method that a subscription names, which its customer must have."""
    if not key:
        return None
    method: Method = model.referred("payment_method", key, "default_payment_method")
    if method.customer != customer and model.stand_in is None:
        text = f"The customer does not have a payment method with the ID {key}: attach it first."
        raise Refusal("reference_missing", text, field="default_payment_method")
    return method.id


def require_terms(body: SubscriptionBody | SubscriptionUpdate) -> None:
    if body.collection_method == "send_invoice" and body.days_until_due is None:
        text = "Missing required param: days_until_due, for invoices that are sent."
        raise Refusal("parameter_missing", text, field="days_until_due")


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


def require_alike(found: Sequence[Price]) -> None:
    terms = {(each.recurring.interval, each.recurring.interval_count) for each in found if each.recurring is not None}
    if len(terms) > 1 or len({each.currency for each in found}) > 1:
        text = "All prices of a subscription have the same currency and recur alike."
        raise Refusal("parameter_invalid", text, field="items")


def item_of(model: Processor, key: str, entry: ItemEntry, price: Price, start: int, end: int) -> SubscriptionItem:
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


def asked_discounts(body: SubscriptionBody | SubscriptionUpdate) -> list[DiscountBody] | str | None:
    if body.coupon or body.promotion_code:
        return [DiscountBody(coupon=body.coupon, promotion_code=body.promotion_code)]
    return body.discounts


def _trial_end(model: Processor, body: SubscriptionBody, found: Sequence[Price]) -> int | None:
    if body.trial_end == "now":
        return None
    end = instant_of(body.trial_end, "trial_end")
    days = body.trial_period_days
    if days is None and body.trial_from_plan and found[0].recurring is not None:
        days = found[0].recurring.trial_period_days
    if end is None and days:
        if not 0 < days <= 730:
            raise Refusal("parameter_invalid_integer", "A trial lasts 1 to 730 days.", field="trial_period_days")
        end = model.now + days * DAY_SECONDS
    return end if end is not None and end > model.now else None


def instant_of(text: str | None, field: str) -> int | None:
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


def try_to_pay(model: Processor, invoice: Invoice) -> None:
    try:
        pay(model, invoice, PayBody())
    except Refusal:
        model.change("invoice", invoice, "payment_failed", attempted=True, attempt_count=1)
