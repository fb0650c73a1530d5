"""Mirrors: what sales is shown in the CRM of the financial truth, one write after the other for each quote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.families import entity_of, family_of
from integration.effects import Call
from integration.flow import FlowContext
from integration.flows import balances, facts, families
from integration.flows.families import Picture
from integration.flows.steps import ABSENT, day_in, do, if_found, tell
from integration.flows.undoing import still_true
from integration.outcomes import CallFailed
from integration.systems import crm


async def show_in_crm(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write mirrored facts on a quote. Arguments: quote_id, reference, sequence, fields, entity, and of an invoice its
    balance, invoice and version.

    With an entity it is told that sales can see them: it is about money. Of a quote of several legal entities sales is
    shown all orders, and no more of them than is true of each.
    """
    left = await balances.left_of(arguments)
    arguments = balances.newest(arguments, left)
    sequence, reference, entity = arguments["sequence"], arguments["reference"], arguments.get("entity", "")
    arguments = {**arguments, "fields": await still_true(reference, arguments["fields"])}
    if entity_of(reference):
        is_shown = await _show_family(context, arguments)
    else:
        shown = Picture(arguments["fields"], arguments["balance"], sequence)
        is_shown = await _written(context, arguments["quote_id"], reference, shown)
    if is_shown:
        await balances.leave(arguments, left)
    if is_shown and entity:
        as_of_us = sequence * 1000
        day = day_in(context, entity, as_of_us)
        body = facts.quote_mirrored(entity, context.txn, reference, as_of_us, day, arguments["fields"])
        await tell("quote.mirrored", reference, context.txn, **body)
    return {"shown": is_shown}


async def _show_family(context: FlowContext, arguments: Mapping[str, Any]) -> bool:
    reference = arguments["reference"]
    picture = await families.pictured(reference, arguments["sequence"], arguments["fields"], arguments["balance"])
    whole = family_of(reference)
    if not await _written(context, arguments["quote_id"], whole, picture):
        return False
    if picture.converted:
        number, _, version = whole.partition("-v")
        entity = entity_of(reference)
        day = day_in(context, entity, picture.sequence * 1000)
        body = facts.quote_converted(number, int(version), entity, picture.converted, day)
        await tell("quote.converted", number, number, **body)
    return True


async def _written(context: FlowContext, quote_id: str, reference: str, picture: Picture) -> bool:
    """Write a picture; False when there is no such quote.

    Mirrors of a quote run one after the other, so each is newer than what is shown. If the CRM refuses one as older,
    the clock that gave it its place was behind that of the one before (another node, a restart): it goes on top.
    """
    try:
        await do(
            context, _update(context, quote_id, reference, picture, picture.sequence), allow=(*ABSENT, crm.OUTDATED)
        )
    except CallFailed as failure:
        if failure.code != crm.OUTDATED:
            return False
        shown = crm.place_shown(await do(context, crm.read_place(reference, context.txn)))
        return await if_found(context, _update(context, quote_id, reference, picture, shown + 1)) is not None
    return True


def _update(context: FlowContext, quote_id: str, reference: str, picture: Picture, place: int) -> Call:
    fields = crm.mirrored(picture.fields, picture.balance, place)
    return crm.update_quote(quote_id, reference, fields, place, context.txn)
