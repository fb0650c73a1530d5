"""The reads: one record, its sublists, lists of records, SuiteQL, limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from domain.http import Reply
from mocks.erp import queries, suiteql
from mocks.erp.addresses import JSON_TYPE, LIST_TYPE, RECORDS, Handler, address, found, page, paging
from mocks.erp.filters import matches
from mocks.erp.model import Erp
from mocks.erp.record_types import RecordType, Sublist
from mocks.erp.views import CUSTOMER
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call, Refusal

_SUITEQL_ROWS = 100_000
_ENUMERATIONS = ("status", "orderStatus", "creditHoldOverride", "shipStatus", "revenueRecognitionRule")
_SINGLE, _COLLECTION = {"content-type": JSON_TYPE}, {"content-type": LIST_TYPE}


def reader(kind: RecordType) -> Handler:
    """Return the handler that shows one record of a type; `fields` chooses, `expandSubResources` opens sublists."""

    def read(erp: Erp, call: Call) -> Reply:
        record = found(kind, erp, call)
        query = _allowed(call, "fields", "expandSubResources", "simpleEnumFormat") if "?" in call.request.target else {}
        fields = query.get("fields")
        if fields is not None and kind.name == "customer":
            shown = _some(CUSTOMER, fields, lambda getter: getter(erp, record))
        else:
            shown = kind.view(erp, record)
            if kind.sublists:
                _add_sublists(shown, kind, erp, record, call, query.get("expandSubResources", "").lower() == "true")
            if fields is not None:
                shown = _some(shown, fields, _itself)
        if query.get("simpleEnumFormat", "").lower() == "true":
            for name in _ENUMERATIONS:
                if name in shown:
                    shown[name] = shown[name]["id"]
        key = shown.get("id") or call.params["id"]
        body: dict[str, Any] = {"links": [{"rel": "self", "href": address(call, f"{RECORDS}/{kind.name}/{key}")}]}
        for name, value in shown.items():
            if value is not None:
                body[name] = value
        return Reply(200, _SINGLE, encode_json(body))

    return read


def _itself(value: Any) -> Any:
    return value


def _allowed(call: Call, *names: str) -> dict[str, str]:
    query = call.query
    for name in query:
        if name not in names:
            raise Refusal("invalid_parameter", f"Invalid query parameter {name}.", name)
    return query


def _some(known: Mapping[str, Any], wanted: str, value: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the fields that are asked for; refuse one that the record does not have."""
    result = {}
    for name in wanted.replace(" ", "").split(","):
        if name not in known:
            raise Refusal("invalid_parameter", f"Unknown field {name}.", "fields")
        result[name] = value(known[name])
    return result


def _add_sublists(
    shown: dict[str, Any], kind: RecordType, erp: Erp, record: Any, call: Call, is_expanded: bool
) -> None:
    """Show sublists in full, or as links only."""
    base = address(call, f"{RECORDS}/{kind.name}/{shown['id']}")
    for name, rows in kind.sublists.items():
        shown[name] = {"links": [{"rel": "self", "href": f"{base}/{name}"}]}
        if is_expanded:
            items = [{"links": [], **row} for row in rows(erp, record)]
            shown[name].update(items=items, totalResults=len(items))


def sublist_reader(kind: RecordType, name: str) -> Handler:
    """Return the handler that lists a sublist, as links or in full."""
    rows = kind.sublists[name]

    def read(erp: Erp, call: Call) -> Reply:
        query = _allowed(call, "limit", "offset", "expandSubResources")
        limit, offset = paging(erp, call)
        items = _linked(rows, erp, found(kind, erp, call), call)
        if query.get("expandSubResources", "").lower() != "true":
            items = [{"links": row["links"], "line": row["line"]} for row in items]
        return Reply(
            200, _COLLECTION, encode_json(page(call, items[offset : offset + limit], len(items), offset, limit))
        )

    return read


def line_reader(kind: RecordType, name: str) -> Handler:
    """Return the handler that shows one line of a sublist."""
    rows = kind.sublists[name]

    def read(erp: Erp, call: Call) -> Reply:
        for row in _linked(rows, erp, found(kind, erp, call), call):
            if str(row["line"]) == call.params["line"]:
                return Reply(200, _SINGLE, encode_json(row))
        raise Refusal("missing_record", f"There is no line {call.params['line']} in {name}.")

    return read


def _linked(rows: Sublist, erp: Erp, record: Any, call: Call) -> list[dict[str, Any]]:
    path = "/".join(call.request.target.partition("?")[0].split("/")[:8])
    return [
        {"links": [{"rel": "self", "href": address(call, f"{path}/{row['line']}")}], **row}
        for row in rows(erp, record)
    ]  # fmt: skip


def lister(kind: RecordType) -> Handler:
    """Return the handler that lists the records of a type as ids and links; `q` filters them."""

    def list_records(erp: Erp, call: Call) -> Reply:
        query = _allowed(call, "q", "limit", "offset")
        limit, offset = paging(erp, call)
        q = query.get("q", "").strip()
        ids = matches(erp, kind.table, q) if q else kind.ids(erp)
        shown = page(call, list(islice(ids, offset, offset + limit)), len(ids), offset, limit)
        base = address(call, f"{RECORDS}/{kind.name}/")
        shown["items"] = [{"links": [{"rel": "self", "href": base + key}], "id": key} for key in shown["items"]]
        return Reply(200, _COLLECTION, encode_json(shown))

    return list_records


def suiteql_query(erp: Erp, call: Call) -> Reply:
    """Run a SuiteQL query; needs `Prefer: transient`."""
    if "transient" not in call.request.headers.get("prefer", ""):
        detail = "Required header is missing or has an invalid value. Set Prefer to transient."
        raise Refusal("invalid_header", detail, "Prefer")
    _allowed(call, "limit", "offset")
    limit, offset = paging(erp, call)
    select, texts = suiteql.parse(call.body.q)
    rows = queries.run(erp, select, texts)
    total = min(len(rows), _SUITEQL_ROWS)
    items = rows[offset : min(offset + limit, total)]
    return Reply(200, _COLLECTION, encode_json(page(call, items, total, offset, limit)))


def limits(erp: Erp, _call: Call) -> Reply:
    """Show the concurrency limit of the account."""
    slots = erp.quirks.concurrent
    body = {"accountConcurrencyLimit": slots, "accountUnallocatedConcurrencyLimit": slots, "limitType": "account"}
    return Reply(200, _SINGLE, encode_json(body))
