"""Closing a period: a checklist per legal entity; then receivables, then the ledger; and reopening with an approval.

Receivables close when all invoices and credit notes that belong into the period are posted and the sub-ledger is its
control account; then revenue is run, and the ledger closes when all of the period's is recognised. What comes later is
posted into the next period: cash above all, of which billing does not say whose it is. Who gives a closing up half way
finds the period open again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

import msgspec

from domain.calendar import SECOND_US, add_months, local_date, midnight_us, utc_midnight_us
from domain.money import said
from integration.effects import Call, Now, Park, Sleep
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows import cash_facts as facts
from integration.flows.approvals import OWNER, approved, put_back
from integration.flows.credit_notes import OURS
from integration.flows.paging import Page, every_row
from integration.flows.steps import day_in, do, key_of, tell
from integration.outcomes import GivenUp
from integration.systems import billing
from integration.systems.billing import receivables as owed
from integration.systems.billing.shapes import CreditNote
from integration.systems.erp import receivables as books
from integration.systems.wire import date_of_seconds

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


class Belonging(msgspec.Struct, frozen=True):
    """What belongs into a month: how people call it, what billing is asked for it, and the ERP's table of it.

    `made` is the day a row was made where a zone is; None for what is nobody's to post.
    """

    name: str
    asked: Callable[[Month], Call]
    page: Page[Any]
    made: Callable[[Any, str], date | None]
    table: str


def _invoice_made(row: owed.Money, zone: str) -> date | None:
    return local_date((row.generated_at or row.date) * SECOND_US, zone) if row.status != "voided" else None


def _note_made(note: CreditNote, _zone: str) -> date | None:
    is_posted = note.status != "voided" and note.reason_code not in OURS
    return date_of_seconds(note.date) if is_posted else None


def _eve_of(month: Month) -> date:
    """Return the first UTC day that holds a part of the month, wherever its entity is."""
    return month.first - timedelta(days=1)


BELONGINGS = (
    Belonging(
        "invoices", lambda month: owed.closed_between(_eve_of(month), month.end), owed.changed_page, _invoice_made,
        "invoice",
    ),
    Belonging(
        "credit notes", lambda month: billing.recent_credit_notes(utc_midnight_us(_eve_of(month))),
        billing.credit_note_page, _note_made, "creditmemo",
    ),
)  # fmt: skip


async def _open_receivables(context: FlowContext, month: Month) -> list[str]:
    """Return what billing made in the month and the ERP has not posted."""
    return [point for kind in BELONGINGS for point in await _unposted(context, month, kind)]


async def _unposted(context: FlowContext, month: Month, kind: Belonging) -> list[str]:
    posted = await _posted(context, month, kind.table)
    zone, missing = context.settings.zones[month.entity], []
    for row in await every_row(context, kind.asked(month), kind.page):
        made = kind.made(row, zone) if row.business_entity_id == month.entity else None
        if made is not None and month.first <= made < month.end and row.id not in posted:
            missing.append(row.id)
    return _named(f"{kind.name} that are not posted", missing)


async def _posted(context: FlowContext, month: Month, table: str) -> frozenset[str]:
    rows = await every_row(context, books.posted_since(month.entity, month.first, table), books.posted_page)
    return frozenset([row.externalid for row in rows if row.externalid])


def _named(what: str, names: list[str]) -> list[str]:
    if not names:
        return []
    shown = ", ".join(names[:NAMES_SHOWN])
    return [f"{len(names)} {what}: {shown}{' ...' if len(names) > NAMES_SHOWN else ''}"]


async def _differences(context: FlowContext, month: Month) -> list[str]:
    """Return the currencies in which a sub-ledger is not its control account."""
    found = books.checklist_of(await do(context, books.close_checklist(month.entity, month.name)))
    return [
        f"receivables {said(row.receivable_minor, row.currency)} against "
        f"{said(row.receivable_control_minor, row.currency)}, unapplied cash "
        f"{said(row.unapplied_minor, row.currency)} against {said(row.unapplied_control_minor, row.currency)}"
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
