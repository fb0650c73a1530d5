"""Money that was taken: the payment, the invoice it paid, and where it lies in billing and in the ERP."""

from __future__ import annotations

from datetime import date
from itertools import count

import msgspec

from integration.effects import Sleep
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows.paging import every_row
from integration.flows.steps import ask_a_person, do, if_found, mirror
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
    """A payment that succeeded, the invoice it paid, and its transactions in billing, as they were at an instant.

    What the invoice did not need when the payment came is a transaction of its own, the customer's credit.
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

    def applied_minor(self, transaction: str) -> int:
        """Return how much of a transaction is on the invoice."""
        return sum([row.applied_amount for row in self.invoice.linked_payments if row.txn_id == transaction])

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
    transactions = await payments_named(context, intent.id)
    if not transactions:
        return None
    in_own = in_books(context, money.business_entity_id)
    cash = await if_found(in_own, books.read_cash(intent.id, context.txn))
    return None if cash is None else Taken(intent, money, transactions, cash.at_us)


async def payments_named(context: FlowContext, reference: str) -> tuple[Transaction, ...]:
    """Return the payments that billing recorded under a reference."""
    rows = await every_row(context, owed.transactions_named(reference, context.txn), owed.transaction_page)
    return tuple([row for row in rows if row.type == "payment"])


async def show_owed(money: Money, at_us: int, fields: dict[str, str]) -> None:
    """Show sales what is open of an invoice, and what became of its payment.

    Unless another status is given it is paid when nothing is due: money may go back that no invoice has used.
    """
    if money.quote_reference:
        fields = {"InvoiceStatus__c": "posted" if money.amount_due else "paid", **fields}
        await mirror(money.txn, money.quote_reference, "", at_us, fields, money.balance)
