"""The admin API as a table: one row per call, from which requests are routed and its OpenAPI document is made."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from mocks.admin import shapes
from mocks.doors.clock import Reading
from mocks.kernel.limits import LimitPolicy

LINES = "application/x-ndjson"
_REFERENCE = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")
Handle = Callable[..., Awaitable[Any]]


class Row(msgspec.Struct, frozen=True):
    """One call: where, what it does, the types of its body, of its query and of its answer (None: none, or any)."""

    method: str
    path: str
    does: str
    summary: str
    body: Any = None
    query: Any = None
    reply: Any = None


class OfSystem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One system, or (empty) all."""

    system: str = ""


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which documents of a kind: a status, a business transaction, a text in the id or the entry; so many at most."""

    status: str = ""
    txn: str = ""
    text: str = ""
    limit: int = 100


class Copies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many copies of a message are to be sent."""

    copies: int = 1


class Since(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which changes: those after a number, so many at most."""

    after: int = 0
    limit: int = 1000


ROWS: tuple[Row, ...] = (
    Row("GET", "/health", "health", "Tells that the world is up.", reply=shapes.Health),
    Row("GET", "/world", "world", "Shows addresses, clock, settings and counters."),
    Row("POST", "/reset", "reset", "Begins anew with the same settings.", shapes.Reset),
    Row("POST", "/seed", "seed", "Fills the world with the company of a scenario.", shapes.Company),
    Row("POST", "/acts", "acts", "Lets people act in systems, now.", list[shapes.Said]),
    Row("GET", "/snapshot", "snapshot", "Returns the whole world as JSON lines."),
    Row("POST", "/restore", "restore", "Becomes the world of a snapshot: the body is its lines."),
    Row("GET", "/clock", "clock", "Shows the clock of the world.", reply=Reading),
    Row("POST", "/clock", "move", "Freezes, advances or runs the clock.", shapes.Clock, reply=Reading),
    Row("GET", "/faults", "faults", "Lists the faults that are on.", reply=list[shapes.PlannedFault]),
    Row("PUT", "/faults", "plan", "Lets exactly these faults be on.", list[shapes.FaultWish],
        reply=list[shapes.PlannedFault]),
    Row("POST", "/faults", "add_fault", "Lets one more fault be on.", shapes.FaultWish,
        reply=list[shapes.PlannedFault]),
    Row("DELETE", "/faults", "clear_faults", "Takes all faults off.", reply=list[shapes.PlannedFault]),
    Row("GET", "/faults/kinds", "fault_kinds", "Lists what can go wrong, and where it strikes."),
    Row("DELETE", "/faults/{index:int}", "remove_fault", "Takes one fault off.", reply=list[shapes.PlannedFault]),
    Row("GET", "/limits", "limits", "Shows what each system tolerates.", reply=dict[str, LimitPolicy]),
    Row("PUT", "/limits", "limit", "Changes what some systems tolerate.", dict[str, LimitPolicy],
        reply=dict[str, LimitPolicy]),
    Row("GET", "/drifts", "drifts", "Lists what vendors and administrators may change.", reply=list[shapes.DriftRow]),
    Row("PUT", "/drifts", "drift", "Lets exactly these drifts be on.", list[str], reply=list[shapes.DriftRow]),
    Row("GET", "/journal", "find", "Finds requests, the newest first.", query=shapes.Search, reply=shapes.Found),
    Row("POST", "/journal/find", "find_by_body", "Finds requests by criteria that no query can say.", shapes.Search,
        reply=shapes.Found),
    Row("POST", "/journal/verify", "verify", "Tells whether so many requests came; 409 when not.", shapes.Expectation,
        reply=shapes.Verdict),
    Row("DELETE", "/journal", "forget", "Forgets all requests; the world stays as it is."),
    Row("GET", "/journal/{number}", "request", "Shows one request in full.", reply=shapes.RequestDetail),
    Row("GET", "/documents", "kinds", "Counts the documents of each kind, by system.",
        reply=dict[str, dict[str, int]]),
    Row("GET", "/documents/{system}/{kind}", "documents", "Lists documents of a kind, the newest first.", query=Wanted,
        reply=shapes.Documents),
    Row("GET", "/documents/{system}/{kind}/{key:path}", "document", "Shows one document with its history and chart.",
        reply=shapes.DocumentDetail),
    Row("GET", "/changes", "changes", "Lists changes of documents from a number on, the earliest first.", query=Since,
        reply=shapes.Changes),
    Row("GET", "/deliveries", "deliveries", "Lists attempts to deliver messages, and what is on its way.",
        query=OfSystem, reply=shapes.DeliveryLog),
    Row("POST", "/deliveries/{number:int}/redeliver", "redeliver", "Sends what an attempt carried once more, or more.",
        query=Copies),
    Row("GET", "/openapi.json", "openapi", "This document."),
    Row("GET", "/openapi/{system}.json", "dialect", "The OpenAPI document of a dialect."),
)  # fmt: skip


def document(rows: Sequence[Row] = ROWS) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the admin API."""
    types = [kind for row in rows for kind in (row.body, row.query, row.reply) if kind is not None]
    types.append(shapes.Problem)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    schema_of = {id(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    paths: dict[str, Any] = {}
    for row in rows:
        path = _PARAMETER.sub(r"{\1}", row.path)
        paths.setdefault(path, {})[row.method.lower()] = _operation(row, path, schema_of, components)
    found = {
        "openapi": "3.1.0",
        "info": {"title": "Admin API of the q2c mocks", "version": "1", "description": _WORDS},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return plain


_WORDS = (
    "What a person or a test does with a running world: its journal, state, faults, limits, drifts, clock and messages."
)


def _operation(row: Row, path: str, schema_of: Mapping[int, Any], components: Mapping[str, Any]) -> dict[str, Any]:
    reply = schema_of[id(row.reply)] if row.reply is not None else {}
    media = LINES if row.does == "snapshot" else "application/json"
    problem = {"description": "cannot be done", "content": _json(schema_of[id(shapes.Problem)])}
    found: dict[str, Any] = {
        "operationId": row.does,
        "summary": row.summary,
        "parameters": [_parameter(name, "path", {"type": "string"}) for name in re.findall(r"{(\w+)}", path)],
        "responses": {"2XX": {"description": "done", "content": {media: {"schema": reply}}}, "default": problem},
    }
    if row.query is not None:
        properties = components[row.query.__name__]["properties"]
        plain = {name: inner for name, inner in properties.items() if name not in ("headers", "body")}
        found["parameters"] += [_parameter(name, "query", inner) for name, inner in plain.items()]
    if row.body is not None:
        found["requestBody"] = {"content": _json(schema_of[id(row.body)])}
    elif row.does == "restore":
        found["requestBody"] = {"content": {LINES: {"schema": {"type": "string"}}}}
    return found


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _parameter(name: str, place: str, schema: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}
