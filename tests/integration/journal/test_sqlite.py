"""Tests of integration.journal: one transaction a write, fencing, and an audit trail that notices any change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integration.effects import Sleep
from integration.exceptions import ExceptionCase
from integration.flow import Step
from integration.journal import sqlite
from integration.journal.protocol import (
    Crash,
    CrashPoint,
    Entry,
    Fenced,
    FlowRow,
    Head,
    InboxRow,
    Lease,
    OutboxRow,
    Write,
)
from integration.journal.sqlite import SqliteJournal
from integration.outcomes import Begun, Message, Slept

BEGUN = Begun("f", "f", {})


def entry(seq: int, kind: str = "step", branch: int = -1) -> Entry:
    return Entry(seq, branch, 1000 + seq, 1, kind, Slept() if seq else BEGUN, Sleep(1.0))


def step(flow: int, seq: int, **more: Any) -> Write:
    return Write(flow=flow, entries=[entry(seq)], **more)


def flow_row(number: int, status: str = "ready") -> FlowRow:
    return FlowRow(
        number=number, id=f"order/{number}", name="f", txn="", entity_key="", order_key="", arguments=b"\x80",
        status=status, created_us=0,
    )  # fmt: skip


def event(number: int, subject: str) -> OutboxRow:
    return OutboxRow(id=f"e{number}", type="t", subject=subject, txn="", body={"n": (1, 2)}, created_us=0)


def case(number: int, status: str) -> ExceptionCase:
    return ExceptionCase(
        id=f"order/1#{number}", flow="order/1", txn="", code="X", owner="o", status=status, opened_us=0, due_us=1
    )  # fmt: skip


def message(number: int, wanted: bool = True) -> InboxRow:
    return InboxRow(number, Message(source="billing", id=f"ev_{number}", topic="t", key="k", body={"a": [1]}), wanted)


WRITES: list[dict[str, Any]] = [
    {"flows": [flow_row(1), flow_row(2)]},
    {"flow": 1, "entries": [entry(0)]},
    {"flow": 2, "entries": [entry(0)]},
    {"flow": 1, "entries": [entry(1)]},
    {"flow": 1, "entries": [entry(1, "branch", 0), entry(1, "branch", 1)], "messages": [message(1), message(2)]},
    {"messages": [message(3, wanted=False)], "taken": [1], "flows": [flow_row(3)]},
    {"events": [event(1, "a"), event(2, "b")]},
    {"events": [event(3, "a")], "relayed": 1},
    {"cases": [case(1, "open"), case(2, "resolved"), case(3, "verified")], "statuses": [(1, "parked", b"")]},
    {"mappings": [("item", "A", b"\xc2"), ("item", "B", b"\xc3")]},
    {"mappings": [("item", "A", None)], "cases": [case(1, "verified")]},
    {"flow": 2, "entries": [entry(1)], "statuses": [(2, "finished", b"\xc0")], "blanked": 2},
]


def written(lease: Lease) -> Lease:
    for write in WRITES:
        lease.commit(Write(**write))
    return lease


def filled(journal: SqliteJournal, steps: int = 6) -> Lease:
    lease = journal.claim()
    lease.commit(Write(flows=[flow_row(1), flow_row(2)]))
    for seq in range(steps):
        lease.commit(step(1, seq))
        lease.commit(step(2, seq))
    return lease


def test_what_is_open_is_loaded_with_its_last_step(tmp_path: Path) -> None:
    journal = SqliteJournal(str(tmp_path / "j.sqlite"))
    lease = filled(journal)
    lease.commit(Write(statuses=[(2, "finished", b"\xc0")]))
    message = Message(source="billing", id="ev_1", topic="t", key="k", body={"a": [1]})
    lease.commit(Write(messages=[InboxRow(1, message, True)]))
    journal.close()

    loaded = SqliteJournal(str(tmp_path / "j.sqlite")).claim().load()
    assert [(found.row.id, found.last) for found in loaded.flows] == [("order/1", entry(5))]
    assert [row.message for row in loaded.messages] == [message]


def test_the_steps_of_a_flow_come_back_in_order() -> None:
    lease = filled(SqliteJournal(), steps=3)
    assert lease.steps(1) == [Step(BEGUN, Sleep(1.0)), Step(Slept(), Sleep(1.0)), Step(Slept(), Sleep(1.0))]


def test_a_message_is_remembered_whoever_took_it() -> None:
    lease = SqliteJournal().claim()
    message = Message(source="billing", id="ev_1", topic="t", key="k")
    lease.commit(Write(messages=[InboxRow(1, message, True)]))
    lease.commit(Write(taken=[1]))
    assert lease.has_message("billing", "ev_1")
    assert not lease.has_message("payment", "ev_1")
    assert lease.load().messages == []


@pytest.mark.parametrize("in_file", [False, True])
def test_a_zombie_writes_nothing(tmp_path: Path, in_file: bool) -> None:
    path = str(tmp_path / "j.sqlite") if in_file else ""
    journal = SqliteJournal(path)
    zombie = filled(journal)
    successor = SqliteJournal(path) if in_file else journal
    fresh = successor.claim()
    before = journal.head()
    with pytest.raises(Fenced, match="epoch 1 was replaced by epoch 2"):
        zombie.commit(step(1, 6))
    assert journal.head() == before
    fresh.commit(step(1, 6))
    assert successor.verify().intact


@pytest.mark.parametrize(
    "twice",
    [
        {"flows": [flow_row(3), flow_row(1)]},
        {"messages": [message(1)]},
        {"messages": [message(2), message(2)]},
    ],
)
def test_a_write_that_repeats_an_id_leaves_no_trace_and_does_not_break_the_chain(
    tmp_path: Path, twice: dict[str, Any]
) -> None:
    journal = SqliteJournal(str(tmp_path / "j.sqlite"))
    lease = filled(journal)
    lease.commit(Write(messages=[message(1)], events=[event(1, "a")]))
    before, head = lease.load(), journal.head()
    with pytest.raises(Exception, match="UNIQUE"):
        lease.commit(step(1, 6, **twice))
    assert (lease.load(), journal.head()) == (before, head)
    assert lease.find("order/3") is None
    lease.commit(step(1, 6))
    assert journal.verify().intact


def test_a_temporary_journal_is_closed_by_a_write_that_fails() -> None:
    journal = SqliteJournal()
    lease = filled(journal)
    with pytest.raises(Exception, match="UNIQUE"):
        lease.commit(Write(flows=[flow_row(1)]))
    with pytest.raises(Exception, match="closed database"):
        journal.head()


def test_a_temporary_journal_answers_as_one_in_a_file_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "TOGETHER_ROWS", 3)
    temporary, file = SqliteJournal(), SqliteJournal(str(tmp_path / "j.sqlite"))
    ours, theirs = written(temporary.claim()), written(file.claim())
    assert ours.load() == theirs.load()
    assert temporary.head() == file.head()
    assert list(temporary.entries()) == list(file.entries())
    assert list(temporary.flows()) == list(file.flows())
    assert (ours.steps(1), ours.branches(1, 1)) == (theirs.steps(1), theirs.branches(1, 1))
    assert (ours.find("order/2"), ours.find("order/9")) == (theirs.find("order/2"), None)
    assert [ours.has_message("billing", f"ev_{number}") for number in (1, 3, 4)] == [True, True, False]
    assert temporary.verify(file.head()).intact


def test_what_is_open_is_all_that_is_loaded() -> None:
    loaded = written(SqliteJournal().claim()).load()
    assert [(found.row.id, found.row.status) for found in loaded.flows] == [("order/1", "parked"), ("order/3", "ready")]
    assert [row.message.id for row in loaded.messages] == ["ev_2"]
    assert [row.number for row in loaded.events] == [2, 3]
    assert [case.id for case in loaded.cases] == ["order/1#2"]
    assert loaded.mappings == {("item", "B"): True}


def test_a_crash_point_strikes_once_before_or_after_its_write() -> None:
    journal = SqliteJournal(crash_points=[CrashPoint(2, after=False), CrashPoint(3, after=True)])
    lease = journal.claim()
    lease.commit(step(0, 0))
    with pytest.raises(Crash, match="before durable write 2"):
        lease.commit(step(0, 1))
    assert journal.head().entries == 1
    lease = journal.claim()
    lease.commit(step(0, 1))
    with pytest.raises(Crash, match="after durable write 3"):
        lease.commit(step(0, 2))
    assert journal.head().entries == 3


def test_an_untouched_trail_is_intact_and_knows_its_head() -> None:
    journal = SqliteJournal()
    lease = filled(journal)
    head = journal.head()
    assert journal.verify(head).intact
    lease.commit(step(1, 6))
    found = journal.verify(head)
    assert (found.intact, found.head.entries) == (True, 13)


def edit(journal: SqliteJournal) -> None:
    journal.connection.execute(
        "UPDATE entry SET body = substr(body, 1, 9) || x'00' || substr(body, 11) WHERE number = 5"
    )


def reassign(journal: SqliteJournal) -> None:
    journal.connection.execute("UPDATE trail SET flow = 2 WHERE number = 5")


def reassign_both(journal: SqliteJournal) -> None:
    reassign(journal)
    journal.connection.execute("UPDATE entry SET flow = 2 WHERE number = 5")


def delete(journal: SqliteJournal) -> None:
    journal.connection.execute("DELETE FROM trail WHERE number = 5")


def close_the_gap(journal: SqliteJournal) -> None:
    for table in ("trail", "entry"):
        journal.connection.execute(f"DELETE FROM {table} WHERE number = 5")
        journal.connection.execute(f"UPDATE {table} SET number = number - 1 WHERE number > 5")


def swap(journal: SqliteJournal) -> None:
    for table in ("trail", "entry"):
        for old, new in ((5, 99), (6, 5), (99, 6)):
            journal.connection.execute(f"UPDATE {table} SET number = ? WHERE number = ?", (new, old))


def truncate(journal: SqliteJournal) -> None:
    journal.connection.execute("DELETE FROM trail WHERE number > 10")


def blank(journal: SqliteJournal) -> None:
    journal.connection.execute("DELETE FROM entry WHERE number = 5")


@pytest.mark.parametrize("tamper", [edit, reassign, reassign_both, delete, close_the_gap, swap, truncate, blank])
def test_tampering_with_the_trail_is_detected(tamper: Callable[[SqliteJournal], None]) -> None:
    journal = SqliteJournal()
    filled(journal)
    head = journal.head()
    tamper(journal)
    found = journal.verify(head)
    assert not found.intact
    assert found.problem


def test_only_a_head_kept_elsewhere_shows_that_the_end_is_missing() -> None:
    journal = SqliteJournal()
    filled(journal)
    head = journal.head()
    truncate(journal)
    assert journal.verify().intact
    assert "ends at entry 10" in journal.verify(head).problem
    assert not journal.verify(Head(10, head.digest)).intact


def test_a_finished_flow_can_be_blanked_and_the_chain_still_holds() -> None:
    journal = SqliteJournal()
    lease = filled(journal)
    head = journal.head()
    lease.commit(step(1, 6, statuses=[(1, "finished", b"\xc0")], blanked=1))
    assert [flow for _, flow, _ in journal.entries()] == [2] * 6 + [1]
    assert journal.verify(head).intact
