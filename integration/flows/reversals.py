"""Taking back what people gave up half-way: an amendment in billing, in the ERP and before the eyes of sales.

Like every compensation it is a flow: journaled, retried, resumed. It runs in the queue of the subscription, so nothing
else changes it meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any

from msgspec.structs import replace

from integration.effects import Now
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows.amendments import Plan, Row, apply, change_of, order_key, terms_after
from integration.flows.copies import changed, latest
from integration.flows.orders import cancelled, rejected
from integration.flows.steps import if_found, key_of
from integration.outcomes import Answer, CallFailed
from integration.systems import billing, erp
from integration.systems.billing import BillingSubscription


async def undo_amendment(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take an amendment back from whatever step it reached.

    Arguments: row, subscription, quote_id, entity, reason and its code; base, rows and former_end when billing was
    asked already.
    """
    row: Row = arguments["row"]
    if "rows" in arguments:
        await _restored(context, arguments, row)
    if arguments["quote_id"]:
        quote_id, entity, reason, code = (arguments[name] for name in ("quote_id", "entity", "reason", "code"))
        await taken_off_the_books(context, row["ref"], quote_id, entity, reason, code)
    return {"amendment": row["ref"], "status": "cancelled"}


async def taken_off_the_books(
    context: FlowContext, reference: str, quote_id: str, entity: str, reason: str, code: str
) -> None:
    """Close the order of a quote, if it has one; the quote goes back to sales."""
    context = in_books(context, entity)
    if await if_found(context, erp.read_order(reference, context.txn)) is None:
        await rejected(context, reference, quote_id, await Now(), entity, reason, code)
        return
    await cancelled(context, reference, quote_id, entity, reason)


async def _restored(context: FlowContext, arguments: Mapping[str, Any], row: Row) -> None:
    """Make the subscription what it would be without an amendment."""
    answer = await latest(context, arguments["subscription"])
    found = billing.subscription_of(answer)
    noted = any(known["ref"] == row["ref"] for known in found.meta_data.get("amendments", ()))
    if row["kind"] == "notice" and found.status == "non_renewing":
        key = key_of(context, found.id, f"undo/{row['ref']}")
        await changed(context, billing.revoke_cancellation(found.id, key, context.txn))
    if row["kind"] == "pause":
        await _resumed(context, found, arguments, row)
        return
    if noted:
        await _reapplied(context, found, arguments, row)


async def _resumed(context: FlowContext, found: BillingSubscription, arguments: Mapping[str, Any], row: Row) -> None:
    key = key_of(context, found.id, f"undo/{row['ref']}")
    if found.status == "paused":
        with suppress(CallFailed):  # it may go on by itself just now
            await changed(context, billing.resume(found.id, key, context.txn), allow=(billing.WRONG_STATE,))
    meta = {**found.meta_data, "base": arguments["base"], "amendments": arguments["rows"]}
    await changed(context, billing.note(found.id, meta, f"{key}/note", context.txn))


async def _reapplied(context: FlowContext, found: BillingSubscription, arguments: Mapping[str, Any], row: Row) -> None:
    """Set the terms before the amendment from its day on, then apply again what comes after it."""
    rows: list[Row] = arguments["rows"]
    place = sum(1 for known in rows if order_key(known) < order_key(row))
    cause = f"undo/{row['ref']}"
    key = key_of(context, found.id, f"apply/{cause}")
    with_it = Plan(found=found, base=arguments["base"], rows=[*rows[:place], row, *rows[place:]], place=place)
    meta = {**found.meta_data, "base": arguments["base"], "amendments": rows[:place], "mark": key}
    terms = terms_after(arguments["base"], rows[:place])
    before = replace(change_of(with_it, place, key), terms=terms, reference="", meta=meta, is_billed=True)

    async def is_restored() -> Answer | None:
        answer = await latest(context, found.id)
        return answer if billing.subscription_of(answer).meta_data.get("mark") == key else None

    await changed(context, billing.change_terms(before, key, context.txn), is_restored)
    plan = Plan(found=found, base=arguments["base"], rows=rows, place=place)
    for index in plan.to_apply:
        await apply(context, plan, index, cause)
    former = arguments["former_end"]
    if row["co_term_end"] and former and found.ends is not None and found.ends.isoformat() != former:
        end = date.fromisoformat(former)
        await changed(context, billing.change_term_end(found.id, end, f"{key}/end", context.txn))
