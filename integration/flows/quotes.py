"""The way in: an accepted quote becomes an order, or an amendment of a subscription."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.currency import UnknownCurrency
from integration.flow import FlowContext
from integration.flows import facts
from integration.flows.amendments import amend
from integration.flows.matching import known_customer
from integration.flows.orders import order
from integration.flows.steps import ask_a_person, day_in, do, tell
from integration.flows.validation import problem_of
from integration.systems import crm
from integration.systems.crm import AcceptedQuote
from integration.systems.wire import UnexpectedReply


async def accepted_quote(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take an accepted quote version through to its end. Arguments: quote_id, reference."""
    reference: str = arguments["reference"]
    accepted = await known_customer(context, await _validated(context, arguments["quote_id"], reference))
    if accepted.quote.kind == "amend":
        return await amend(context, accepted, reference)
    return await order(context, accepted, reference)


async def _validated(context: FlowContext, quote_id: str, reference: str) -> AcceptedQuote:
    """Read a quote and check it; what is wrong is corrected by people, then it is read again."""
    is_told = False
    while True:
        answer = await do(context, crm.read_quote(quote_id, context.txn))
        try:
            accepted = crm.accepted_quote(answer)
            is_told = is_told or await _told(context, accepted, reference)
            problem = problem_of(accepted, context.settings)
        except UnexpectedReply as error:
            problem = (error.code, str(error))
        except UnknownCurrency as error:
            problem = ("DATA_QUALITY.CURRENCY_EXPONENT", str(error))
        if problem is None:
            return accepted
        code, detail = problem
        await ask_a_person(code, detail, quote_id=quote_id)


async def _told(context: FlowContext, accepted: AcceptedQuote, reference: str) -> bool:
    """Tell once that a customer accepted; a quote of an entity that is not ours is not ours to tell of."""
    quote = accepted.quote
    if quote.entity not in context.settings.zones:
        return False
    day = day_in(context, quote.entity, accepted.changed_us)
    body = facts.quote_accepted(accepted, reference, accepted.changed_us, day)
    await tell("quote.accepted", quote.number, quote.txn, **body)
    return True
