"""Payments and refunds that happened elsewhere and are recorded here; the platform moves no money (domain.md 2.2)."""

from __future__ import annotations

from msgspec.structs import replace

from domain.calendar import SECOND_US
from mocks.billing.documents import OPEN_STATUSES, PAID, cash_document, refund_document
from mocks.billing.invoices import require, settled
from mocks.billing.model import Billing, quote_number
from mocks.billing.records import CreditNote, Customer, Invoice, Transaction
from mocks.kernel.operations import Refusal


def record(
    billing: Billing, key: str, amount_minor: int | None, method: str, reference: str, date_seconds: int | None
) -> tuple[Invoice, Transaction]:
    """Record a payment of a closed invoice; more than what is due is refused."""
    invoice = billing.invoice(key)
    require(invoice, OPEN_STATUSES, "record a payment of")
    amount = invoice.due_minor if amount_minor is None else amount_minor
    if amount > invoice.due_minor:
        detail = f"{amount} is more than the {invoice.due_minor} due on {key}; record the excess on the customer"
        raise Refusal("param_wrong_value", detail, field="transaction[amount]")
    payment = _transaction(billing, "payment", invoice, amount, method, reference, date_seconds, invoice=key)
    customer = billing.customer(invoice.customer)
    _save_payment(billing, payment, customer)
    invoice = settled(
        billing, invoice, paid_minor=invoice.paid_minor + amount, payments=(*invoice.payments, (payment.id, amount))
    )
    content = (("transaction", payment), ("invoice", invoice), ("customer", customer))
    billing.announce("payment_succeeded", content, invoice.txn)
    billing.announce("invoice_updated", (("invoice", invoice),), invoice.txn)
    return invoice, payment


def _transaction(
    billing: Billing, type_: str, parent: Invoice | CreditNote, amount_minor: int, method: str, reference: str,
    date_seconds: int | None, invoice: str = "", note: str = "",
) -> Transaction:  # fmt: skip
    return Transaction(
        id=f"txn_{billing.desk.next('transaction'):09d}",
        type=type_,
        customer=parent.customer,
        subscription=parent.subscription,
        currency=parent.currency,
        amount_minor=amount_minor,
        unused_minor=0,
        method=method,
        reference=reference,
        date_us=billing.book.now_us if date_seconds is None else date_seconds * SECOND_US,
        created_us=billing.book.now_us,
        txn=quote_number(reference) or parent.txn,
        invoice=invoice,
        note=note,
    )


def _save_payment(billing: Billing, payment: Transaction, customer: Customer) -> None:
    document = cash_document(payment, customer, billing.today(customer.zone))
    billing.save_transaction(payment, document, "cash", document.status)


def remove(billing: Billing, key: str, transaction: str) -> tuple[Invoice, Transaction]:
    """Take a payment off a paid invoice (a returned debit, a lost dispute): the invoice is due again."""
    invoice = billing.invoice(key)
    require(invoice, frozenset({PAID}), "remove a payment from")
    applied = dict(invoice.payments)
    if transaction not in applied:
        detail = f"{transaction} is no payment of {key}"
        raise Refusal("param_wrong_value", detail, field="transaction[id]")
    payment = billing.transaction(transaction)
    amount = applied.pop(transaction)
    payment = replace(payment, unused_minor=payment.unused_minor + amount, invoice="")
    _save_payment(billing, payment, billing.customer(invoice.customer))
    invoice = settled(
        billing, invoice, paid_minor=invoice.paid_minor - amount, payments=tuple(applied.items())
    )  # fmt: skip
    billing.announce("invoice_updated", (("invoice", invoice),), invoice.txn)
    return invoice, payment


def record_excess(
    billing: Billing, key: str, amount_minor: int, method: str, reference: str, date_seconds: int | None
) -> tuple[Customer, Transaction]:
    """Record money of a customer that pays no invoice yet."""
    customer = billing.customer(key)
    payment = Transaction(
        id=f"txn_{billing.desk.next('transaction'):09d}",
        type="payment",
        customer=key,
        subscription="",
        currency=customer.currency,
        amount_minor=amount_minor,
        unused_minor=amount_minor,
        method=method,
        reference=reference,
        date_us=billing.book.now_us if date_seconds is None else date_seconds * SECOND_US,
        created_us=billing.book.now_us,
        txn=quote_number(reference),
    )
    _save_payment(billing, payment, customer)
    customer = replace(
        customer, excess_minor=customer.excess_minor + amount_minor, updated_us=billing.book.now_us,
        version=customer.version + 1,
    )  # fmt: skip
    billing.save_customer(customer)
    return customer, payment


def record_refund(
    billing: Billing, key: str, amount_minor: int | None, method: str, reference: str, date_seconds: int | None
) -> tuple[CreditNote, Transaction]:
    """Record that a refundable credit was paid back to the customer, wholly or in part."""
    note = billing.note(key)
    if note.status != "refund_due":
        detail = f"credit note {key} is {note.status}; only a refund_due one can be refunded"
        raise Refusal("invalid_state_for_request", detail)
    amount = note.available_minor if amount_minor is None else amount_minor
    if amount > note.available_minor:
        detail = f"{amount} is more than the {note.available_minor} that {key} has left"
        raise Refusal("param_wrong_value", detail, field="transaction[amount]")
    refund = _transaction(billing, "refund", note, amount, method, reference, date_seconds, note=key)
    billing.save_transaction(refund, refund_document(refund), "refund", "succeeded")
    left = note.available_minor - amount
    note = replace(
        note, refunded_minor=note.refunded_minor + amount, refunds=(*note.refunds, (refund.id, amount)),
        status="refund_due" if left else "refunded", updated_us=billing.book.now_us, version=note.version + 1,
    )  # fmt: skip
    billing.save_note(note)
    content = (("transaction", refund), ("credit_note", note))
    billing.announce("refund_initiated", content, note.txn)
    return note, refund
