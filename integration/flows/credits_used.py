"""Credits of an invoice that is owed again: they are used for it before anything of it is given up.

A credit of a paid invoice is the customer's. When the payment goes back after that (a bank's dispute), the invoice is
owed in full beside it. A refund's own credit is left alone: it is on its way to be paid back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from integration.flow import FlowContext
from integration.flows.paging import every_row
from integration.flows.steps import REFUSALS, do, if_found, key_of
from integration.outcomes import Answer, CallFailed
from integration.systems import billing
from integration.systems.billing import CreditNote
from integration.systems.billing import receivables as owed
from integration.systems.billing.receivables import Money
from integration.systems.erp import receivables as books
from integration.systems.erp.receivables import PostedMemo
from integration.systems.wire import minor


def credits_of(notes: Iterable[CreditNote]) -> list[CreditNote]:
    """Return the notes that are the customer's credit, and not to be paid back: each with that of its tax behind it."""
    standing = [note for note in notes if note.status != "voided"]
    taxes = {note.customer_notes: note for note in standing if note.reason_code == billing.TAX_REASON}
    found = []
    for note in standing:
        if note.reason_code != billing.TAX_REASON and not owed.is_of_refund(note.customer_notes):
            tax = taxes.get(billing.tax_note_of(note.id))
            found += [note] if tax is None else [note, tax]
    return found


async def credits_used(context: FlowContext, money: Money) -> Money:
    """Use the credits of an invoice for what is due of it, in billing and in the ERP; return it as it is then."""
    if not money.amount_due:
        return money
    listed = billing.credit_notes_of(money.id, money.txn)
    notes = credits_of(await every_row(context, listed, billing.credit_note_page))
    unused = [note.id for note in notes if note.amount_available]
    now = await _used(context, money, unused) if unused else money
    await _applied(context, now, notes)
    return now


async def _used(context: FlowContext, money: Money, notes: Sequence[str]) -> Money:
    """Use credit notes for what is due of an invoice; return it as it is then."""

    async def are_used() -> Answer | None:
        answer = await do(context, owed.read_money(money.id, money.txn))
        now = owed.money_of(answer)
        return answer if any(now.credited_by(note) > money.credited_by(note) for note in notes) else None

    key = key_of(context, money.id, f"credits/{money.resource_version}")
    call = owed.use_credits(money.id, notes, key, money.txn)
    try:
        return owed.money_of(await do(context, call, are_used, allow=REFUSALS))
    except CallFailed:  # the invoice was paid, or a credit used, in the meantime
        return owed.money_of(await do(context, owed.read_money(money.id, money.txn)))


async def _applied(context: FlowContext, money: Money, notes: Sequence[CreditNote]) -> None:
    """Apply what memos have left until no more is open in the ERP than is due in billing.

    Each system has its own order of using credits, so it is not asked which note was used. A memo that is not posted
    yet is applied when it is.
    """
    memos = [note.id for note in notes if note.reason_code != billing.TAX_REASON]
    if not memos:
        return
    posted = books.posted_invoice(await do(context, books.read_invoice(money.id, money.txn)))
    excess_minor = minor(posted.amountRemaining, money.currency_code) - money.amount_due
    for memo in memos:
        found = await if_found(context, books.read_applied_memo(memo, money.txn)) if excess_minor > 0 else None
        if found is not None:
            excess_minor -= await _applied_part(context, money, memo, books.posted_memo(found), excess_minor)


async def _applied_part(context: FlowContext, money: Money, memo: str, posted: PostedMemo, wanted_minor: int) -> int:
    """Apply a part of a memo, as far as it has it; return how much that is."""
    currency = money.currency_code
    part_minor = min(wanted_minor, minor(posted.amountRemaining, currency))
    total_minor = minor(posted.applied_to(money.id), currency) + part_minor
    if not part_minor:
        return 0
    call = books.apply_memo(memo, money.id, total_minor, currency, money.txn)
    try:
        await do(context, call, allow=REFUSALS)
    except CallFailed:  # something else has settled the invoice meanwhile: whoever gives up the rest compares both
        return 0
    return part_minor
