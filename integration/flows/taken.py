"""Money that was taken and has to go back: where it lies in billing and in the ERP, and how it is taken off there.

The processor says how much went. Billing and the ERP follow in the same order of what gives it: first what no invoice
uses, then the invoice it paid, which is open again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import count

import msgspec

from integration.effects import Call, Sleep
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows.approvals import in_open_period
from integration.flows.paging import every_row
from integration.flows.steps import ask_a_person, day_in, do, if_found, key_of, mirror
from integration.outcomes import Answer
from integration.systems import payment
from integration.systems import payment_back as back
from integration.systems.billing import receivables as owed
from integration.systems.billing.receivables import Money, Transaction
from integration.systems.erp import receivables as books
from integration.systems.erp.receivables import Paper
from integration.systems.payment import Intent

RECORD_PAUSE_SECONDS = 900
RECORD_PAUSES_MAX = 96
"""A payment may be disputed before its own flow has recorded it: a day is waited for that, then people look."""


class Taken(msgspec.Struct, frozen=True):
    """A payment that succeeded, the invoice it paid, and its transactions in billing, as they were at an instant.

    They are several when the invoice took a part of it: the rest is the customer's credit.
    """

    intent: Intent
    invoice: Money
    transactions: tuple[Transaction, ...]
    at_us: int

    @property
    def entity(self) -> str:
        """The legal entity whose books it is in."""
        return self.invoice.business_entity_id

    @property
    def txn(self) -> str:
        """The business transaction."""
        return self.invoice.txn

    def paper(self, name: str, day: date) -> Paper:
        """Return the head of a document of the ERP about it."""
        return Paper(
            id=name, customer=self.invoice.customer_id, entity=self.entity, currency=self.invoice.currency_code,
            txn=self.txn, day=day,
        )  # fmt: skip


async def taken_by(context: FlowContext, payment_id: str) -> Taken:
    """Return a payment once billing and the ERP know it."""
    for turn in count(1):
        answer = await do(context, payment.read_intent(payment_id, context.txn))
        intent = payment.intent_of(answer)
        found = await _recorded(context, intent)
        if found is not None:
            return found
        if turn >= RECORD_PAUSES_MAX:
            await ask_a_person(
                "DATA_QUALITY.MAPPING_MISSING",
                f"payment {payment_id} is in no book: billing or the ERP does not know it",
            )
        await Sleep(RECORD_PAUSE_SECONDS)
    raise AssertionError("the loop ends by returning")


async def _recorded(context: FlowContext, intent: Intent) -> Taken | None:
    invoice = intent.metadata.get("invoice", "")
    if not invoice:
        return None
    answer = await do(context, owed.read_money(invoice, context.txn))
    money = owed.money_of(answer)
    transactions = await _payments_named(context, intent.id, money.txn)
    if not transactions:
        return None
    in_own = in_books(context, money.business_entity_id)
    cash = await if_found(in_own, books.read_cash(intent.id, context.txn))
    return None if cash is None else Taken(intent, money, transactions, cash.at_us)


async def _payments_named(context: FlowContext, name: str, txn: str) -> tuple[Transaction, ...]:
    rows = await every_row(context, owed.transactions_named(name, txn), owed.transaction_page)
    return tuple([row for row in rows if row.type == "payment"])


# --- giving back ----------------------------------------------------------------------------------------------------


class Part(msgspec.Struct, frozen=True):
    """What one transaction of billing gives of an amount that goes back: still to record, and recorded before."""

    transaction: Transaction
    amount_minor: int
    before_minor: int

    @property
    def total_minor(self) -> int:
        """What it gives, whenever that is recorded."""
        return self.amount_minor + self.before_minor


async def gave_back(context: FlowContext, taken: Taken, amount_minor: int, name: str, method: str, at_us: int) -> Money:
    """Take an amount of a payment off billing and the ERP under a name of its own; return the invoice as it is then.

    `method` is how billing calls it: chargeback, direct_debit or other. The money left at `at_us`. Who was interrupted
    half-way does it again with the payment as it is by then: what is recorded already is not taken off once more.
    """
    day = day_in(context, taken.entity, at_us)
    parts = await _parts(context, taken, amount_minor, name)
    due_minor = taken.invoice.amount_due
    for part in parts:
        due_minor = await _off_billing(context, taken, part, due_minor, name, method, day)
    for source, given_minor in _by_source(parts).items():
        paper = taken.paper(name if source == taken.intent.id else f"{name}.{source}", day)
        await _off_books(context, taken, paper, source, given_minor)
    return owed.money_of(await do(context, owed.read_money(taken.invoice.id, taken.txn)))


async def _parts(context: FlowContext, taken: Taken, amount_minor: int, name: str) -> list[Part]:
    """Return what each transaction gives of an amount: first those that no invoice uses, last what came back before.

    People are asked when there is not enough; nothing has been touched then.
    """
    while True:
        before = await _recorded_back(context, name, taken.txn)
        missing_minor = amount_minor - sum(before.values())
        sources = sorted(taken.transactions, key=lambda row: row.applied_to(taken.invoice.id) > 0)
        if missing_minor > _left(taken, sources) or not before.keys() <= {row.id for row in sources}:
            sources += await _won_back(context, taken)
        if missing_minor <= _left(taken, sources):
            return _shared(taken, sources, missing_minor, before)
        told = f"{missing_minor} minor units of {taken.intent.id} went back as {name}; billing has not so much of it"
        await ask_a_person("CONFLICT.STATE", told, payment=taken.intent.id)
        taken = await taken_by(context, taken.intent.id)


def _left(taken: Taken, sources: Sequence[Transaction]) -> int:
    return sum([row.amount_unused + row.applied_to(taken.invoice.id) for row in sources])


def _shared(taken: Taken, sources: Sequence[Transaction], missing_minor: int, before: Mapping[str, int]) -> list[Part]:
    parts = []
    for row in sources:
        part_minor = min(missing_minor, _left(taken, [row]))
        missing_minor -= part_minor
        parts.append(Part(row, part_minor, before.get(row.id, 0)))
    return parts


async def _won_back(context: FlowContext, taken: Taken) -> list[Transaction]:
    """Return the transactions of what banks gave back of a payment: disputes that were won."""
    rows = await every_row(context, back.disputes_of(taken.intent.id, taken.txn), back.dispute_page)
    won = [row.won for row in rows if row.status == "won"]
    return [each for name in won for each in await _payments_named(context, name, taken.txn)]


async def _recorded_back(context: FlowContext, name: str, txn: str) -> dict[str, int]:
    """Return how much of each payment billing has recorded as given back under a name."""
    found: dict[str, int] = {}
    for row in await every_row(context, owed.transactions_named(name, txn), owed.transaction_page):
        if row.type == "refund":
            found[row.refunded_txn_id] = found.get(row.refunded_txn_id, 0) + row.amount
    return found


def _by_source(parts: Sequence[Part]) -> dict[str, int]:
    """Return what each payment of the ERP gives; it has the name of billing's transactions."""
    found: dict[str, int] = {}
    for part in parts:
        if part.total_minor:
            source = part.transaction.reference_number
            found[source] = found.get(source, 0) + part.total_minor
    return found


