"""Closing a period: a checklist per legal entity; then receivables, then the ledger; and reopening with an approval.

Receivables close when nothing that belongs into the period is still on its way and the sub-ledger is its control
account; then revenue is run, and the ledger closes when all of the period's is recognised. What comes later is posted
into the next period. Who gives a closing up half way finds the period open again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

import msgspec

from domain.calendar import SECOND_US, add_months, local_date, midnight_us
from integration.effects import Now, Park, Sleep
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows import cash_facts as facts
from integration.flows.approvals import OWNER, approved, put_back
from integration.flows.steps import day_in, do, key_of, tell
from integration.outcomes import GivenUp
from integration.systems.billing import receivables as owed
from integration.systems.erp import receivables as books

RECEIVABLES_AFTER_DAYS, REVENUE_AFTER_DAYS, LEDGER_AFTER_DAYS = 3, 5, 8
"""The close calendar: days after the end of the period until receivables close, revenue runs, and the ledger closes."""
LOOK_SECONDS, LOOKS_MAX = 4 * 3600, 12
"""How often the checklist is asked again, and how many times before people are told what is open."""
NAMES_SHOWN = 10


class Month(msgspec.Struct, frozen=True):
    """A period of a legal entity: its first day, and the first day after it."""

    entity: str
    name: str
    first: date
    end: date


async def close_period(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Close a month of a legal entity. Arguments: entity, period, round, requested_by."""
    first = date.fromisoformat(f"{arguments['period']}-01")
    context = in_books(context, arguments["entity"])
    month = Month(arguments["entity"], arguments["period"], first, add_months(first, 1))
    by, closing = str(arguments["requested_by"]), f"{month.name}/{arguments['round']}"
    await _until(context, month, RECEIVABLES_AFTER_DAYS)
    done: list[str] = []
    try:
        await _ready(context, month, _open_receivables)
        await _move(context, month, "ar", "soft_closed", closing, by, done)
        await _ready(context, month, _differences)
        await _move(context, month, "ar", "closed", closing, by, done)
        await _until(context, month, REVENUE_AFTER_DAYS)
        key = key_of(context, month.entity, f"period/{closing}/recognise")
        await do(context, books.recognise_revenue(month.entity, month.name, key))
        await _until(context, month, LEDGER_AFTER_DAYS)
        await _ready(context, month, _unrecognised)
        await _move(context, month, "gl", "soft_closed", closing, by, done)
        await _move(context, month, "gl", "closed", closing, by, done)
    except GivenUp:
        await _reopened(context, month, closing, by, done)
        raise
    return {"entity": month.entity, "period": month.name, "status": "closed"}


async def _until(context: FlowContext, month: Month, days: int) -> None:
    """Wait until so many days after the end of a month, where its entity is."""
    due_us = midnight_us(month.end + timedelta(days=days), context.settings.zones[month.entity])
    now_us = await Now()
    if now_us < due_us:
        await Sleep((due_us - now_us) / SECOND_US)


async def _move(
    context: FlowContext, month: Month, module: str, status: str, closing: str, by: str, done: list[str]
) -> None:
    """Take a module of the period one step; one that is there or beyond is left alone, and is not ours to undo."""
    standing = books.period_of(await do(context, books.period_standing(month.entity, month.name)))
    if _is_there(standing.ar if module == "ar" else standing.gl, status):
        return
    key = key_of(context, month.entity, f"period/{closing}/{module}/{status}")
    answer = await do(context, books.move_period(month.entity, module, month.name, status, key))
    if module not in done:
        done.append(module)
    await _told(context, month, module, status, by, answer.at_us)


def _is_there(status: str, wanted: str) -> bool:
    order = ("open", "soft_closed", "closed", "locked")
    return order.index(status) >= order.index(wanted)


async def _told(context: FlowContext, month: Month, module: str, status: str, by: str, at_us: int) -> None:
    day = day_in(context, month.entity, at_us)
    body = facts.period_moved(month.entity, day, month.name, module, status, by)
    await tell("period.status_changed", f"{month.entity}/{month.name}/{module}", context.txn, **body)


async def _reopened(context: FlowContext, month: Month, closing: str, by: str, done: list[str]) -> None:
    """Open again what this closing has closed; what was closed before it stays closed."""
    for module in reversed(done):
        await put_back(
            f"{month.name} of {month.entity} in {module}", partial(_opened, context, month, module, closing, by)
        )


