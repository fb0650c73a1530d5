"""Credits of an invoice that is owed again: they are used for it before anything of it is given up.

A credit of a paid invoice is the customer's. When the payment goes back after that (a bank's dispute), the invoice is
owed in full beside it. A refund's own credit is left alone: it is on its way to be paid back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from integration.flow import FlowContext
from integration.flows.paging import every_row
from integration.flows.steps import REFUSALS, do, if_found, key_of
from integration.outcomes import Answer, CallFailed
from integration.systems import billing
from integration.systems.billing import CreditNote
from integration.systems.billing import receivables as owed
from integration.systems.billing.receivables import Money
from integration.systems.erp import receivables as books


class Credit(msgspec.Struct, frozen=True):
    """What the ERP has one memo for: a note of billing, and that of its tax."""

    memo: str
    notes: tuple[CreditNote, ...]

    def used_for(self, money: Money) -> int:
        """Return how much of it an invoice has used."""
        ours = {note.id for note in self.notes}
        return sum([row.applied_amount for row in money.applied_credits if row.cn_id in ours])


def credits_of(notes: Iterable[CreditNote]) -> list[Credit]:
    """Return the credits that some notes are, without those that are to be paid back."""
    standing = [note for note in notes if note.status != "voided"]
    taxes = {note.customer_notes: note for note in standing if note.reason_code == billing.TAX_REASON}
    found = []
    for note in standing:
        if note.reason_code != billing.TAX_REASON and not owed.is_of_refund(note.customer_notes):
            tax = taxes.get(billing.tax_note_of(note.id))
            found.append(Credit(note.id, (note,) if tax is None else (note, tax)))
    return found


async def credits_used(context: FlowContext, money: Money) -> Money:
    """Use the credits of an invoice for what is due of it, in billing and in the ERP; return it as it is then."""
    if not money.amount_due:
        return money
    listed = billing.credit_notes_of(money.id, money.txn)
    found = credits_of(await every_row(context, listed, billing.credit_note_page))
    unused = [note.id for credit in found for note in credit.notes if note.amount_available]
    if not unused:
        return money
    now = await _used(context, money, unused)
    for credit in found:
        if credit.used_for(now) > credit.used_for(money):
            await _applied(context, now, credit)
    return now


async def _used(context: FlowContext, money: Money, notes: Sequence[str]) -> Money:
    async def are_used() -> Answer | None:
        answer = await do(context, owed.read_money(money.id, money.txn))
        now = owed.money_of(answer)
        return answer if now.credited_minor > money.credited_minor else None

    key = key_of(context, money.id, f"credits/{money.resource_version}")
    call = owed.use_credits(money.id, notes, key, money.txn)
    try:
        return owed.money_of(await do(context, call, are_used, allow=REFUSALS))
    except CallFailed:  # the invoice was paid, or a credit used, in the meantime
        return owed.money_of(await do(context, owed.read_money(money.id, money.txn)))


async def _applied(context: FlowContext, money: Money, credit: Credit) -> None:
    """Apply a memo as far as the invoice has used the credit; one that is not posted yet is applied when it is."""
    if await if_found(context, books.read_memo(credit.memo, money.txn)) is not None:
        amount_minor = credit.used_for(money)
        await do(context, books.apply_memo(credit.memo, money.id, amount_minor, money.currency_code, money.txn))
