"""Commercial disputes: a customer says that an invoice is wrong. Until that is settled nobody duns it.

A person settles it: for the seller (it is owed as before) or for the customer (the disputed amount is credited, tax
and memo by the flow of the credit note). Giving up on the way puts everything back as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.money import said
from integration.effects import Park
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows import cash_facts as facts
from integration.flows.approvals import put_back
from integration.flows.crediting import credited_part
from integration.flows.posted import until_posted
from integration.flows.steps import ask_a_person, ask_about, code_of, day_in, do, key_of, tell
from integration.flows.taken import show_owed
from integration.outcomes import Answer, CallFailed, GivenUp
from integration.systems import billing, erp
from integration.systems.billing import receivables as owed
from integration.systems.billing.receivables import Money
from integration.systems.erp import receivables as books

SELLER, CUSTOMER = "seller", "customer"


async def dispute_invoice(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take a dispute of an invoice to its end. Arguments: request, invoice, amount_minor, reason, opened_by."""
    invoice, request, reason = arguments["invoice"], arguments["request"], arguments["reason"]
    answer = await do(context, owed.read_money(invoice, context.txn))
    money = owed.money_of(answer)
    context = in_books(context, money.business_entity_id)
    amount_minor = min(arguments["amount_minor"] or money.amount_due, money.amount_due)
    if not amount_minor:
        return _settled_before(invoice)
    await until_posted(context, money.id, money.txn, f"dispute {request}")
    version = money.resource_version
    try:
        if not await _marked(context, money, f"{request}: {reason}"[:300]):
            return _settled_before(invoice)
        version = await _switched(context, money, request, version, is_stopped=True)
        await _opened(context, money, amount_minor, request, reason, answer.at_us)
        outcome = await _settled(money, amount_minor, arguments)
        credited = await _in_favour(context, money, amount_minor, request) if outcome == CUSTOMER else ""
    except GivenUp:
        await _over(context, money, request, version)
        raise
    await _over(context, money, request, version)
    await _resolved(context, money, amount_minor, request, reason, outcome)
    told = {"invoice": invoice, "status": "resolved", "outcome": outcome, "credit_note": credited}
    return {**told, "amount_minor": amount_minor}


def _settled_before(invoice: str) -> dict[str, Any]:
    return {"invoice": invoice, "status": "settled", "outcome": "nothing is due"}


async def _marked(context: FlowContext, money: Money, note: str) -> bool:
    """Note a dispute in the books; False when nothing is open there any more: billing may hear of cash later."""
    while True:
        try:
            await do(context, books.mark_dispute(money.id, note, money.txn), allow=(erp.USER_ERROR,))
            return True
        except CallFailed as refused:
            if not books.posted_invoice(await do(context, books.read_invoice(money.id, money.txn))).amountRemaining:
                return False
            await ask_a_person(code_of("erp", refused), f"erp update_invoice: {refused}", invoice=money.id)


async def _opened(context: FlowContext, money: Money, amount_minor: int, request: str, reason: str, at_us: int) -> None:
    await show_owed(money, at_us, {"InvoiceStatus__c": "disputed"})
    entity, claimed = money.business_entity_id, facts.money(amount_minor, money.currency_code)
    body = facts.disputed(entity, day_in(context, entity, at_us), request, money.id, claimed, reason)
    await tell("dispute.opened", money.id, money.txn, **body)


async def _switched(context: FlowContext, money: Money, request: str, since: int, *, is_stopped: bool) -> int:
    """Stop billing's own reminders, or let them go on; an invoice that is paid meanwhile, or not due yet, has none.

    What stays stopped is never charged again: that is people's. The invoice was last seen at the version `since`, and
    a copy that lags shows what was before; return its version now.
    """
    word = "stopped" if is_stopped else "running"

    async def is_done() -> Answer | None:
        answer = await do(context, owed.read_money(money.id, money.txn))
        now = owed.money_of(answer)
        return answer if now.resource_version > since and (now.dunning_status == "stopped") == is_stopped else None

    key = key_of(context, money.id, f"dispute/{request}/{word}")
    make = owed.stop_dunning if is_stopped else owed.resume_dunning
    call = make(money.id, f"dispute {request}", key, money.txn)
    while True:
        try:
            answer = await do(context, call, is_done, allow=(billing.WRONG_STATE,))
            return owed.money_of(answer).resource_version
        except CallFailed as refused:
            now = owed.money_of(await do(context, owed.read_money(money.id, money.txn)))
            is_over = now.resource_version >= since and (now.dunning_status != "stopped" or not now.amount_due)
            if is_stopped or is_over:
                return max(since, now.resource_version)
            await ask_about(call, refused)


async def _settled(money: Money, amount_minor: int, arguments: Mapping[str, Any]) -> str:
    """Have a person settle the dispute; return in whose favour."""
    detail = f"{arguments['reason']}: {said(amount_minor, money.currency_code)} of {money.id}"
    about = {"invoice": money.id, "customer": money.customer_id, "amount_minor": amount_minor}
    about["opened_by"] = arguments["opened_by"]
    resumed = await Park(code="PAYMENT.DISPUTE", detail=detail, context=about)
    return CUSTOMER if resumed.action == "cancel" else SELLER


async def _in_favour(context: FlowContext, money: Money, amount_minor: int, request: str) -> str:
    """Credit the disputed amount, as far as it can be: it may be paid, credited or given up by now; return the note."""
    key = key_of(context, money.id, f"dispute/{request}/credit")
    note = await credited_part(context, money.id, money.txn, amount_minor, f"Dispute {request}", key, is_owed=True)
    return "" if note is None else note.id


async def _over(context: FlowContext, money: Money, request: str, version: int) -> None:
    """Take the marks of the dispute away, of an invoice as billing last showed it."""
    await put_back(f"the mark of dispute {request}", lambda: do(context, books.mark_dispute(money.id, "", money.txn)))
    await put_back(
        f"the reminders of {money.id}", lambda: _switched(context, money, request, version, is_stopped=False)
    )


async def _resolved(
    context: FlowContext, money: Money, amount_minor: int, request: str, reason: str, outcome: str
) -> None:
    answer = await do(context, owed.read_money(money.id, money.txn))
    now = owed.money_of(answer)
    await show_owed(now, answer.at_us, {})
    entity, claimed = money.business_entity_id, facts.money(amount_minor, money.currency_code)
    body = facts.disputed(entity, day_in(context, entity, answer.at_us), request, money.id, claimed, reason, outcome)
    await tell("dispute.resolved", money.id, money.txn, **body)
