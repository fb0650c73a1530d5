"""Lines in the words of another system: every product is looked up, bundles are exploded, what is missing is asked for.

All products of a document are mapped before the first of them is sent, so that a missing one never leaves a part of an
order behind. A steward adds the row (`add_mapping`) and re-drives; the flow goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

import msgspec

from domain.objects import Line, Quote
from integration.effects import Assign, Lookup
from integration.facade.ledgers import ERP, in_books
from integration.flow import FlowContext
from integration.flows.steps import ask_a_person
from integration.masterdata.crossreference import PRODUCT
from integration.masterdata.products import Entry, WrongRow, entry_on, exploded, row_key, row_of
from integration.systems.erp import Posting

MISSING = "DATA_QUALITY.MAPPING_MISSING"
_AS_POSTED: Mapping[str, date] = MappingProxyType({})


async def quote_in_items(context: FlowContext, quote: Quote, day: date) -> Quote:
    """Return a quote whose lines name the items, as they are on a day, of the system that keeps its books."""
    lines = await lines_in_items(context, quote.lines, quote.entity, day, context.ledger or ERP)
    return msgspec.structs.replace(quote, lines=lines) if lines is not quote.lines else quote


async def posting_in_items(
    context: FlowContext, posting: Posting, day: date, days: Mapping[str, date] = _AS_POSTED
) -> Posting:
    """Return a posting whose lines name the items of the books they go to, as they were on a day.

    `days` are those of lines that credit another document: they name what it sold, as it was then.
    """
    books = in_books(context, posting.entity).ledger or ERP
    lines = await lines_in_items(context, posting.lines, posting.entity, day, books, days)
    return msgspec.structs.replace(posting, lines=lines) if lines is not posting.lines else posting


async def lines_in_items(
    context: FlowContext, lines: tuple[Line, ...], entity: str, day: date, system: str = "erp",
    days: Mapping[str, date] = _AS_POSTED,
) -> tuple[Line, ...]:  # fmt: skip
    """Return lines in a system's items on a day, or on a line's own; without `map_products` they stay as they are."""
    if not context.settings.map_products:
        return lines
    asked = {line.id: (line.sku, days.get(line.id, day)) for line in lines if line.sku}
    while True:
        found = {each: await _entry(system, each[0], entity, each[1]) for each in dict.fromkeys(asked.values())}
        wrong = {sku: each for (sku, _), each in found.items() if isinstance(each, str)}
        if not wrong:
            return _in_items(lines, {line: found[each] for line, each in asked.items()})
        code = MISSING if all(not reason for reason in wrong.values()) else WrongRow.code
        reasons = "; ".join(f"{sku}: {reason or 'no item'}" for sku, reason in wrong.items())
        await ask_a_person(
            code, f"{system} on {day}: {reasons}", system=system, entity=entity, day=day.isoformat(),
            skus=list(wrong), rows=[row_key(system, sku) for sku in wrong],
        )  # fmt: skip


def _in_items(lines: Sequence[Line], found: Mapping[str, Entry | str]) -> tuple[Line, ...]:
    made: list[Line] = []
    for line in lines:
        if line.id not in found:  # an ad-hoc line, which names no product
            made.append(line)
            continue
        entry = found[line.id]
        assert isinstance(entry, Entry), "what is missing was asked for"
        made += exploded(line, entry)
    return tuple(made)


async def _entry(system: str, sku: str, entity: str, day: date) -> Entry | str:
    """Return the entry of a product on a day, the entity's own first; or why there is none, empty for missing."""
    value = await Lookup(PRODUCT, row_key(system, sku, entity), row_key(system, sku))
    if value is None:
        return ""
    try:
        return entry_on(row_of(value), day) or ""
    except WrongRow as wrong:
        return str(wrong)


async def load_mappings(_context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Add many rows to the cross-reference, as at go-live. Arguments: kind, rows (a list of [key, value]).

    A row that is there already stays; the result counts what is new and names what stands otherwise.
    """
    kind: str = arguments["kind"]
    different = []
    for key, value in arguments["rows"]:
        if kind == PRODUCT:
            row_of(value)
        if await Assign(kind=kind, key=key, value=value) != value:
            different.append(key)
    return {"rows": len(arguments["rows"]), "different": different}
