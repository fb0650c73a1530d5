"""A journal notices that it was restored from a backup, and never that it was only started again."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from integration.journal.home import mark_beside
from integration.journal.postgres import PostgresJournal
from integration.journal.protocol import Entry, Write
from integration.journal.sqlite import SqliteJournal, SqliteLease
from integration.outcomes import Slept
from tests.postgres import Server

NOW_US = 1_800_000_000_000_000


_OPEN: list[SqliteJournal] = []


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    end()


def end() -> None:
    """End whatever process runs."""
    while _OPEN:
        _OPEN.pop().close()


def claimed(path: Path) -> SqliteLease:
    """Start as an engine does; the process before is gone."""
    end()
    _OPEN.append(SqliteJournal(str(path)))
    return _OPEN[0].claim()


def begun(path: Path, now_us: int = NOW_US) -> tuple[SqliteLease, str]:
    """Start; return the lease and why the journal is taken for a restored one."""
    lease = claimed(path)
    return lease, lease.look_back(now_us).reason


def write(lease: SqliteLease, rows: int) -> None:
    for _ in range(rows):
        lease.commit(Write(entries=[Entry(0, -1, NOW_US, lease.epoch, "note", Slept())]))


def backup(path: Path, copy: Path) -> None:
    """Copy a database that is in use, as SQLite does."""
    source, target = sqlite3.connect(path), sqlite3.connect(copy)
    with source, target:
        source.backup(target)
    source.close()
    target.close()


def put_back(copy: Path, path: Path) -> None:
    end()
    for file in path.parent.glob(f"{path.name}-*"):
        file.unlink()
    shutil.copy(copy, path)


def test_a_start_after_a_crash_is_no_restore(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for _ in range(3):
        lease, reason = begun(path)
        assert (reason, lease.look_back(NOW_US).at_us) == ("", 0)
        write(lease, 2)
        lease.mark()
        write(lease, 2)  # the mark is older than the database: that is how a crash leaves them


@pytest.mark.parametrize("rows", [0, 3], ids=["only a start was lost", "work was lost"])
def test_a_file_that_was_put_back_is_noticed_once_and_the_instant_is_kept(tmp_path: Path, rows: int) -> None:
    path, copy = tmp_path / "journal.db", tmp_path / "backup.db"
    lease, _ = begun(path)
    write(lease, 2)
    backup(path, copy)
    write(lease, rows)
    lease, _ = begun(path)
    lease.mark()
    put_back(copy, path)
    lease, reason = begun(path, NOW_US + 5)
    assert ("a second time" in reason) or ("audit trail had 5 rows" in reason), reason
    lease.mark()
    lease, reason = begun(path, NOW_US + 9)
    assert reason == ""
    assert lease.look_back(NOW_US + 9).at_us == NOW_US + 5, "when it was, is remembered"


def test_another_history_of_the_same_length_is_noticed(tmp_path: Path) -> None:
    path, copy = tmp_path / "journal.db", tmp_path / "backup.db"
    begun(path)
    backup(path, copy)
    lease, _ = begun(path)
    write(lease, 3)
    lease.mark()
    put_back(copy, path)
    lease = claimed(path)  # somebody worked on the restored file without looking back
    lease.commit(Write(entries=[Entry(0, -1, NOW_US + 1, lease.epoch, "note", Slept())]))
    write(lease, 4)
    assert "audit trail" in begun(path)[1]


@pytest.mark.parametrize("spoil", [lambda mark: mark.unlink(), lambda mark: mark.write_bytes(b"{")])
def test_a_mark_that_is_gone_or_broken_is_told(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    path = tmp_path / "journal.db"
    begun(path)[0].mark()
    spoil(mark_beside(str(path)))
    assert "journal.db.mark" in begun(path)[1]


def test_a_temporary_journal_has_no_mark(tmp_path: Path) -> None:
    journal = SqliteJournal()
    lease = journal.claim()
    lease.mark()
    assert lease.look_back(NOW_US).at_us == 0
    assert list(tmp_path.iterdir()) == []
    journal.close()


def test_a_dump_that_is_read_in_elsewhere_is_noticed_by_its_workers(postgres_server: Server) -> None:
    address = postgres_server.create()
    for _ in range(2):
        journal = PostgresJournal(address, "one")
        found = journal.claim().look_back(NOW_US)
        assert (found.reason, found.at_us) == ("", 0)
        journal.close()
    other = postgres_server.create()
    name, base = other.rpartition("/")[2], address.rpartition("/")[2]
    with psycopg.connect(f"{other.rpartition('/')[0]}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}"'.encode())
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{base}"'.encode())
    journal = PostgresJournal(other, "one")
    found = journal.claim().look_back(NOW_US + 1)
    assert ("is not where it was" in found.reason, found.at_us) == (True, NOW_US + 1)
    found = journal.claim().look_back(NOW_US + 2)
    assert (found.reason, found.at_us) == ("", NOW_US + 1)
    journal.close()
