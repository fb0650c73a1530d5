"""An order from an accepted quote: credit, booking, fulfilment, subscription, activation.

Sales promised it and the ERP books it as soon as credit allows. What comes after may be late without harm: a billing
outage delays the subscription, never the booking.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any

from domain.families import entity_of
from domain.objects import Quote
from integration.effects import Receive, Sleep
from integration.flow import FlowContext
from integration.flows import contract_facts, facts, families
from integration.flows.customers import cleared_customer, create_billing_customer, released
from integration.flows.mapping import quote_in_items
from integration.flows.steps import ask_a_person, code_of, day_in, do, if_found, key_of, mirror, tell, try_briefly
from integration.flows.undoing import compensate, return_to_sales
from integration.outcomes import Answer, CallFailed, GivenUp
from integration.systems import billing, erp, fulfilment, tax
from integration.systems.crm import AcceptedQuote

APPROVAL_PAUSE_SECONDS = 900
TASK_POLLS_SECONDS = (3600, 3600, 2 * 3600)
"""How long the news of a task is waited for before fulfilment is asked: first, then, and from then on each time.

Most tasks are done within an hour. The news of one in a thousand is lost, and its invoice is to be there within four
hours (SLA-3): waiting for longer than two would lose that too, and asking more often costs every order a call.
"""
WAITING_ROOM_DAYS = 366  # a subscription waits in the future until fulfilment is complete


async def order(context: FlowContext, accepted: AcceptedQuote, reference: str) -> dict[str, Any]:
    """Book an accepted quote and carry it to an active subscription; a refusal by people ends in compensation."""
    quote = accepted.quote
    day = day_in(context, quote.entity, accepted.changed_us)
    await tell("order.received", reference, quote.txn, **facts.order_received(quote, reference, day))
    try:
        booked, is_new = await book(context, accepted, reference)
    except GivenUp as given_up:
        await return_to_sales(context, accepted, reference, given_up)
        return {"order": reference, "status": "given_up", "reason": str(given_up)}
    try:
        await families.all_booked(reference)
        await _deliver(context, accepted, reference, is_new)
    except GivenUp as given_up:
        await compensate(context, quote, reference, str(given_up))
        return {"order": reference, "status": "cancelled", "reason": str(given_up)}
    return {"order": reference, "status": "active", "number": booked.tranId}


async def book(context: FlowContext, accepted: AcceptedQuote, reference: str) -> tuple[erp.OrderStanding, bool]:
    """Book the order as soon as credit allows; return it, and whether its customer is new."""
    quote = accepted.quote
    if await is_booked_before(context, accepted, reference):
        return await booked_order(context, accepted, reference), False
    cleared_us, is_new = await cleared_customer(context, accepted, reference)
    await families.still_wanted(reference)
    await _estimate_tax(context, accepted, cleared_us)
    day = day_in(context, quote.entity, cleared_us)
    await do(context, erp.put_order(await quote_in_items(context, quote, day), reference, day))
    return await booked_order(context, accepted, reference), is_new


async def is_booked_before(context: FlowContext, accepted: AcceptedQuote, reference: str) -> bool:
    """Tell whether the order of a quote is in the ERP although its flow has just begun: then it stays as it is.

    Sales see a quote as converted once its order is booked. So this costs a call only when our journal was restored
    from a backup and has forgotten the booking.
    """
    if accepted.quote.status != "converted":
        return False
    return await if_found(context, erp.read_order(reference, accepted.quote.txn)) is not None


async def booked_order(context: FlowContext, accepted: AcceptedQuote, reference: str) -> erp.OrderStanding:
    """Wait until the ERP has approved the order (a credit hold may keep it), and show it to sales."""
    quote = accepted.quote
    while True:
        answer = await do(context, erp.read_order(reference, quote.txn))
        standing = erp.order_standing(answer)
        if standing.is_booked:
            break
        if standing.status.id == "cancelled":
            await ask_a_person("CONFLICT.STATE", f"order {reference} was cancelled in the ERP")
        await Sleep(APPROVAL_PAUSE_SECONDS)
        await families.still_wanted(reference)
    await mirror(
        quote.txn, reference, quote.id, answer.at_us,
        {"OrderStatus__c": "booked", "OrderNumber__c": standing.tranId, "Status": "Converted"},
    )  # fmt: skip
    day = day_in(context, quote.entity, answer.at_us)
    await tell("order.accepted", reference, quote.txn, **facts.order_accepted(quote, reference, standing, day))
    booked = facts.order_booked(quote, reference, standing, answer.at_us, day)
    await tell("order.booked", reference, quote.txn, **booked)
    if not entity_of(reference):  # a quote of several legal entities is converted once all of them have booked
        body = facts.quote_converted(quote.number, quote.version, quote.entity, [reference], day)
        await tell("quote.converted", quote.number, quote.txn, **body)
    return standing


async def _estimate_tax(context: FlowContext, accepted: AcceptedQuote, at_us: int) -> None:
    """Ask the tax engine early, so that an address it cannot place is found before booking; do without when it is down.

    What the customer owes is decided by the document that is committed for the invoice.
    """
    quote = accepted.quote
    taxable = tax.Taxable(
        code=f"{quote.number}-v{quote.version}", customer=quote.account, currency=quote.currency,
        address=accepted.address, day=day_in(context, quote.entity, at_us), lines=quote.lines, txn=quote.txn,
    )  # fmt: skip
    await try_briefly(tax.estimate(taxable))


async def _deliver(context: FlowContext, accepted: AcceptedQuote, reference: str, is_new: bool) -> None:
    quote = accepted.quote
    asked = await do(context, fulfilment.put_task(quote, reference))
    assert quote.term_start is not None, "an order has a start"
    start = quote.term_start + timedelta(days=WAITING_ROOM_DAYS)
    made_us = await create_subscription(context, accepted, reference, is_new, start)
    await tell_of_subscription(context, "created", quote, reference, made_us)
    done_us = asked.at_us if _is_done(asked) else await _fulfilled(context, quote, reference)
    day = day_in(context, quote.entity, done_us)
    body = contract_facts.fulfilment_completed(quote, reference, done_us, day)
    await tell("fulfillment.completed", reference, quote.txn, **body)
    await record_fulfilment(context, accepted, reference)
    key = key_of(context, quote.number, "activate")

    async def active() -> Answer | None:
        answer = await do(context, billing.read_subscription(quote.number, quote.txn))
        return None if billing.subscription_of(answer).status == "future" else answer

    try:
        activated = await do(
            context, billing.activate(quote.number, day, key, quote.txn), active, allow=(billing.WRONG_STATE,)
        )
    except CallFailed as refused:  # it is active already: we did that, and a restored journal has forgotten it
        found = await active()
        if found is None:
            await ask_a_person(code_of("billing", refused), f"activation of {quote.number}: {refused}")
        activated = found or await do(context, billing.activate(quote.number, day, key, quote.txn), active)
    await tell_of_subscription(context, "activated", quote, reference, activated.at_us)
    if not billing.has_invoiced(activated):  # else the flow of its first invoice shows it, together with the invoice
        await mirror(quote.txn, reference, quote.id, activated.at_us, {"OrderStatus__c": "fulfilled"})


async def record_fulfilment(context: FlowContext, accepted: AcceptedQuote, reference: str) -> None:
    """Record the fulfilment in the ERP; a hold that came after the booking is waited for.

    What was refused is never sent again as it was: after the release it is a new request, under an id of its own. A
    refusal without a hold may be one whose hold has just ended, so it is asked for once more; then people decide.
    """
    txn, is_sure = accepted.quote.txn, False
    for attempt in count(1):
        try:
            await do(context, erp.fulfil_order(reference, attempt, txn), allow=("DUP_RCRD", erp.USER_ERROR))
        except CallFailed as refused:
            if refused.code != erp.USER_ERROR or await _is_fulfilled(context, reference, txn):
                return  # by an earlier attempt, whose reply was lost
            answer = await do(context, erp.read_customer(accepted.account.id, txn))
            if erp.customer_standing(answer).custentity_credit_status in erp.STOPS_DELIVERY:
                await released(context, accepted, reference, answer.at_us, erp.STOPS_DELIVERY)
            elif is_sure:
                await ask_a_person(code_of("erp", refused), f"fulfilment of {reference}: {refused}")
            else:
                is_sure = True
        else:
            return


async def _is_fulfilled(context: FlowContext, reference: str, txn: str) -> bool:
    return erp.order_standing(await do(context, erp.read_order(reference, txn))).is_fulfilled


async def create_subscription(
    context: FlowContext, accepted: AcceptedQuote, reference: str, is_new: bool, start: date
) -> int:
    """Create the subscription and return when that was known.

    A customer the ERP knew is taken to be known to billing until billing says no.
    """
    if is_new:
        await create_billing_customer(context, accepted)
    quote, operation = accepted.quote, "create_subscription"
    try:
        return await _created_subscription(context, quote, reference, start, operation, (billing.NOT_FOUND,))
    except CallFailed:
        await create_billing_customer(context, accepted)
        return await _created_subscription(context, quote, reference, start, f"{operation}_again")


async def tell_of_subscription(context: FlowContext, what: str, quote: Quote, reference: str, at_us: int) -> None:
    """Tell what has become of the subscription of an order: it was created, or activated."""
    body = contract_facts.subscription_of_order(quote, reference, at_us, day_in(context, quote.entity, at_us))
    await tell(f"subscription.{what}", quote.number, quote.txn, **body)


async def _created_subscription(
    context: FlowContext, quote: Quote, reference: str, start: date, operation: str, allow: tuple[str, ...] = ()
) -> int:
    async def there() -> Answer | None:
        return await if_found(context, billing.read_subscription(quote.number, quote.txn))

    call = billing.create_subscription(quote, reference, start, key_of(context, reference, operation))
    try:
        answer = await do(context, call, there, allow=("duplicate_entry", *allow))
    except CallFailed as refused:
        if refused.code in allow:
            raise
        answer = await do(context, billing.read_subscription(quote.number, quote.txn))
    return answer.at_us


async def _fulfilled(context: FlowContext, quote: Quote, reference: str) -> int:
    """Wait for the news that the task is complete; ask for it when none comes. Return when it was heard."""
    pauses = iter(TASK_POLLS_SECONDS)
    while True:
        message = await Receive("task.completed", reference, next(pauses, TASK_POLLS_SECONDS[-1]))
        if message is not None:
            return message.received_us
        await families.still_wanted(reference)
        answer = await do(context, fulfilment.read_task(reference, quote.txn))
        status = fulfilment.task_of(answer).status
        if status == "completed":
            return answer.at_us
        if status in ("failed", "cancelled"):
            await ask_a_person("VALIDATION.BUSINESS_RULE", f"fulfilment of {reference} is {status}")
            await do(context, fulfilment.put_task(quote, reference))


def _is_done(answer: Answer) -> bool:
    """Tell whether a task was complete already when it was asked for: only one that had been asked for before is."""
    return fulfilment.task_of(answer).status == "completed"
