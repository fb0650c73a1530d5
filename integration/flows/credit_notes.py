"""Credit notes of billing: take back the tax, credit it, post the memo. The credit stays with the customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.objects import Line, TaxShare
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows import facts
from integration.flows.approvals import in_open_period
from integration.flows.credited_before import as_taxed
from integration.flows.intercompany import start_intercompany
from integration.flows.invoices import committed
from integration.flows.mapping import posting_in_items
from integration.flows.net_tax import closed_invoice
from integration.flows.paging import page_with
from integration.flows.posted import is_ours, until_posted
from integration.flows.steps import ask_a_person, day_in, do, key_of, mirror, tell
from integration.outcomes import Answer, CallFailed
from integration.systems import billing, erp, tax
from integration.systems.billing import BillingInvoice, CreditNote
from integration.systems.billing.receivables import WRITE_OFF_REASON
from integration.systems.billing.shapes import InvoiceLine
from integration.systems.erp import Posting
from integration.systems.wire import date_of_seconds

OURS = frozenset({billing.TAX_REASON, WRITE_OFF_REASON})
"""Reasons of notes that flows of ours have made: the tax part of another note, and what a write-off leaves behind."""


async def credit(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Complete one credit note. Arguments: credit_note."""
    answer = await do(context, billing.read_credit_note(arguments["credit_note"], context.txn))
    note = billing.credit_note_of(answer)
    if note.reason_code in OURS:
        return {"credit_note": note.id, "status": "ours"}
    invoice = await closed_invoice(context, note.reference_invoice_id)
    shares = await _tax_back(context, note, invoice)
    lines = _tax_lines(invoice, shares)
    if lines:
        await _credit_tax(context, note, lines)
    posting = _posting(note, invoice, shares, day_in(context, invoice.business_entity_id, answer.at_us), context.txn)
    in_items = await posting_in_items(context, posting, date_of_seconds(invoice.date))  # as the invoice was posted
    if invoice.status != "voided" and await is_ours(invoice.id, context.txn):
        own_books = in_books(context, posting.entity)
        await until_posted(own_books, invoice.id, context.txn, f"credit note {note.id}")
    await in_open_period(
        context, posting.entity, posting.business_date,
        lambda day: erp.put_credit_memo(msgspec.structs.replace(in_items, business_date=day)),
    )  # fmt: skip
    await start_intercompany(posting, note.subscription_id, -1)
    await _mirrored(context, invoice)
    await tell("credit_memo.issued", note.id, context.txn, **facts.credit_memo_issued(note, posting))
    return {"credit_note": note.id, "status": "posted"}


async def _tax_back(context: FlowContext, note: CreditNote, invoice: BillingInvoice) -> tuple[TaxShare, ...]:
    """Commit the return document of a credit note whose invoice bore tax.

    The charges of a net note lessen what goes back, at the same rates: the note as a whole takes back from the invoice.
    """
    if not invoice.tax_lines:
        return ()
    taxable = tax.Taxable(
        code=note.id, customer=note.customer_id, currency=note.currency_code,
        address=invoice.billing_address.canonical(), day=date_of_seconds(note.date),
        lines=await as_taxed(context, note, [line.canonical() for line in note.line_items], [invoice]), txn=context.txn,
        original_day=date_of_seconds(invoice.date),
    )  # fmt: skip
    return tax.shares(await committed(context, taxable, tax.commit_return(taxable)))


def _tax_lines(invoice: BillingInvoice, shares: Sequence[TaxShare]) -> list[tuple[str, int]]:
    """Return (tax line of the invoice, amount to credit) for each jurisdiction the invoice bore tax of."""
    lines = invoice.tax_lines
    return [(lines[share.jurisdiction].id, share.amount_minor) for share in shares if share.jurisdiction in lines]


async def _credit_tax(context: FlowContext, note: CreditNote, lines: Sequence[tuple[str, int]]) -> None:
    """Credit the tax of a note: what is still due is reduced, what was paid becomes the customer's credit.

    A payment may come in between; billing then refuses the reduction and the choice is made again.
    """

    async def there() -> Answer | None:
        call, wanted = billing.credit_notes_of(note.reference_invoice_id, context.txn), billing.tax_note_of(note.id)
        return await page_with(context, call, billing.credit_note_page, lambda known: known.customer_notes == wanted)

    total_minor, refused_due = sum(amount_minor for _, amount_minor in lines), None
    while True:
        answer = await do(context, billing.read_invoice(note.reference_invoice_id, context.txn))
        is_due = billing.invoice_of(answer).amount_due >= total_minor
        if is_due == refused_due:  # a payment was not the reason
            await ask_a_person("CONFLICT.STATE", f"billing credits no tax of {note.id}", note=note.id)
            if await there() is not None:
                return
        key = key_of(context, note.id, f"credit_tax/{'due' if is_due else 'paid'}")
        try:
            await do(context, billing.credit_tax(note, is_due, lines, key, context.txn), there, allow=(400, 409))
            return
        except CallFailed:
            if await there() is not None:  # a copy of it came late and was taken
                return
            refused_due = is_due


async def _mirrored(context: FlowContext, invoice: BillingInvoice) -> None:
    """Show sales what a credit has made of an invoice."""
    if not invoice.quote_reference:
        return
    answer = await do(context, billing.read_invoice(invoice.id, context.txn))
    now = billing.invoice_of(answer)
    status = "paid" if now.status == "paid" else "posted"
    txn = invoice.subscription_id or context.txn
    await mirror(txn, invoice.quote_reference, "", answer.at_us, {"InvoiceStatus__c": status}, now.balance)


def _posting(note: CreditNote, invoice: BillingInvoice, shares: tuple[TaxShare, ...], day: Any, txn: str) -> Posting:
    return Posting(
        id=note.id, customer=note.customer_id, entity=invoice.business_entity_id, currency=note.currency_code, txn=txn,
        business_date=day, lines=tuple(_line(line) for line in note.line_items), taxes=shares, invoice=invoice.id,
    )  # fmt: skip


def _line(line: InvoiceLine) -> Line:
    """Return a line of a note; one that was credited by hand has no days of its own, the ERP takes its invoice's."""
    found = line.canonical()
    return (
        found if line.date_to > line.date_from else msgspec.structs.replace(found, period_start=None, period_end=None)
    )
