"""Lists: filters and cursor paging, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice, takewhile
from typing import Any

from mocks.kernel.operations import Refusal
from mocks.payment.bodies import ListQuery, Range
from mocks.payment.model import Processor

_FILTERS = ("customer", "email", "payment_intent", "charge", "payout", "source", "type", "types", "currency", "status")
ALLOWED: Mapping[str, frozenset[str]] = {
    "customer": frozenset({"email"}),
    "payment_method": frozenset({"customer", "type"}),
    "payment_intent": frozenset({"customer"}),
    "charge": frozenset({"customer", "payment_intent"}),
    "refund": frozenset({"charge", "payment_intent"}),
    "dispute": frozenset({"charge", "payment_intent"}),
    "balance_transaction": frozenset({"payout", "source", "type", "currency"}),
    "payout": frozenset({"status"}),
    "event": frozenset({"type", "types"}),
}
_ATTRIBUTES = {"payment_intent": "intent", "types": "type"}
Test = Callable[[Any], bool]


def chosen(model: Processor, kind: str, query: ListQuery) -> tuple[list[Any], bool]:
    """Return (a page of records, whether there are more); raise Refusal for a filter or cursor that cannot be."""
    tests = _tests(kind, query)
    if not 1 <= query.limit <= 100:
        raise Refusal("parameter_invalid_integer", "limit must be from 1 to 100.", field="limit")
    if query.starting_after and query.ending_before:
        raise Refusal("parameter_invalid", "starting_after and ending_before exclude each other.", "ending_before")
    if not (query.starting_after or query.ending_before or query.payout):
        return _first(model, kind, tests, query)
    records = _records(model, kind, query)
    if query.ending_before:
        page, more = _page(
            records, _place(model, kind, records, query.ending_before, "ending_before") + 1, 1, tests, query
        )
        return page[::-1], more
    last = len(records) - 1
    if query.starting_after:
        last = _place(model, kind, records, query.starting_after, "starting_after") - 1
    return _page(records, last, -1, tests, query)


def _first(model: Processor, kind: str, tests: list[Test], query: ListQuery) -> tuple[list[Any], bool]:
    """Return the first page. Tables are in order of creation: the walk back ends where records become too old."""
    floor = _floor(query.created)
    recent = takewhile(lambda record: record.created >= floor, reversed(model.tables[kind].values()))
    page = list(islice((record for record in recent if all(test(record) for test in tests)), query.limit + 1))
    return page[: query.limit], len(page) > query.limit


def _page(records: Sequence[Any], start: int, step: int, tests: list[Test], query: ListQuery) -> tuple[list[Any], bool]:
    page: list[Any] = []
    index = start
    while 0 <= index < len(records):
        record = records[index]
        if all(test(record) for test in tests):
            if len(page) == query.limit:
                return page, True
            page.append(record)
        index += step
    return page, False


def _records(model: Processor, kind: str, query: ListQuery) -> Sequence[Any]:
    if kind == "balance_transaction" and query.payout:
        payout = model.referred("payout", query.payout, "payout")
        return [model.movements[key] for key in payout.movements]
    return list(model.tables[kind].values())


def _place(model: Processor, kind: str, records: Sequence[Any], key: str, field: str) -> int:
    model.referred(kind, key, field)
    for index in range(len(records) - 1, -1, -1):
        if records[index].id == key:
            return index
    raise Refusal("reference_missing", f"No such {kind} in this list: '{key}'", field=field)


def _tests(kind: str, query: ListQuery) -> list[Test]:
    tests: list[Test] = []
    for name in _FILTERS:
        wanted = getattr(query, name)
        if wanted is None:
            continue
        if name not in ALLOWED[kind]:
            raise Refusal("parameter_unknown", f"Received unknown parameter: {name}", field=name)
        tests.append(_equals(_ATTRIBUTES.get(name, name), wanted))
    if query.created is not None:
        tests.append(_created(query.created))
    return tests


def _equals(attribute: str, wanted: Any) -> Test:
    if isinstance(wanted, list):
        return lambda record: getattr(record, attribute) in wanted
    return lambda record: bool(getattr(record, attribute) == wanted)


def _floor(bounds: Range | int | None) -> int:
    """Return the instant before which nothing can be created that is asked for."""
    if bounds is None or isinstance(bounds, int):
        return bounds or 0
    return max(bounds.gt or 0, bounds.gte or 0)


def _created(bounds: Range | int) -> Test:
    if isinstance(bounds, int):
        return lambda record: bool(record.created == bounds)
    return lambda record: (
        (bounds.gt is None or record.created > bounds.gt)
        and (bounds.gte is None or record.created >= bounds.gte)
        and (bounds.lt is None or record.created < bounds.lt)
        and (bounds.lte is None or record.created <= bounds.lte)
    )
