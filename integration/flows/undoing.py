"""Undoing an order that people gave up: its subscription, its fulfilment, its books, and what sales are shown of it.

It is a flow like any other, journaled, retried and resumed, and starts from whatever step the order has reached. Where
nothing was booked yet, the quote goes back to sales. Amendments are taken back by `reversals`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from domain.calendar import local_date
from domain.objects import Quote
from integration.effects import Call, Now, Sleep, Start
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows import contract_facts
from integration.flows.approvals import put_back
from integration.flows.copies import latest_if_there
from integration.flows.steps import day_in, do, if_found, key_of, mirror, tell
from integration.outcomes import Answer, CallFailed, GivenUp
from integration.systems import billing, erp, fulfilment
from integration.systems.crm import AcceptedQuote
from integration.systems.wire import date_of_seconds

LATE_SECONDS = 3600
"""What was asked for and never answered may still arrive: so long after an order was undone it is looked for again."""


async def return_to_sales(context: FlowContext, accepted: AcceptedQuote, reference: str, given_up: GivenUp) -> None:
    """Tell sales that a quote could not be booked: they talk to the customer again.

    The ERP may have it all the same: where an answer was lost, or where another member of a deal was the reason. Then
    the order is undone.
    """
    quote = accepted.quote
    if await is_in_books(context, reference):
        await compensate(context, quote, reference, str(given_up))
        return
    await rejected(context, reference, quote.id, await Now(), quote.entity, str(given_up), given_up.code)


async def is_in_books(context: FlowContext, reference: str) -> bool:
    """Tell whether the ERP has an order that was given up; where nobody finds out, people see to it by hand."""
    look = partial(if_found, context, erp.read_order(reference, context.txn))
    return await put_back(f"the look for order {reference}", look) is not None


async def rejected(
    context: FlowContext, reference: str, quote_id: str, at_us: int, entity: str, reason: str, code: str
) -> None:
    """Show sales, and tell everybody, that an order was given up before it was booked: at an instant, and why.

    The entity may be none of ours, or none at all: that may be the reason. Its day is then that of UTC.
    """
    told = {"OrderStatus__c": "rejected", "Status": "Accept Failed"}
    await mirror(context.txn, reference, quote_id, at_us, told)
    day = local_date(at_us, context.settings.zones.get(entity, "UTC"))
    body = contract_facts.order_rejected(reference, entity, day, reason, code)
    await tell("order.rejected", reference, context.txn, **body)


async def compensate(context: FlowContext, quote: Quote, reference: str, reason: str) -> None:
    """Start what undoes an order from whatever step it reached."""
    await Start(
        flow_id=f"undo/{reference}",
        name="undo_order",
        arguments={
            "reference": reference,
            "quote_id": quote.id,
            "subscription": quote.number,
            "reason": reason,
            "entity": quote.entity,
        },
        txn=quote.txn,
        entity_key=f"order/{reference}",
    )


async def undo_order(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Undo an order from whatever step it reached. Arguments: reference, quote_id, subscription, reason, entity."""
    context = in_books(context, arguments["entity"])
    reference, subscription = arguments["reference"], arguments["subscription"]
    was_whole = await _taken_down(context, subscription, reference)
    await cancelled(context, reference, arguments["quote_id"], arguments["entity"], arguments["reason"])
    if not was_whole:
        await Sleep(LATE_SECONDS)
        await _taken_down(context, subscription, reference)
    return {"order": reference, "status": "cancelled"}


async def _taken_down(context: FlowContext, subscription: str, reference: str) -> bool:
    """Cancel the subscription and the fulfilment of an order; return whether both were there."""
    had_contract = await put_back(
        f"subscription {subscription}", partial(_cancel_subscription, context, subscription, reference)
    )
    had_task = await put_back(f"the fulfilment of {reference}", partial(_stop_task, context, reference))
    return bool(had_contract and had_task)


async def cancelled(context: FlowContext, reference: str, quote_id: str, entity: str, reason: str) -> None:
    """Close an order in the ERP, if it is there, show sales that it was cancelled, and tell everybody why."""
    await put_back(f"order {reference} in the ERP", partial(_close_if_there, context, reference))
    at_us = await Now()
    await mirror(context.txn, reference, quote_id, at_us, {"OrderStatus__c": "cancelled"})
    body = contract_facts.order_cancelled(reference, entity, day_in(context, entity, at_us), reason)
    await tell("order.cancelled", reference, context.txn, **body)


async def _stop_task(context: FlowContext, reference: str) -> bool:
    """Cancel the fulfilment of an order, or take back what has been delivered; return whether there was any."""
    try:
        await do(context, fulfilment.cancel_task(reference, context.txn), allow=(404, 409))
    except CallFailed as refused:
        if refused.status == 404:
            return False
        await _ignoring_absence(context, fulfilment.reverse_task(reference, context.txn))
    return True


async def _cancel_subscription(context: FlowContext, subscription: str, reference: str) -> bool:
    """Cancel the subscription of an order; return whether there was one."""
    answer = await latest_if_there(context, subscription)
    if answer is None:
        return False
    found = billing.subscription_of(answer)
    if found.status == "cancelled":
        return True

    async def is_cancelled() -> Answer | None:
        again = await latest_if_there(context, subscription)
        return again if again is not None and billing.subscription_of(again).status == "cancelled" else None

    key = key_of(context, reference, "cancel_subscription")
    call = billing.cancel(subscription, date_of_seconds(found.start_date), reference, key, context.txn)
    await do(context, call, is_cancelled)
    return True


async def _close_if_there(context: FlowContext, reference: str) -> None:
    """Cancel an order in the ERP, if there is one that can be cancelled."""
    await _ignoring_absence(context, erp.close_order(reference, context.txn))


async def _ignoring_absence(context: FlowContext, call: Call) -> Answer | None:
    try:
        return await do(context, call, allow=(404, 409))
    except CallFailed:
        return None
