"""Lists are answered page by page, and the next page is found behind an opaque offset."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from domain.http import Reply
from mocks.billing.errors import JSON
from mocks.billing.listing.query import Query, Resource
from mocks.billing.listing.reading import read
from mocks.billing.model import Billing
from mocks.billing.views import reply, show
from mocks.kernel.operations import Call, Refusal

BESIDE = {"subscription": ("customer",), "quote": ("quoted_subscription",)}
"""What is shown beside a row in its list."""
EMPTY = Reply(200, JSON, b'{"list":[]}')


def lists(resource: Resource) -> Callable[[Billing, Call], Reply]:
    """Return the handler that lists a resource: `list`, and `next_offset` while there is more."""

    def handler(billing: Billing, call: Call) -> Reply:
        query = read(resource.name, call.request.target.partition("?")[2])
        rows = resource.rows(billing, query)
        return page(billing, resource.name, rows, query) if rows else EMPTY

    handler.__doc__ = f"List {resource.name}s, filtered, sorted, page by page."
    return handler


def payments(billing: Billing, call: Call) -> Reply:
    """List the payments of an invoice, page by page."""
    query = read("transaction", call.request.target.partition("?")[2])
    rows = [billing.book.table("transaction")[key] for key, _ in billing.invoice(call.params["id"]).payments]
    return page(billing, "transaction", rows, query) if rows else EMPTY


def page(billing: Billing, name: str, rows: Iterable[Any], query: Query) -> Reply:
    """Return one page of rows as the vendor shows it."""
    if not query.with_deleted and name != "event":
        rows = [row for row in rows if not row.deleted]
    for own, test in query.tests:
        rows = [row for row in rows if test(own(billing, row))]
    sort, offset = query.sort, query.offset
    assert sort is not None, "a query that was read has an order"
    ranked = sorted([(sort(billing, row), row.id, row) for row in rows], key=_rank, reverse=query.descending)
    if offset is not None:
        ranked = _after(ranked, offset, query.descending)
    limit = min(query.limit, billing.quirks.page_size)
    shown = [_shown(billing, name, row) for _, _, row in ranked[:limit]]
    answer: dict[str, Any] = {"list": shown}
    if len(ranked) > limit:
        last = ranked[limit - 1]
        answer["next_offset"] = msgspec.json.encode([last[0], last[1]]).decode()
    return reply(answer)


def _shown(billing: Billing, name: str, row: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {name: show(billing, name, row)}
    if name == "subscription":
        shown["customer"] = show(billing, "customer", billing.book.table("customer")[row.customer])
    elif name == "quote":
        shown["quoted_subscription"] = row.quoted
    return shown


def _after(ranked: list[Any], offset: tuple[Any, str], descending: bool) -> list[Any]:
    try:
        return [row for row in ranked if (_rank(row) < offset if descending else _rank(row) > offset)]
    except TypeError as error:  # of a list in another order
        raise Refusal("param_wrong_value", "is no next_offset of an earlier page", field="offset") from error


def _rank(entry: tuple[Any, str, Any]) -> tuple[Any, str]:
    return entry[0], entry[1]
