"""Payments and refunds that happened elsewhere and are recorded here, and how money is applied to invoices."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from domain.calendar import SECOND_US
from mocks.billing.documents import OPEN_STATUSES, PAID, cash_document, refund_document
from mocks.billing.invoices import require, settled
from mocks.billing.model import Billing, quote_number
from mocks.billing.records import CreditNote, Customer, Invoice, Transaction
from mocks.kernel.operations import Refusal


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """Money as a request tells of it: without an amount it is all that is due or left."""

    amount_minor: int | None
    method: str
    reference: str = ""
    date_seconds: int | None = None


def next_transaction(billing: Billing) -> str:
    """Return the id of the next transaction."""
    return f"txn_{billing.desk.next('transaction'):09d}"


def record(billing: Billing, key: str, money: Money) -> tuple[Invoice, Transaction]:
    """Record a payment of a closed invoice; more than what is due is refused."""
    invoice = billing.invoice(key)
    require(invoice, OPEN_STATUSES, "record a payment of")
    due = invoice.due_minor
    amount = due if money.amount_minor is None else money.amount_minor
    if amount > due:
        detail = f"{amount} is more than the {due} due on {key}; record the excess on the customer"
        raise Refusal("param_wrong_value", detail, field="transaction[amount]")
    payment = replace(_transaction(billing, "payment", invoice, amount, money), applied=((key, amount),))
    return pay(billing, invoice, payment), payment


def pay(billing: Billing, invoice: Invoice, payment: Transaction) -> Invoice:
    """Settle an invoice with a payment that is applied to it, and tell so."""
    customer = billing.customer(invoice.customer)
    save_payment(billing, payment, customer)
    amount = payment.applied[-1][1]
    invoice = settled(
        billing, invoice, paid_minor=invoice.paid_minor + amount, payments=(*invoice.payments, (payment.id, amount))
    )
    content = (("transaction", payment), ("invoice", invoice), ("customer", customer))
    billing.announce("payment_succeeded", content, invoice.txn)
    billing.announce("invoice_updated", (("invoice", invoice),), invoice.txn)
    return invoice


def _transaction(
    billing: Billing, type_: str, parent: Invoice | CreditNote, amount_minor: int, money: Money
) -> Transaction:  # fmt: skip
    now_us, seconds = billing.book.now_us, money.date_seconds
    return Transaction(
        id=next_transaction(billing),
        type=type_,
        customer=parent.customer,
        subscription=parent.subscription,
        currency=parent.currency,
        amount_minor=amount_minor,
        unused_minor=0,
        method=money.method,
        reference=money.reference,
        date_us=now_us if seconds is None else seconds * SECOND_US,
        created_us=now_us,
        txn=quote_number(money.reference) or parent.txn,
        updated_us=now_us,
    )


def save_payment(billing: Billing, payment: Transaction, customer: Customer) -> None:
    """Keep a payment; the history sees it as cash."""
    document = cash_document(payment, customer, billing.today(customer.zone))
    billing.save_transaction(payment, document, "cash", document.status)


def remove(billing: Billing, key: str, transaction: str) -> tuple[Invoice, Transaction]:
    """Take a payment off an invoice (a returned debit, a lost dispute): what it paid is due again."""
    invoice = billing.invoice(key)
    require(invoice, OPEN_STATUSES | {PAID}, "remove a payment from")
    payments = dict(invoice.payments)
    if transaction not in payments:
        detail = f"{transaction} is no payment of {key}"
        raise Refusal("param_wrong_value", detail, field="transaction[id]")
    payment = billing.transaction(transaction)
    amount = payments.pop(transaction)
    payment = replace(
        payment, unused_minor=payment.unused_minor + amount, updated_us=billing.book.now_us,
        applied=tuple([row for row in payment.applied if row[0] != key]),
    )  # fmt: skip
    customer = billing.customer(invoice.customer)
    save_payment(billing, payment, customer)
    billing.touch_customer(customer, excess_minor=customer.excess_minor + amount)
    invoice = settled(
        billing, invoice, paid_minor=invoice.paid_minor - amount, payments=tuple(payments.items())
    )  # fmt: skip
    billing.announce("invoice_updated", (("invoice", invoice),), invoice.txn)
    return invoice, payment


def record_excess(billing: Billing, key: str, money: Money) -> tuple[Customer, Transaction]:
    """Record money of a customer that pays no invoice yet."""
    customer, now_us = billing.customer(key), billing.book.now_us
    amount, seconds = money.amount_minor, money.date_seconds
    if amount is None:
        raise Refusal("param_wrong_value", "cannot be blank", field="transaction[amount]")
    payment = Transaction(
        id=next_transaction(billing),
        type="payment",
        customer=key,
        subscription="",
        currency=customer.currency,
        amount_minor=amount,
        unused_minor=amount,
        method=money.method,
        reference=money.reference,
        date_us=now_us if seconds is None else seconds * SECOND_US,
        created_us=now_us,
        txn=quote_number(money.reference),
        updated_us=now_us,
    )
    save_payment(billing, payment, customer)
    return billing.touch_customer(customer, excess_minor=customer.excess_minor + amount), payment


def apply(billing: Billing, key: str, wanted: list[tuple[str, int | None]]) -> Invoice:
    """Pay an open invoice with excess payments of its customer: those named, or all there are."""
    invoice = billing.invoice(key)
    require(invoice, OPEN_STATUSES, "apply payments to")
    rows = [_unused(billing, invoice, *row) for row in wanted] or _all_unused(billing, invoice)
    for payment, limit in rows:
        amount = min(payment.unused_minor, limit or payment.unused_minor, invoice.due_minor)
        if amount:
            customer = billing.customer(invoice.customer)
            billing.touch_customer(customer, excess_minor=customer.excess_minor - amount)
            payment = replace(
                payment, unused_minor=payment.unused_minor - amount, applied=(*payment.applied, (key, amount)),
                updated_us=billing.book.now_us,
            )  # fmt: skip
            invoice = pay(billing, invoice, payment)
    return invoice


def _unused(billing: Billing, invoice: Invoice, key: str, limit: int | None) -> tuple[Transaction, int | None]:
    payment = billing.transaction(key)
    if payment.type != "payment" or payment.customer != invoice.customer or not payment.unused_minor:
        raise Refusal("param_wrong_value", f"{key} has nothing unused for {invoice.id}", field="transactions[id][0]")
    return payment, limit


def _all_unused(billing: Billing, invoice: Invoice) -> list[tuple[Transaction, int | None]]:
    found: list[tuple[Transaction, int | None]] = [
        (payment, None)
        for payment in billing.book.table("transaction").values()
        if payment.unused_minor and payment.customer == invoice.customer and payment.type == "payment"
    ]
    if not found:
        raise Refusal("invalid_state_for_request", f"customer {invoice.customer} has no excess payments")
    return found


def record_refund(billing: Billing, key: str, money: Money) -> tuple[CreditNote, Transaction]:
    """Record that a refundable credit was paid back to the customer, wholly or in part."""
    note, amount = refundable(billing, key, money.amount_minor, "transaction[amount]")
    refund = replace(_transaction(billing, "refund", note, amount, money), note=key)
    return give_back(billing, note, refund), refund


def record_payment_refund(billing: Billing, key: str, money: Money) -> Transaction:
    """Record that what is unused of a payment, or a part of it, was given back elsewhere; return the refund."""
    payment = billing.transaction(key)
    if payment.type != "payment" or payment.status != "success":
        raise Refusal("invalid_state_for_request", f"transaction {key} is no successful payment")
    amount = payment.unused_minor if money.amount_minor is None else money.amount_minor
    if not 0 < amount <= payment.unused_minor:
        detail = f"{amount} cannot be refunded: {payment.unused_minor} of {key} are not used for an invoice"
        raise Refusal("param_wrong_value", detail, field="transaction[amount]")
    now_us, seconds = billing.book.now_us, money.date_seconds
    refund = replace(
        payment, id=next_transaction(billing), type="refund", amount_minor=amount, unused_minor=0,
        method=money.method, reference=money.reference, date_us=now_us if seconds is None else seconds * SECOND_US,
        created_us=now_us, updated_us=now_us, applied=(), refunds=(), refunded=key, version=1,
    )  # fmt: skip
    billing.save_transaction(refund, refund_document(refund), "refund", "succeeded")
    customer = billing.customer(payment.customer)
    payment = replace(
        payment, unused_minor=payment.unused_minor - amount, refunds=(*payment.refunds, (refund.id, amount)),
        updated_us=now_us, version=payment.version + 1,
    )  # fmt: skip
    save_payment(billing, payment, customer)
    billing.touch_customer(customer, excess_minor=customer.excess_minor - amount)
    return refund


def refundable(billing: Billing, key: str, amount_minor: int | None, field: str) -> tuple[CreditNote, int]:
    """Return a credit note that can be refunded, and how much of it is asked for."""
    note = billing.note(key)
    if note.status != "refund_due":
        detail = f"credit note {key} is {note.status}; only a refund_due one can be refunded"
        raise Refusal("invalid_state_for_request", detail)
    amount = note.available_minor if amount_minor is None else amount_minor
    if amount > note.available_minor:
        detail = f"{amount} is more than the {note.available_minor} that {key} has left"
        raise Refusal("param_wrong_value", detail, field=field)
    return note, amount


def give_back(billing: Billing, note: CreditNote, refund: Transaction) -> CreditNote:
    """Refund a credit note with a transaction, and tell so."""
    billing.save_transaction(refund, refund_document(refund), "refund", "succeeded")
    amount = refund.amount_minor
    note = replace(
        note, refunded_minor=note.refunded_minor + amount, refunds=(*note.refunds, (refund.id, amount)),
        status="refund_due" if note.available_minor - amount else "refunded", updated_us=billing.book.now_us,
        version=note.version + 1,
    )  # fmt: skip
    billing.save_note(note)
    content = (("transaction", refund), ("credit_note", note))
    billing.announce("refund_initiated", content, note.txn)
    return note
