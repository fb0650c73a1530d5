"""Taking back what people gave up half-way: an amendment in billing, in the ERP and before the eyes of sales.

Like every compensation it is a flow: journaled, retried, resumed. It runs in the queue of the subscription, so nothing
else changes it meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any

from msgspec.structs import replace

from integration.effects import Sleep
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows import contract_facts as facts
from integration.flows.amendments import Plan, Row, apply, change_of, is_ended_by, order_key, step_key, terms_after
from integration.flows.approvals import put_back
from integration.flows.copies import changed, latest
from integration.flows.steps import day_in, key_of, tell
from integration.flows.undoing import LATE_SECONDS, came_after_all, cancelled, ended
from integration.outcomes import Answer, CallFailed
from integration.systems import billing
from integration.systems.billing import BillingSubscription

RESTORED, ENDED, NOTHING = "restored", "ended", "nothing"
"""What is found of an amendment: it was taken back, it has ended the subscription, or it is not (yet) there."""


async def undo_amendment(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take an amendment back from whatever step it reached.

    Arguments: row, subscription, quote_id, entity, reason and its code; base, rows and former_end when billing was
    asked already. A cancellation that billing has carried out, and whose answer was lost, stands: what is over does not
    come back.
    """
    row: Row = arguments["row"]
    restore = partial(put_back, f"amendment {row['ref']} in billing", partial(_restored, context, arguments, row))
    found = [await restore() if "rows" in arguments else RESTORED]
    if found == [ENDED]:
        return {"amendment": row["ref"], "status": "applied"}
    in_the_books = await _off_the_books(context, arguments, row) if arguments["quote_id"] else True
    if found == [NOTHING]:
        await Sleep(LATE_SECONDS)
        found.append(await restore())
    return {"amendment": row["ref"], "status": ended(in_the_books, *found)}


async def _off_the_books(context: FlowContext, arguments: Mapping[str, Any], row: Row) -> bool | None:
    """Close the order of a quote, if it has one; the quote goes back to sales. None when people do that by hand."""
    told = row["ref"], arguments["quote_id"], arguments["entity"], arguments["reason"]
    context = in_books(context, arguments["entity"])
    is_there = await came_after_all(context, *told, arguments["code"])
    return await cancelled(context, *told) if is_there else is_there


async def _restored(context: FlowContext, arguments: Mapping[str, Any], row: Row) -> str:
    """Make the subscription what it would be without an amendment; return what was found of it."""
    answer = await latest(context, arguments["subscription"])
    found = billing.subscription_of(answer)
    if found.status == "cancelled" and is_ended_by(found, row):
        day = day_in(context, arguments["entity"], answer.at_us)
        body = facts.amendment_applied(row, found.id, arguments["entity"], found.currency_code, day)
        await tell("amendment.applied", row["ref"], context.txn, **body)
        return ENDED
    if row["kind"] == "notice" and found.status == "non_renewing":
        key = key_of(context, found.id, f"undo/{row['ref']}")
        await changed(context, billing.revoke_cancellation(found.id, key, context.txn))
    if row["kind"] == "pause":
        await _resumed(context, found, arguments, row)
        return RESTORED
    return RESTORED if await _reapplied(context, found, arguments, row) else NOTHING


async def _resumed(context: FlowContext, found: BillingSubscription, arguments: Mapping[str, Any], row: Row) -> None:
    key = key_of(context, found.id, f"undo/{row['ref']}")
    if found.status == "paused":
        with suppress(CallFailed):  # it may go on by itself just now
            await changed(context, billing.resume(found.id, key, context.txn), allow=(billing.WRONG_STATE,))
    meta = {**found.meta_data, "base": arguments["base"], "amendments": arguments["rows"]}
    await changed(context, billing.note(found.id, meta, f"{key}/note", context.txn))


async def _reapplied(context: FlowContext, found: BillingSubscription, arguments: Mapping[str, Any], row: Row) -> bool:
    """Set the terms before an amendment from its day on, then apply again what comes after; False when it is not there.

    Who is asked to do so once more goes on where the subscription's mark says that it stopped.
    """
    plan = _without(arguments, found, row)
    cause, mark = _cause(row), found.meta_data.get("mark", "")
    keys = {step_key(context, plan, index, cause): index for index in plan.to_apply}
    if mark not in (_first_key(context, found, row), *keys):
        if not any(known["ref"] == row["ref"] for known in found.meta_data.get("amendments", ())):
            return False
        await _set_before(context, plan, row)
    for index in plan.to_apply:
        if index >= keys.get(mark, 0):  # the last one again: its end may not have been moved yet
            await apply(context, plan, index, cause)
    if row["co_term_end"]:
        await _end_moved_back(context, found, row, arguments["former_end"])
    return True


async def _end_moved_back(context: FlowContext, found: BillingSubscription, row: Row, former: str) -> None:
    """Have a subscription end when it did before an amendment moved its end; empty when it had none."""
    if former and found.ends is not None and found.ends.isoformat() != former:
        key, end = f"{_first_key(context, found, row)}/end", date.fromisoformat(former)
        await changed(context, billing.change_term_end(found.id, end, key, context.txn))


def _without(arguments: Mapping[str, Any], found: BillingSubscription, row: Row) -> Plan:
    """Return the plan of what comes after an amendment, without it."""
    rows: list[Row] = arguments["rows"]
    place = sum(1 for known in rows if order_key(known) < order_key(row))
    return Plan(found=found, base=arguments["base"], rows=rows, place=place)


def _cause(row: Row) -> str:
    return f"undo/{row['ref']}"


def _first_key(context: FlowContext, found: BillingSubscription, row: Row) -> str:
    return key_of(context, found.id, f"{_cause(row)}/before")


async def _set_before(context: FlowContext, plan: Plan, row: Row) -> None:
    found, place, key = plan.found, plan.place, _first_key(context, plan.found, row)
    before, after = plan.rows[:place], plan.rows[place:]
    with_it = replace(plan, rows=[*before, row, *after])
    meta = {**found.meta_data, "base": plan.base, "amendments": before, "mark": key}
    terms = terms_after(plan.base, before)
    change = replace(change_of(with_it, place, key), terms=terms, reference="", meta=meta, is_billed=True)

    async def is_restored() -> Answer | None:
        answer = await latest(context, found.id)
        return answer if billing.subscription_of(answer).meta_data.get("mark") == key else None

    await changed(context, billing.change_terms(change, key, context.txn), is_restored)
