"""Write-offs: what will not be paid is given up, small differences by themselves, the rest by a second person.

What its credits have left is used for it first. Billing settles the invoice as lost, the ERP takes it off receivables
into bad debt. The approval is the last moment at which giving up costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.cash import Tolerance
from domain.currency import exponent
from domain.money import said
from integration.effects import Now
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows import cash_facts as facts
from integration.flows.approvals import CompletedByHand, approved, finished_by_hand, forward, in_open_period
from integration.flows.credits_used import credits_used
from integration.flows.paging import every_row
from integration.flows.steps import ask_a_person, day_in, do, key_of, tell
from integration.flows.taken import show_owed
from integration.outcomes import Answer, CallFailed
from integration.systems import payment
from integration.systems import payment_back as back
from integration.systems.billing import receivables as owed
from integration.systems.billing.receivables import Money
from integration.systems.erp import receivables as books
from integration.systems.erp.receivables import Paper
from integration.systems.wire import minor

RULE = "tolerance"


class Agreement(msgspec.Struct, frozen=True):
    """Who agreed to give up how much; nobody to nothing, at first."""

    by: str = ""
    amount_minor: int = 0


async def write_off(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Give up what is due of an invoice. Arguments: request, invoice, reason, requested_by, approved_by."""
    invoice, asker = arguments["invoice"], arguments["requested_by"]
    agreement, named = Agreement(), arguments["approved_by"]
    while True:  # until what is due is what was agreed to: money comes and goes back while people decide
        money = await _money(context, invoice)
        context = in_books(context, money.business_entity_id)
        money = await credits_used(context, money)
        if not money.amount_due:
            return {"invoice": invoice, "status": "settled", "amount_minor": 0}
        if money.amount_due > agreement.amount_minor:
            asked = {"requested_by": asker, "approved_by": named, "reason": arguments["reason"]}
            agreement, named = await _agreement(money, asked), ""  # who was named agreed to what was due then
            continue
        if await _is_being_paid(context, money):
            return {"invoice": invoice, "status": "on_its_way", "amount_minor": 0}
        if (await _agreed(context, invoice)).amount_due == money.amount_due:
            break
    try:
        lost_minor = await forward(f"write-off of {invoice}", lambda: _given_up(context, money, arguments))
    except CompletedByHand as done:
        return finished_by_hand(done)
    if not lost_minor:  # it was paid at the last moment
        return {"invoice": invoice, "status": "settled", "amount_minor": 0}
    await _told(context, money, lost_minor, arguments, agreement.by)
    result = {"invoice": invoice, "status": "written_off", "amount_minor": lost_minor, "by": agreement.by}
    asked = {"asked_by": asker, "total_minor": money.total, "currency": money.currency_code}
    return {**result, **asked, "approved_minor": agreement.amount_minor}


async def _agreement(money: Money, asked: Mapping[str, str]) -> Agreement:
    """Return who agrees to give up what is due: nobody has to when it is little, else a second person."""
    due_minor = money.amount_due
    if is_tolerated(money.total, due_minor, money.currency_code):
        return Agreement(RULE, due_minor)
    detail = f"write off {said(due_minor, money.currency_code)} of {money.id}: {asked['reason']}"
    return Agreement(await approved(asked, detail, invoice=money.id, amount_minor=due_minor), due_minor)


def is_tolerated(total_minor: int, due_minor: int, currency: str) -> bool:
    """Tell whether what is due is so little that nobody has to approve giving it up: 1.00, or 0.1 % of the invoice."""
    return Tolerance(amount_minor=10 ** exponent(currency)).covers(total_minor, due_minor)


async def _money(context: FlowContext, invoice: str) -> Money:
    return owed.money_of(await do(context, owed.read_money(invoice, context.txn)))


async def _is_being_paid(context: FlowContext, money: Money) -> bool:
    """Cancel what the customer was asked to pay; tell whether money is on its way all the same."""
    is_paying = False
    for intent in await every_row(context, payment.find_intents(money.id, money.txn), payment.intent_page):
        if intent.status == "requires_action":
            key = key_of(context, intent.id, "cancel")
            try:
                await do(context, back.cancel_intent(intent.id, key, money.txn), allow=(400,))
            except CallFailed:  # it was paid in the meantime
                is_paying = True
        is_paying = is_paying or intent.status == "processing"
    return is_paying


async def _agreed(context: FlowContext, invoice: str) -> Money:
    """Return the invoice once billing and the ERP agree on what is open of it."""
    while True:
        money = await _money(context, invoice)
        posted = books.posted_invoice(await do(context, books.read_invoice(invoice, money.txn)))
        open_minor = minor(posted.amountRemaining, money.currency_code)
        if open_minor == money.amount_due:
            return money
        due, posted_open = (said(each, money.currency_code) for each in (money.amount_due, open_minor))
        detail = f"{invoice} is open with {due} in billing and {posted_open} in the ERP"
        await ask_a_person("INTEGRITY.TOTAL_MISMATCH", detail, invoice=invoice)


async def _given_up(context: FlowContext, money: Money, arguments: Mapping[str, Any]) -> int:
    """Give up what is due of an invoice; return how much that was: billing says so, which may have been paid since.

    It may have been given up before, and money that had paid it may have gone back since: each time has its own memo.
    """
    request, reason = arguments["request"], arguments["reason"]

    async def is_over() -> Answer | None:
        answer = await do(context, owed.read_money(money.id, money.txn))
        now = owed.money_of(answer)
        return answer if now.write_off_amount > money.write_off_amount or not now.amount_due else None

    key = key_of(context, money.id, f"write_off/{request}")
    answer = await is_over()
    if answer is None:
        answer = await do(context, owed.write_off(money.id, reason, key, money.txn), is_over)
    lost_minor = min(owed.money_of(answer).write_off_amount - money.write_off_amount, money.amount_due)
    if lost_minor > 0:
        await _booked(context, money, lost_minor, request, reason)
    return lost_minor


async def _booked(context: FlowContext, money: Money, lost_minor: int, request: str, reason: str) -> None:
    day = day_in(context, money.business_entity_id, await Now())
    await in_open_period(
        context, money.business_entity_id, day,
        lambda posted: books.put_write_off(
            Paper(id=f"{money.id}.loss.{request}", customer=money.customer_id, entity=money.business_entity_id,
                  currency=money.currency_code, txn=money.txn, day=posted),
            money.id, lost_minor, reason,
        ),
    )  # fmt: skip


async def _told(context: FlowContext, money: Money, lost_minor: int, arguments: Mapping[str, Any], by: str) -> None:
    answer = await do(context, owed.read_money(money.id, money.txn))
    await show_owed(owed.money_of(answer), answer.at_us, {"InvoiceStatus__c": "written_off"})
    entity = money.business_entity_id
    given_up = facts.money(lost_minor, money.currency_code)
    day = day_in(context, entity, answer.at_us)
    request, reason = arguments["request"], arguments["reason"]
    body = facts.written_off(entity, day, money.id, money.customer_id, given_up, request, reason, by)
    await tell("invoice.written_off", money.id, money.txn, **body)
