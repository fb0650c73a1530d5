"""Tests of many workers on one PostgreSQL journal: leases, claims, order, messages, events, commands."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import pytest

from integration.journal.postgres import PostgresJournal
from integration.journal.postgres_claims import DROPPED
from integration.journal.protocol import Fenced, Lease, Raced, Write
from integration.journal.reading import Reader
from tests.integration.journal.rows import case, entry, event, flow_row, message, step

Workers = Callable[..., tuple[PostgresJournal, Lease]]
T = TypeVar("T")


def ids(lease: Lease, flows_max: int = 100) -> list[str]:
    """Poll, and return the flows that were claimed."""
    return [each.row.id for each in lease.poll(flows_max).flows]


# --- leases and claims ----------------------------------------------------------------------------------------------


def test_each_flow_is_claimed_by_one_worker(workers: Workers) -> None:
    (_, one), (_, other) = workers("a"), workers("b")
    one.commit(Write(flows=[flow_row(number) for number in range(1, 8)]))
    assert ids(one, 3) == ["order/1", "order/2", "order/3"]
    assert ids(other) == ["order/4", "order/5", "order/6", "order/7"]
    assert (ids(one), ids(other)) == ([], [])


def test_a_worker_writes_only_for_flows_in_its_hands(workers: Workers) -> None:
    (journal, one), (_, other) = workers("a"), workers("b")
    one.commit(Write(flows=[flow_row(1)]))
    ids(one)
    with pytest.raises(Raced, match="flow 1 is not in the hands of epoch"):
        other.commit(step(1, 0))
    one.commit(step(1, 0))
    one.give_back([1])
    with pytest.raises(Raced):
        one.commit(step(1, 1))
    assert ids(other) == ["order/1"]
    other.commit(step(1, 1))
    assert len(other.steps(1)) == 2
    assert journal.verify().intact


def test_flows_of_a_worker_whose_lease_ran_out_go_to_others_and_it_writes_nothing(workers: Workers) -> None:
    (journal, dead), (_, heir) = workers("a", lease_seconds=0.2), workers("b")
    dead.commit(Write(flows=[flow_row(1), flow_row(2)], events=[event(1, "s")]))
    ids(dead)
    dead.commit(step(1, 0, statuses=[(2, "parked", b"")], cases=[case(2, "open")]))
    assert ids(heir) == []
    time.sleep(0.25)
    found = heir.poll(100)
    assert [(each.row.id, each.row.status, each.last) for each in found.flows] == [
        ("order/1", "running", entry(0)), ("order/2", "parked", None),
    ]  # fmt: skip
    assert [each.id for each in found.cases] == ["order/2#1"]
    assert [each.id for each in found.events] == ["e1"]
    for attempt in (
        lambda: dead.commit(step(1, 1)),
        lambda: dead.poll(1),
        lambda: dead.commit(Write(flows=[flow_row(3)])),
    ):
        with pytest.raises(Fenced, match="the lease of epoch"):
            attempt()
    heir.commit(step(1, 1))
    assert [head.entries for head in journal.verify().heads] == [1, 1]


def test_a_lease_that_is_renewed_by_polling_stays(workers: Workers) -> None:
    (_, alive), (_, other) = workers("a", lease_seconds=0.5), workers("b")
    alive.commit(Write(flows=[flow_row(1)]))
    ids(alive)
    for _ in range(8):
        time.sleep(0.1)
        alive.poll(0)
        assert ids(other) == []


def test_a_restart_under_the_same_name_takes_its_own_flows_up_at_once(workers: Workers) -> None:
    journal, before = workers("a")
    before.commit(Write(flows=[flow_row(1)]))
    ids(before)
    after = journal.claim()
    assert [each.row.id for each in after.load().flows] == ["order/1"]
    with pytest.raises(Fenced):
        before.commit(step(1, 0))


def test_a_worker_that_leaves_gives_everything_back(workers: Workers) -> None:
    (journal, one), (_, other) = workers("a"), workers("b")
    one.commit(Write(flows=[flow_row(1)], events=[event(1, "s")]))
    ids(one)
    alive = _reader_of(journal, lambda reader: reader.workers())
    assert [(row.name, row.flows) for row in alive] == [("a", 1), ("b", 0)]
    one.leave()
    found = other.poll(100)
    assert ([each.row.id for each in found.flows], [each.id for each in found.events]) == (["order/1"], ["e1"])
    with pytest.raises(Fenced):
        one.poll(1)


def _reader_of(journal: PostgresJournal, ask: Callable[[Reader], T]) -> T:
    reader = journal.reader()
    try:
        return ask(reader)
    finally:
        reader.close()


# --- one flow of an entity at a time, in order ----------------------------------------------------------------------


def test_flows_of_an_entity_run_one_at_a_time_in_the_order_of_their_keys(workers: Workers) -> None:
    (_, one), (_, other) = workers("a"), workers("b")
    keys = {1: "2026-12-05", 2: "2026-11-01", 3: "2026-12-01", 4: "2026-12-05"}
    one.commit(Write(flows=[flow_row(number, "s", key) for number, key in keys.items()]))
    one.commit(Write(flows=[flow_row(5, "t")]))
    ran = []
    for _ in keys:
        claimed = one.poll(100).flows, other.poll(100).flows
        mine = [(lease, each.row) for lease, found in zip((one, other), claimed, strict=True) for each in found]
        ran += [row.id for _, row in mine if row.entity_key == "s"]
        for lease, row in mine:
            lease.commit(Write(flow=row.number, statuses=[(row.number, "finished", b"\xc0")]))
    assert ran == ["order/2", "order/3", "order/1", "order/4"]


def test_a_parked_flow_keeps_its_entity(workers: Workers) -> None:
    _, lease = workers("a")
    lease.commit(Write(flows=[flow_row(1, "s"), flow_row(2, "s")]))
    assert ids(lease) == ["order/1"]
    lease.commit(Write(flow=1, statuses=[(1, "parked", b"")]))
    assert ids(lease) == []
    lease.commit(Write(flow=1, statuses=[(1, "discarded", b"")]))
    assert ids(lease) == ["order/2"]


def test_workers_that_claim_at_once_never_run_two_flows_of_one_entity(postgres: str) -> None:
    """Four threads, each a worker, claim and finish 120 flows of 5 entities; each sees its entity free of others."""
    made = PostgresJournal(postgres, "maker")
    maker = made.claim()
    for entity in range(5):
        maker.commit(Write(flows=[flow_row(entity * 100 + each, f"s{entity}", f"{each:03}") for each in range(24)]))
    order: dict[str, list[str]] = {}
    troubles: list[str] = []

    def work(name: str) -> None:
        journal = PostgresJournal(postgres, name)
        lease, idle = journal.claim(), 0
        while idle < 20:
            found = lease.poll(2).flows
            idle = 0 if found else idle + 1
            for each in found:
                row = each.row
                running = order.setdefault(row.entity_key, [])
                running.append(row.order_key)
                rivals = journal.connection.execute(
                    "SELECT count(*) FROM flow WHERE entity_key = %s AND status = 'running'", (row.entity_key,)
                ).fetchall()
                if rivals != [(1,)] or running[-1] != row.order_key:
                    troubles.append(f"{row.id}: {rivals}, {running[-2:]}")
                lease.commit(Write(flow=row.number, statuses=[(row.number, "finished", b"\xc0")]))
        journal.close()

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made.close()
    assert troubles == []
    assert order == {f"s{entity}": [f"{each:03}" for each in range(24)] for entity in range(5)}


# --- messages -------------------------------------------------------------------------------------------------------


def test_a_message_reaches_the_worker_whose_flow_waits_for_it(workers: Workers) -> None:
    (_, one), (_, other) = workers("a"), workers("b")
    one.commit(Write(flows=[flow_row(1)]))
    ids(one)
    other.commit(Write(messages=[message(1, "k"), message(2, "elsewhere")]))
    assert one.poll(0).messages == []
    one.commit(step(1, 0, waits=[("t", "k")]))
    assert [row.message.id for row in one.poll(0).messages] == ["ev_1"]
    assert other.poll(0).messages == []
    (row,) = one.poll(0).messages
    one.commit(step(1, 1, taken=[row.number], waits=[]))
    other.commit(Write(messages=[message(3, "k")]))
    assert one.poll(0).messages == []


def test_a_flow_that_is_over_waits_no_more(workers: Workers) -> None:
    journal, lease = workers("a")
    lease.commit(Write(flows=[flow_row(1)]))
    ids(lease)
    lease.commit(step(1, 0, waits=[("t", "k"), ("t", "k2")]))
    lease.commit(Write(flow=1, statuses=[(1, "parked", b"")]))
    assert journal.connection.execute("SELECT count(*) FROM waiting").fetchall() == [(2,)]
    lease.commit(Write(flow=1, statuses=[(1, "discarded", b"")]))
    assert journal.connection.execute("SELECT count(*) FROM waiting").fetchall() == [(0,)]


def test_of_two_workers_that_take_one_message_one_gets_it_and_the_other_leaves_no_trace(workers: Workers) -> None:
    (journal, one), (_, other) = workers("a"), workers("b")
    one.commit(Write(flows=[flow_row(1), flow_row(2)]))
    ids(one, 1)
    ids(other)
    one.commit(step(1, 0, waits=[("t", "k")]))
    other.commit(step(2, 0, waits=[("t", "k")]))
    one.commit(Write(messages=[message(1)]))
    (first,), (second,) = one.poll(0).messages, other.poll(0).messages
    assert first == second
    other.commit(step(2, 1, taken=[second.number]))
    before = journal.head()
    with pytest.raises(Raced, match="another flow has taken the message"):
        one.commit(step(1, 1, taken=[first.number]))
    assert (journal.head(), len(one.steps(1))) == (before, 1)


def test_messages_taken_by_racing_workers_are_each_taken_exactly_once(postgres: str) -> None:
    """Three threads, each a worker with a flow that waits at the same address, fight for 60 messages."""
    made = PostgresJournal(postgres, "maker")
    maker = made.claim()
    maker.commit(Write(flows=[flow_row(number) for number in range(3)]))
    taken: list[str] = []
    lost = []

    def work(name: str) -> None:
        journal = PostgresJournal(postgres, name)
        lease = journal.claim()
        (found,) = lease.poll(1).flows
        lease.commit(Write(flow=found.row.number, waits=[("t", "k")]))
        until = time.monotonic() + 20
        while len(taken) < 60 and time.monotonic() < until:
            for row in lease.poll(0).messages[:3]:
                try:
                    lease.commit(Write(flow=found.row.number, taken=[row.number]))
                    taken.append(row.message.id)
                except Raced:
                    lost.append(name)
        journal.close()

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for number in range(60):
        maker.commit(Write(messages=[message(number)]))
    for thread in threads:
        thread.join()
    made.close()
    assert sorted(taken) == sorted(f"ev_{number}" for number in range(60))


# --- events ---------------------------------------------------------------------------------------------------------


def test_a_consumer_never_passes_an_event_that_is_still_being_written(workers: Workers) -> None:
    """A transaction has drawn number 1 and is slow; number 2 is there before it, and is not shown before it."""
    (journal, one), (slow, _) = workers("a"), workers("b")
    reader = journal.reader()
    with slow.connection.transaction():
        slow.connection.execute("SELECT number_events()")
        slow.connection.execute("INSERT INTO event SELECT nextval('event_number'), 'e0', 't', 's0', '', 1, 0, '\\x80'")
        one.commit(Write(events=[event(1, "s")]))
        assert reader.events() == []
    assert [row.id for row in reader.events()] == ["e0", "e1"]
    one.commit(Write(events=[event(2, "s")]))
    assert [row.number for row in reader.events(after=2)] == [3]
    reader.close()


def test_events_of_one_subject_from_many_workers_have_a_gapless_sequence(postgres: str) -> None:
    journals = [PostgresJournal(postgres, f"w{number}") for number in range(4)]
    seen: list[int] = []
    reader = journals[0].reader()

    def tell(journal: PostgresJournal, base: int) -> None:
        lease = journal.claim()
        for number in range(30):
            lease.commit(Write(events=[event(base + number, "same"), event(base + number, f"own{base}")]))

    threads = [threading.Thread(target=tell, args=(journal, 100 * place)) for place, journal in enumerate(journals)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen += [row.number for row in reader.events(after=seen[-1] if seen else 0, limit=50)]
    while found := reader.events(after=seen[-1] if seen else 0):
        seen += [row.number for row in found]
    assert sorted(row.sequence for row in reader.events(subject="same", limit=1000)) == [*range(1, 121)]
    assert (len(seen), seen) == (240, sorted(set(seen)))
    reader.close()
    for journal in journals:
        journal.close()


# --- commands -------------------------------------------------------------------------------------------------------


def test_a_command_reaches_the_worker_that_holds_the_flow_and_is_answered(workers: Workers) -> None:
    (journal, one), (_, other) = workers("a"), workers("b")
    one.commit(Write(flows=[flow_row(1)]))
    ids(one)
    (number,) = other.command(b"act", "order/1")
    assert other.poll(0).commands == []
    assert one.poll(0).commands == [(number, b"act")]
    assert _reader_of(journal, lambda reader: reader.command(number).status) == "waiting"  # type: ignore[union-attr]
    one.answer(number, "too late")
    answered = _reader_of(journal, lambda reader: reader.command(number))
    assert answered is not None
    assert (answered.status, answered.problem) == ("refused", "too late")
    assert one.poll(0).commands == []


def test_a_command_for_all_reaches_each_worker_and_one_for_a_flow_that_is_over_anybody(workers: Workers) -> None:
    (_, one), (_, other) = workers("a"), workers("b")
    numbers = other.command(b"act")
    assert len(numbers) == 2
    assert [len(lease.poll(0).commands) for lease in (one, other)] == [1, 1]
    (orphan,) = other.command(b"act", "order/unknown")
    assert orphan in [number for number, _ in one.poll(0).commands]


def test_a_command_left_for_a_worker_that_ended_is_dropped_and_never_said_to_be_done(workers: Workers) -> None:
    (journal, one), (_, other) = workers("a"), workers("b")
    one.commit(Write(flows=[flow_row(1)]))
    ids(one)
    for_all, (for_flow,) = other.command(b"act"), other.command(b"act", "order/1")
    one.leave()
    rows = [_reader_of(journal, lambda reader, each=each: reader.command(each)) for each in for_all]  # type: ignore[misc]
    assert sorted((row.status, row.problem) for row in rows) == [("dropped", DROPPED), ("waiting", "")]
    assert ids(other) == ["order/1"]
    assert for_flow in [number for number, _ in other.poll(0).commands]


def test_compare_and_set_of_the_cross_reference_has_one_winner(workers: Workers) -> None:
    (_, one), (_, other) = workers("a"), workers("b")
    place = ("customer", "A-1")
    one.commit(Write(mappings=[(*place, b"\x01")], expected={place: None}))
    with pytest.raises(Raced, match="somebody else has changed customer A-1"):
        other.commit(Write(mappings=[(*place, b"\x02")], expected={place: None}))
    other.commit(Write(mappings=[(*place, b"\x81\xa1a\x03")], expected={place: b"\x01"}))
    assert one.mappings[place] == {"a": 3}


def test_a_worker_hints_at_what_is_new_for_others(workers: Workers) -> None:
    (journal, one), _ = workers("a"), workers("b")
    hints = journal.hints()
    one.poll(0)
    assert not hints.drain()
    one.commit(Write(flows=[flow_row(1)]))
    one.poll(0)
    assert select.select([hints], [], [], 5)[0] == [hints]
    assert hints.drain()
    one.poll(0)
    assert not hints.drain()
    hints.close()
