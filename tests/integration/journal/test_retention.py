"""Tests of integration.journal.retention: exactly what has passed goes, in both stores, wherever it is interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from integration.effects import Sleep
from integration.journal import retention
from integration.journal.opening import open_journal, open_reader, open_shelf
from integration.journal.postgres import PostgresJournal
from integration.journal.protocol import Entry, FlowRow, InboxRow, Journal, Lease, OutboxRow, Raced, Write
from integration.journal.reading import MAILROOM
from integration.journal.retention import Plan, Removed, Shelf, removals
from integration.outcomes import Message, Slept
from tests.integration.journal.rows import BEGUN, taken_up

_decode = msgspec.msgpack.Decoder(Message).decode
DAY_US = 86_400_000_000
NOW_US = 200 * DAY_US
OLD_US, YOUNG_US = 10 * DAY_US, 150 * DAY_US
PLAN = Plan(
    now_us=NOW_US, messages_before_us=100 * DAY_US, untaken_before_us=100 * DAY_US, commands_before_us=100 * DAY_US,
    events_before_us=100 * DAY_US, steps_before_us=100 * DAY_US, events_up_to=2**62, sources=("crm",),
    passes_event=lambda kind: kind == "passes", passes_flow=lambda name: name == "passes",
)  # fmt: skip
ALL = Removed(messages=2, untaken=2, events=3, steps=5)
"""What passes of what `filled` writes."""
KILLED = """
import sys, time
from integration.journal import retention
from tests.integration.journal.test_retention import PLAN, open_shelf
retention.PAGE = retention.FLOWS_A_PAGE = 1
for page in retention.removals(open_shelf(sys.argv[1]), PLAN):
    print(page, flush=True)
    time.sleep(0.01)
