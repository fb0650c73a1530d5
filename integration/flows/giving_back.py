"""Money goes back: it is taken off billing and the ERP, from what gives it in the same order.

The processor says how much went. First goes what no invoice uses, then what is on the invoice, which is open again.
What came back with a dispute that was won is another payment in the books; it gives what the payment itself has not.
Whatever was recorded under the name is not taken again, so that people can try again from wherever it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from domain.money import said
from integration.effects import Call, Sleep
from integration.flow import FlowContext
from integration.flows.approvals import in_open_period
from integration.flows.credits_used import MOVED, start_memos
from integration.flows.paging import every_row, page_with
from integration.flows.steps import ask_a_person, code_of, day_in, do, key_of
from integration.flows.taken import Taken, payments_named, taken_by
from integration.outcomes import Answer, CallFailed
from integration.retry import Probe
from integration.systems import payment_back as back
from integration.systems.billing import receivables as owed
from integration.systems.billing.receivables import Money, Transaction
from integration.systems.erp import receivables as books

MOVED_PAUSE_SECONDS = 60


class Withdrawal(msgspec.Struct, frozen=True):
    """An amount that left on a day, the name it has in the books, and how billing calls the method."""

    name: str
    amount_minor: int
    method: str
    day: date


async def gave_back(context: FlowContext, taken: Taken, amount_minor: int, name: str, method: str, at_us: int) -> Money:
    """Take an amount of a payment off billing and the ERP under a name of its own; return the invoice as it is then.

    `method` is how billing calls it: chargeback, direct_debit or other. The money left at `at_us`.
    """
    gone = Withdrawal(name, amount_minor, method, day_in(context, taken.entity, at_us))
    for source, part_minor in (await _off_billing(context, taken, gone)).items():
        await _off_books(context, taken, gone, source, part_minor)
    money = owed.money_of(await do(context, owed.read_money(taken.invoice.id, taken.txn)))
    await start_memos(money, name)
    return money


# --- the books ------------------------------------------------------------------------------------------------------


async def _off_books(context: FlowContext, taken: Taken, gone: Withdrawal, source: str, part_minor: int) -> None:
    name = gone.name if source == taken.intent.id else f"{gone.name}.{source}"
    await in_open_period(
        context, taken.entity, gone.day,
        lambda posted: books.put_refund(taken.paper(name, posted), source, part_minor, taken.intent.method),
    )  # fmt: skip


# --- billing --------------------------------------------------------------------------------------------------------


class Part(msgspec.Struct, frozen=True):
    """What one payment in billing gives: of what no invoice uses, and of what is on the invoice."""

    transaction: Transaction
    unused_minor: int
    applied_minor: int

    @property
    def minor(self) -> int:
        """How much it gives."""
        return self.unused_minor + self.applied_minor


async def _off_billing(context: FlowContext, taken: Taken, gone: Withdrawal) -> dict[str, int]:
    """Take it off billing; return how much each payment gave, by the reference it was recorded under."""
    while True:
        given = await _given(context, taken, gone)
        missing_minor = gone.amount_minor - sum([row.amount for row in given])
        held = await _held(context, taken, given, missing_minor)
        parts = parts_of(taken, held, missing_minor)
        missing_minor -= sum([part.minor for part in parts])
        refused = await _all_given(context, taken, gone, parts, frozenset([row.id for row in given]))
        if refused is None and not missing_minor:
            return _by_reference(held, given, parts)
        await Sleep(MOVED_PAUSE_SECONDS)
        before, taken = taken, await taken_by(context, taken.intent.id)
        if (before.invoice, before.transactions) == (taken.invoice, taken.transactions):  # nobody has moved it
            await ask_a_person(*_told(taken, gone, missing_minor, refused), payment=taken.intent.id)
            taken = await taken_by(context, taken.intent.id)


def _told(taken: Taken, gone: Withdrawal, missing_minor: int, refused: CallFailed | None) -> tuple[str, str]:
    """Return the code of the case, and what people are told."""
    if refused is not None:
        return code_of("billing", refused), f"billing does not take {gone.name} off: {refused}"
    missing = said(missing_minor, taken.invoice.currency_code)
    return "INTEGRITY.TOTAL_MISMATCH", f"{missing} of {gone.name} are on no payment in billing"


def parts_of(taken: Taken, held: Sequence[Transaction], amount_minor: int) -> tuple[Part, ...]:
    """Return what each payment gives of an amount, as far as they have it: first what no invoice uses."""
    unused = _drawn([row.amount_unused for row in held], amount_minor)
    applied = _drawn([taken.applied_minor(row.id) for row in held], amount_minor - sum(unused))
    return tuple([Part(*row) for row in zip(held, unused, applied, strict=True)])


def _drawn(stocks: Sequence[int], wanted: int) -> list[int]:
    """Return what is drawn from each stock in turn until what is wanted is there."""
    drawn = []
    for stock in stocks:
        drawn.append(min(stock, wanted))
        wanted -= drawn[-1]
    return drawn


async def _held(
    context: FlowContext, taken: Taken, given: Sequence[Transaction], missing_minor: int
) -> tuple[Transaction, ...]:
    """Return what holds the money of a payment; disputes are looked at only when the payment itself does not do."""
    own = taken.transactions
    is_own = {row.refunded_txn_id for row in given} <= {row.id for row in own}
    if is_own and missing_minor <= sum([row.amount_unused + taken.applied_minor(row.id) for row in own]):
        return own
    disputes = await every_row(context, back.disputes_of(taken.intent.id, taken.txn), back.dispute_page)
    won = [await payments_named(context, each.won) for each in disputes if each.status == "won"]
    return (*own, *[row for rows in won for row in rows])


async def _given(context: FlowContext, taken: Taken, gone: Withdrawal) -> list[Transaction]:
    """Return the refunds that billing has recorded under the name."""
    rows = await every_row(context, owed.transactions_named(gone.name, taken.txn), owed.transaction_page)
    return [row for row in rows if row.type == "refund"]


def _by_reference(held: Sequence[Transaction], given: Sequence[Transaction], parts: Sequence[Part]) -> dict[str, int]:
    references = {row.id: row.reference_number for row in held}
    gave = [(row.refunded_txn_id, row.amount) for row in given] + [(part.transaction.id, part.minor) for part in parts]
    found: dict[str, int] = {}
    for transaction, amount_minor in gave:
        if amount_minor:
            found[references[transaction]] = found.get(references[transaction], 0) + amount_minor
    return found


async def _all_given(
    context: FlowContext, taken: Taken, gone: Withdrawal, parts: Sequence[Part], known: frozenset[str]
) -> CallFailed | None:
    """Record what each payment gives; return the refusal when another flow has moved the money meanwhile.

    What a payment has left goes on the invoice again as far as that is due: it may have been taken off before.
    """
    due_minor, version = taken.invoice.amount_due, taken.invoice.resource_version
    try:
        for part in parts:
            left_minor = part.transaction.amount_unused - part.unused_minor
            if part.applied_minor:
                version = await _off_invoice(context, taken, gone, part.transaction.id)
                applied_minor = taken.applied_minor(part.transaction.id)
                left_minor, due_minor = left_minor + applied_minor - part.applied_minor, due_minor + applied_minor
            if part.minor:
                await _recorded(context, taken, gone, part, known)
            kept_minor = min(left_minor, due_minor)
            if kept_minor > 0:
                await _on_invoice(context, taken, gone, part.transaction.id, kept_minor, version)
                due_minor -= kept_minor
    except CallFailed as refused:
        return refused
    return None


async def _recorded(context: FlowContext, taken: Taken, gone: Withdrawal, part: Part, known: frozenset[str]) -> None:
    """Record what a payment gives, besides the refunds that are known under the name."""

    async def is_recorded() -> Answer | None:
        return await page_with(
            context, owed.transactions_named(gone.name, taken.txn), owed.transaction_page,
            lambda row: row.refunded_txn_id == part.transaction.id and row.id not in known,
        )  # fmt: skip

    key = _key(context, taken, gone, f"back/{part.transaction.id}")
    call = owed.record_refund(part.transaction.id, part.minor, gone.name, gone.method, gone.day, key, taken.txn)
    await _sent(context, call, is_recorded)


async def _off_invoice(context: FlowContext, taken: Taken, gone: Withdrawal, transaction: str) -> int:
    """Take a payment off the invoice; return the version of the invoice that shows it."""

    async def is_off() -> Answer | None:
        answer = await do(context, owed.read_money(taken.invoice.id, taken.txn))
        return None if _is_on(owed.money_of(answer), transaction) else answer

    key = _key(context, taken, gone, f"remove/{transaction}")
    call = owed.remove_payment(taken.invoice.id, transaction, key, taken.txn)
    return owed.money_of(await _sent(context, call, is_off)).resource_version


async def _on_invoice(
    context: FlowContext, taken: Taken, gone: Withdrawal, transaction: str, amount_minor: int, version: int
) -> None:
    """Put an amount of a payment on the invoice, last seen at a version: what a copy shows of before is no news."""

    async def is_on() -> Answer | None:
        answer = await do(context, owed.read_money(taken.invoice.id, taken.txn))
        money = owed.money_of(answer)
        return answer if money.resource_version > version and _is_on(money, transaction) else None

    key = _key(context, taken, gone, f"keep/{transaction}")
    call = owed.apply_payment(taken.invoice.id, transaction, amount_minor, key, taken.txn)
    await _sent(context, call, is_on)


async def _sent(context: FlowContext, call: Call, probe: Probe) -> Answer:
    """Return the answer of a step; what is refused may have been done by an attempt whose reply was lost."""
    try:
        return await do(context, call, probe, allow=MOVED)
    except CallFailed:
        found = await probe()
        if found is None:
            raise
        return found


def _is_on(money: Money, transaction: str) -> bool:
    """Tell whether an invoice is paid by a transaction, wholly or in part."""
    return any(row.txn_id == transaction for row in money.linked_payments)


def _key(context: FlowContext, taken: Taken, gone: Withdrawal, step: str) -> str:
    """Return the key of a step: another one when the invoice was read again and has changed."""
    return key_of(context, gone.name, f"{step}/{taken.invoice.resource_version}")
