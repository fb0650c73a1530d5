"""Money that was taken and has to go back: where it lies in billing and in the ERP, and how it is taken off there.

The processor says how much went. Billing and the ERP follow in the same order of what gives it: first what no invoice
uses, then the invoice it paid, which is open again.
"""

from __future__ import annotations

from datetime import date
from itertools import count

import msgspec

from integration.effects import Sleep
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows.approvals import in_open_period
from integration.flows.paging import every_row, page_with
from integration.flows.steps import ask_a_person, day_in, do, if_found, key_of, mirror
from integration.outcomes import Answer
from integration.systems import payment
from integration.systems.billing import receivables as owed
from integration.systems.billing.receivables import Money, Transaction
from integration.systems.erp import receivables as books
from integration.systems.erp.receivables import Paper
from integration.systems.payment import Intent

RECORD_PAUSE_SECONDS = 900
RECORD_PAUSES_MAX = 96
"""A payment may be disputed before its own flow has recorded it: a day is waited for that, then people look."""


class Taken(msgspec.Struct, frozen=True):
    """A payment that succeeded, the invoice it paid, and its transaction in billing, as they were at an instant."""

    intent: Intent
    invoice: Money
    transaction: Transaction
    at_us: int

    @property
    def entity(self) -> str:
        """The legal entity whose books it is in."""
        return self.invoice.business_entity_id

    @property
    def txn(self) -> str:
        """The business transaction."""
        return self.invoice.txn

    @property
    def applied_minor(self) -> int:
        """How much of it is on its invoice."""
        rows = self.invoice.linked_payments
        return sum([row.applied_amount for row in rows if row.txn_id == self.transaction.id])

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
    transaction = await _transaction_of(context, money, intent.id)
    if transaction is None:
        return None
    in_own = in_books(context, money.business_entity_id)
    cash = await if_found(in_own, books.read_cash(intent.id, context.txn))
    return None if cash is None else Taken(intent, money, transaction, cash.at_us)


async def _transaction_of(context: FlowContext, money: Money, payment_id: str) -> Transaction | None:
    """Return the transaction of a payment: the one on its invoice, else any that was recorded under its id."""
    rows = await every_row(context, owed.transactions_named(payment_id, context.txn), owed.transaction_page)
    found = [row for row in rows if row.type == "payment"]
    linked = {row.txn_id for row in money.linked_payments}
    return next((row for row in found if row.id in linked), found[0] if found else None)


async def gave_back(context: FlowContext, taken: Taken, amount_minor: int, name: str, method: str, at_us: int) -> Money:
    """Take an amount of a payment off billing and the ERP under a name of its own; return the invoice as it is then.

    `method` is how billing calls it: chargeback, direct_debit or other. The money left at `at_us`.
    """
    day = day_in(context, taken.entity, at_us)
    await _off_billing(context, taken, amount_minor, name, method, day)
    await in_open_period(
        context, taken.entity, day,
        lambda posted: books.put_refund(taken.paper(name, posted), taken.intent.id, amount_minor, taken.intent.method),
    )  # fmt: skip
    return owed.money_of(await do(context, owed.read_money(taken.invoice.id, taken.txn)))


async def _off_billing(
    context: FlowContext, taken: Taken, amount_minor: int, name: str, method: str, day: date
) -> None:
    missing_minor = amount_minor - taken.transaction.amount_unused
    if missing_minor > 0 and not await _is_recorded(context, taken, name):
        await _off_invoice(context, taken, missing_minor, name)

    async def is_recorded() -> Answer | None:
        return await _is_recorded(context, taken, name)

    key = key_of(context, taken.intent.id, f"back/{name}")
    call = owed.record_refund(taken.transaction.id, amount_minor, name, method, day, key, taken.txn)
    await do(context, call, is_recorded)


async def _is_recorded(context: FlowContext, taken: Taken, name: str) -> Answer | None:
    """Return an answer when billing has recorded a refund under a name."""
    call = owed.transactions_named(name, taken.txn)
    return await page_with(context, call, owed.transaction_page, lambda row: row.type == "refund")


async def _off_invoice(context: FlowContext, taken: Taken, missing_minor: int, name: str) -> None:
    """Take a payment off its invoice; what does not go back is put on it again."""
    invoice, transaction = taken.invoice.id, taken.transaction.id
    kept_minor = taken.applied_minor - missing_minor

    async def is_off() -> Answer | None:
        answer = await do(context, owed.read_money(invoice, taken.txn))
        on_it = [row for row in owed.money_of(answer).linked_payments if row.txn_id == transaction]
        return None if on_it else answer

    await do(context, owed.remove_payment(invoice, transaction, key_of(context, name, "remove"), taken.txn), is_off)
    if kept_minor > 0:

        async def is_on() -> Answer | None:
            return None if await is_off() is not None else await do(context, owed.read_money(invoice, taken.txn))

        key = key_of(context, name, "keep")
        await do(context, owed.apply_payment(invoice, transaction, kept_minor, key, taken.txn), is_on)


async def show_owed(money: Money, at_us: int, fields: dict[str, str]) -> None:
    """Show sales what is open of an invoice, and what became of its payment."""
    if money.quote_reference:
        await mirror(money.txn, money.quote_reference, "", at_us, fields, money.balance)
