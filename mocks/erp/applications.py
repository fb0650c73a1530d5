"""Which invoices a payment is applied to: as asked, by itself, or beyond what it was applied to before."""

from __future__ import annotations

from decimal import Decimal

from mocks.erp.amounts import minor
from mocks.erp.bodies import ApplyBody, MemoBody, PaymentBody
from mocks.erp.catalogue import invalid_reference
from mocks.erp.invoices import InvoiceRecord, Invoices
from mocks.erp.references import key_of
from mocks.kernel.operations import Refusal

Applications = tuple[tuple[str, int], ...]
"""(invoice id, amount in minor units), in the order of the invoices."""


def asked_for(invoices: Invoices, body: PaymentBody, customer: str, currency: str, amount_minor: int) -> Applications:
    """Return the applications of a new payment; refuse more than an invoice owes or the payment holds."""
    if body.apply is None or not body.apply.items:
        return automatic(invoices, customer, currency, amount_minor) if body.autoApply else ()
    left, result = amount_minor, dict[str, int]()
    for index, row in enumerate(body.apply.items):
        if not row.apply:
            continue
        path = f"apply.items[{index}]"
        doc = _invoice_of(invoices, row, customer, currency, path).doc
        open_minor = doc.balance_minor - result.get(doc.id, 0)
        part = min(left, open_minor) if row.amount is None else minor(row.amount, currency, f"{path}.amount")
        if part < 0 or part > open_minor:
            detail = f"Invoice {doc.number} is open with {open_minor} minor units, not {part}."
            raise Refusal("user_error", detail, f"{path}.amount")
        if part > left:
            raise Refusal("user_error", "The applications exceed the payment.", f"{path}.amount")
        if part:
            result[doc.id] = result.get(doc.id, 0) + part
        left -= part
    return tuple(result.items())


def automatic(invoices: Invoices, customer: str, currency: str, amount_minor: int) -> Applications:
    """Return what `autoApply` does: an exact match on one open invoice, else oldest due first."""
    docs = [row.doc for row in invoices.open_of(customer) if row.doc.currency == currency]
    for doc in docs:
        if doc.balance_minor == amount_minor:
            return ((doc.id, amount_minor),)
    result = []
    for doc in docs:
        part = min(amount_minor, doc.balance_minor)
        if part:
            result.append((doc.id, part))
        amount_minor -= part
    return tuple(result)


def further(
    invoices: Invoices, body: PaymentBody | MemoBody, customer: str, currency: str, have: Applications, rest_minor: int
) -> Applications:
    """Return what is asked beyond the applications there are; refuse less than there is, and too much."""
    asked = [row for row in body.apply.items if row.apply] if body.apply is not None else []
    left, before, result = rest_minor, dict(have), []
    for index, row in enumerate(asked):
        path = f"apply.items[{index}]"
        doc = _invoice_of(invoices, row, customer, currency, path).doc
        already = before.pop(doc.id, 0)
        wanted = minor(row.amount, currency, f"{path}.amount") if row.amount is not None else already
        more = wanted - already
        if more < 0:
            raise Refusal("user_error", "An application cannot be taken back: refund it.", f"{path}.amount")
        if more > doc.balance_minor or more > left:
            raise Refusal("user_error", "The application exceeds the invoice or what is left.", f"{path}.amount")
        left -= more
        if more:
            result.append((doc.id, more))
    return tuple(result)


def amount_of(amount: Decimal | None, currency: str) -> int:
    """Return the amount of a payment; refuse one that is not greater than zero."""
    value = minor(amount, currency, "payment") if amount is not None else 0
    if value <= 0:
        raise Refusal("user_error", "Please enter value(s) for: Payment Amount (greater than zero).", "payment")
    return value


def _invoice_of(invoices: Invoices, row: ApplyBody, customer: str, currency: str, path: str) -> InvoiceRecord:
    invoice = invoices.shelf.find(key_of(row.doc)) if row.doc is not None else None
    if invoice is None or invoice.customer != customer or invoice.doc.currency != currency:
        name = row.doc.externalId or row.doc.id if row.doc is not None else ""
        raise invalid_reference(name, f"{path}.doc")
    return invoice
