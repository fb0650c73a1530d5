"""From a pending invoice to cash: tax, closing, posting, collecting, applying."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from domain.money import said
from domain.objects import Line, TaxShare
from integration.effects import Call, Sleep
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows import cash_requests, facts
from integration.flows.applying import booked, recorded
from integration.flows.approvals import in_open_period
from integration.flows.collecting import RETRY_DAYS, collected, show_paid, show_posted
from integration.flows.credited_before import as_taxed
from integration.flows.intercompany import start_intercompany
from integration.flows.mapping import posting_in_items
from integration.flows.net_tax import Credited, Taxes, credited_invoices, give_back, parted, terms_of
from integration.flows.steps import ask_a_person, day_in, do, if_found, key_of, tell
from integration.flows.taken_before import Begun, found_payments
from integration.flows.write_offs import is_tolerated
from integration.outcomes import Answer, CallFailed
from integration.systems import billing, erp, payment, tax
from integration.systems.billing import BillingInvoice
from integration.systems.erp import Posting
from integration.systems.erp import receivables as books
from integration.systems.wire import date_of_seconds


async def bill(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take one invoice of billing to cash in the bank. Arguments: invoice."""
    answer = await do(context, billing.read_invoice(arguments["invoice"], context.txn))
    invoice = billing.invoice_of(answer)
    context = in_books(context, invoice.business_entity_id)
    lines = invoice.canonical_lines()
    day = day_in(context, invoice.business_entity_id, answer.at_us)
    drawn = _posting(invoice, lines, (), day)
    await tell("invoice.generated", invoice.id, drawn.txn, **facts.invoice_generated(invoice, lines, drawn))
    credited = await credited_invoices(context, invoice)
    taxes = await _taxed(context, invoice, lines, credited)
    closed, closed_us = await _closed(context, invoice, taxes, answer.at_us)
    posting = _posting(invoice, lines, taxes.shares, day)
    is_new = invoice.status == "pending"
    days = {line: date_of_seconds(other.date) for line, other in credited.items()}
    posted = await _posted(
        context, await posting_in_items(context, posting, date_of_seconds(invoice.date), days), is_new
    )
    body = facts.invoice_posted(invoice, posting, posting.id, posted.at_us)
    await tell("invoice.posted", invoice.id, posting.txn, **body)
    await start_intercompany(posting, invoice.subscription_id, 1)
    begun = Begun(closed)
    if not is_new:  # somebody closed it before: ourselves, when our journal was restored from a backup since
        begun = await found_payments(context, closed, posting, is_told=False)
    if payment.is_too_small(begun.invoice.amount_due, closed.currency_code):
        if begun.paid_us:
            await show_paid(begun.invoice, posting, begun.paid_us)
        else:
            await show_posted(begun.invoice, posting, posted.at_us)
        return await _left_open(begun.invoice, posting)
    return await _paid(context, begun, closed_us, posting)


async def _posted(context: FlowContext, posting: Posting, is_new: bool) -> Answer:
    """Post an invoice; one that had been worked on before may be posted already, on a day that is to stay."""
    found = None if is_new else await if_found(context, books.read_invoice(posting.id, context.txn))
    if found is not None:
        return found
    return await in_open_period(
        context, posting.entity, posting.business_date,
        lambda dated: erp.put_invoice(msgspec.structs.replace(posting, business_date=dated)),
    )  # fmt: skip


