"""Mirrors: what sales is shown in the CRM of the financial truth, one write after the other for each quote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.families import entity_of, family_of
from integration.flow import FlowContext
from integration.flows import facts, families
from integration.flows.steps import day_in, if_found, tell
from integration.systems import crm


async def show_in_crm(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write mirrored facts on a quote. Arguments: quote_id, reference, sequence, fields, balance, entity.

    With an entity it is told that sales can see them: it is about money. Of a quote of several legal entities sales is
    shown all orders, and no more of them than is true of each.
    """
    sequence, reference, entity = arguments["sequence"], arguments["reference"], arguments.get("entity", "")
    if entity_of(reference):
        is_shown = await _show_family(context, arguments)
    else:
        fields = crm.mirrored(arguments["fields"], arguments["balance"], sequence)
        call = crm.update_quote(arguments["quote_id"], reference, fields, sequence, context.txn)
        is_shown = await if_found(context, call) is not None
    if is_shown and entity:
        as_of_us = sequence * 1000
        day = day_in(context, entity, as_of_us)
        body = facts.quote_mirrored(entity, context.txn, reference, as_of_us, day, arguments["fields"])
        await tell("quote.mirrored", reference, context.txn, **body)
    return {"shown": is_shown}


async def _show_family(context: FlowContext, arguments: Mapping[str, Any]) -> bool:
    reference = arguments["reference"]
    picture = await families.pictured(reference, arguments["sequence"], arguments["fields"], arguments["balance"])
    fields = crm.mirrored(picture.fields, picture.balance, picture.sequence)
    whole = family_of(reference)
    call = crm.update_quote(arguments["quote_id"], whole, fields, picture.sequence, context.txn)
    if await if_found(context, call) is None:
        return False
    if picture.converted:
        number, _, version = whole.partition("-v")
        entity = entity_of(reference)
        day = day_in(context, entity, picture.sequence * 1000)
        body = facts.quote_converted(number, int(version), entity, picture.converted, day)
        await tell("quote.converted", number, number, **body)
    return True
