"""Undoing an order that people gave up: its subscription, its fulfilment, its books, and what sales are shown of it.

It is a flow like any other, journaled, retried and resumed, and starts from whatever step the order has reached. Where
nothing was booked yet, the quote goes back to sales. Amendments are taken back by `reversals`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import count
from typing import Any

from domain.calendar import local_date
from domain.objects import Quote
from integration.effects import Assign, Call, Lookup, Now, Sleep, Start
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows import contract_facts
from integration.flows.approvals import put_back
from integration.flows.copies import latest_if_there
from integration.flows.crediting import credited_part
from integration.flows.paging import every_row
from integration.flows.steps import AT_WORK, day_in, do, if_found, key_of, look_again, mirror, tell
from integration.outcomes import Answer, CallFailed, GivenUp
from integration.systems import billing, erp, fulfilment
from integration.systems.billing.shapes import BillingInvoice
from integration.systems.crm import AcceptedQuote
from integration.systems.wire import date_of_seconds

ORDER_STATUS, UNDONE = "OrderStatus__c", "undone_order"
LATE_SECONDS = 3600
"""What was asked for and never answered may still arrive: so long after an order was undone it is looked for again."""


async def return_to_sales(context: FlowContext, accepted: AcceptedQuote, reference: str, given_up: GivenUp) -> None:
    """Start what tells sales that a quote could not be booked: they talk to the customer again."""
    await compensate(context, accepted.quote, reference, str(given_up), given_up.code)


async def came_after_all(
    context: FlowContext, reference: str, quote_id: str, entity: str, reason: str, code: str
) -> bool | None:
    """Tell whether the ERP has an order that was given up before it was booked; if not, sales are told to begin anew.

    It may have it all the same: an answer was lost, another member of a deal was the reason, or the order is still on
    its way. None when nobody finds out, so that people see to it by hand.
    """
    if await _is_in_books(context, reference):
        return True
    await rejected(context, reference, quote_id, await Now(), entity, reason, code)
    await Sleep(LATE_SECONDS)
    return await _is_in_books(context, reference)


async def _is_in_books(context: FlowContext, reference: str) -> bool | None:
    async def is_there() -> bool:
        return await if_found(context, erp.read_order(reference, context.txn)) is not None

    return await put_back(f"the look for order {reference}", is_there)


async def rejected(
    context: FlowContext, reference: str, quote_id: str, at_us: int, entity: str, reason: str, code: str
) -> None:
    """Show sales, and tell everybody, that an order was given up before it was booked: at an instant, and why.

    The entity may be none of ours, or none at all: that may be the reason. Its day is then that of UTC.
    """
    told = {ORDER_STATUS: "rejected", "Status": "Accept Failed"}
    await mirror(context.txn, reference, quote_id, at_us, told)
    day = local_date(at_us, context.settings.zones.get(entity, "UTC"))
    body = contract_facts.order_rejected(reference, entity, day, reason, code)
    await tell("order.rejected", reference, context.txn, **body)


async def compensate(context: FlowContext, quote: Quote, reference: str, reason: str, code: str | None = None) -> None:
    """Start what undoes an order from whatever step it reached; with a code it was given up before it was booked."""
    await Start(
        flow_id=f"undo/{reference}",
        name="undo_order",
        arguments={
            "reference": reference,
            "quote_id": quote.id,
            "subscription": quote.number,
            "reason": reason,
            "code": code,
            "entity": quote.entity,
        },
        txn=quote.txn,
        entity_key=f"order/{reference}",
    )


async def undo_order(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Undo an order from whatever step it reached.

    Arguments: reference, quote_id, subscription, reason, entity; code when it was given up before it was booked.
    """
    context = in_books(context, arguments["entity"])
    reference, subscription, code = arguments["reference"], arguments["subscription"], arguments.get("code")
    told = reference, arguments["quote_id"], arguments["entity"], arguments["reason"]
    is_there = True if code is None else await came_after_all(context, *told, code)
    if not is_there:
        return {"order": reference, "status": "rejected" if is_there is False else "given_up"}
    found = await _taken_down(context, subscription, reference)
    found_all = all(found)
    found.append(await cancelled(context, *told))
    found.append(await _credited(context, subscription, reference))
    if not found_all:
        await Sleep(LATE_SECONDS)
        found += await _taken_down(context, subscription, reference)
        found.append(await _credited(context, subscription, reference))
    return {"order": reference, "status": ended(*found)}


