"""Tests of integration.service.forgetting: who keeps the events, and the daily run beside a node."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.calendar import DAY_US
from domain.http import Request
from integration.drivers.clock import BusinessClock
from integration.effects import Receive, Start
from integration.flow import FlowContext
from integration.intake import Route, Source
from integration.journal.opening import open_journal, open_reader, open_shelf
from integration.journal.protocol import FlowRow, Lease, OutboxRow, Write
from integration.journal.reading import Reader
from integration.journal.retention import Removed, Shelf
from integration.outcomes import Message
from integration.process import Parts
from integration.relay import withheld
from integration.retention import Ages
from integration.service import forgetting
from integration.service.configuration import Configuration
from integration.service.forgetting import DONE, Bound, bound_of, consumers_of, keep_tidy, plan_of, tidy
from integration.service.node import Node


async def _greets(_context: FlowContext, arguments: Mapping[str, Any]) -> str:
    return "hello"


async def _listens(_context: FlowContext, arguments: Mapping[str, Any]) -> str:
    message = await Receive("paid", "k", timeout_seconds=0.01)
    return message.id if message is not None else "nothing was told"


def _source(name: str, topic: str) -> Source:
    return Source(
        name, f"/webhooks/{name}", lambda _request, _now_us: None,
        lambda request: [Message(source=name, id=request.body.decode(), topic=topic, key="k")],
    )  # fmt: skip


PARTS = Parts(
    programs={"mirror": _greets, "bill": _listens},
    systems={},
    sources=(_source("crm", "told"), _source("payment", "paid")),
    routes=(Route(source="crm", topic="told", deliver=False), Route(source="payment", topic="paid")),
)


class Kept:
    """A journal with six events, and everything that is open on it."""

    def __init__(self, address: str) -> None:
        self.journal = open_journal(address, "worker")
        self.lease: Lease = self.journal.claim()
        self.lease.commit(Write(events=[_event(number) for number in range(1, 7)]))
        self.lease.commit(Write(relayed=6))
        self.reader: Reader = open_reader(address)
        self.shelf: Shelf = open_shelf(address)

    def close(self) -> None:
        for each in (self.reader, self.shelf, self.journal):
            each.close()


def _event(number: int) -> OutboxRow:
    kind = "q2c.customer.updated.v1"
    return OutboxRow(id=f"e{number}", type=kind, subject="s", txn="Q-1", body={}, created_us=0)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    """A journal of each kind."""
    address = str(tmp_path / "journal") if request.param == "SQLite" else request.getfixturevalue("postgres")
    found = Kept(address)
    yield found
    found.close()


def test_the_last_consumer_of_the_log_is_the_bound(kept: Kept) -> None:
    kept.lease.advance("relay", 5)
    assert bound_of(kept.shelf, kept.reader) == Bound(5, "relay")
    kept.lease.advance("warehouse", 2)
    assert bound_of(kept.shelf, kept.reader) == Bound(2, "warehouse")


def test_a_consumer_that_is_configured_and_has_not_begun_keeps_everything(kept: Kept) -> None:
    assert bound_of(kept.shelf, kept.reader, consumers_of("nats://broker")) == Bound(0, "relay")
    assert bound_of(kept.shelf, kept.reader, consumers_of("")).number >= 6


def test_cursors_that_are_no_places_in_the_log_do_not_count(kept: Kept) -> None:
    for consumer in ("sweep/sweep_quotes", "changes/data/QuoteChangeEvent", "journal/marked", "home/1", DONE):
        kept.lease.advance(consumer, 1)
    kept.lease.advance("relay", 4)
    assert bound_of(kept.shelf, kept.reader) == Bound(4, "relay")


def test_an_event_that_was_set_aside_is_kept_until_its_subject_has_caught_up(kept: Kept) -> None:
    start = withheld.start_of(kept.reader.events()[2], 1, "CONTRACT.SCHEMA_DRIFT", "refused")
    row = FlowRow(0, start.flow_id, start.name, "Q-1", "", "", _packed(start), "ready", 0)
    kept.lease.commit(Write(flows=[row]))
    kept.lease.advance("relay", 6)
    assert bound_of(kept.shelf, kept.reader) == Bound(2, start.flow_id)
    kept.lease.advance(start.flow_id, 4)  # the third and fourth are sent; the fifth is of the subject, too
    assert bound_of(kept.shelf, kept.reader).consumer == start.flow_id
    kept.lease.advance(start.flow_id, withheld.CAUGHT_UP)
    assert bound_of(kept.shelf, kept.reader).number == 6


def _packed(start: Start) -> bytes:
    return msgspec.msgpack.encode(start.arguments)


def test_a_plan_counts_its_ages_from_now() -> None:
    plan = plan_of(
        Ages(messages_days=30, untaken_days=7, commands_days=0, events_days=2, steps_days=1), 40 * DAY_US, Bound(7)
    )
    assert plan.messages_before_us == 10 * DAY_US
    assert plan.untaken_before_us == 33 * DAY_US
    assert plan.commands_before_us == 0
    assert plan.events_before_us == 38 * DAY_US
    assert plan.steps_before_us == 39 * DAY_US
    assert plan.events_up_to == 7
    assert plan.sources == ("crm", "erp", "fulfilment", "integration")


def _on_a_node(folder: Path, ages: Ages, play: Any) -> None:
    async def once() -> None:
        clock = BusinessClock()
        node = Node(Configuration(database=str(folder / "journal.db"), retention=ages), PARTS, clock)
        node.open()
        try:
            await play(node, clock)
        finally:
            await node.close()

    asyncio.run(once())


async def _works(node: Node) -> None:
    """Run a flow and take a message in."""
    await node.run(Start(flow_id="mirror/1", name="mirror", arguments={}), 10)
    _tell(node, "crm", "m1")


def _tell(node: Node, source: str, message: str) -> None:
    reply = node.receive(Request("integration", "POST", f"/webhooks/{source}", {}, message.encode()))
    assert reply is not None
    assert reply.status == 200


async def _heard(node: Node, number: int) -> Any:
    row = await node.run(Start(flow_id=f"invoice/{number}", name="bill", arguments={}), 10)
    return msgspec.msgpack.decode(row.result)


def test_a_node_removes_what_has_passed_and_remembers_when(tmp_path: Path) -> None:
    async def play(node: Node, clock: BusinessClock) -> None:
        await _works(node)
        assert await tidy(node, asyncio.Event()) == Removed()
        clock.move(node.now_us() + 91 * DAY_US)
        removed = await tidy(node, asyncio.Event())
        assert (removed.messages, removed.events) == (1, 0)
        assert node.reader.cursor(DONE) <= node.now_us()
        assert node.reader.verify().intact
        assert (node.reader.flow("mirror/1") or pytest.fail("gone")).status == "finished"
        again = await node.run(Start(flow_id="mirror/1", name="mirror", arguments={}), 10)
        assert again.status == "finished"  # known by its id for ever

    _on_a_node(tmp_path, Ages(), play)


def test_messages_that_no_flow_has_taken_leave_journal_and_memory_and_are_not_taken_in_again(tmp_path: Path) -> None:
    async def play(node: Node, clock: BusinessClock) -> None:
        _tell(node, "payment", "early")
        assert await _heard(node, 1) == "early"
        _tell(node, "payment", "old")
        clock.move(node.now_us() + 31 * DAY_US)
        _tell(node, "payment", "young")
        assert (await tidy(node, asyncio.Event())).untaken == 1
        _tell(node, "payment", "old")
        assert node.integration.duplicates == {"payment": 1}
        assert await _heard(node, 2) == "young"
        assert await _heard(node, 3) == "nothing was told"
        assert node.reader.counts().waiting_messages == 0

    _on_a_node(tmp_path, Ages(), play)


def test_it_is_done_once_a_day_and_ends_when_it_is_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []

    async def counted(node: Node, _ending: asyncio.Event) -> Removed:
        runs.append(node.now_us())
        node.advance(DONE, node.now_us())
        return Removed()

    async def play(node: Node, clock: BusinessClock) -> None:
        ending = asyncio.Event()
        task = asyncio.ensure_future(keep_tidy(node, ending))
        await _until(lambda: len(runs) == 1)
        clock.move(node.now_us() + DAY_US // 2)
        await asyncio.sleep(0.05)
        clock.move(node.now_us() + DAY_US // 2)
        await _until(lambda: len(runs) == 2)
        ending.set()
        await asyncio.wait_for(task, 10)
        assert runs[1] - runs[0] >= DAY_US

    monkeypatch.setattr(forgetting, "tidy", counted)
    monkeypatch.setattr(forgetting, "LOOK_SECONDS", 0.01)
    _on_a_node(tmp_path, Ages(), play)


async def _until(found: Any) -> None:
    async with asyncio.timeout(20):
        while not found():
            await asyncio.sleep(0.005)


def test_trouble_is_logged_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []

    async def fails(_node: Node, _ending: asyncio.Event) -> Removed:
        tries.append(1)
        raise RuntimeError("the disk is full")

    async def play(node: Node, _clock: BusinessClock) -> None:
        ending = asyncio.Event()
        task = asyncio.ensure_future(keep_tidy(node, ending))
        await _until(lambda: len(tries) >= 2)
        ending.set()
        await asyncio.wait_for(task, 10)

    monkeypatch.setattr(forgetting, "tidy", fails)
    monkeypatch.setattr(forgetting, "LOOK_SECONDS", 0.01)
    _on_a_node(tmp_path, Ages(), play)
    assert "what has passed could not be removed: RuntimeError: the disk is full" in caplog.text
