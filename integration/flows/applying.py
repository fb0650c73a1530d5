"""Applying: a payment that succeeded is recorded in billing and in the ERP; what is more than due is a credit."""

from __future__ import annotations

from datetime import date

import msgspec

from integration.effects import Call
from integration.flow import FlowContext
from integration.flows.approvals import in_open_period
from integration.flows.collecting import Paid, read_again
from integration.flows.paging import every_row, page_with
from integration.flows.steps import REFUSALS, ask_a_person, code_of, day_in, do, if_found, key_of
from integration.outcomes import Answer, CallFailed
from integration.systems import billing, erp, wire
from integration.systems.billing import BillingInvoice
from integration.systems.billing import receivables as owed
from integration.systems.erp import Posting
from integration.systems.erp import receivables as books
from integration.systems.payment import Intent


class Recorded(msgspec.Struct, frozen=True):
    """A payment that billing knows: how much of it the invoice took, and the invoice as it was then."""

    taken_minor: int
    invoice: BillingInvoice


async def booked(context: FlowContext, posting: Posting, paid: Paid, taken_minor: int) -> tuple[int, int]:
    """Apply cash in the ERP of which billing says how much its invoice took.

    Return when that was known, and how much the invoice took.
    """
    intent, day = paid.intent, day_in(context, posting.entity, paid.at_us)

    def cash(dated: date) -> Call:
        return erp.put_cash(intent.id, posting.id, posting, intent.amount_received, taken_minor, intent.method, dated)

    while True:
        try:
            answer = await in_open_period(context, posting.entity, day, cash, allow=(erp.USER_ERROR,))
            return answer.at_us, taken_minor
        except CallFailed as refused:  # a credit memo was first: the rest of the money stays on the customer's account
            standing = books.posted_invoice(await do(context, books.read_invoice(posting.id, posting.txn)))
            open_minor = wire.minor(standing.amountRemaining, posting.currency)
            if open_minor >= taken_minor:
                there = await if_found(context, books.read_cash(intent.id, posting.txn))
                if there is not None:  # it was posted, though we were not told, and has gone back since
                    return there.at_us, taken_minor
                await ask_a_person(code_of("erp", refused), f"erp upsert_payment: {refused}", payment=intent.id)
            taken_minor = min(taken_minor, open_minor)


async def recorded(context: FlowContext, invoice: BillingInvoice, intent: Intent, day: date, txn: str) -> Recorded:
    """Record the payment in billing: all of it, or what credits have left to pay.

    What exceeds the invoice stays as the customer's credit.
    """
    due_minor, now = intent.amount_received, invoice
    while due_minor:
        try:
            now = await _record(context, invoice, intent, due_minor, day, txn)
            break
        except CallFailed as failure:  # a credit came first, perhaps at this very moment: what is due is asked again
            is_ours = await _is_recorded(context, intent, due_minor, txn) is not None
            now = billing.invoice_of(await read_again(context, invoice, is_changed=is_ours))
            if is_ours:
                break  # a copy of it came late and was taken: that is why less is due
            now_minor = min(now.amount_due, intent.amount_received)
            if now_minor == due_minor:  # that was not the reason: people look at it
                await ask_a_person(
                    code_of("billing", failure), f"billing record_payment: {failure}", invoice=invoice.id
                )
            due_minor = now_minor
    await keep_excess(context, invoice, intent, intent.amount_received - due_minor, day, txn)
    return Recorded(due_minor, now)


async def keep_excess(
    context: FlowContext, invoice: BillingInvoice, intent: Intent, excess_minor: int, day: date, txn: str
) -> None:
    """Record what a payment is more than its invoice takes, if anything: the customer's credit."""
    if excess_minor > 0:
        key = key_of(context, invoice.id, f"excess/{intent.id}")
        call = billing.record_excess(invoice.customer_id, intent.id, excess_minor, day, key, txn)
        await do(context, call, lambda: all_recorded(context, intent.id, intent.amount_received, txn))


async def all_recorded(context: FlowContext, name: str, amount_minor: int, txn: str) -> Answer | None:
    """Return an answer when billing has recorded all of an amount under a name, on invoices or as credit."""
    rows = await every_row(context, owed.transactions_named(name, txn), owed.transaction_page)
    recorded_minor = sum([row.amount for row in rows if row.type == "payment"])
    return Answer(200) if recorded_minor >= amount_minor else None


async def _record(
    context: FlowContext,
    invoice: BillingInvoice,
    intent: Intent,
    amount_minor: int,
    day: date,
    txn: str,
) -> BillingInvoice:
    """Record an amount of a payment on an invoice; return the invoice as it is then."""

    async def is_recorded() -> Answer | None:
        found = await _is_recorded(context, intent, amount_minor, txn)
        return None if found is None else await read_again(context, invoice, is_changed=True)

    key = key_of(context, invoice.id, f"record/{intent.id}/{amount_minor}")
    call = billing.record_payment(invoice.id, intent.id, amount_minor, day, key, txn)
    return billing.invoice_of(await do(context, call, is_recorded, allow=REFUSALS))


async def _is_recorded(context: FlowContext, intent: Intent, amount_minor: int, txn: str) -> Answer | None:
    """Return an answer when billing has recorded an amount of a payment."""
    return await page_with(
        context, owed.transactions_named(intent.id, txn), owed.transaction_page,
        lambda row: row.type == "payment" and row.amount == amount_minor,
    )  # fmt: skip
