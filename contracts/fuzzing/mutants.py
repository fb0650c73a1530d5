"""Mutants of a provider: a small service of orders with one fault at a time, and the check that is meant for it.

`killed` runs the suite on each of them; the honest service (the empty name) must be silent.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec

from contracts.fuzzing.settings import Service, Settings
from contracts.fuzzing.suite import Fuzzing
from contracts.mutants import Kill, Mutant


def _row(name: str, what: str, check: str, number: int = 0) -> Mutant:
    return Mutant(name=name, what=what, check=check, kind="provider", number=number)


MUTANTS: tuple[Mutant, ...] = (
    _row("no_store", "no store of keys: a repetition makes a second order", "FUZZ-IDEMPOTENT-REPLAY", 11),
    _row("other_replay", "the repetition answers with another id", "FUZZ-IDEMPOTENT-REPLAY", 22),
    _row("other_status", "the repetition answers with another status", "FUZZ-IDEMPOTENT-REPLAY", 23),
    _row("float_total", "amounts are computed with floats", "FUZZ-MONEY-EXACT", 49),
    _row("effect_of_refused", "a refused request has its effect all the same", "FUZZ-REFUSAL-CHANGES-NOTHING", 18),
    _row("plain_refusal", "a refusal is told in a shape of its own", "FUZZ-REFUSAL-SHAPE"),
    _row("wrong_status_told", "a refusal says another status than it has", "FUZZ-REFUSAL-SHAPE"),
    _row("toggles", "an order that is cancelled twice is open again", "FUZZ-TRANSITION-REPEATED"),
    _row("ships_cancelled", "a cancelled order is shipped", "FUZZ-FINAL-STATE-KEPT"),
    _row("forgets_cancelled", "a cancelled order is read as open", "FUZZ-FINAL-STATE-KEPT"),
    _row("crash", "a value that is not expected makes it fail", "FUZZ-NOT-A-SERVER-ERROR", 58),
    _row("crash_of_read", "what was made cannot be read: seen along a link only", "FUZZ-NOT-A-SERVER-ERROR"),
    _row("other_shape", "an answer lacks what the document promises", "FUZZ-RESPONSE-SCHEMA-CONFORMANCE"),
    _row("other_code", "a status that the document does not name", "FUZZ-STATUS-CODE-CONFORMANCE"),
    _row("other_media", "an answer in another media type", "FUZZ-CONTENT-TYPE-CONFORMANCE"),
)
_PATH_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^o[0-9]+$"}}
_ORDER = {
    "type": "object", "required": ["id", "status", "total"],
    "properties": {"id": {"type": "string"}, "status": {"type": "string"}, "total": {"type": "number"}},
}  # fmt: skip
_PROBLEM = {
    "type": "object", "required": ["title", "status"],
    "properties": {"title": {"type": "string"}, "status": {"type": "integer"}},
}  # fmt: skip


def _answers(*statuses: str, links: tuple[str, ...] = ()) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status in statuses:
        is_done = status[0] == "2"
        media = "application/json" if is_done else "application/problem+json"
        schema = _ORDER if is_done else _PROBLEM
        found[status] = {"description": status, "content": {media: {"schema": schema}}}
        if is_done and links:
            found[status]["links"] = {
                name: {"operationId": name, "parameters": {"id": "$response.body#/id"}} for name in links
            }
    return found


def _on_one(name: str) -> dict[str, Any]:
    return {"operationId": name, "parameters": [_PATH_ID], "responses": _answers("200", "404", "409")}


_WANTED = {
    "type": "object", "required": ["quantity"],
    "properties": {"quantity": {"type": "integer", "minimum": 1, "maximum": 9}},
}  # fmt: skip
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "orders", "version": "1"},
    "paths": {
        "/orders": {
            "post": {
                "operationId": "create",
                "requestBody": {"required": True, "content": {"application/json": {"schema": _WANTED}}},
                "responses": _answers("201", "400", "422", links=("read", "cancel", "ship")),
            }
        },
        "/orders/{id}": {"get": _on_one("read")},
        "/orders/{id}/cancel": {"post": _on_one("cancel")},
        "/orders/{id}/ship": {"post": _on_one("ship")},
    },
}
SETTINGS = Settings(key_header="idempotency-key", max_examples=2, refusals="rfc9457")
_ENUMERATED = msgspec.structs.replace(SETTINGS, phases=("coverage", "stateful"))
"""Each fault is found by what covers the schema and follows the links: random requests would find it again."""


class Orders:
    """A service of orders as an ASGI application, with a fault by name."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.changes = 0
        self._answers: dict[str, tuple[int, Any]] = {}
        self._orders: dict[str, dict[str, Any]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        body = (await receive()).get("body", b"")
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        status, found = self._once(headers.get("idempotency-key", ""), scope["method"], scope["path"], body)
        media = b"application/json" if status < 400 or self.fault == "plain_refusal" else b"application/problem+json"
        if self.fault == "other_media" and status < 400:
            media = b"application/vnd.orders+json"
        text = found if isinstance(found, bytes) else json.dumps(found).encode()
        kept = [(b"content-type", media), (b"content-length", b"%d" % len(text))]
        await send({"type": "http.response.start", "status": status, "headers": kept})
        await send({"type": "http.response.body", "body": text})

    def _once(self, key: str, method: str, path: str, body: bytes) -> tuple[int, Any]:
        known = self._answers.get(key) if key and self.fault != "no_store" else None
        if known is None:
            status, found = self._performed(method, path, body)
            if key and status < 400:
                self._answers[key] = status, found
            return status, found
        if self.fault == "other_replay" and isinstance(known[1], dict):
            return known[0], {**known[1], "id": "o0"}
        return (202, known[1]) if self.fault == "other_status" else known

    def _performed(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        words = path.strip("/").split("/")
        if words == ["orders"] and method == "POST":
            return self._created(body)
        order = self._orders.get(words[1]) if len(words) > 1 and words[0] == "orders" else None
        if order is None:
            return self._refused(404, "no such order")
        if len(words) == 2 and method == "GET":
            return self._shown(order)
        return self._moved(order, words[2]) if len(words) == 3 and method == "POST" else self._refused(405, "method")

    def _refused(self, status: int, title: str) -> tuple[int, Any]:
        if self.fault == "plain_refusal":
            return status, {"title": title, "status": status}
        return status, {"title": title, "status": 200 if self.fault == "wrong_status_told" else status}

    def _created(self, body: bytes) -> tuple[int, Any]:
        try:
            quantity = json.loads(body)["quantity"]
        except (ValueError, KeyError, TypeError):
            return self._refused(400, "malformed")
        if type(quantity) is not int or not 1 <= quantity <= 9:
            self.changes += self.fault == "effect_of_refused"
            return (500, b"{}") if self.fault == "crash" else self._refused(422, "quantity")
        self.changes += 1
        order = {"id": f"o{self.changes}", "status": "open", "total": quantity}
        self._orders[str(order["id"])] = order
        if self.fault == "float_total":
            return 201, json.dumps({**order, "total": 0.1 * 3}).encode()
        if self.fault == "other_code":
            return 203, dict(order)
        return 201, ({"name": "x"} if self.fault == "other_shape" else dict(order))

    def _shown(self, order: dict[str, Any]) -> tuple[int, Any]:
        if self.fault == "crash_of_read":
            return 500, b"{}"
        return 200, {**order, "status": "open"} if self.fault == "forgets_cancelled" else dict(order)

    def _moved(self, order: dict[str, Any], how: str) -> tuple[int, Any]:
        wanted = {"cancel": "cancelled", "ship": "shipped"}.get(how)
        if wanted is None:
            return self._refused(404, "no such transition")
        if self.fault == "toggles" and order["status"] == wanted:
            order["status"] = "open"
            return 200, dict(order)
        if order["status"] not in ("open", wanted) and self.fault != "ships_cancelled":
            return self._refused(409, f"it is {order['status']}")
        self.changes += order["status"] != wanted
        order["status"] = wanted
        return 200, dict(order)


def suite_of(fault: str, folder: Path) -> Fuzzing:
    """Return the suite of the service with a fault, or of the honest one; its document is written into a folder."""
    path = folder / "orders.json"
    path.write_text(json.dumps(DOCUMENT, indent=1), encoding="utf-8")
    orders = Orders(fault)
    settings = _ENUMERATED if fault else SETTINGS
    service = Service(application=orders, changes=lambda: orders.changes)
    return Fuzzing(path, lambda: nullcontext((service, settings)), "orders.json")


def killed(mutants: Iterable[Mutant] = MUTANTS) -> tuple[Kill, ...]:
    """Return for every mutant the rules that were broken when it was fuzzed."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for mutant in mutants:
            tally = suite_of(mutant.name, Path(folder)).run(lambda _done, _total: None)
            found.append(Kill(mutant=mutant, killed_by=tuple(sorted({each.rule for each in tally.findings}))))
    return tuple(found)
