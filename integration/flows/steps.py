"""Steps that every flow is made of: a call that must succeed, a case for a person, a line in the CRM's mirror."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import msgspec

from domain.calendar import local_date
from domain.families import family_of
from integration.effects import Call, Emit, Now, Park, Sleep, Start
from integration.facade import ledgers
from integration.flow import FlowContext, Program
from integration.outcomes import Answer, CallFailed, GivenUp, OutcomeUnknown
from integration.retry import Probe, call_with_retries, done_meanwhile, while_known
from integration.systems import crm
from integration.systems.billing import Balance

ABSENT = (404,)
REFUSALS = (400, 409, 422)
"""Statuses of what a vendor does not do as things stand: another flow may have changed them meanwhile."""
_CODES = {
    ("erp", "INVALID_KEY_OR_REF"): "DATA_QUALITY.MAPPING_MISSING",
    ("billing", "resource_not_found"): "DATA_QUALITY.MAPPING_MISSING",
    ("billing", "invalid_state_for_request"): "CONFLICT.STATE",
    ("billing", "duplicate_entry"): "CONFLICT.DUPLICATE_REQUEST",
    ("crm", "FIELD_CUSTOM_VALIDATION_EXCEPTION"): "CONFLICT.STATE",
    ("crm", crm.OUTDATED): "CONFLICT.STATE",
    ("tax", "GetTaxError"): "CONFLICT.STATE",
}


_OF_OURSELVES = frozenset({"CONFLICT.STATE", "CONFLICT.DUPLICATE_REQUEST"})
"""What may be refused because it is done: an answer was lost, and the look-up after it saw a copy that lagged."""

_CODES_OF_STATUS = {403: "AUTH.FORBIDDEN", 413: "VALIDATION.LIMIT"}


async def do(context: FlowContext, call: Call, probe: Probe | None = None, allow: Collection[str | int] = ()) -> Answer:
    """Return the answer of a call that the flow cannot do without.

    A permanent failure becomes a case and the call is repeated when somebody re-drives the flow; GivenUp is raised when
    they decide to cancel. Vendor codes and statuses in `allow` are raised as CallFailed for the flow to handle.
    """
    while True:
        try:
            if not context.ledger:  # most books are the ERP's
                return await call_with_retries(context, call, probe)
            return await ledgers.perform(context, call, probe)
        except CallFailed as failure:
            if failure.code in allow or failure.status in allow:
                raise
            code = code_of(call.system, failure)
            found = await done_meanwhile(call, probe) if code in _OF_OURSELVES else None
            if found is None:
                await ask_about(call, failure)
                found = await done_meanwhile(call, probe)
            if found is not None:
                return found
            if call.key_lives_seconds:
                call = while_known(call, await Now())


def until_given_up(program: Program) -> Program:
    """Return a flow that ends, with a result that says so, when a person gives it up."""

    async def bounded(context: FlowContext, arguments: Mapping[str, Any]) -> Any:
        try:
            return await program(context, arguments)
        except GivenUp as given_up:
            return {"status": "given_up", "reason": str(given_up)}

    return bounded


async def ask_a_person(code: str, detail: str, call: Call | None = None, **about: Any) -> None:
    """Park as an exception case; return when it is re-driven, raise GivenUp when it is to be cancelled."""
    if call is not None:
        about = {"system": call.system, "operation": call.operation, "key": call.key, **about}
    resumed = await Park(code=code, detail=detail, context=about)
    if resumed.action == "cancel":
        raise GivenUp(detail, code)


async def ask_about(call: Call, refused: CallFailed) -> None:
    """Have people look at a call that its system refuses for good, as `ask_a_person` does."""
    await ask_a_person(code_of(call.system, refused), f"{call.system} {call.operation}: {refused}", call)


class Patience(msgspec.Struct, frozen=True):
    """How what should be there is waited for: a look every so often, and people after so many looks in vain."""

    pause_seconds: int
    looks: int


LAGGING = Patience(60, 120)
"""For copies that lag behind: minutes are usual, after two hours people look."""
AT_WORK = Patience(300, 576)
"""For what another flow of ours is about to do: it may wait for people itself, so two days."""


async def look_again(look: int, patience: Patience, told: str, **about: Any) -> None:
    """Return when it is time for another look, after the one of a number; people are told now and then.

    They may do what is missing by hand and re-drive, or give up: then GivenUp is raised.
    """
    if look % patience.looks:
        await Sleep(patience.pause_seconds)
    else:
        await ask_a_person("CONFLICT.STATE", told, **about)


async def if_found(context: FlowContext, call: Call) -> Answer | None:
    """Return the answer of a call, or None when what it is about is not there."""
    try:
        return await do(context, call, allow=ABSENT)
    except CallFailed:
        return None


async def try_briefly(call: Call) -> Answer | None:
    """Return the answer of a call the flow can do without, or None after two attempts."""
    for _ in range(2):
        try:
            return await call
        except (CallFailed, OutcomeUnknown):
            continue
    return None


def code_of(system: str, failure: CallFailed) -> str:
    """Return the taxonomy's code of a permanent failure."""
    if failure.kind in ("unauthenticated", "untrusted"):
        return "AUTH.UNAUTHENTICATED"
    if 300 <= failure.status < 400:
        return "CONTRACT.SEMANTIC"  # it has moved: nothing follows it there with our credentials by itself
    if failure.status in _CODES_OF_STATUS:
        return _CODES_OF_STATUS[failure.status]
    if failure.code == "USER_ERROR" and "(tranDate)" in failure.failed.detail:
        return "CONFLICT.PERIOD_CLOSED"
    return _CODES.get((system, failure.code), "VALIDATION.BUSINESS_RULE")


def key_of(context: FlowContext, entity: str, operation: str) -> str:
    """Return the key of an intent: the same in every attempt and after every crash."""
    return f"{context.settings.tenant}/{entity}/{operation}"


def day_in(context: FlowContext, entity: str, at_us: int) -> date:
    """Return the business date of a legal entity at an instant."""
    return local_date(at_us, context.settings.zones[entity])


def mirror(
    txn: str,
    reference: str,
    quote_id: str,
    at_us: int,
    fields: Mapping[str, str],
    balance: Balance | None = None,
    entity: str = "",
) -> Start:
    """Return the start of what has the CRM show facts about a quote, learned just now at `at_us`, and what is open of
    its invoice. `entity` has it told when sales can see it.

    Mirrors of one quote run one at a time in the order of their facts, so that a late one never overwrites a newer one.
    That order is the order of starting only if `at_us` is the instant of the latest answer or message.
    """
    milliseconds = at_us // 1000
    names = "+".join(sorted([*fields, crm.BALANCE] if balance else fields))
    return Start(  # a quote has many invoices, of which a sweep tells at one instant
        flow_id=f"mirror/{reference}/{milliseconds}/{names}{f'/{balance.invoice}' if balance else ''}",
        name="mirror",
        arguments={
            "quote_id": quote_id,
            "reference": reference,
            "sequence": milliseconds,
            "fields": dict(fields),
            "balance": balance.open if balance else "",
            "invoice": balance.invoice if balance else "",
            "version": balance.version if balance else 0,
            "entity": entity,
        },
        txn=txn,
        entity_key=f"mirror/{family_of(reference)}",
        order_key=f"{milliseconds:015d}",
    )


async def tell(fact: str, subject: str, txn: str, **body: Any) -> None:
    """Emit a canonical event: `order.accepted` and what is to be said of it."""
    await Emit(type=f"q2c.{fact}.v1", subject=subject, txn=txn, body=body)
