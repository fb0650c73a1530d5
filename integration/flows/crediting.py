"""Crediting a part of an invoice: billing makes the note, whose own flow takes the tax back and posts the memo."""

from __future__ import annotations

from fractions import Fraction

from domain.money import allocate
from domain.rounding import round_ratio
from integration.flow import FlowContext
from integration.flows.paging import page_with, shown
from integration.flows.starts import start_credit
from integration.flows.steps import do
from integration.outcomes import Answer
from integration.systems import billing
from integration.systems.billing import receivables as owed
from integration.systems.billing.shapes import BillingInvoice, CreditNote


async def credited_part(
    context: FlowContext, invoice: str, txn: str, gross_minor: int, remark: str, key: str, *, is_owed: bool
) -> CreditNote:
    """Credit a part of an invoice, tax included; return the note of its net, once billing shows it and its flow begins.

    `is_owed`: it is taken off what is due; what is no longer due is credited as money to pay back. Otherwise all of it
    is money to pay back. `remark` names the note, whatever is lost and repeated.
    """
    found = billing.invoice_of(await do(context, billing.read_invoice(invoice, txn)))
    parts = allocate(net_of(found, gross_minor), [line.amount for line in found.charges])
    rows = [(line.id, part) for line, part in zip(found.charges, parts, strict=True) if part]

    async def there() -> Answer | None:
        return await noted(context, invoice, txn, remark)

    is_due = is_owed and gross_minor <= found.amount_due
    await do(context, owed.credit_lines(invoice, rows, remark, key, txn, is_due=is_due), there)
    notes = billing.credit_notes_in(await shown(f"the credit note {remark!r}", there))
    note = next(each for each in notes if each.customer_notes == remark)
    await start_credit(note.id, note.subscription_id)
    return note


def net_of(invoice: BillingInvoice, gross_minor: int) -> int:
    """Return the net part of a gross amount of an invoice, half up."""
    return round_ratio(Fraction(gross_minor * invoice.net_minor, invoice.total))


async def noted(context: FlowContext, invoice: str, txn: str, remark: str) -> Answer | None:
    """Return the page of the credit notes of an invoice that shows the one with a remark; None when there is none."""
    call = billing.credit_notes_of(invoice, txn)
    return await page_with(context, call, billing.credit_note_page, lambda note: note.customer_notes == remark)
