"""How the platform's records look in a history: canonical documents and the canonical word for each status."""

from __future__ import annotations

from datetime import date
from operator import attrgetter

from domain import objects
from domain.objects import Item, TaxShare
from mocks.billing.records import CreditNote, Customer, Invoice, Subscription, Transaction

_START_AND_SKU = attrgetter("start", "sku")
PENDING, PAID, VOIDED = "pending", "paid", "voided"
OPEN_STATUSES = frozenset({"posted", "payment_due", "not_paid"})

STEPS = {
    ("tax_pending", "posted"): ("ready",),
    ("tax_pending", "paid"): ("ready", "posted"),
    ("tax_pending", "voided"): ("ready",),
    ("ready", "paid"): ("posted",),
}
"""Canonical statuses that one step of the vendor passes through (its close is the chart's tax, ready and post)."""


def customer_document(customer: Customer) -> objects.Customer:
    """Return the canonical customer."""
    return objects.Customer(
        id=customer.id,
        ref=customer.id,
        name=customer.company,
        entity=customer.entity,
        currency=customer.currency,
        terms_days=customer.net_term_days,
    )


def subscription_document(subscription: Subscription) -> objects.Subscription:
    """Return the canonical subscription: every term of every charge, in order of time."""
    items = []
    for term in subscription.terms:
        price = term.price
        items.append(
            Item(
                sku=term.sku, kind="recurring", quantity=price.quantity, unit_minor=price.unit_minor,
                months=price.months, start=term.start, end=term.end,
            )
        )  # fmt: skip
    for charge in subscription.charges:
        items.append(
            Item(
                sku=charge.sku, kind="one_time", quantity=charge.quantity, unit_minor=charge.unit_minor, months=0,
                start=charge.start, end=charge.start,
            )
        )  # fmt: skip
    items.sort(key=_START_AND_SKU)
    return objects.Subscription(
        id=subscription.id,
        ref=subscription.reference,
        txn=subscription.txn,
        customer=subscription.customer,
        entity=subscription.entity,
        currency=subscription.currency,
        status=subscription.status,
        start=subscription.start,
        term_end=subscription.term_end,
        items=tuple(items),
        applied=tuple([reference for _, reference in subscription.applied]) if subscription.applied else (),
    )


def invoice_status(invoice: Invoice) -> str:
    """Return the chart's word: pending is tax_pending until a tax line comes (ready), due is posted."""
    if invoice.status == PENDING:
        return "ready" if invoice.tax_minor else "tax_pending"
    if invoice.status == VOIDED:
        return "voided"
    if invoice.status == PAID:
        return "written_off" if invoice.given_up else "paid"
    return "partially_paid" if invoice.paid_minor or invoice.written_off_minor else "posted"


def invoice_document(invoice: Invoice, status: str) -> objects.Invoice:
    """Return the canonical invoice. The base of a tax is the net of the whole invoice: the vendor is not told it."""
    net, lines = invoice.net_minor, invoice.lines
    taxes: tuple[TaxShare, ...] = ()
    if invoice.tax_minor:
        taxes = tuple([TaxShare(line.sku, net, line.amount_minor) for line in lines if line.kind == "tax"])
    return objects.Invoice(
        id=invoice.id,
        ref=invoice.reference,
        txn=invoice.txn,
        number=invoice.number,
        customer=invoice.customer,
        entity=invoice.entity,
        currency=invoice.currency,
        status=status,
        lines=lines,
        taxes=taxes,
        net_minor=net,
        tax_minor=invoice.tax_minor,
        total_minor=net + invoice.tax_minor,
        balance_minor=0 if status == "voided" else invoice.due_minor,
        business_date=invoice.day,
        due_date=invoice.due_day,
        subscription=invoice.subscription,
        bill_from=invoice.bill_from,
    )


def credit_status(note: CreditNote) -> str:
    """Return the chart's word: an adjustment is applied at once, a refundable credit is posted until used."""
    if note.status == "adjusted":
        return "applied"
    if note.status == "voided":
        return "voided"
    if note.status == "refunded":
        return "refunded" if note.refunded_minor else "applied"
    return "partially_applied" if note.allocated_minor or note.refunded_minor else "posted"


def credit_document(note: CreditNote) -> objects.CreditMemo:
    """Return the canonical credit memo."""
    return objects.CreditMemo(
        id=note.id,
        ref=note.reference,
        txn=note.txn,
        invoice=note.invoice,
        customer=note.customer,
        entity=note.entity,
        currency=note.currency,
        status=credit_status(note),
        lines=note.lines,
        taxes=tuple(TaxShare(line.sku, note.net_minor, line.amount_minor) for line in note.lines if line.kind == "tax"),
        net_minor=note.net_minor,
        tax_minor=note.tax_minor,
        total_minor=note.total_minor,
        balance_minor=0 if note.status == "adjusted" else note.available_minor,
        business_date=note.day,
    )


def cash_document(payment: Transaction, customer: Customer, business_date: date) -> objects.Cash:
    """Return a recorded payment as canonical cash."""
    applied = payment.applied
    return objects.Cash(
        id=payment.id,
        ref=payment.reference,
        txn=payment.txn,
        customer=customer.id,
        entity=customer.entity,
        currency=payment.currency,
        amount_minor=payment.amount_minor,
        applied=applied,
        status="applied" if applied else "unapplied",
        business_date=business_date,
    )


def refund_document(refund: Transaction) -> objects.Refund:
    """Return a recorded refund; it was paid from a payment the platform does not know."""
    return objects.Refund(
        id=refund.id, payment=refund.reference, currency=refund.currency, amount_minor=refund.amount_minor,
        status="succeeded",
    )  # fmt: skip
