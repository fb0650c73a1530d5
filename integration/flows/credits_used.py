"""Credits of an invoice that is owed again: they are used for it before anything of it is given up.

A credit of a paid invoice is the customer's. When the payment goes back after that (a bank's dispute), the invoice is
owed in full beside it. A refund's own credit is left alone: it is on its way to be paid back.

A credit that comes while the payment is off billing's books and still on the ERP's is used in billing at once, and its
memo finds a paid invoice: it is applied when the ERP has followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from integration.effects import Start
from integration.facade.ledgers import in_books
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

MOVED = ("param_wrong_value", billing.WRONG_STATE)
"""Billing refuses with these what another flow of the same payment has moved in between: it is read again, and done
again when it has moved. Else people are asked.
"""


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


async def start_memos(money: Money, name: str) -> None:
    """Have the memos of an invoice, of which money went back under a name, follow what billing has credited of it."""
    if money.amount_due and money.amount_adjusted:
        await Start(
            flow_id=f"memos/{money.id}/{name}", name="apply_memos", arguments={"invoice": money.id}, txn=money.txn
        )


async def apply_memos(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Apply the memos of an invoice in the ERP as far as its credits are used in billing. Arguments: invoice."""
    money = owed.money_of(await do(context, owed.read_money(arguments["invoice"], context.txn)))
    context = in_books(context, money.business_entity_id)
    notes = await _credits(context, money)
    excess_minor = await _excess_minor(context, money)
    memos = await _memos(context, money, notes) if excess_minor > 0 else {}
    used_minor = sum([note.total - note.amount_available for note in notes])
    applied_minor = sum([minor(memo.total, money.currency_code) - _left_minor(money, memo) for memo in memos.values()])
    await _applied(context, money, memos, min(excess_minor, used_minor - applied_minor))
    return {"invoice": money.id}


async def credits_used(context: FlowContext, money: Money) -> Money:
    """Use the credits of an invoice for what is due of it, in billing and in the ERP; return it as it is then.

    A memo that is not posted yet is applied when it is.
    """
    if not money.amount_due:
        return money
    notes = await _credits(context, money)
    unused = [note.id for note in notes if note.amount_available]
    now = await _used(context, money, unused) if unused else money
    excess_minor = await _excess_minor(context, now) if notes else 0
    if excess_minor > 0:
        await _applied(context, now, await _memos(context, now, notes), excess_minor)
    return now


# --- billing --------------------------------------------------------------------------------------------------------


async def _credits(context: FlowContext, money: Money) -> list[CreditNote]:
    listed = billing.credit_notes_of(money.id, money.txn)
    return credits_of(await every_row(context, listed, billing.credit_note_page))


async def _used(context: FlowContext, money: Money, notes: Sequence[str]) -> Money:
    """Use credit notes for what is due of an invoice; return it as it is then."""

    async def are_used() -> Answer | None:
        answer = await do(context, owed.read_money(money.id, money.txn))
        now = owed.money_of(answer)
        return answer if any(now.credited_by(note) > money.credited_by(note) for note in notes) else None

    key = key_of(context, money.id, f"credits/{money.resource_version}")
    call = owed.use_credits(money.id, notes, key, money.txn)
    try:
        return owed.money_of(await do(context, call, are_used, allow=MOVED))
    except CallFailed:  # the invoice was paid, or a credit used, in the meantime
        return owed.money_of(await do(context, owed.read_money(money.id, money.txn)))


# --- the books ------------------------------------------------------------------------------------------------------


async def _excess_minor(context: FlowContext, money: Money) -> int:
    """Return how much more is open of an invoice in the ERP than is due in billing."""
    posted = books.posted_invoice(await do(context, books.read_invoice(money.id, money.txn)))
    return minor(posted.amountRemaining, money.currency_code) - money.amount_due


async def _memos(context: FlowContext, money: Money, notes: Sequence[CreditNote]) -> dict[str, PostedMemo]:
    """Return the memos of an invoice that are posted, by the note that each is of; a tax's note has none of its own."""
    found = {}
    for note in [note.id for note in notes if note.reason_code != billing.TAX_REASON]:
        answer = await if_found(context, books.read_applied_memo(note, money.txn))
        if answer is not None:
            found[note] = books.posted_memo(answer)
    return found


def _left_minor(money: Money, memo: PostedMemo) -> int:
    return minor(memo.amountRemaining, money.currency_code)


async def _applied(context: FlowContext, money: Money, memos: Mapping[str, PostedMemo], wanted_minor: int) -> None:
    """Apply so much of what memos have left.

    Each system has its own order of using credits, so it is not asked which note was used.
    """
    for note, memo in memos.items():
        part_minor = min(wanted_minor, _left_minor(money, memo))
        if part_minor > 0:
            total_minor = minor(memo.applied_to(money.id), money.currency_code) + part_minor
            if await _is_applied(context, money, note, total_minor):
                wanted_minor -= part_minor


async def _is_applied(context: FlowContext, money: Money, note: str, total_minor: int) -> bool:
    """Apply a memo with so much in all; False when something else has settled the invoice meanwhile.

    Whoever gives up the rest compares both systems.
    """
    try:
        await do(context, books.apply_memo(note, money.id, total_minor, money.currency_code, money.txn), allow=REFUSALS)
    except CallFailed:
        return False
    return True