async def _off_books(context: FlowContext, taken: Taken, paper: Paper, source: str, amount_minor: int) -> None:
    def posted_on(day: date) -> Call:
        return books.put_refund(msgspec.structs.replace(paper, day=day), source, amount_minor, taken.intent.method)

    await in_open_period(context, taken.entity, paper.day, posted_on)


async def _off_billing(
    context: FlowContext, taken: Taken, part: Part, due_minor: int, name: str, method: str, day: date
) -> int:
    """Record what a transaction gives back, off its invoice if need be; return what is due of the invoice then.

    What is left of the transaction goes on the invoice again, as far as that is due.
    """
    row, unused_minor = part.transaction, part.transaction.amount_unused
    if part.amount_minor > unused_minor:
        await _off_invoice(context, taken, row, name)
        applied_minor = row.applied_to(taken.invoice.id)
        unused_minor, due_minor = unused_minor + applied_minor, due_minor + applied_minor
    if part.amount_minor:

        async def is_recorded() -> Answer | None:
            recorded = await _recorded_back(context, name, taken.txn)
            return Answer(200) if recorded.get(row.id, 0) >= part.total_minor else None

        key = key_of(context, taken.intent.id, f"back/{name}/{row.id}/{part.total_minor}")
        call = owed.record_refund(row.id, part.amount_minor, name, method, day, key, taken.txn)
        await do(context, call, is_recorded)
    kept_minor = min(unused_minor - part.amount_minor, due_minor)
    if kept_minor > 0:
        await _on_invoice(context, taken, row, kept_minor, name)
    return due_minor - kept_minor


async def _off_invoice(context: FlowContext, taken: Taken, row: Transaction, name: str) -> None:
    async def is_off() -> Answer | None:
        return None if await _is_on(context, taken, row) else Answer(200)

    key = key_of(context, name, f"remove/{row.id}")
    await do(context, owed.remove_payment(taken.invoice.id, row.id, key, taken.txn), is_off)


async def _on_invoice(context: FlowContext, taken: Taken, row: Transaction, amount_minor: int, name: str) -> None:
    async def is_on() -> Answer | None:
        return Answer(200) if await _is_on(context, taken, row) else None

    key = key_of(context, name, f"keep/{row.id}")
    await do(context, owed.apply_payment(taken.invoice.id, row.id, amount_minor, key, taken.txn), is_on)


async def _is_on(context: FlowContext, taken: Taken, row: Transaction) -> bool:
    """Tell whether an invoice is paid by a transaction, wholly or in part."""
    money = owed.money_of(await do(context, owed.read_money(taken.invoice.id, taken.txn)))
    return any(each.txn_id == row.id for each in money.linked_payments)


async def show_owed(money: Money, at_us: int, fields: dict[str, str]) -> None:
    """Show sales what is open of an invoice, and what became of its payment."""
    if money.quote_reference:
        await mirror(money.txn, money.quote_reference, "", at_us, fields, money.balance)
