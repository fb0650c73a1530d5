"""Disputes and returned debits: the processor has taken money back, so billing and the ERP give it back too.

The money is gone when this starts; nothing here can be given up, only answered. A card's dispute becomes a case: a
person gathers evidence (the note of the re-drive is sent) or accepts the loss. A debit that the bank sent back cannot
be contested: what may be presented again is collected again, the rest needs another way to pay.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain.calendar import SECOND_US, local_date
from domain.money import said
from integration.effects import Park, Receive, Start
from integration.flow import FlowContext
from integration.flows import cash_facts as facts
from integration.flows import cash_requests
from integration.flows.applying import all_recorded
from integration.flows.approvals import CompletedByHand, finished_by_hand, forward, in_open_period
from integration.flows.giving_back import gave_back
from integration.flows.paging import every_row, page_with
from integration.flows.steps import day_in, do, key_of, tell
from integration.flows.taken import Taken, payments_named, show_owed, taken_by
from integration.outcomes import Answer, CallFailed
from integration.systems import billing, payment
from integration.systems import payment_back as back
from integration.systems.billing import receivables as owed
from integration.systems.billing.receivables import Money
from integration.systems.erp import receivables as books
from integration.systems.payment_back import Dispute

POLL_SECONDS = 86_400  # a lost message about the decision delays the money by a day
ASKER = "integration"


async def chargeback(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take one dispute to its end. Arguments: dispute."""
    answer = await do(context, back.read_dispute(arguments["dispute"], context.txn))
    dispute = back.dispute_of(answer)
    method, word = ("direct_debit", "returned") if dispute.is_return else ("chargeback", "disputed")
    try:
        taken, money = await forward(f"dispute {dispute.id}", lambda: _reversed(context, dispute, method))
        await show_owed(money, taken.at_us, {"PaymentStatus__c": word})
        if dispute.is_return:
            return await _returned(context, dispute, taken, money)
        return await _contested(context, dispute, taken, money, answer.at_us)
    except CompletedByHand as done:
        return finished_by_hand(done)


async def _reversed(context: FlowContext, dispute: Dispute, method: str) -> tuple[Taken, Money]:
    """Take the disputed amount off the books as of the day the bank took it; the invoice is owed again."""
    taken = await taken_by(context, dispute.payment_intent)
    gone_us = dispute.created * SECOND_US
    return taken, await gave_back(context, taken, dispute.amount, dispute.id, method, gone_us)


# --- debits that came back ------------------------------------------------------------------------------------------


async def _returned(context: FlowContext, dispute: Dispute, taken: Taken, money: Money) -> dict[str, Any]:
    again = dispute.reason in back.REPRESENTED
    day, attempt = (
        day_in(context, taken.entity, dispute.created * SECOND_US),
        int(taken.intent.metadata.get("attempt", "1")),
    )
    code = back.BANK_REASONS[dispute.reason]
    body = facts.returned(taken.entity, day, taken.intent.id, code, again, attempt, money.id)
    await tell("payment.returned", taken.intent.id, taken.txn, **body)
    await Start(
        flow_id=f"collect/{money.id}/{dispute.id}", name="collect",
        arguments={"invoice": money.id, "reason": dispute.reason, "again": again}, txn=taken.txn,
    )  # fmt: skip
    return {"dispute": dispute.id, "status": "returned", "invoice": money.id}


# --- disputes of customers ------------------------------------------------------------------------------------------


async def _contested(context: FlowContext, dispute: Dispute, taken: Taken, money: Money, at_us: int) -> dict[str, Any]:
    fee_minor = await fee_of(context, dispute.id)
    await _tell(context, "opened", dispute, taken, fee_minor, at_us)
    if dispute.status in back.OPEN:
        dispute = await _answered(context, dispute, money, fee_minor)
    dispute, at_us = await _decided(context, dispute)
    await _tell(context, dispute.status, dispute, taken, fee_minor, at_us)
    if dispute.status == "won":
        await forward(f"dispute {dispute.id} that was won", lambda: _restored(context, dispute, taken, at_us))
        return {"dispute": dispute.id, "status": "won", "invoice": money.id}
    # A second person decides about the loss; who says no leaves the invoice to dunning.
    await cash_requests.write_off(dispute.id, money.id, taken.txn, f"dispute {dispute.id} was lost", ASKER)
    return {"dispute": dispute.id, "status": dispute.status, "invoice": money.id}


async def fee_of(context: FlowContext, dispute: str) -> int:
    """Return what the processor keeps for a dispute; its payout brings it into the ledger."""
    rows = await every_row(context, back.movements_of(dispute, context.txn), payment.transaction_page)
    return sum([row.fee for row in rows])


async def _tell(context: FlowContext, state: str, dispute: Dispute, taken: Taken, fee_minor: int, at_us: int) -> None:
    if state not in ("opened", "won", "lost"):
        return  # an inquiry that was closed: no money ever moved
    due = dispute.evidence_details.due_by
    zone, currency = context.settings.zones[taken.entity], dispute.currency.upper()
    body = facts.dispute(
        taken.entity, day_in(context, taken.entity, at_us), dispute.id, dispute.payment_intent,
        facts.money(dispute.amount, currency), facts.money(fee_minor, currency),
        local_date(due * SECOND_US, zone) if due else None, taken.invoice.id,
    )  # fmt: skip
    await tell(f"payment_dispute.{state}", dispute.id, taken.txn, **body)


