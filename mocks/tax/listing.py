"""Lists: the rows that `$filter`, `$orderBy`, `$top` and `$skip` choose, and the link to the page after them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec

from domain.http import Reply
from mocks.kernel.operations import Call, Refusal, json_reply
from mocks.tax.filters import Read, test_of
from mocks.tax.model import TaxEngine
from mocks.tax.reading import Listing, query

T = TypeVar("T")
_DIGITS_MAX = 9


class Fetched(
    msgspec.Struct, Generic[T], frozen=True,
    rename={"recordset_count": "@recordsetCount", "link": "@nextLink", "next_link": "nextLink"},
):  # fmt: skip
    """A page of a list: how many rows the filter finds in all, those of this page, and where the next ones are."""

    recordset_count: int
    value: list[T]
    link: str | msgspec.UnsetType = msgspec.UNSET
    next_link: str | msgspec.UnsetType = msgspec.UNSET


DOCUMENT_FIELDS: Mapping[str, Read] = {
    "id": attrgetter("id"),
    "code": attrgetter("code"),
    "companyid": attrgetter("company_id"),
    "date": attrgetter("date"),
    "taxdate": attrgetter("tax_date"),
    "status": attrgetter("status"),
    "type": attrgetter("type"),
    "customercode": attrgetter("customer"),
    "currencycode": attrgetter("currency"),
    "purchaseorderno": attrgetter("purchase_order"),
    "referencecode": attrgetter("reference"),
    "description": attrgetter("description"),
    "locked": attrgetter("locked"),
    "version": attrgetter("version"),
    "adjustmentreason": attrgetter("adjustment_reason"),
}


def fields_of(model: Any) -> dict[str, Read]:
    """Return the ways to read a model's members, by their names in lower case."""
    return {field.encode_name.lower(): _member(field.name) for field in msgspec.structs.fields(model)}


def _member(name: str) -> Read:
    def read(row: Any) -> Any:
        value = getattr(row, name)
        return None if value is msgspec.UNSET else value

    return read


def paged(
    model: TaxEngine, call: Call, rows: Iterable[Any], fields: Mapping[str, Read],
    show: Callable[[Any], Any] | None = None,
) -> Reply:  # fmt: skip
    """Return the page of some rows that a call asks for, each as `show` makes it; raise Refusal for a wrong query."""
    asked = query(call.request.target, Listing)
    found = list(rows)
    if asked.filter:
        test = test_of(asked.filter, fields)
        found = [row for row in found if test(row)]
    for name, is_descending in reversed(_order(asked.order_by, fields)):
        found.sort(key=_key(fields[name]), reverse=is_descending)
    most = model.quirks.page_size
    top, skip = min(_whole(asked.top, "$top") or most, most), _whole(asked.skip, "$skip")
    page = found[skip : skip + top]
    link = _next(call, asked, skip + len(page), top) if skip + len(page) < len(found) else msgspec.UNSET
    shown = page if show is None else [show(row) for row in page]
    return json_reply(Fetched(len(found), shown, link, link))


def _key(read: Read) -> Callable[[Any], tuple[bool, Any]]:
    def key(row: Any) -> tuple[bool, Any]:
        value = read(row)
        return (False, 0) if value is None else (True, value)

    return key


def _order(text: str, fields: Mapping[str, Read]) -> Sequence[tuple[str, bool]]:
    order = []
    for part in filter(None, (entry.strip() for entry in text.split(","))):
        name, _, direction = part.partition(" ")
        if name.lower() not in fields or direction.strip().lower() not in ("", "asc", "desc"):
            raise Refusal("validation", f"{part[:40]!r} is not an order such as: date desc", field="$orderBy")
        order.append((name.lower(), direction.strip().lower() == "desc"))
    return order


def _whole(text: str, name: str) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
        raise Refusal("range", f"{name} must be a number from 0.", field=name)
    return int(text or 0)


def _next(call: Call, asked: Listing, skip: int, top: int) -> str:
    kept = msgspec.structs.replace(asked, skip=str(skip), top=str(top))
    pairs = [(field.encode_name, getattr(kept, field.name)) for field in msgspec.structs.fields(Listing)]
    path = call.request.target.partition("?")[0]
    return origin(call) + path + "?" + "&".join(f"{name}={quote(text)}" for name, text in pairs if text)


def origin(call: Call) -> str:
    """Return the scheme and the host by which the caller knows this engine, empty when it did not say (T4)."""
    headers = call.request.headers
    host = headers.get("host", "")
    return f"{headers.get('x-forwarded-proto', 'https')}://{host}" if host else ""