"""
"""A process that removes one row at a time, and says so."""


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "SQLite":
        return str(tmp_path / "journal")
    found: str = request.getfixturevalue("postgres")
    return found


@pytest.fixture
def journal(address: str) -> Iterator[Journal]:
    """A journal that holds what `filled` writes."""
    found = open_journal(address, "worker")
    filled(found)
    yield found
    found.close()


@pytest.fixture
def shelf(journal: Journal, address: str) -> Iterator[Shelf]:
    """Its tables, on a connection of their own."""
    found = open_shelf(address)
    yield found
    found.close()


def _flow(number: int, name: str, created_us: int) -> FlowRow:
    return FlowRow(0, f"order/{number}", name, f"Q-{number}", "", "", b"\x80", "ready", created_us)


def _steps(lease: Lease, flow: int, *at_us: int, note_at: int = -1) -> None:
    for seq, instant in enumerate(at_us):
        entries = [Entry(seq, -1, instant, 1, "step", Slept() if seq else BEGUN, Sleep(1.0))]
        if seq == note_at:
            entries.insert(0, Entry(seq, -1, instant, 1, "note", note={"by": "someone"}))
        lease.commit(Write(flow=flow, entries=entries))


def _message(source: str, number: int, at_us: int, wanted: bool = False) -> InboxRow:
    return InboxRow(0, Message(source=source, id=f"m{number}", topic="t", key="k", received_us=at_us), wanted)


def _event(number: int, kind: str, at_us: int) -> OutboxRow:
    return OutboxRow(id=f"e{number}", type=kind, subject="s", txn="Q-1", body={}, created_us=at_us)


def filled(journal: Journal) -> Lease:
    """Write flows, messages and events, old and young, those that pass and those that tell of money."""
    lease = journal.claim()
    names = ("passes", "posts", "passes", "passes", "passes")  # over; over; open; over since lately; young
    lease.commit(Write(flows=[_flow(i, name, OLD_US if i < 5 else YOUNG_US) for i, name in enumerate(names, start=1)]))
    taken_up(lease)
    _steps(lease, 1, *[OLD_US] * 7, note_at=2)  # rows 1 to 7 of the trail: the third and the last stay
    _steps(lease, 2, OLD_US, OLD_US)
    _steps(lease, 3, OLD_US, OLD_US)
    _steps(lease, 4, OLD_US, YOUNG_US)
    _steps(lease, 5, YOUNG_US, YOUNG_US)
    lease.commit(Write(statuses=[(number, "finished", b"\xc0") for number in (1, 2, 4, 5)]))
    old = [_message("crm", 1, OLD_US), _message("crm", 2, OLD_US), _message("payment", 1, OLD_US)]
    lease.commit(Write(messages=[*old, _message("crm", 3, YOUNG_US)]))
    lease.commit(Write(messages=[_message("billing", i, YOUNG_US if i == 3 else OLD_US, True) for i in (1, 2, 3)]))
    told = [_event(1, "passes", OLD_US), _event(2, "posts", OLD_US), _event(3, "passes", OLD_US)]
    told += [_event(4, "passes", OLD_US), _event(5, "passes", YOUNG_US), _event(6, "passes", OLD_US)]
    lease.commit(Write(events=told))
    lease.commit(Write(relayed=6))
    return lease


def _removed(shelf: Shelf, plan: Plan = PLAN, *, is_trial: bool = False) -> Removed:
    return sum(removals(shelf, plan, is_trial=is_trial), Removed())


def _state(address: str) -> dict[str, Any]:
    """Return what is left."""
    reader, shelf = open_reader(address), open_shelf(address)
    try:
        return {
            "steps": {flow: [entry.kind for entry in reader.trail(flow)] for flow in range(1, 6)},
            "events": [event.id for event in reader.events()],
            "seen": sorted(shelf.ask("SELECT source, message FROM seen")),
            "inbox": [_decode(body).id for (body,) in shelf.ask("SELECT body FROM inbox ORDER BY number")],
            "over": [row.id for row in reader.flows(status="finished")],
        }
    finally:
        reader.close()
        shelf.close()


LEFT = {
    "steps": {1: ["note", "step", "step"], 2: ["step"] * 2, 3: ["step"] * 2, 4: ["step"] * 2, 5: ["step"] * 2},
    "events": ["e2", "e5", "e6"],
    "seen": [("billing", "m1"), ("billing", "m2"), ("billing", "m3"), ("crm", "m3"), ("payment", "m1")],
    "inbox": ["m3"],
    "over": [f"order/{number}" for number in (1, 2, 4, 5)],
}
"""Money, what is open, what is young, what people noted, the end of each flow, and the newest event of all."""


def test_exactly_what_has_passed_is_removed_and_the_audit_trail_is_intact(
    journal: Journal, shelf: Shelf, address: str
) -> None:
    heads = journal.verify().heads
    assert _removed(shelf) == ALL
    assert _state(address) == LEFT
    assert journal.verify(heads).intact
    assert journal.verify().heads == heads
    assert _removed(shelf) == Removed()


def test_a_trial_counts_the_same_and_removes_nothing(journal: Journal, shelf: Shelf, address: str) -> None:
    before = _state(address)
    assert _removed(shelf, is_trial=True) == ALL
    assert _state(address) == before
    assert journal.verify().intact


def test_a_consumer_that_is_behind_keeps_its_events(shelf: Shelf, address: str) -> None:
    assert _removed(shelf, replace(PLAN, events_up_to=2)).events == 1
    assert _state(address)["events"] == ["e2", "e3", "e4", "e5", "e6"]
    assert _removed(shelf, replace(PLAN, events_up_to=3)).events == 1
    assert _state(address)["events"] == ["e2", "e4", "e5", "e6"]


def test_events_that_have_yet_to_reach_our_own_flows_stay(address: str) -> None:
    journal = open_journal(address, "worker")
    lease = journal.claim()
    lease.commit(Write(events=[_event(number, "passes", OLD_US) for number in (1, 2, 3, 4)]))
    shelf = open_shelf(address)
    try:
        assert _removed(shelf).events == 0
        lease.commit(Write(relayed=2))
        assert _removed(shelf).events == 2
        lease.commit(Write(relayed=4))
        assert _removed(shelf).events == 1
        told = Write(events=[_event(5, "passes", YOUNG_US)])
        journal.claim().commit(told)
        assert (told.events[0].number, told.events[0].sequence) == (5, 5)  # numbers go on where they were
    finally:
        shelf.close()
        journal.close()


def test_ages_of_0_remove_nothing(shelf: Shelf, address: str) -> None:
    before = _state(address)
    never = Plan(
        now_us=NOW_US, messages_before_us=0, untaken_before_us=0, commands_before_us=0, events_before_us=0,
        steps_before_us=0, events_up_to=2**62, sources=("crm",), passes_event=lambda _: True,
        passes_flow=lambda _: True,
    )  # fmt: skip
    assert _removed(shelf, never) == Removed()
    assert _state(address) == before


def test_messages_that_no_flow_has_taken_pass_page_by_page_and_stay_known(
    journal: Journal, shelf: Shelf, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAGE", 1)
    removed = [page.untaken for page in removals(shelf, replace(PLAN, messages_before_us=0))]
    assert removed[:3] == [1, 1, 0]  # the young one ends it
    assert _state(address)["inbox"] == ["m3"]
    lease = journal.claim()
    assert all(lease.has_message("billing", f"m{number}") for number in (1, 2, 3))
    lease.commit(Write(messages=[_message("billing", 4, NOW_US, True)]))
    assert _state(address)["inbox"] == ["m3", "m4"]


def test_a_flow_takes_a_message_before_it_is_removed_or_goes_on_without_it(address: str) -> None:
    journal = open_journal(address, "worker")
    lease, shelf = journal.claim(), open_shelf(address)
    try:
        told = Write(messages=[_message("billing", 1, OLD_US, True)])
        lease.commit(told)
        takes = Write(taken=[told.messages[0].number])
        pages = removals(shelf, PLAN)
        assert next(pages).untaken == 1
        if lease.is_shared:  # the flow goes on from its journal and waits again
            with pytest.raises(Raced):
                lease.commit(takes)
        else:  # memory had it still
            lease.commit(takes)
        assert _removed(shelf) == Removed()
    finally:
        shelf.close()
        journal.close()


def test_the_integration_writes_on_while_it_is_removed(
    journal: Journal, shelf: Shelf, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAGE", 1)
    monkeypatch.setattr(retention, "FLOWS_A_PAGE", 1)
    lease, total = journal.claim(), Removed()
    taken_up(lease)
    for seq, page in enumerate(removals(shelf, PLAN), start=2):
        total += page
        _steps_on(lease, seq)
    assert total == ALL
    assert [entry.seq for entry in open_reader_of(address, 3)] == list(range(seq + 1))
    assert journal.verify().intact


def _steps_on(lease: Lease, seq: int) -> None:
    lease.commit(Write(flow=3, entries=[Entry(seq, -1, NOW_US, 1, "step", Slept(), Sleep(1.0))]))


def open_reader_of(address: str, flow: int) -> list[Entry]:
    reader = open_reader(address)
    try:
        return reader.trail(flow)
    finally:
        reader.close()


@pytest.mark.parametrize("pages", [1, 4, 6])
def test_kill_9_in_the_middle_is_harmless(journal: Journal, address: str, pages: int) -> None:
    heads = journal.verify().heads
    command = [sys.executable, "-c", KILLED, address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(pages):
            assert "Removed" in process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert journal.verify(heads).intact
    shelf = open_shelf(address)
    try:
        rest = _removed(shelf)
    finally:
        shelf.close()
    assert rest != Removed(), "it was killed too late to prove anything"
    assert _state(address) == LEFT
    assert journal.verify(heads).intact


def test_commands_that_are_answered_pass(postgres: str) -> None:
    journal = PostgresJournal(postgres, "worker")
    lease, shelf = journal.claim(), open_shelf(postgres)
    try:
        done, waiting, young = (lease.command(b"\x80", f"order/{number}")[0] for number in (1, 2, 3))
        for number in (done, young):
            lease.answer(number, "")
        for number in (done, waiting):
            shelf.remove("UPDATE command SET left_at = now() - interval '101 days' WHERE number = ?", [(number,)])
        assert _removed(shelf, is_trial=True).commands == 1
        assert _removed(shelf).commands == 1
        assert [number for (number,) in shelf.ask("SELECT number FROM command ORDER BY number")] == [waiting, young]
    finally:
        shelf.close()
        journal.close()


def test_a_cursor_of_the_mailroom_is_what_sqlite_waits_for(tmp_path: Path) -> None:
    journal = open_journal(str(tmp_path / "journal"))
    filled(journal)
    shelf = open_shelf(str(tmp_path / "journal"))
    try:
        assert shelf.ask("SELECT number FROM cursor WHERE consumer = ?", (MAILROOM,)) == [(6,)]
        assert shelf.relayed() == 5
    finally:
        shelf.close()
        journal.close()