async def _answered(context: FlowContext, dispute: Dispute, money: Money, fee_minor: int) -> Dispute:
    """Have a person answer a dispute before its deadline: with evidence, or by accepting that it is lost."""
    due = dispute.evidence_details.due_by or 0
    detail = f"{dispute.reason}: {said(dispute.amount, dispute.currency.upper())} of {money.id} are disputed"
    about = {
        "dispute": dispute.id, "invoice": money.id, "customer": money.customer_id, "payment": dispute.payment_intent,
        "amount_minor": dispute.amount, "fee_minor": fee_minor, "evidence_due_us": due * SECOND_US,
    }  # fmt: skip
    resumed = await Park(code="PAYMENT.DISPUTE", detail=detail, context=about)
    current = back.dispute_of(await do(context, back.read_dispute(dispute.id, context.txn)))
    if current.status not in back.OPEN:
        return current  # the deadline has passed, or the bank was faster
    if resumed.action == "cancel":
        call = back.accept_dispute(dispute.id, key_of(context, dispute.id, "accept"), context.txn)
    else:
        text = resumed.note or f"Evidence for {money.id}, gathered by {resumed.actor}"
        call = back.submit_evidence(dispute.id, text, key_of(context, dispute.id, "evidence"), context.txn)

    async def is_answered() -> Answer | None:
        again = await do(context, back.read_dispute(dispute.id, context.txn))
        return None if back.dispute_of(again).status in back.OPEN else again

    try:
        return back.dispute_of(await do(context, call, is_answered, allow=(400,)))
    except CallFailed:  # closed while the answer was on its way
        return back.dispute_of(await do(context, back.read_dispute(dispute.id, context.txn)))


async def _decided(context: FlowContext, dispute: Dispute) -> tuple[Dispute, int]:
    """Wait for the bank's decision; messages are hints, the service says what is true."""
    answer = await do(context, back.read_dispute(dispute.id, context.txn))
    while (found := back.dispute_of(answer)).status not in back.CLOSED:
        await Receive("dispute", dispute.id, POLL_SECONDS)
        answer = await do(context, back.read_dispute(dispute.id, context.txn))
    return found, answer.at_us


async def _restored(context: FlowContext, dispute: Dispute, taken: Taken, at_us: int) -> None:
    """Put the money that came back on the invoice again; what it does not owe any more is the customer's credit.

    Whoever tries again half way books what billing has put on the invoice, not what is still due by then.
    """
    name, day, invoice = dispute.won, day_in(context, taken.entity, at_us), taken.invoice.id
    applied_minor = await _in_billing_again(context, dispute, taken, day)
    await in_open_period(
        context, taken.entity, day,
        lambda posted: books.put_recovery(
            taken.paper(name, posted), invoice, dispute.amount, applied_minor, taken.intent.method
        ),
    )  # fmt: skip
    money = owed.money_of(await do(context, owed.read_money(invoice, taken.txn)))
    await show_owed(money, at_us, {"PaymentStatus__c": "received"})


async def _in_billing_again(context: FlowContext, dispute: Dispute, taken: Taken, day: date) -> int:
    """Record what billing has not of the money that came back; return how much of all of it is on the invoice.

    What was recorded just now is not looked for: a list may come from a copy that lags.
    """
    before = await payments_named(context, dispute.won)
    missing_minor = dispute.amount - sum([row.amount for row in before])
    money = owed.money_of(await do(context, owed.read_money(taken.invoice.id, taken.txn)))
    applied_minor = min(money.amount_due, missing_minor)
    if applied_minor:
        await _recorded_again(context, taken, dispute.won, applied_minor, day)
    if missing_minor > applied_minor:
        await _kept(context, taken, dispute.won, missing_minor - applied_minor, dispute.amount, day)
    ours = {row.id for row in before}
    return applied_minor + sum([row.applied_amount for row in money.linked_payments if row.txn_id in ours])


async def _recorded_again(context: FlowContext, taken: Taken, name: str, amount_minor: int, day: date) -> None:
    async def is_recorded() -> Answer | None:
        return await _has(context, taken, name, amount_minor)

    key = key_of(context, name, f"record/{amount_minor}")
    call = billing.record_payment(taken.invoice.id, name, amount_minor, day, key, taken.txn)
    await do(context, call, is_recorded)


async def _kept(context: FlowContext, taken: Taken, name: str, excess_minor: int, amount_minor: int, day: date) -> None:
    """Record what is more than the invoice owes as the customer's credit, unless all of the amount is recorded."""

    async def is_kept() -> Answer | None:
        return await all_recorded(context, name, amount_minor, taken.txn)

    if await is_kept() is None:
        key = key_of(context, name, f"excess/{excess_minor}")
        call = billing.record_excess(taken.invoice.customer_id, name, excess_minor, day, key, taken.txn)
        await do(context, call, is_kept)


async def _has(context: FlowContext, taken: Taken, name: str, amount_minor: int) -> Answer | None:
    """Return an answer when billing knows a payment under a name and of an amount."""
    return await page_with(
        context, owed.transactions_named(name, taken.txn), owed.transaction_page,
        lambda row: row.type == "payment" and row.amount == amount_minor,
    )  # fmt: skip
