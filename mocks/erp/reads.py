"""The reads: one record, lists of records, SuiteQL, limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.http import Reply
from mocks.erp import queries, suiteql
from mocks.erp.addresses import JSON_TYPE, LIST_TYPE, RECORDS, Handler, address, page, paging
from mocks.erp.addresses import found as _found
from mocks.erp.filters import matches
from mocks.erp.model import Erp
from mocks.erp.views import CUSTOMER, VIEWS
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call, Refusal

_SUITEQL_ROWS = 100_000


def reader(kind: str, part: str) -> Handler:
    """Return the handler that shows one record of a type; `fields` chooses, `expandSubResources` opens sublists."""
    view = VIEWS[kind]

    def read(erp: Erp, call: Call) -> Reply:
        owner: Any = erp
        for name in part.split("."):
            owner = getattr(owner, name)
        record = _found(owner, call, kind)
        query = _reading(call)
        if kind == "customer" and "fields" in query:
            shown = _some(CUSTOMER, query["fields"], lambda getter: getter(erp, record))
        elif "fields" in query:
            shown = _some(view(erp, record), query["fields"], lambda value: value)
        else:
            shown = view(erp, record)
            if query.get("expandSubResources", "").lower() != "true":
                _close_sublists(shown, call, kind)
        links = [{"rel": "self", "href": address(call, f"{RECORDS}/{kind}/{shown.get('id', call.params['id'])}")}]
        body = {"links": links, **{name: value for name, value in shown.items() if value is not None}}
        return Reply(200, {"content-type": JSON_TYPE}, encode_json(body))

    return read


def _reading(call: Call) -> dict[str, str]:
    if "?" not in call.request.target:
        return {}
    for name in call.query:
        if name not in ("fields", "expandSubResources", "simpleEnumFormat"):
            raise Refusal("invalid_parameter", f"Invalid query parameter {name}.", name)
    return call.query


def _some(known: Mapping[str, Any], wanted: str, value: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the fields that are asked for; refuse one that the record does not have."""
    result = {}
    for name in wanted.replace(" ", "").split(","):
        if name not in known:
            raise Refusal("invalid_parameter", f"Unknown field {name}.", "fields")
        result[name] = value(known[name])
    return result


def _close_sublists(shown: dict[str, Any], call: Call, kind: str) -> None:
    """Show sublists as links only."""
    for name in ("item", "taxDetails", "apply", "line"):
        if name in shown:
            href = address(call, f"{RECORDS}/{kind}/{shown['id']}/{name}")
            shown[name] = {"links": [{"rel": "self", "href": href}]}


def lister(kind: str, table: str) -> Handler:
    """Return the handler that lists the records of a type as ids and links; `q` filters them."""

    def list_records(erp: Erp, call: Call) -> Reply:
        for name in call.query:
            if name not in ("q", "limit", "offset"):
                raise Refusal("invalid_parameter", f"Invalid query parameter {name}.", name)
        limit, offset = paging(call)
        ids = matches(erp, table, call.query.get("q", ""))
        rows = [
            {"links": [{"rel": "self", "href": address(call, f"{RECORDS}/{kind}/{key}")}], "id": key} for key in ids
        ]
        return Reply(200, {"content-type": LIST_TYPE}, encode_json(page(call, rows, offset, limit)))

    return list_records


def suiteql_query(erp: Erp, call: Call) -> Reply:
    """Run a SuiteQL query; needs `Prefer: transient`."""
    if "transient" not in call.request.headers.get("prefer", ""):
        detail = "Required header is missing or has an invalid value. Set Prefer to transient."
        raise Refusal("invalid_header", detail, "Prefer")
    for name in call.query:
        if name not in ("limit", "offset"):
            raise Refusal("invalid_parameter", f"Invalid query parameter {name}.", name)
    limit, offset = paging(call)
    rows = queries.run(erp, *suiteql.parse(call.body.q))[:_SUITEQL_ROWS]
    shown = page(call, rows, offset, limit)
    shown["items"] = [queries.as_text(row) for row in shown["items"]]
    return Reply(200, {"content-type": LIST_TYPE}, encode_json(shown))


def limits(erp: Erp, call: Call) -> Reply:
    """Show the concurrency limit of the account."""
    slots = erp.quirks.concurrent
    body = {"accountConcurrencyLimit": slots, "accountUnallocatedConcurrencyLimit": slots, "limitType": "account"}
    return Reply(200, {"content-type": JSON_TYPE}, encode_json(body))
