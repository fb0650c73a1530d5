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
    found = credits_of(await every_row(context, listed, billing.credit_note_page))
    unused = [note.id for note in found if note.amount_available]
    if not unused:
        return money
    try:
        now = await _used(context, money, unused)
    except CallFailed:  # the invoice was paid, or a credit used, in the meantime
        return owed.money_of(await do(context, owed.read_money(money.id, money.txn)))
    used_minor = sum([now.credited_by(note) - money.credited_by(note) for note in unused])
    memos = [note.id for note in found if note.reason_code != billing.TAX_REASON]
    await _applied(context, now, memos, used_minor)
    return now


async def _used(context: FlowContext, money: Money, notes: Sequence[str]) -> Money:
    """Use credit notes for what is due of an invoice; raise CallFailed when billing refuses it."""

    async def are_used() -> Answer | None:
        answer = await do(context, owed.read_money(money.id, money.txn))
        now = owed.money_of(answer)
        return answer if any(now.credited_by(note) > money.credited_by(note) for note in notes) else None

    key = key_of(context, money.id, f"credits/{money.resource_version}")
    call = owed.use_credits(money.id, notes, key, money.txn)
    return owed.money_of(await do(context, call, are_used, allow=REFUSALS))


async def _applied(context: FlowContext, money: Money, memos: Sequence[str], used_minor: int) -> None:
    """Apply as much of the memos as billing has used of its notes, from whichever has it: each system has its order.

    A memo that is not posted yet is applied when it is.
    """
    for memo in memos:
        found = await if_found(context, books.read_applied_memo(memo, money.txn))
        if found is None:
            continue
        posted = books.posted_memo(found)
        part_minor = min(used_minor, minor(posted.amountRemaining, money.currency_code))
        used_minor -= part_minor
        if part_minor:
            total_minor = minor(posted.applied_to(money.id), money.currency_code) + part_minor
            await do(context, books.apply_memo(memo, money.id, total_minor, money.currency_code, money.txn))
