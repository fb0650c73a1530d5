"""Tests of integration.journal: one transaction a write, fencing, and an audit trail that notices any change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from integration.effects import Sleep
from integration.flow import Step
from integration.journal.protocol import Crash, CrashPoint, Entry, Fenced, FlowRow, Head, InboxRow, Lease, Write
from integration.journal.sqlite import SqliteJournal
from integration.outcomes import Begun, Message, Slept

BEGUN = Begun("f", "f", {})


def entry(flow: int, seq: int, seconds: float = 1.0) -> Entry:
    outcome = Slept() if seq else BEGUN
    return Entry(flow, seq, -1, 1000 + seq, 1, "step", outcome, Sleep(seconds))


def flow_row(number: int, status: str = "ready") -> FlowRow:
    return FlowRow(
        number=number, id=f"order/{number}", name="f", txn="", entity_key="", order_key="", arguments=b"\x80",
        status=status, created_us=0,
    )  # fmt: skip


def filled(journal: SqliteJournal, steps: int = 6) -> Lease:
    lease = journal.claim()
    lease.commit(Write(flows=[flow_row(1), flow_row(2)]))
    for seq in range(steps):
        lease.commit(Write(entries=[entry(1, seq), entry(2, seq)]))
    return lease


def test_what_is_open_is_loaded_with_its_last_step(tmp_path: Path) -> None:
    journal = SqliteJournal(str(tmp_path / "j.sqlite"))
    lease = filled(journal)
    lease.commit(Write(statuses=[(2, "finished", b"\xc0")]))
    message = Message(source="billing", id="ev_1", topic="t", key="k", body={"a": [1]})
    lease.commit(Write(messages=[InboxRow(1, message, True)]))
    journal.close()

    loaded = SqliteJournal(str(tmp_path / "j.sqlite")).claim().load()
    assert [(found.row.id, found.last) for found in loaded.flows] == [("order/1", entry(1, 5))]
    assert [row.message for row in loaded.messages] == [message]
    assert (loaded.flow_number, loaded.inbox_number, loaded.outbox_number) == (2, 1, 0)


def test_the_steps_of_a_flow_come_back_in_order() -> None:
    lease = filled(SqliteJournal(), steps=3)
    assert lease.steps(1) == [Step(BEGUN, Sleep(1.0)), Step(Slept(), Sleep(1.0)), Step(Slept(), Sleep(1.0))]


def test_a_message_is_remembered_whoever_took_it() -> None:
    lease = SqliteJournal().claim()
    message = Message(source="billing", id="ev_1", topic="t", key="k")
    lease.commit(Write(messages=[InboxRow(1, message, True)]))
    lease.commit(Write(taken=[(1, 7)]))
    assert lease.has_message("billing", "ev_1")
    assert not lease.has_message("payment", "ev_1")
    assert lease.load().messages == []


@pytest.mark.parametrize("in_file", [False, True])
def test_a_zombie_writes_nothing(tmp_path: Path, in_file: bool) -> None:
    path = str(tmp_path / "j.sqlite") if in_file else ":memory:"
    journal = SqliteJournal(path)
    zombie = filled(journal)
    successor = SqliteJournal(path) if in_file else journal
    fresh = successor.claim()
    before = journal.head()
    with pytest.raises(Fenced, match="epoch 1 was replaced by epoch 2"):
        zombie.commit(Write(entries=[entry(1, 6)]))
    assert journal.head() == before
    fresh.commit(Write(entries=[entry(1, 6)]))
    assert successor.verify().intact


def test_a_failed_write_leaves_no_trace_and_does_not_break_the_chain() -> None:
    journal = SqliteJournal()
    lease = filled(journal)
    before = journal.head()
    with pytest.raises(Exception, match="UNIQUE"):
        lease.commit(Write(entries=[entry(1, 6)], flows=[flow_row(3), flow_row(1)]))
    assert journal.head() == before
    assert lease.find("order/3") is None
    lease.commit(Write(entries=[entry(1, 6)]))
    assert journal.verify().intact


def test_a_crash_point_strikes_once_before_or_after_its_write() -> None:
    journal = SqliteJournal(crash_points=[CrashPoint(2, after=False), CrashPoint(3, after=True)])
    lease = journal.claim()
    lease.commit(Write(entries=[entry(0, 0)]))
    with pytest.raises(Crash, match="before durable write 2"):
        lease.commit(Write(entries=[entry(0, 1)]))
    assert journal.head().entries == 1
    lease = journal.claim()
    lease.commit(Write(entries=[entry(0, 1)]))
    with pytest.raises(Crash, match="after durable write 3"):
        lease.commit(Write(entries=[entry(0, 2)]))
    assert journal.head().entries == 3


def test_an_untouched_trail_is_intact_and_knows_its_head() -> None:
    journal = SqliteJournal()
    lease = filled(journal)
    head = journal.head()
    assert journal.verify(head).intact
    lease.commit(Write(entries=[entry(1, 6)]))
    found = journal.verify(head)
    assert (found.intact, found.head.entries) == (True, 13)


def edit(journal: SqliteJournal) -> None:
    journal.connection.execute(
        "UPDATE entry SET body = substr(body, 1, 9) || x'00' || substr(body, 11) WHERE number = 5"
    )


def reassign(journal: SqliteJournal) -> None:
    journal.connection.execute("UPDATE entry SET flow = 2 WHERE number = 5")


def delete(journal: SqliteJournal) -> None:
    journal.connection.execute("DELETE FROM entry WHERE number = 5")


def close_the_gap(journal: SqliteJournal) -> None:
    delete(journal)
    journal.connection.execute("UPDATE entry SET number = number - 1 WHERE number > 5")


def swap(journal: SqliteJournal) -> None:
    for old, new in ((5, 99), (6, 5), (99, 6)):
        journal.connection.execute("UPDATE entry SET number = ? WHERE number = ?", (new, old))


def truncate(journal: SqliteJournal) -> None:
    journal.connection.execute("DELETE FROM entry WHERE number > 10")


def blank(journal: SqliteJournal) -> None:
    journal.connection.execute("UPDATE entry SET body = NULL WHERE number = 5")


@pytest.mark.parametrize("tamper", [edit, reassign, delete, close_the_gap, swap, truncate, blank])
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
    lease.commit(Write(entries=[entry(1, 6)], statuses=[(1, "finished", b"\xc0")], blanked=1))
    assert [found.flow for _, found in journal.entries()] == [2] * 6 + [1]
    assert journal.verify(head).intact
