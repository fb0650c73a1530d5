"""Lists: filters and cursor paging, the newest first. Tables are in order of creation, so pages are walks back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import dropwhile, islice, takewhile
from operator import attrgetter
from typing import Any

import msgspec

from domain.paging import PAGE_SIZES_MAX
from mocks.kernel.operations import Refusal
from mocks.kernel.tables import Table
from mocks.payment.model import Processor
from mocks.payment.queries import Paging, Range

ATTRIBUTES: Mapping[tuple[str, str], str] = {
    ("charge", "payment_intent"): "intent",
    ("refund", "payment_intent"): "intent",
    ("dispute", "payment_intent"): "intent",
    ("event", "types"): "type",
    ("payout", "arrival_date"): "arrival",
    ("price", "lookup_keys"): "lookup_key",
    ("product", "ids"): "id",
    ("promotion_code", "coupon"): "promotion.coupon",
}
"""Filters whose field has another name inside the record."""
_SAME = {
    ("payment_method", "allow_redisplay"): "unspecified",
    ("event", "delivery_success"): True,
    ("charge", "transfer_group"): None,
    ("payout", "destination"): None,
}
"""Filters of what every record here has the same: `render` says so of it."""
_TIMELESS = frozenset({"line_item", "item", "credit_note_line_item"})
_LARGEST_PAGE = PAGE_SIZES_MAX["payment"]
Test = Callable[[Any], bool]


@cache
def _filters(query: Any) -> tuple[str, ...]:
    """Return the names of the filters that a query has beside paging."""
    paging = {field.name for field in msgspec.structs.fields(Paging)}
    return tuple([field.name for field in msgspec.structs.fields(query) if field.name not in paging])


def chosen(model: Processor, kind: str, query: Any, among: dict[str, Any] | None = None) -> tuple[list[Any], bool]:
    """Return (a page of records, whether there are more); raise Refusal for a cursor that cannot be.

    `among` narrows a list to the records of one owner (the lines of an invoice), in order of creation.
    """
    limit = page_size(model, query)
    if query.starting_after and query.ending_before:
        raise Refusal("parameter_invalid", "starting_after and ending_before exclude each other.", "ending_before")
    records = _records(model, kind, query) if among is None else among
    tests = _tests(kind, query)
    if query.ending_before:
        rows: Iterator[Any] = _beyond(records.values(), records, query.ending_before, kind, "ending_before")
    else:
        rows = reversed(records.values())
        if query.starting_after:
            rows = _beyond(rows, records, query.starting_after, kind, "starting_after")
        elif among is None and (floor := _floor(query.created)):
            rows = takewhile(lambda record: record.created >= floor, rows)
    if tests:
        rows = (record for record in rows if all(test(record) for test in tests))
    page = list(islice(rows, limit + 1))
    more = len(page) > limit
    del page[limit:]
    return (page[::-1] if query.ending_before else page), more


def page_size(model: Processor, query: Any) -> int:
    """Return how many rows the page holds that a query asks for; raise Refusal for a limit that cannot be."""
    limit: int = query.limit
    if not 1 <= limit <= _LARGEST_PAGE:
        raise Refusal("parameter_invalid_integer", f"limit must be from 1 to {_LARGEST_PAGE}.", field="limit")
    return min(limit, model.quirks.page_size)


def _beyond(rows: Iterable[Any], records: Table[Any], key: str, kind: str, field: str) -> Iterator[Any]:
    """Return the rows that come after the one with a key."""
    if key not in records:
        raise Refusal("reference_missing", f"No such {kind}: '{key}'", field=field)
    found = dropwhile(lambda record: record.id != key, rows)
    next(found)
    return found


def _records(model: Processor, kind: str, query: Any) -> Table[Any]:
    if kind == "balance_transaction" and query.payout:
        payout = model.referred("payout", query.payout, "payout")
        return {key: model.movements[key] for key in payout.movements}
    return model.tables[kind]


def _tests(kind: str, query: Any) -> list[Test]:
    tests: list[Test] = [_is_there] if kind == "customer" else []
    for name in _filters(query.__class__):
        wanted = getattr(query, name)
        if wanted is not None and (kind, name) != ("balance_transaction", "payout"):
            tests.append(_fits(kind, name, wanted))
    if query.created is not None:
        if kind in _TIMELESS:
            raise Refusal("parameter_unknown", "Received unknown parameter: created", field="created")
        tests.append(_within("created", query.created))
    return tests


def _is_there(customer: Any) -> bool:
    return not customer.is_deleted


def _fits(kind: str, name: str, wanted: Any) -> Test:
    """Return the test of one filter: a value, one of several, the bounds of an instant, or the parts of an object."""
    if (kind, name) in _SAME:
        return lambda _record: bool(_SAME[kind, name] == wanted)
    attribute = ATTRIBUTES.get((kind, name), name)
    if isinstance(wanted, Range):
        return _within(attribute, wanted)
    if isinstance(wanted, msgspec.Struct):
        parts = [(part, value) for part, value in msgspec.structs.asdict(wanted).items() if value is not None]
        inside = [_fits(kind, f"{attribute}.{part}", value) for part, value in parts]
        return lambda record: all(test(record) for test in inside)
    read = attrgetter(attribute)
    if isinstance(wanted, list):
        return lambda record: read(record) in wanted
    if (kind, name) == ("event", "type") and wanted.endswith("*"):
        return lambda record: read(record).startswith(wanted[:-1])
    return lambda record: bool(read(record) == wanted)


def _floor(bounds: Range | int | None) -> int:
    """Return the instant before which nothing can be created that is asked for."""
    if bounds is None or isinstance(bounds, int):
        return bounds or 0
    return max(bounds.gt or 0, bounds.gte or 0)


def _within(attribute: str, bounds: Range | int) -> Test:
    """Return the test of an instant in seconds; a record that has none (an invoice that is never due) fails it."""
    read = attrgetter(attribute)
    if isinstance(bounds, int):
        return lambda record: bool(read(record) == bounds)

    def test(record: Any) -> bool:
        instant = read(record)
        return instant is not None and (
            (bounds.gt is None or instant > bounds.gt)
            and (bounds.gte is None or instant >= bounds.gte)
            and (bounds.lt is None or instant < bounds.lt)
            and (bounds.lte is None or instant <= bounds.lte)
        )

    return test
