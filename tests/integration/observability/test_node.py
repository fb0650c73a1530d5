"""A node is watched: the page of metrics, spans around requests, and what happens when packages are missing."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from integration.journal.protocol import OutboxRow
from integration.observability import node as module
from integration.observability import routes, telemetry_of, watched
from integration.observability.alerts import alerts
from integration.service.configuration import SYSTEMS, configured
from integration.service.node import Node
from integration.service.vendors import parts

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """A node that has not been opened: its journal is there, and nobody works on it."""
    monkeypatch.setenv("Q2C_TRACES_FILE", str(tmp_path / "traces.jsonl"))
    addresses = {system: f"http://{system}.example" for system in SYSTEMS}
    made = configured({}, {"Q2C_DATABASE": str(tmp_path / "journal")}, addresses=addresses)
    found = Node(made, parts(made.peers))
    yield found
    telemetry_of(found).close()
    asyncio.run(found.host.close(0.1))
    found.reader.close()
    found.journal.close()


class Client:
    """Asks a small application around a node's telemetry."""

    def __init__(self, node: Node) -> None:
        async def hello(request: Request) -> PlainTextResponse:
            return PlainTextResponse("hello")

        async def breaks(request: Request) -> PlainTextResponse:
            raise RuntimeError("on purpose")

        app = Starlette(routes=[*routes(node), Route("/hello/{name}", hello), Route("/breaks", breaks)])
        self._app = watched(app, node)

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return asyncio.run(self._get(path, headers or {}))

    async def _get(self, path: str, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://node.example") as asking:
            return await asking.get(path, headers=headers)


def spans(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "traces.jsonl").read_text().splitlines()]


def test_the_page_of_metrics_is_plain_text_and_tells_of_peers_when_there_are_some(node: Node) -> None:
    reply = Client(node).get("/metrics")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'q2c_breaker_open{peer="erp"} 0.0' in reply.text
    assert "q2c_ready 0.0" in reply.text, "nobody has opened it yet"


def test_requests_are_spans_in_the_trace_of_their_caller(node: Node, tmp_path: Path) -> None:
    asked = Client(node)
    assert asked.get("/hello/Q-000123", headers={"traceparent": PARENT, "ce-id": "e-1"}).status_code == 200
    assert asked.get("/breaks").status_code == 500
    asked.get("/metrics")
    telemetry_of(node).close()
    first, second = spans(tmp_path)
    assert (first["name"], first["kind"], first["trace_id"]) == ("GET /hello/{id}", "SERVER", PARENT[3:35])
    assert first["attributes"]["cloudevents.event_id"] == "e-1"
    assert first["attributes"]["http.response.status_code"] == 200
    assert (second["status"], second["attributes"]["error.type"]) == ("ERROR", "500")


def test_a_quiet_node_raises_no_alert(node: Node) -> None:
    assert alerts(telemetry_of(node).observed(), node.now_us()) == []
    telemetry_of(node).reconciled((("events-erp:billed", "USD", 5),))
    assert [alert.name for alert in alerts(telemetry_of(node).observed(), node.now_us())] == ["reconciliation"]


def test_no_objective_is_judged_before_the_whole_log_is_folded(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    long_ago_us = node.now_us() - 3600 * 1_000_000
    rows = [
        OutboxRow(
            number=number, id=str(number), type=f"q2c.{name}.v1", subject=f"Q-{order}-v1", txn=f"Q-{order}",
            sequence=1, body={"reference": f"Q-{order}-v1"}, created_us=long_ago_us,
        )
        for number, (name, order) in enumerate(
            [(name, order) for name in ("quote.accepted", "order.booked") for order in range(20)], 1
        )
    ]  # fmt: skip
    monkeypatch.setattr(node.reader, "events", lambda *, after, limit: rows[after : after + limit])
    monkeypatch.setattr(module, "EVENTS_PAGE", 5)
    monkeypatch.setattr(module, "PAGES_AT_ONCE", 4)
    first, second, third = (telemetry_of(node).observed() for _ in range(3))
    assert (first.is_behind, second.is_behind, third.is_behind) == (True, True, False)
    assert alerts(first, node.now_us()) == alerts(third, node.now_us()) == []
    assert len(third.clocks["order_booked"]) == 20


def test_a_node_without_opentelemetry_works_and_says_so_once(
    node: Node, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("exporting", "tracing"):
        monkeypatch.delitem(sys.modules, f"integration.observability.{name}", raising=False)
    with caplog.at_level(logging.WARNING, "q2c.integration"):
        assert telemetry_of(node).tracing is None
        assert Client(node).get("/hello/x").status_code == 200
        telemetry_of(node)
    (said,) = [record.getMessage() for record in caplog.records if "no traces" in record.getMessage()]
    assert "pip install 'q2c-harness[observability]'" in said
    assert telemetry_of(node).metrics is not None


def test_a_node_without_prometheus_works_and_says_so_once(
    node: Node, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in [name for name in sys.modules if name.startswith("prometheus_client")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "integration.observability.metrics", raising=False)
    monkeypatch.setattr(module, "_tracing", lambda node, environment: None)
    with caplog.at_level(logging.WARNING, "q2c.integration"):
        assert routes(node) == []
        assert Client(node).get("/metrics").status_code == 404
    assert [record for record in caplog.records if "no metrics" in record.getMessage()]