def ended(*found: object) -> str:
    """Return how an undoing ended by what was found of each part; None is what people finished by hand."""
    return "given_up" if None in found else "cancelled"


async def _taken_down(context: FlowContext, subscription: str, reference: str) -> list[bool | None]:
    """Cancel the subscription and the fulfilment of an order; return whether each was there."""
    return [
        await put_back(f"subscription {subscription}", partial(_cancel_subscription, context, subscription, reference)),
        await put_back(f"the fulfilment of {reference}", partial(_stop_task, context, reference)),
    ]


async def _credited(context: FlowContext, subscription: str, reference: str) -> bool | None:
    """Credit what is left of the invoices of an order; return whether there are any, None when people do it by hand.

    The end of a subscription gives back what is recurring. What was charged once stays, and was for nothing.
    """

    async def credit() -> bool:
        asked = billing.invoices_of_subscription(subscription, context.txn)
        invoices = await every_row(context, asked, billing.invoice_page)
        for each in invoices:
            invoice = await _closed(context, each)
            if invoice.status != "voided":
                key = key_of(context, invoice.id, "undo")
                remark = f"Undone: {reference}"
                await credited_part(context, invoice.id, context.txn, invoice.total, remark, key, is_owed=True)
        return bool(invoices)

    return await put_back(f"the invoices of {reference}", credit)


async def _closed(context: FlowContext, invoice: BillingInvoice) -> BillingInvoice:
    """Return an invoice once its own flow has closed it: before that it has no tax."""
    for look in count(1):
        if invoice.status != "pending":
            break
        await look_again(
            look, AT_WORK, f"invoice {invoice.id} is to be credited, and is not closed", invoice=invoice.id
        )
        invoice = billing.invoice_of(await do(context, billing.read_invoice(invoice.id, context.txn)))
    return invoice


async def cancelled(context: FlowContext, reference: str, quote_id: str, entity: str, reason: str) -> bool | None:
    """Close an order in the ERP, show sales that it was cancelled, and tell everybody why; return whether it is there.

    None when people see to its books by hand.
    """
    is_there = await put_back(f"order {reference} in the ERP", partial(_close_if_there, context, reference))
    at_us = await Now()
    await Assign(kind=UNDONE, key=reference, value={"reason": reason})
    await mirror(context.txn, reference, quote_id, at_us, {ORDER_STATUS: "cancelled"})
    body = contract_facts.order_cancelled(reference, entity, day_in(context, entity, at_us), reason)
    await tell("order.cancelled", reference, context.txn, **body)
    return is_there


async def still_true(reference: str, fields: Mapping[str, str]) -> Mapping[str, str]:
    """Return what sales is to be shown without that an order is fulfilled which was undone.

    Its first invoice says so as well, and may be paid by a debit that was on its way.
    """
    if fields.get(ORDER_STATUS) != "fulfilled" or await Lookup(UNDONE, reference) is None:
        return fields
    return {name: value for name, value in fields.items() if name != ORDER_STATUS}


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


async def _close_if_there(context: FlowContext, reference: str) -> bool:
    """Cancel an order in the ERP; return whether there is one that can be cancelled."""
    return await _ignoring_absence(context, erp.close_order(reference, context.txn)) is not None


async def _ignoring_absence(context: FlowContext, call: Call) -> Answer | None:
    try:
        return await do(context, call, allow=(404, 409))
    except CallFailed:
        return None
