"""Settling: what a payment that went through, or did not, means for the invoice it was made for."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from domain.calendar import SECOND_US
from mocks.payment.invoicing import invoice as invoices
from mocks.payment.invoicing.invoice import Invoice, InvoicePayment, PaidTransitions
from mocks.payment.model import DAY_SECONDS, Processor
from mocks.payment.records import Intent

OWING = ("open", "uncollectible")


def paid(model: Processor, intent: Intent) -> None:
    """Take note that an intent has succeeded: its invoice is paid when nothing remains."""
    payment: InvoicePayment = model.tables["invoice_payment"][model.billed[intent.id]]
    invoice: Invoice = model.tables["invoice"][payment.invoice]
    if payment.status != "open" or invoice.status not in OWING:
        return
    received = min(intent.received, invoice.amount_remaining)
    over = intent.received - received
    model.change(
        "invoice_payment", payment, "paid", amount_paid=intent.received, status="paid",
        status_transitions=PaidTransitions(paid_at=model.now),
    )  # fmt: skip
    changes: dict[str, Any] = {
        "amount_paid": invoice.amount_paid + received,
        "amount_remaining": invoice.amount_remaining - received,
        "amount_overpaid": invoice.amount_overpaid + over,
        "attempted": True,
        "attempt_count": invoice.attempt_count + 1,
        "next_payment_attempt": None,
    }
    if changes["amount_remaining"] == 0:
        close(model, invoice, **changes)
        return
    after = model.change("invoice", invoice, "payment_succeeded", **changes)
    invoices.show(model, after)


def close(model: Processor, invoice: Invoice, **changes: Any) -> Invoice:
    """Mark an invoice as paid, and wake up what waited for that."""
    transitions = structs.replace(invoice.status_transitions, paid_at=model.now)
    after: Invoice = model.change(
        "invoice", invoice, "paid", status="paid", status_transitions=transitions, auto_advance=False, **changes
    )
    if after.amount_paid:
        model.emit("invoice.payment_succeeded", after)
    invoices.show(model, after)
    subscription = model.tables["subscription"].get(after.subscription or "")
    if subscription is not None and subscription.status in ("incomplete", "past_due", "unpaid"):
        model.change("subscription", subscription, status="active")
    return after


def failed(model: Processor, intent: Intent) -> None:
    """Take note that an attempt to pay an invoice has failed; it stays open, and is tried again by itself."""
    payment: InvoicePayment = model.tables["invoice_payment"][model.billed[intent.id]]
    invoice: Invoice = model.tables["invoice"][payment.invoice]
    if invoice.status not in OWING:
        return
    count = invoice.attempt_count + 1
    following = None
    if invoice.collection_method == "charge_automatically" and invoice.auto_advance:
        following = _try_again(model, invoice, count)
    model.change(
        "invoice", invoice, "payment_failed", attempted=True, attempt_count=count, next_payment_attempt=following
    )
    subscription = model.tables["subscription"].get(invoice.subscription or "")
    if subscription is not None and subscription.status == "active":
        model.change("subscription", subscription, status="past_due")


def _try_again(model: Processor, invoice: Invoice, count: int) -> int | None:
    """Plan the next attempt; after the last one the subscription ends."""
    schedule = model.quirks.dunning_days
    if count > len(schedule):
        if invoice.subscription:
            model.desk.agenda.add(model.desk.now_us, "dunning_ends", invoice.subscription)
        return None
    following = model.now + schedule[count - 1] * DAY_SECONDS
    model.desk.agenda.add(following * SECOND_US, "retry_invoice", invoice.id)
    return following
