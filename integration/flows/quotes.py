"""The way in: an accepted quote becomes an order, an amendment of a subscription, or the renewal of a contract."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from domain.currency import UnknownCurrency
from domain.families import is_family
from integration.effects import Now
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows import facts, families
from integration.flows.amendments import amend
from integration.flows.approvals import put_back
from integration.flows.matching import known_customer
from integration.flows.orders import order
from integration.flows.partners import as_partner_deal
from integration.flows.renewals import renew
from integration.flows.steps import ask_a_person, day_in, do, tell
from integration.flows.undoing import compensate, rejected
from integration.flows.validation import Problem, problem_of
from integration.outcomes import GivenUp
from integration.systems import crm
from integration.systems.crm import AcceptedQuote
from integration.systems.wire import UnexpectedReply

_SIGNED = frozenset({"accepted", "converted", "accept failed"})
"""The statuses of a quote that a customer accepted, as the CRM writes them, in lower case."""


async def accepted_quote(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take an accepted quote version through to its end. Arguments: quote_id, reference."""
    reference: str = arguments["reference"]
    try:
        read = await _validated(context, arguments["quote_id"], reference)
        context = in_books(context, read.quote.entity)
        accepted = await as_partner_deal(context, await known_customer(context, read))
    except GivenUp as given_up:
        await _back_to_sales(context, arguments["quote_id"], reference, given_up)
        return {"quote": reference, "status": "given_up", "reason": str(given_up)}
    if is_family(accepted.quote):
        return await families.split(accepted, reference)
    return await _FLOWS[accepted.quote.kind](context, accepted, reference)


async def member_order(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take what one legal entity sells of a quote of several to its end. Arguments: quote_id, entity, reference.

    The quote has been validated, and its customer is known, when its family is split.
    """
    quote_id, entity, reference = (arguments[name] for name in ("quote_id", "entity", "reference"))
    try:
        read = crm.accepted_quote(await do(context, crm.read_quote(quote_id, context.txn)))
        accepted = families.as_member(await known_customer(context, read), entity)
    except GivenUp as given_up:
        await rejected(context, reference, quote_id, await Now(), entity, str(given_up), given_up.code)
        await families.given_up(context, reference, str(given_up))
        return {"order": reference, "status": "given_up", "reason": str(given_up)}
    quote = accepted.quote
    context = in_books(context, quote.entity)
    ended = await order(context, accepted, reference)
    if ended["status"] != "active":
        await families.given_up(context, reference, ended["reason"])
    elif await families.finished(reference):
        await compensate(context, quote, reference, "another part of the deal was given up")
        return {**ended, "status": "cancelled"}
    return ended


_FLOWS: Mapping[str, Callable[[FlowContext, AcceptedQuote, str], Awaitable[dict[str, Any]]]] = MappingProxyType(
    {"new": order, "amend": amend, "renew": renew}
)


async def _back_to_sales(context: FlowContext, quote_id: str, reference: str, given_up: GivenUp) -> None:
    """Show sales that nothing came of a quote that a customer had accepted."""
    look = partial(do, context, crm.read_quote(quote_id, context.txn))
    answer = await put_back(f"the return of {reference} to sales", look)
    if answer is None or not crm.is_accepted(answer):
        return  # people did it, or nobody had accepted it, so that there is nothing to take back
    entity = crm.entity_named(answer)
    await rejected(context, reference, quote_id, answer.at_us, entity, str(given_up), given_up.code)


async def _validated(context: FlowContext, quote_id: str, reference: str) -> AcceptedQuote:
    """Read a quote and check it; what is wrong is corrected by people, then it is read again."""
    is_told = False
    while True:
        answer = await do(context, crm.read_quote(quote_id, context.txn))
        try:
            accepted = crm.accepted_quote(answer)
            is_told = is_told or await _told(context, accepted, reference)
            problem = _unsigned(accepted) or problem_of(accepted, context.settings)
        except UnexpectedReply as error:
            problem = (error.code, str(error))
        except UnknownCurrency as error:
            problem = ("DATA_QUALITY.CURRENCY_EXPONENT", str(error))
        if problem is None:
            return accepted
        code, detail = problem
        await ask_a_person(code, detail, quote_id=quote_id)


def _unsigned(accepted: AcceptedQuote) -> Problem | None:
    """Return what is wrong with a quote that nobody accepted: whoever asks for an order may name any quote."""
    status = accepted.quote.status
    return None if status in _SIGNED else ("CONFLICT.STATE", f"quote {accepted.quote.number} is {status}, not accepted")


async def _told(context: FlowContext, accepted: AcceptedQuote, reference: str) -> bool:
    """Tell once that a customer accepted; a quote of an entity that is not ours is not ours to tell of."""
    quote = accepted.quote
    if quote.entity not in context.settings.zones:
        return False
    day = day_in(context, quote.entity, accepted.changed_us)
    body = facts.quote_accepted(accepted, reference, accepted.changed_us, day)
    await tell("quote.accepted", quote.number, quote.txn, **body)
    return True
