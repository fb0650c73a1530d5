"""Schemathesis with our checks: silent about the mocks, loud about a service that breaks what business asks for."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from contracts.findings import Tally
from contracts.fuzzing.mocks import NAMES, fuzzing
from contracts.fuzzing.running import RULES, read_document
from contracts.fuzzing.settings import Service, Settings, Unusable
from contracts.fuzzing.suite import Fuzzing, at
from tests.live import free_port

ROOT = Path(__file__).resolve().parents[3]
_PATH_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_ORDER = {
    "type": "object", "required": ["id", "status", "total"],
    "properties": {"id": {"type": "string"}, "status": {"type": "string"}, "total": {"type": "number"}},
}  # fmt: skip


def _answers(*statuses: str) -> dict[str, Any]:
    schema = {"application/json": {"schema": {"type": "object"}}}
    return {
        status: {
            "description": status,
            "content": {"application/json": {"schema": _ORDER}} if status[0] == "2" else schema,
        }
        for status in statuses
    }


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "orders", "version": "1"},
    "paths": {
        "/orders": {
            "post": {
                "operationId": "create",
                "requestBody": {"required": True, "content": {"application/json": {"schema": {
                    "type": "object", "required": ["quantity"],
                    "properties": {"quantity": {"type": "integer", "minimum": 1, "maximum": 9}},
                }}}},
                "responses": _answers("201", "400", "422"),
            }
        },
        "/orders/{id}/cancel": {
            "post": {"operationId": "cancel", "parameters": [_PATH_ID], "responses": _answers("200", "404", "409")}
        },
    },
}  # fmt: skip


class Orders:
    """A service of orders as an ASGI application, with a bug by name."""

    def __init__(self, bug: str = "") -> None:
        self.bug = bug
        self.changes = 0
        self._answers: dict[str, tuple[int, Any]] = {}
        self._cancelled: set[str] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        body = (await receive()).get("body", b"")
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        key = headers.get("idempotency-key", "")
        known = self._answers.get(key) if key and self.bug != "no_store" else None
        status, found = known or self._performed(scope["method"], scope["path"], body)
        if key and status < 400:
            self._answers[key] = status, found
        text = found if isinstance(found, bytes) else json.dumps(found).encode()
        kept = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(text))]
        await send({"type": "http.response.start", "status": status, "headers": kept})
        await send({"type": "http.response.body", "body": text})

    def _performed(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method != "POST":
            return 405, {}
        if path != "/orders":
            return self._cancel(path)
        try:
            quantity = json.loads(body)["quantity"]
        except (ValueError, KeyError, TypeError):
            return 400, {"title": "malformed"}
        if type(quantity) is not int or not 1 <= quantity <= 9:
            self.changes += self.bug == "effect_of_refused"
            return (500 if self.bug == "crash" else 422), {"title": "quantity"}
        self.changes += 1
        order = {"id": f"o{self.changes}", "status": "open", "total": quantity}
        if self.bug == "float_total":
            return 201, json.dumps({**order, "total": 0.1 * 3}).encode()
        return 201, ({"name": "x"} if self.bug == "other_shape" else order)

    def _cancel(self, path: str) -> tuple[int, Any]:
        status = "reopened" if self.bug == "toggles" and path in self._cancelled else "cancelled"
        self.changes += path not in self._cancelled
        self._cancelled.add(path)
        return 200, {"id": "o1", "status": status, "total": 1}


def silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def judged(folder: Path, bug: str) -> Tally:
    """Return the tally of the service of orders with a bug."""
    path = folder / "orders.json"
    path.write_text(json.dumps(DOCUMENT, indent=1))
    orders = Orders(bug)
    service = Service(application=orders, changes=lambda: orders.changes)
    settings = Settings(key_header="idempotency-key", max_examples=3, seconds=4)
    return Fuzzing(path, lambda: nullcontext((service, settings)), "orders.json").run(silent)


KILLS = {
    "no_store": "FUZZ-IDEMPOTENT-REPLAY",
    "effect_of_refused": "FUZZ-REFUSAL-CHANGES-NOTHING",
    "float_total": "FUZZ-MONEY-EXACT",
    "other_shape": "FUZZ-RESPONSE-SCHEMA-CONFORMANCE",
    "crash": "FUZZ-NOT-A-SERVER-ERROR",
    "toggles": "FUZZ-TRANSITION-REPEATED",
}


def test_an_honest_service_is_silent(tmp_path: Path) -> None:
    tally = judged(tmp_path, "")
    assert [finding.message for finding in tally.findings] == []
    assert tally.checked > 5
    assert tally.outcome == "holds"


@pytest.mark.parametrize("bug", KILLS)
def test_a_planted_fault_is_found_by_the_check_meant_for_it_at_the_operation(tmp_path: Path, bug: str) -> None:
    tally = judged(tmp_path, bug)
    found = [finding for finding in tally.findings if finding.rule == KILLS[bug]]
    assert found, [finding.rule for finding in tally.findings]
    assert found[0].place is not None
    assert found[0].place.file == "orders.json"
    assert found[0].place.line > 1
    assert found[0].evidence[0].startswith("curl")


@pytest.mark.parametrize("name", ["fulfilment", "tax"])
def test_a_mock_keeps_its_document_and_its_promises(name: str) -> None:
    path = ROOT / f"contracts/openapi/{name}.json"
    tally = fuzzing(name, path, Settings(max_examples=1, seconds=4)).run(silent)
    assert [f"{finding.subject}: {finding.message}" for finding in tally.findings] == []
    assert tally.checked > 5


def test_a_service_that_is_down_could_not_be_run(tmp_path: Path) -> None:
    path = tmp_path / "orders.json"
    path.write_text(json.dumps(DOCUMENT))
    tally = at(path, f"http://127.0.0.1:{free_port()}", Settings(max_examples=1, seconds=3)).run(silent)
    assert tally.outcome == "could not run"


@pytest.mark.parametrize(
    ("text", "said"), [("{", "neither JSON nor YAML"), ("{}", "an OpenAPI document with paths"), ("[]", "OpenAPI")]
)
def test_a_broken_document_is_told_with_its_name(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(Unusable, match=said):
        read_document(path)
    assert at(path, "http://127.0.0.1:1", Settings()).run(silent).outcome == "could not run"


def test_an_unknown_check_or_mock_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "orders.json"
    path.write_text(json.dumps(DOCUMENT))
    tally = at(path, "http://127.0.0.1:1", Settings(checks=("is_nice",))).run(silent)
    assert tally.could_not_run.startswith("unknown checks is_nice; known are idempotent_replay")
    with pytest.raises(KeyError, match="there is no mock"):
        fuzzing("legacy", path, Settings())


def test_every_rule_has_a_sentence_of_its_own_and_every_mock_a_document() -> None:
    assert len({rule.sentence for rule in RULES.values()}) == len(RULES)
    assert all((ROOT / f"contracts/openapi/{name}.json").exists() for name in NAMES)
