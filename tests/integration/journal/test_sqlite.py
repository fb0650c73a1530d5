"""Tests of integration.journal.sqlite: what is its own beside what every journal promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from integration.journal import sqlite
from integration.journal.opening import open_journal, open_reader
from integration.journal.protocol import Fenced, Lease, Write
from integration.journal.schema import VERSION
from integration.journal.sqlite import SqliteJournal
from integration.journal.trouble import Unavailable, WrongSchema
from tests.integration.journal.rows import case, entry, event, flow_row, message, step


def writes() -> list[Write]:
    return [
        Write(flows=[flow_row(1), flow_row(2)]),
        Write(flow=1, entries=[entry(0)]),
        Write(flow=2, entries=[entry(0)]),
        Write(flow=1, entries=[entry(1, "branch", 0), entry(1, "branch", 1)], messages=[message(1), message(2)]),
        Write(messages=[message(3, wanted=False)], taken=[1], flows=[flow_row(3)]),
        Write(events=[event(1, "a"), event(2, "b")]),
        Write(events=[event(3, "a")], relayed=1),
        Write(cases=[case(1, "open"), case(2, "resolved"), case(3, "verified")], statuses=[(1, "parked", b"")]),
        Write(mappings=[("item", "A", b"\x80"), ("item", "B", b"\x80"), ("item", "A", None)]),
        Write(flow=2, entries=[entry(1)], statuses=[(2, "finished", b"\xc0")], blanked=2),
    ]


def written(lease: Lease) -> Lease:
    for write in writes():
        lease.commit(write)
    return lease


def test_a_temporary_journal_answers_as_one_in_a_file_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "TOGETHER_ROWS", 3)
    temporary, file = SqliteJournal(), SqliteJournal(str(tmp_path / "j.sqlite"))
    ours, theirs = written(temporary.claim()), written(file.claim())
    assert ours.load() == theirs.load()
    assert [each.row.id for each in ours.load().flows] == ["order/1", "order/3"]
    assert temporary.head() == file.head()
    assert list(temporary.entries()) == list(file.entries())
    assert list(temporary.flows()) == list(file.flows())
    assert temporary.reader().counts() == file.reader().counts()
    assert temporary.verify(file.head()).intact


@pytest.mark.parametrize("together", [1, 3, 1_000])
def test_a_temporary_journal_knows_what_it_has_not_written_yet_and_what_it_has(
    together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "TOGETHER_ROWS", together)
    journal = SqliteJournal()
    lease = written(journal.claim())
    assert [journal.pending.may_stand(each) for each in ("order/1", "order/9")] == [together < 1_000, False]
    for _ in range(2):
        assert [lease.find(each) is not None for each in ("order/2", "order/9")] == [True, False]
        assert lease.known(["order/1", "order/9", "order/3"]) == {"order/1", "order/3"}
        assert [lease.has_message(each.message.source, each.message.id) for each in (message(3), message(9))] == [1, 0]
        again = Write(events=[event(4, "a")])
        lease.commit(again)
        sequence = again.events[0].sequence
        journal.flush()
    assert sequence == 4


def test_a_temporary_journal_is_closed_by_a_write_that_fails() -> None:
    journal = SqliteJournal()
    lease = journal.claim()
    lease.commit(Write(flows=[flow_row(1)]))
    with pytest.raises(Exception, match="UNIQUE"):
        lease.commit(Write(flows=[flow_row(1)]))
    with pytest.raises(Exception, match="closed database"):
        journal.head()


def test_a_flow_that_ends_while_its_rows_wait_is_written_once_and_without_the_steps_that_are_blanked() -> None:
    journal = SqliteJournal()
    lease = journal.claim()
    flow = flow_row(1)
    lease.commit(Write(flows=[flow]))
    for _ in range(3):
        lease.commit(Write(flow=1, entries=[entry(0)]))
    done = Write(flow=1, entries=[entry(1)], statuses=[(1, "finished", b"")], blanked=1)
    lease.commit(done)
    assert lease.find(flow.id) == msgspec.structs.replace(flow, number=1, status="finished")
    changes = journal.connection.total_changes
    journal.flush()
    assert journal.connection.total_changes - changes == 4 + 1 + 1  # links of the trail, the flow, its last step
    assert [number for number, _, _ in journal.entries()] == [4]
    assert journal.verify().intact


def test_another_process_that_claims_the_file_fences_this_one(tmp_path: Path) -> None:
    path = str(tmp_path / "j.sqlite")
    zombie, successor = SqliteJournal(path).claim(), SqliteJournal(path)
    successor.claim()
    with pytest.raises(Fenced, match="epoch 1 was replaced by epoch 2"):
        zombie.confirm()
    with pytest.raises(Fenced, match="epoch 1 was replaced by epoch 2"):
        zombie.commit(Write(flows=[flow_row(1)]))
    assert successor.reader().flows() == []


def test_a_reader_sees_what_was_committed_while_the_writer_goes_on(tmp_path: Path) -> None:
    journal = SqliteJournal(str(tmp_path / "j.sqlite"))
    lease, reader = journal.claim(), open_reader(str(tmp_path / "j.sqlite"))
    for number in range(1, 4):
        lease.commit(Write(flows=[flow_row(number)]))
        assert len(reader.flows()) == number
    reader.close()
    lease.commit(Write(flows=[flow_row(4)]))


# --- trouble --------------------------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_opened_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="its folder must exist and be writable"):
        open_journal(str(tmp_path / "nowhere" / "j.sqlite"))
    (tmp_path / "text").write_text("not a database at all, but long enough to be read as one" * 20)
    with pytest.raises(Unavailable, match="choose another path"):
        open_journal(str(tmp_path / "text"))
    with pytest.raises(Unavailable):
        open_reader(str(tmp_path / "missing"))


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    journal = SqliteJournal(str(tmp_path / "j.sqlite"))
    lease = journal.claim()
    (pages,) = journal.connection.execute("PRAGMA page_count").fetchone()
    journal.connection.execute(f"PRAGMA max_page_count = {pages + 4}")
    stored = 0
    refused = ""
    while not refused:
        number = stored + 1
        try:
            lease.commit(step(0, number, flows=[flow_row(number)], events=[event(number, "a" * 500)]))
        except Unavailable as trouble:
            refused = str(trouble)
        else:
            stored = number
    assert "free some space or move the file; nothing was written" in refused
    assert stored > 0
    assert [row.id for row in journal.reader().flows(limit=1000)] == [
        f"order/{number}" for number in range(1, stored + 1)
    ]
    assert journal.verify().intact
    journal.connection.execute("PRAGMA max_page_count = 100000")
    write = step(0, 0, flows=[flow_row(1000)], events=[event(1000, "a" * 500)])
    lease.commit(write)
    assert (write.events[0].sequence, journal.verify().intact) == (stored + 1, True)


def test_a_file_that_may_only_be_read_is_refused_at_the_first_write(tmp_path: Path) -> None:
    path = str(tmp_path / "j.sqlite")
    journal = SqliteJournal(path)
    lease = journal.claim()
    journal.connection.execute("PRAGMA query_only = on")
    with pytest.raises(Unavailable, match="mounted read-only"):
        lease.commit(Write(flows=[flow_row(1)]))


KILLED = """
import os, sys
from integration.journal.sqlite import SqliteJournal
from tests.integration.journal.rows import step
lease = SqliteJournal(sys.argv[1]).claim()
for number in range(200):
    lease.commit(step(0, number))
    print(number, flush=True)
    if number == 100:
        os.kill(os.getpid(), 9)
"""


def test_what_was_committed_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    path = str(tmp_path / "j.sqlite")
    root = Path(__file__).parents[3]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, path], cwd=root, capture_output=True, text=True, env={**os.environ}
    )
    assert killed.returncode == -9
    journal = SqliteJournal(path)
    assert journal.head().entries == len(killed.stdout.split()) == 101
    assert journal.verify().intact


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "j.sqlite")
    journal = SqliteJournal(path)
    journal.connection.execute("INSERT INTO migration VALUES (99, 'of the future', '')")
    journal.close()
    for opened in (open_journal, open_reader):
        with pytest.raises(WrongSchema, match=f"version 99 of .*, this package knows version {VERSION}: use a newer"):
            opened(path)