async def collect(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Collect an invoice whose payment came back. Arguments: invoice, reason, again (the bank may be asked again)."""
    if arguments["again"]:
        await Sleep(RETRY_DAYS[0] * 86_400)
    else:
        await _ask_for_another_way(arguments["invoice"], arguments["reason"])
    answer = await do(context, billing.read_invoice(arguments["invoice"], context.txn))
    invoice = billing.invoice_of(answer)
    context = in_books(context, invoice.business_entity_id)
    day = day_in(context, invoice.business_entity_id, answer.at_us)
    if payment.is_too_small(invoice.amount_due, invoice.currency_code):
        return {"invoice": invoice.id, "paid": False, "reason": "nothing is due"}
    posting = _posting(invoice, (), (), day)
    begun = await found_payments(context, invoice, posting, is_told=True)
    if payment.is_too_small(begun.invoice.amount_due, invoice.currency_code):
        return {"invoice": invoice.id, "paid": True, "reason": "it had been paid before"}
    return await _paid(context, begun, answer.at_us, posting)


async def _ask_for_another_way(invoice: str, reason: str) -> None:
    """Have collections find another way to pay for what the bank will not debit again."""
    code = "PAYMENT.UNAUTHORIZED_RETURN" if reason == "debit_not_authorized" else "PAYMENT.ACCOUNT_CLOSED"
    await ask_a_person(code, f"the debit of {invoice} came back and may not be repeated: {reason}", invoice=invoice)


async def _paid(context: FlowContext, begun: Begun, seen_us: int, posting: Posting) -> dict[str, Any]:
    """Collect what is due of a posted invoice, seen at an instant, apply it and show it."""
    invoice = begun.invoice
    paid = await collected(context, invoice, seen_us, posting, begun.attempt, begun.is_begun)
    if paid is None:
        return {"invoice": invoice.id, "paid": False, "reason": "it was settled otherwise"}
    paid_day = day_in(context, posting.entity, paid.at_us)
    body = facts.payment_received(posting, paid.intent.id, paid.intent.amount_received, paid.since_us, paid_day)
    await tell("payment.received", paid.intent.id, posting.txn, **body)
    recorded_as = await recorded(context, invoice, paid.intent, paid_day, posting.txn)
    paid_us, taken_minor = await booked(context, posting, paid, recorded_as.taken_minor)
    await show_paid(recorded_as.invoice, posting, paid_us)
    body = facts.payment_applied(posting, paid.intent.id, invoice, taken_minor, paid_day)
    await tell("payment.applied", paid.intent.id, posting.txn, **body)
    return {"invoice": invoice.id, "paid": True, "payment": paid.intent.id}


async def _left_open(invoice: BillingInvoice, posting: Posting) -> dict[str, Any]:
    """Return how the flow of an invoice ends that is not charged.

    The processor takes no charge below a minimum of its own, and nobody is to work on cents: collecting is given up.
    What is within the tolerance is written off; what is not stays open, and a transfer or a credit may settle it.
    """
    if not invoice.amount_due:
        return {"invoice": invoice.id, "paid": False, "reason": "nothing is due"}
    reason = f"{said(invoice.amount_due, invoice.currency_code)} is below the processor's minimum"
    if is_tolerated(invoice.total, invoice.amount_due, invoice.currency_code):
        await cash_requests.write_off(
            "minimum", invoice.id, posting.txn, "below the processor's minimum", "integration"
        )
    return {"invoice": invoice.id, "paid": False, "status": "given_up", "reason": reason}


# --- tax and closing ------------------------------------------------------------------------------------------------


async def _taxed(context: FlowContext, invoice: BillingInvoice, lines: tuple[Line, ...], credited: Credited) -> Taxes:
    """Commit the invoice's tax; a document that is there already under the invoice's id is adopted."""
    taxable = tax.Taxable(
        code=invoice.id, customer=invoice.customer_id, currency=invoice.currency_code,
        address=invoice.billing_address.canonical(), day=date_of_seconds(invoice.date),
        lines=await as_taxed(context, invoice, lines, credited.values()), txn=context.txn, terms=terms_of(credited),
    )  # fmt: skip
    answer = await committed(context, taxable, tax.commit(taxable))
    if not credited:
        return Taxes(tax.shares(answer))
    taxes, stray = parted(credited, tax.shares_by_line(answer))
    if stray:
        detail = f"{invoice.id} credits lines taxed in {', '.join(stray)}, whose invoices bear no such tax"
        await ask_a_person("CONFLICT.STATE", detail, invoice=invoice.id)
    return taxes


async def committed(context: FlowContext, taxable: tax.Taxable, call: Call) -> Answer:
    """Commit a tax document and return it; one that exists already under the code is adopted."""
    read = tax.read_document(taxable.code, taxable.txn, by_line=bool(taxable.terms))

    async def there() -> Answer | None:
        answer = await if_found(context, read)
        return answer if answer is not None and tax.is_committed(answer) else None

    try:
        return await do(context, call, there, allow=(tax.GET_TAX_ERROR,))
    except CallFailed:
        return await do(context, read)


async def _closed(
    context: FlowContext, invoice: BillingInvoice, taxes: Taxes, seen_us: int
) -> tuple[BillingInvoice, int]:
    """Add the tax to a pending invoice and close it; return the invoice as it is then, and when that was known."""
    if invoice.status != "pending":
        return invoice, seen_us
    added = invoice.tax_lines
    for share in taxes.charged:
        if share.jurisdiction not in added:
            await _add_tax(context, invoice, share)
    await give_back(context, invoice, taxes.back)

    async def is_closed() -> Answer | None:
        answer = await do(context, billing.read_invoice(invoice.id, context.txn))
        return None if billing.invoice_of(answer).status == "pending" else answer

    key = key_of(context, invoice.id, "close")
    answer = await do(context, billing.close_invoice(invoice.id, key, context.txn), is_closed)
    return billing.invoice_of(answer), answer.at_us


async def _add_tax(context: FlowContext, invoice: BillingInvoice, share: TaxShare) -> None:
    async def is_added() -> Answer | None:
        answer = await do(context, billing.read_invoice(invoice.id, context.txn))
        return answer if share.jurisdiction in billing.invoice_of(answer).tax_lines else None

    key = key_of(context, invoice.id, f"tax/{share.jurisdiction}")
    await do(context, billing.add_tax(invoice.id, share, key, context.txn), is_added)


def _posting(invoice: BillingInvoice, lines: tuple[Line, ...], shares: tuple[TaxShare, ...], day: date) -> Posting:
    return Posting(
        id=invoice.id, customer=invoice.customer_id, entity=invoice.business_entity_id, currency=invoice.currency_code,
        txn=invoice.subscription_id or invoice.id, business_date=day,
        lines=lines, taxes=shares,
        due_date=date_of_seconds(invoice.due_date) if invoice.due_date else day,
    )  # fmt: skip
