"""Addresses, records by address, and pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from domain.http import Reply
from domain.paging import PAGE_SIZES_MAX
from mocks.erp.model import Erp
from mocks.kernel.operations import Call, Refusal

if TYPE_CHECKING:
    from mocks.erp.record_types import RecordType

RECORDS = "/services/rest/record/v1"
JOBS = "/services/rest/async/v1/job"
JSON_TYPE = "application/vnd.oracle.resource+json; type=singular; charset=UTF-8"
LIST_TYPE = "application/vnd.oracle.resource+json; type=collection; charset=UTF-8"
_LARGEST_PAGE = PAGE_SIZES_MAX["erp"]
Handler = Callable[[Erp, Call], Reply]


def address(call: Call, path: str) -> str:
    """Return an absolute URL built from the scheme and host the client used."""
    headers = call.request.headers
    return f"{headers.get('x-forwarded-proto', 'https')}://{headers.get('host') or call.request.host}{path}"


def found(kind: RecordType, erp: Erp, call: Call) -> Any:
    """Return the record that the address names, or refuse."""
    record = kind.find(erp, call.params["id"])
    if record is None:
        key = call.params["id"]
        raise Refusal("missing_record", f"The record instance of {kind.name} with the key {key} is missing.")
    return record


def paging(erp: Erp, call: Call) -> tuple[int, int]:
    """Return (limit, offset) of a list request, or refuse them; the limit is what a page of this account holds."""
    query, most = call.query, erp.quirks.page_size
    if "limit" not in query and "offset" not in query:
        return most, 0
    limit, offset = _number(query, "limit", _LARGEST_PAGE), _number(query, "offset", 0)
    if not 1 <= limit <= _LARGEST_PAGE:
        raise Refusal("invalid_parameter", f"limit must be 1 to {_LARGEST_PAGE}.", "limit")
    limit = min(limit, most)
    if offset % limit:
        raise Refusal("invalid_parameter", "offset must be divisible by limit.", "offset")
    return limit, offset


def _number(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise Refusal("invalid_parameter", f"{name} must be a number of at least 0.", name)
    return int(text)


def page(call: Call, items: Sequence[Any], total: int, offset: int, limit: int) -> dict[str, Any]:
    """Return these items as a page of `total` with its links."""
    more = offset + limit < total
    base = address(call, call.request.target.partition("?")[0])
    links = [{"rel": "self", "href": f"{base}?limit={limit}&offset={offset}"}]
    if offset:
        links.append({"rel": "first", "href": f"{base}?limit={limit}&offset=0"})
        links.append({"rel": "previous", "href": f"{base}?limit={limit}&offset={max(0, offset - limit)}"})
    if more:
        links.append({"rel": "next", "href": f"{base}?limit={limit}&offset={offset + limit}"})
        last = (total - 1) // limit * limit
        links.append({"rel": "last", "href": f"{base}?limit={limit}&offset={last}"})
    return {
        "links": links, "count": len(items), "hasMore": more, "items": items, "offset": offset,
        "totalResults": total,
    }  # fmt: skip
