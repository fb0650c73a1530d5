"""Addresses, records by address, and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from domain.http import Reply
from mocks.erp.model import Erp
from mocks.kernel.operations import Call, Refusal

RECORDS = "/services/rest/record/v1"
JOBS = "/services/rest/async/v1/job"
JSON_TYPE = "application/vnd.oracle.resource+json; type=singular; charset=UTF-8"
LIST_TYPE = "application/vnd.oracle.resource+json; type=collection; charset=UTF-8"
_LARGEST_PAGE = 1_000
Handler = Callable[[Erp, Call], Reply]


def address(call: Call, path: str) -> str:
    """Return an absolute URL built from the host the client used."""
    return f"https://{call.request.headers.get('host') or call.request.host}{path}"


def found(part: Any, call: Call, kind: str) -> Any:
    """Return the record that the address names, or refuse."""
    record = part.shelf.find(call.params["id"])
    if record is None:
        raise Refusal("missing_record", f"The record instance of {kind} with the key {call.params['id']} is missing.")
    return record


def paging(call: Call) -> tuple[int, int]:
    """Return (limit, offset) of a list request, or refuse them."""
    limit, offset = _number(call, "limit", _LARGEST_PAGE), _number(call, "offset", 0)
    if not 1 <= limit <= _LARGEST_PAGE:
        raise Refusal("invalid_parameter", f"limit must be 1 to {_LARGEST_PAGE}.", "limit")
    if offset % limit:
        raise Refusal("invalid_parameter", "offset must be divisible by limit.", "offset")
    return limit, offset


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise Refusal("invalid_parameter", f"{name} must be a number of at least 0.", name)
    return int(text)


def page(call: Call, rows: Iterable[Any], offset: int, limit: int) -> dict[str, Any]:
    """Return a page of rows with its links."""
    everything = list(rows)
    items = everything[offset : offset + limit]
    more = offset + limit < len(everything)
    path = call.request.target.partition("?")[0]
    base = address(call, path)
    links = [{"rel": "self", "href": f"{base}?limit={limit}&offset={offset}"}]
    if offset:
        links.append({"rel": "previous", "href": f"{base}?limit={limit}&offset={max(0, offset - limit)}"})
    if more:
        links.append({"rel": "next", "href": f"{base}?limit={limit}&offset={offset + limit}"})
        last = (len(everything) - 1) // limit * limit
        links.append({"rel": "last", "href": f"{base}?limit={limit}&offset={last}"})
    return {
        "links": links, "count": len(items), "hasMore": more, "items": items, "offset": offset,
        "totalResults": len(everything),
    }  # fmt: skip
