"""Tests of integration.journal.memory: it keeps, refuses and returns what the SQLite journal does."""

from __future__ import annotations

from typing import Any

import pytest

from integration.effects import Sleep
from integration.exceptions import ExceptionCase
from integration.journal.memory import MemoryJournal
from integration.journal.protocol import Crash, CrashPoint, Entry, Fenced, FlowRow, InboxRow, Lease, OutboxRow, Write
from integration.journal.sqlite import SqliteJournal
from integration.outcomes import Begun, Message, Slept

BEGUN = Begun("f", "f", {})


def entry(flow: int, seq: int, kind: str = "step", branch: int = -1) -> Entry:
    return Entry(flow, seq, branch, 1000 + seq, 1, kind, Slept() if seq else BEGUN, Sleep(1.0))


def flow_row(number: int) -> FlowRow:
    return FlowRow(
        number=number, id=f"order/{number}", name="f", txn="", entity_key="", order_key="", arguments=b"\x80",
        status="ready", created_us=0,
    )  # fmt: skip


def event(number: int, subject: str, sequence: int) -> OutboxRow:
    return OutboxRow(
        number=number, id=f"e{number}", type="t", subject=subject, txn="", sequence=sequence, body={"n": (1, 2)},
        created_us=0,
    )  # fmt: skip


def case(number: int, status: str) -> ExceptionCase:
    return ExceptionCase(
        id=f"order/1#{number}", flow="order/1", txn="", code="X", owner="o", status=status, opened_us=0, due_us=1
    )  # fmt: skip


def message(number: int, wanted: bool = True) -> InboxRow:
    return InboxRow(number, Message(source="billing", id=f"ev_{number}", topic="t", key="k", body={"a": [1]}), wanted)


WRITES: list[dict[str, Any]] = [
    {"flows": [flow_row(1), flow_row(2)]},
    {"entries": [entry(1, 0), entry(2, 0)]},
    {"entries": [entry(1, 1)]},
    {"entries": [entry(1, 1, "branch", 0), entry(1, 1, "branch", 1)], "messages": [message(1), message(2)]},
    {"messages": [message(3, wanted=False)], "taken": [(1, 1)], "flows": [flow_row(3)]},
    {"events": [event(1, "a", 1), event(2, "b", 1), event(3, "a", 2)], "relayed": 1},
    {"cases": [case(1, "open"), case(2, "resolved"), case(3, "verified")], "statuses": [(1, "parked", b"")]},
    {"mappings": [("item", "A", b"\xc2"), ("item", "B", b"\xc3")]},
    {"mappings": [("item", "A", None)], "cases": [case(1, "verified")]},
    {"entries": [entry(2, 1)], "statuses": [(2, "finished", b"\xc0")], "blanked": 2},
]


def written(lease: Lease) -> Lease:
    for write in WRITES:
        lease.commit(Write(**write))
    return lease


def test_it_returns_what_the_sqlite_journal_returns() -> None:
    memory, sqlite = MemoryJournal(), SqliteJournal()
    ours, theirs = written(memory.claim()), written(sqlite.claim())
    assert ours.load() == theirs.load()
    assert memory.head() == sqlite.head()
    assert list(memory.entries()) == list(sqlite.entries())
    assert list(memory.flows()) == list(sqlite.flows())
    assert (ours.steps(1), ours.branches(1, 1)) == (theirs.steps(1), theirs.branches(1, 1))
    assert (ours.find("order/2"), ours.find("order/9")) == (theirs.find("order/2"), None)
    assert [ours.has_message("billing", f"ev_{number}") for number in (1, 3, 4)] == [True, True, False]
    assert memory.verify(sqlite.head()).intact


def test_a_zombie_writes_nothing() -> None:
    journal = MemoryJournal()
    zombie = written(journal.claim())
    journal.claim()
    before = journal.head()
    with pytest.raises(Fenced, match="epoch 1 was replaced by epoch 2"):
        zombie.commit(Write(entries=[entry(1, 2)]))
    assert journal.head() == before


@pytest.mark.parametrize(
    "twice",
    [
        {"flows": [flow_row(4), flow_row(4)]},
        {"messages": [message(2)]},
        {"messages": [message(4), message(4)]},
        {"events": [event(3, "a", 3)]},
    ],
)
def test_a_write_that_repeats_an_id_leaves_no_trace(twice: dict[str, Any]) -> None:
    journal = MemoryJournal()
    lease = written(journal.claim())
    before, head = lease.load(), journal.head()
    with pytest.raises(AssertionError, match="UNIQUE"):
        lease.commit(Write(entries=[entry(1, 2)], **twice))
    assert (lease.load(), journal.head()) == (before, head)


def test_a_crash_point_strikes_once_before_or_after_its_write() -> None:
    journal = MemoryJournal([CrashPoint(2, after=False), CrashPoint(3, after=True)])
    lease = journal.claim()
    lease.commit(Write(entries=[entry(0, 0)]))
    with pytest.raises(Crash, match="before durable write 2"):
        lease.commit(Write(entries=[entry(0, 1)]))
    assert journal.head().entries == 1
    journal.claim().commit(Write(entries=[entry(0, 1)]))
    with pytest.raises(Fenced):
        lease.commit(Write(entries=[entry(0, 2)]))


def test_an_edited_trail_is_not_intact() -> None:
    journal = MemoryJournal()
    written(journal.claim())
    head = journal.head()
    assert journal.bodies[1] is None  # flow 2 is finished, and was blanked
    assert journal.verify(head).intact
    genuine = journal.bodies[2]
    assert genuine is not None
    journal.bodies[2] = genuine[:-1] + b"\x00"
    assert "entry 3 does not match" in journal.verify(head).problem
    journal.bodies[2] = None
    assert "entry 3 was blanked" in journal.verify(head).problem
