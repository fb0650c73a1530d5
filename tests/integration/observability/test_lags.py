"""What waits inside, and how far systems are behind each other: duplicates, the inbox's lag, the lag of statuses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from domain.http import Request
from integration.drivers.clock import BusinessClock
from integration.effects import Emit, Receive, Start
from integration.flow import FlowContext
from integration.intake import Route, Source
from integration.observability import telemetry_of
from integration.observability.rolling import BOOKED, PAIRS, SHOWN, Clock, lags
from integration.outcomes import Message
from integration.process import Parts
from integration.service.configuration import Configuration
from integration.service.node import Node
from tests.postgres import postgres, postgres_server

__all__ = ["postgres", "postgres_server"]

SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US


async def _tells(_context: FlowContext, arguments: Mapping[str, Any]) -> None:
    await Emit(type=arguments["type"], subject="Q-1-v1", txn="Q-1", body={"reference": "Q-1-v1"})


async def _takes(_context: FlowContext, _arguments: Mapping[str, Any]) -> str:
    message = await Receive("told", "k", 3600)
    return message.id if message else "silence"


PARTS = Parts(
    programs={"tells": _tells, "takes": _takes},
    systems={},
    sources=(
        Source(
            "crm", "/webhooks/crm", lambda _request, _now_us: None,
            lambda request: [Message(source="crm", id=request.body.decode(), topic="told", key="k")],
        ),
    ),
    routes=(Route(source="crm", topic="told"),),
)  # fmt: skip
Play = Callable[[Node, BusinessClock], Awaitable[None]]


def _on_a_node(database: str, play: Play) -> None:
    async def once() -> None:
        clock = BusinessClock()
        node = Node(Configuration(database=database, grace_seconds=1.0), PARTS, clock)
        telemetry_of(node)
        node.open()
        try:
            await play(node, clock)
        finally:
            await node.close()

    asyncio.run(once())


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "SQLite":
        return str(tmp_path / "journal")
    address: str = request.getfixturevalue("postgres")
    return address


def _metric(node: Node, name: str, **labels: str) -> float:
    metrics = telemetry_of(node).metrics
    assert metrics is not None
    found = [
        sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
        if sample.name == name and sample.labels == labels
    ]
    return found[0] if found else -1.0


def _receives(node: Node, message: str) -> None:
    reply = node.receive(Request("integration", "POST", "/webhooks/crm", {}, message.encode()))
    assert reply is not None
    assert reply.status == 200


def test_messages_that_are_known_are_counted_by_their_source(database: str) -> None:
    async def play(node: Node, _clock: BusinessClock) -> None:
        for message in ("m1", "m2", "m1", "m1"):
            _receives(node, message)
        assert _metric(node, "q2c_inbox_duplicates_total", source="crm") == 2
        assert _metric(node, "q2c_inbox_waiting") == 2

    _on_a_node(database, play)


def test_the_inbox_lags_by_the_age_of_its_oldest_message_until_it_is_taken(database: str) -> None:
    async def play(node: Node, clock: BusinessClock) -> None:
        assert _metric(node, "q2c_inbox_lag_seconds") == 0
        _receives(node, "m1")
        clock.move(node.now_us() + HOUR_US)
        _receives(node, "m2")
        assert 3600 <= _metric(node, "q2c_inbox_lag_seconds") < 3700
        for number in (1, 2):
            await node.run(Start(flow_id=f"takes/{number}", name="takes", arguments={}), 20)
        assert _metric(node, "q2c_inbox_lag_seconds") == 0

    _on_a_node(database, play)


def test_a_status_lags_from_the_fact_until_the_other_system_shows_it(tmp_path: Path) -> None:
    async def play(node: Node, clock: BusinessClock) -> None:
        assert _metric(node, "q2c_status_lag_seconds", pair="crm-erp") == 0
        await _told(node, "quote.accepted")
        clock.move(node.now_us() + 2 * HOUR_US)
        assert 7200 <= _metric(node, "q2c_status_lag_seconds", pair="crm-erp") < 7300
        assert _metric(node, "q2c_status_lag_seconds", pair="payment-crm") == 0
        await _told(node, "order.booked")
        assert _metric(node, "q2c_status_lag_seconds", pair="crm-erp") == 0

    _on_a_node(str(tmp_path / "journal"), play)


async def _told(node: Node, fact: str) -> None:
    await node.run(Start(flow_id=f"tells/{fact}", name="tells", arguments={"type": f"q2c.{fact}.v1"}), 20)


def test_the_oldest_clock_that_runs_is_the_lag_of_its_pair() -> None:
    clocks = {
        BOOKED.name: (
            Clock("a", 10 * SECOND_US, 20 * SECOND_US),
            Clock("b", 40 * SECOND_US),
            Clock("c", 70 * SECOND_US),
        ),
        SHOWN.name: (Clock("d", 10 * SECOND_US, 20 * SECOND_US),),
    }
    assert lags(clocks, 100 * SECOND_US) == {"crm-erp": 60.0, "billing-erp": 0.0, "payment-crm": 0.0}
    assert set(lags({}, 0)) == set(PAIRS)


def _clock(key: str, start_seconds: int, stop_seconds: int = 0) -> Clock:
    return Clock(key, start_seconds * SECOND_US, stop_seconds * SECOND_US or None)
