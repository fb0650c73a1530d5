"""Renewals: the invoices of a subscription, period after period, until it ends."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import structs

from domain.calendar import SECOND_US
from mocks.payment.invoicing import coupons, invoices, items, meters
from mocks.payment.invoicing import subscription as shapes
from mocks.payment.invoicing.collecting import finalize, give_up, void
from mocks.payment.invoicing.invoice import Invoice, InvoiceParent, SubscriptionDetails, with_lines
from mocks.payment.invoicing.lines import Line, LineParent, SubscriptionItemDetails, pricing_of
from mocks.payment.invoicing.prices import amount_of, rounded
from mocks.payment.invoicing.subscription import (
    RUNNING,
    Subscription,
    SubscriptionItem,
    in_period,
    period_end,
    period_start,
    with_items,
)
from mocks.payment.invoicing.subscription_bodies import AddedItem
from mocks.payment.model import DAY_SECONDS, Processor
from mocks.payment.parts import Period
from mocks.payment.records import Customer


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
    if (
        each.quantity is not None and end == subscription.billing_cycle_anchor
    ):  # a stub before the first full period, to the second
        amount = rounded(Decimal(amount) * (end - start) / (end - period_start(each.price, end)))
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


def used_until(model: Processor, subscription: Subscription, end: int) -> list[SubscriptionItem]:
    """Return the metered items as the last invoice bills them, if they were used in the period that ends now."""
    return [
        structs.replace(in_period(each, end, end), billed_until=each.current_period_start)
        for each in subscription.items.data
        if each.quantity is None and used_in_period(model, subscription, each, end)
    ]


def used_in_period(model: Processor, subscription: Subscription, row: SubscriptionItem, end: int) -> int:
    """Return how many units of a metered item were used from the start of its period to an instant."""
    meter = row.price.recurring.meter if row.price.recurring is not None else None
    return meters.usage(model, meter, subscription.customer, row.current_period_start, end)


def plan(model: Processor, subscription: Subscription) -> None:
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
        after = ended(model, subscription, "cancellation_requested")
        if rows := used_until(model, after, end):
            bill(model, after, "subscription_cycle", rows=rows)
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
    return void(model, invoice, NOTHING) if pause.behavior == "void" else give_up(model, invoice, NOTHING)


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
    plan(model, after)
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


def end_all(model: Processor, customer: str) -> None:
    """End the subscriptions of a customer who is deleted."""
    theirs = [each for each in model.tables["subscription"].values() if each.customer == customer]
    for subscription in theirs:
        if subscription.status not in ("canceled", "incomplete_expired"):
            ended(model, subscription, "cancellation_requested")


def incomplete_expires(model: Processor, key: str) -> None:
    """Agenda: a subscription whose first invoice was not paid within 23 hours is given up."""
    subscription: Subscription | None = model.tables["subscription"].get(key)
    if subscription is None or subscription.status != "incomplete":
        return
    invoice: Invoice | None = model.tables["invoice"].get(subscription.latest_invoice or "")
    if invoice is not None and invoice.status == "open":
        void(model, invoice, NOTHING)
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


NOTHING: Any = None