async def _opened(context: FlowContext, month: Month, module: str, closing: str, by: str) -> None:
    key = key_of(context, month.entity, f"period/{closing}/{module}/undo")
    answer = await do(context, books.move_period(month.entity, module, month.name, "open", key))
    await _told(context, month, module, "open", by, answer.at_us)


# --- the checklist --------------------------------------------------------------------------------------------------


async def _ready(context: FlowContext, month: Month, check: Any) -> None:
    """Wait until a check finds nothing open; after a while people are told what it is, and look again."""
    looks = 0
    while True:
        points: list[str] = await check(context, month)
        if not points:
            return
        looks += 1
        if looks < LOOKS_MAX:
            await Sleep(LOOK_SECONDS)
            continue
        detail = f"{month.name} of {month.entity} cannot be closed: {'; '.join(points)}"
        about = {"entity": month.entity, "period": month.name, "open_points": points}
        resumed = await Park(code="CONFLICT.PERIOD_CLOSED.checklist", owner=OWNER, detail=detail, context=about)
        if resumed.action == "cancel":
            raise GivenUp(detail)
        looks = 0


async def _open_receivables(context: FlowContext, month: Month) -> list[str]:
    """Return what billing invoiced in the month and the ERP has not posted."""
    posted = await _posted(context, month)
    missing, offset = [], ""
    zone = context.settings.zones[month.entity]
    while True:
        first, last = month.first - timedelta(days=1), month.end  # UTC days that hold the local month
        rows, offset = owed.page_of(await do(context, owed.closed_between(first, last, offset)))
        for row in rows:
            is_ours = row.business_entity_id == month.entity and row.status != "voided"
            if is_ours and month.first <= _made(row, zone) < month.end and row.id not in posted:
                missing.append(row.id)
        if not offset:
            return _named("invoices that are not posted", missing)


def _made(row: owed.Money, zone: str) -> date:
    return local_date((row.generated_at or row.date) * SECOND_US, zone)


async def _posted(context: FlowContext, month: Month) -> frozenset[str]:
    found: set[str] = set()
    offset, more = 0, True
    while more:
        rows, more = books.posted_rows(await do(context, books.posted_since(month.entity, month.first, offset)))
        found.update([row.externalid for row in rows if row.externalid])
        offset, more = offset + len(rows), more and bool(rows)  # a page may be shorter than was asked for
    return frozenset(found)


def _named(what: str, names: list[str]) -> list[str]:
    if not names:
        return []
    shown = ", ".join(names[:NAMES_SHOWN])
    return [f"{len(names)} {what}: {shown}{' ...' if len(names) > NAMES_SHOWN else ''}"]


async def _differences(context: FlowContext, month: Month) -> list[str]:
    """Return the currencies in which a sub-ledger is not its control account."""
    found = books.checklist_of(await do(context, books.close_checklist(month.entity, month.name)))
    return [
        f"{row.currency}: receivables {row.receivable_minor} against {row.receivable_control_minor}, unapplied cash "
        f"{row.unapplied_minor} against {row.unapplied_control_minor}"
        for row in found.currencies
        if not row.agree
    ]


async def _unrecognised(context: FlowContext, month: Month) -> list[str]:
    """Return how much revenue of the period waits for its recognition."""
    found = books.checklist_of(await do(context, books.close_checklist(month.entity, month.name)))
    late = found.unrecognised_minor
    return [f"revenue of {late} minor units is not recognised"] if late else []


# --- reopening ------------------------------------------------------------------------------------------------------


async def reopen_period(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Open a closed month again. Arguments: entity, period, module, round, reason, requested_by, approved_by."""
    first = date.fromisoformat(f"{arguments['period']}-01")
    context = in_books(context, arguments["entity"])
    month = Month(arguments["entity"], arguments["period"], first, add_months(first, 1))
    module: str = arguments["module"]
    detail = f"reopen {month.name} of {month.entity} in {module}: {arguments['reason']}"
    by = await approved(arguments, detail, entity=month.entity, period=month.name, module=module)
    standing = books.period_of(await do(context, books.period_standing(month.entity, month.name)))
    if (standing.ar if module == "ar" else standing.gl) == "open":
        return {"entity": month.entity, "period": month.name, "module": module, "status": "was_open"}
    key = key_of(context, month.entity, f"period/{month.name}/{module}/reopen/{arguments['round']}")
    answer = await do(context, books.move_period(month.entity, module, month.name, "open", key))
    await _told(context, month, module, "open", by, answer.at_us)
    return {
        "entity": month.entity,
        "period": month.name,
        "module": module,
        "status": "open",
        "by": by,
        "asked_by": arguments["requested_by"],
    }
