"""The consumer: from the log or from a real broker, killed at any instant, fed with nonsense, it ends with the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest

from integration.analytics.consumer import LOG, consume, consume_stream
from integration.analytics.store import Store
from integration.analytics.told import NotAnEvent, Told, of_cloud_event, of_row
from integration.effects import Start
from integration.journal.protocol import FlowRow, OutboxRow
from integration.relay.cloud_event import encoded
from integration.relay.publisher import open_publisher
from integration.relay.relay import Relay
from tests.integration.rehearsed import Rehearsed, quarter
from tests.integration.relay.nats_server import NatsServer


@pytest.fixture(scope="module")
def played() -> Rehearsed:
    return quarter()


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A running server, ended with the test."""
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.kill()


def told(number: int, subject: str = "Q-1-v1", kind: str = "q2c.order.received.v1", **body: object) -> Told:
    return Told(id=f"e{number}", type=kind, subject=subject, sequence=number, txn="Q-1", at_us=number, body=dict(body))


class CopiedLog:
    """The log of the rehearsal with a cursor in memory: it is not ours to move the cursors of its journal."""

    def __init__(self, played: Rehearsed) -> None:
        self._reader = played.reader
        self._cursors: dict[str, int] = {}

    def events(
        self,
        *,
        after: int = 0,
        subject: str = "",
        txn: str = "",
        type: str = "",  # noqa: A002
        limit: int = 100,
    ) -> list[OutboxRow]:
        return self._reader.events(after=after, subject=subject, txn=txn, type=type, limit=limit)

    def cursor(self, consumer: str) -> int:
        return self._cursors.get(consumer, 0)

    def advance(self, consumer: str, number: int) -> None:
        self._cursors[consumer] = number

    def flow(self, flow_id: str) -> FlowRow | None:
        return None

    def flows(
        self, *, txn: str = "", name: str = "", status: str = "", after: int = 0, limit: int = 100
    ) -> list[FlowRow]:
        return []


def _never(start: Start) -> None:
    pytest.fail(f"{start.flow_id}: an event was set aside")


def test_a_quarter_through_a_broker_gives_the_tables_that_the_log_gives(
    played: Rehearsed, nats_server: NatsServer
) -> None:
    log, from_log, from_broker = CopiedLog(played), Store(), Store()
    consume(from_log, played.reader)

    async def through() -> None:
        relay = Relay(
            log=log, publisher=open_publisher(nats_server.address), advance=log.advance, launch=_never, now_us=lambda: 0
        )
        while await relay.relay():
            pass
        await relay.disconnect()
        await consume_stream(from_broker, nats_server.address)

    asyncio.run(through())
    assert from_broker.rows("SELECT count(*) FROM seen")[0][0] > 500
    assert from_broker.digest() == from_log.digest()
    assert asyncio.run(consume_stream(from_broker, nats_server.address)) == 0, "all of it is acknowledged"


def test_what_is_no_event_is_terminated_and_holds_nothing_up(played: Rehearsed, nats_server: NatsServer) -> None:
    store = Store()
    event = encoded(played.reader.events(limit=1)[0])

    async def mixed() -> list[int]:
        client = await nats.connect(nats_server.address)
        stream = client.jetstream()
        await stream.add_stream(name="Q2C", subjects=["q2c.>"])
        for body in (b"not json", b'{"id": "x"}', event):
            await stream.publish("q2c.order.received.v1", body)
        first = await consume_stream(store, nats_server.address)
        left = (await stream.consumer_info("Q2C", "q2c-analytics")).num_ack_pending
        await client.close()
        return [first, left]

    assert asyncio.run(mixed()) == [1, 0]


def test_tables_and_cursor_move_together(tmp_path: Path, played: Rehearsed) -> None:
    """A consumer that dies in the middle of a page has neither taken the page nor moved on."""
    file = tmp_path / "analytics.db"
    store = Store(file)

    class Death(Exception):
        pass

    def dying(rows: list[OutboxRow]) -> Iterator[Told]:
        yield from (of_row(row) for row in rows[:7])
        raise Death

    rows = played.reader.events(limit=20)
    with pytest.raises(Death):
        store.take(dying(rows), LOG, rows[-1].number)
    store.close()
    again = Store(file)
    assert again.cursor(LOG) == 0
    assert again.rows("SELECT count(*) FROM seen") == [(0,)]
    consume(again, played.reader)
    whole = Store()
    consume(whole, played.reader)
    assert again.digest() == whole.digest()


def test_a_gap_in_a_subject_is_seen_until_it_is_filled() -> None:
    store = Store()
    store.take([told(1), told(3)])
    assert store.gaps() == [("Q-1-v1", 1)]
    store.take([told(2)])
    assert store.gaps() == []


def test_an_event_that_lacks_what_its_type_says_is_kept_apart() -> None:
    store = Store()
    assert store.take([told(1, kind="q2c.invoice.posted.v1", total=5), told(2, kind="q2c.unheard.of.v1")]) == 2
    ((event, kind, problem),) = store.rows("SELECT * FROM spoiled")
    assert (event, kind) == ("e1", "q2c.invoice.posted.v1")
    assert "posted_at_us" in problem


def test_an_older_state_of_a_case_never_overwrites_a_newer_one() -> None:
    case = {"code": "X.Y", "owner": "o", "sla_due_us": 9, "actor": "ann", "opened_us": 1}
    states = [
        Told(
            id=state,
            type=f"q2c.exception.{state}.v1",
            subject="c",
            sequence=number,
            txn="Q-1",
            at_us=number,
            body={**case, "subject": "f", "status": status},
        )
        for number, (state, status) in enumerate(
            (("opened", "new"), ("assigned", "assigned"), ("resolved", "resolved")), 1
        )
    ]
    forward, backward = Store(), Store()
    forward.take(states)
    backward.take(reversed(states))
    for store in (forward, backward):
        assert store.rows("SELECT status, ended_us, touches FROM cases") == [("resolved", 3, 3)]
    assert forward.digest() == backward.digest()


def test_an_invoice_that_is_given_up_twice_is_a_loss_of_both_amounts_however_often_it_is_told() -> None:
    def lost(number: int, amount_minor: int, day: str) -> Told:
        amount = {"amount_minor": amount_minor, "currency": "USD"}
        return told(number, "INV-1", "q2c.invoice.written_off.v1", amount=amount, business_date=day)

    first, second = lost(1, 500, "2026-12-01"), lost(2, 70, "2026-12-09")
    digests = set()
    for events in ([first, second], [second, first], [first, second, first, second]):
        store = Store()
        store.take(events)
        assert store.rows("SELECT written_off_minor, written_off_day FROM invoices") == [(570, "2026-12-01")]
        digests.add(store.digest())
    assert len(digests) == 1


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "analytics.db"
    store = Store(file)
    store.connection.execute("PRAGMA user_version=99")
    store.close()
    with pytest.raises(ValueError, match="version 99"):
        Store(file)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"id": "1", "type": "t", "subject": "s", "time": "yesterday", "data": {}}']
)
def test_nonsense_is_no_event(body: bytes) -> None:
    with pytest.raises(NotAnEvent):
        of_cloud_event(body)
