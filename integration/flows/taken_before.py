"""Payments that were taken before our journal knew of their invoice: money between two records.

A journal that was restored has forgotten charges that were made. They are at the processor under the invoice's number:
those that succeeded are applied where they are missing, one on its way is waited for, and none is made twice.
"""

from __future__ import annotations

import msgspec

from integration.flow import FlowContext
from integration.flows import facts
from integration.flows.applying import booked, keep_excess, recorded
from integration.flows.collecting import Paid
from integration.flows.paging import every_row
from integration.flows.steps import day_in, do, if_found, tell
from integration.systems import billing, payment
from integration.systems.billing import BillingInvoice
from integration.systems.billing import receivables as owed
from integration.systems.erp import Posting
from integration.systems.erp import receivables as books
from integration.systems.payment import Intent


class Begun(msgspec.Struct, frozen=True):
    """How far the collecting of an invoice had come: what is due now, and the charge to go on with.

    `is_begun` says that the charge of this number is on its way; else it is the number of the next one. `paid_us` is
    when it was known that something had been paid, 0 for nothing.
    """

    invoice: BillingInvoice
    attempt: int = 1
    is_begun: bool = False
    paid_us: int = 0


async def found_payments(context: FlowContext, invoice: BillingInvoice, posting: Posting, *, is_told: bool) -> Begun:
    """Apply what was paid of an invoice and is missing in a record; return how far its collecting has come.

    `is_told` says that the log still has the events of what was applied before, so that only news is told.
    """
    tried = await every_row(context, payment.find_intents(invoice.id, context.txn), payment.intent_page)
    paid = [intent for intent in sorted(tried, key=_attempt) if intent.status == payment.SUCCEEDED]
    paid_us = 0
    for intent in paid:
        paid_us = await _taken_over(context, invoice, posting, intent, is_told)
    if paid:
        invoice = billing.invoice_of(await do(context, billing.read_invoice(invoice.id, context.txn)))
    pending = [_attempt(intent) for intent in tried if intent.status in payment.PENDING]
    following = 1 + max([_attempt(intent) for intent in tried], default=0)
    return Begun(invoice, min(pending, default=following), bool(pending), paid_us)


def _attempt(intent: Intent) -> int:
    return int(intent.metadata.get("attempt", "0"))


async def _taken_over(
    context: FlowContext, invoice: BillingInvoice, posting: Posting, intent: Intent, is_told: bool
) -> int:
    """See to it that billing and the ERP have a payment; return when that was known."""
    txn = posting.txn
    answer = await do(context, owed.read_money(invoice.id, txn))
    paid = Paid(intent, answer.at_us, answer.at_us)
    day = day_in(context, posting.entity, paid.at_us)
    known = await every_row(context, owed.transactions_named(intent.id, txn), owed.transaction_page)
    rows = [row for row in known if row.type == "payment"]
    names = {row.id for row in rows}
    if names:
        missing_minor = intent.amount_received - sum([row.amount for row in rows])  # it died between part and excess
        await keep_excess(context, invoice, intent, missing_minor, day, txn)
        linked = owed.money_of(answer).linked_payments
        taken_minor = sum([row.applied_amount for row in linked if row.txn_id in names])
    else:
        taken_minor = (await recorded(context, invoice, intent, day, txn)).taken_minor
    cash = await if_found(context, books.read_cash(intent.id, txn))
    if cash is None:
        known_us, taken_minor = await booked(context, posting, paid, taken_minor)
    else:
        known_us = cash.at_us
    if not (names and cash and is_told):
        body = facts.payment_received(posting, intent.id, intent.amount_received, paid.since_us, day)
        await tell("payment.received", intent.id, txn, **body)
        body = facts.payment_applied(posting, intent.id, invoice, taken_minor, day)
        await tell("payment.applied", intent.id, txn, **body)
    return known_us
