"""Tests of integration.journal.migrations: a database of the first version, with work in it, goes on as if new.

`version_1.sql` is the dump of a database that the first version's code wrote, 115 seconds into a small world: flows
that wait for a call, a message, a person and their entity's turn; a message nobody has taken; an event not yet sent.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain import history
from integration.effects import Receive, Sleep
from integration.flow import FlowContext, Program
from integration.intake import Route
from integration.journal import migrations, postgres_schema, postgres_tables
from integration.journal.migrations import MIGRATIONS, Migration
from integration.journal.opening import open_journal, open_reader
from integration.journal.postgres import PostgresJournal
from integration.journal.protocol import Head
from integration.journal.sqlite import SqliteJournal
from integration.journal.trouble import WrongSchema
from integration.retry import call_with_retries
from tests.integration.booking import LOCAL, PROGRAMS, write_call
from tests.integration.conftest import World

HEAD = Head(17, "eee688aef619dabdf5b46b9664772461b86d457752ea8f23cbdd3b6fe9ed1975")
"""Kept elsewhere by who made the dump."""


@pytest.fixture
def old(tmp_path: Path) -> str:
    """A database of the first version."""
    path = str(tmp_path / "journal")
    connection = sqlite3.connect(path)
    connection.executescript((Path(__file__).parent / "version_1.sql").read_text())
    connection.close()
    return path


async def amend(context: FlowContext, arguments: Mapping[str, Any]) -> None:
    await call_with_retries(context, write_call(context, "apply", "billing"))
    await Sleep(100)


async def listen(context: FlowContext, arguments: Mapping[str, Any]) -> str:
    first = await Receive("news", "k", timeout_seconds=3000)
    await Sleep(20)
    second = await Receive("news", "k2", timeout_seconds=3000)
    return f"{first.id if first else None} {second.id if second else None}"


async def stuck(context: FlowContext, arguments: Mapping[str, Any]) -> str:
    return (await call_with_retries(context, write_call(context, "create"))).body.decode()


def tables(path: str) -> dict[str, Any]:
    """Return the columns of each table and each index of a database."""
    connection = sqlite3.connect(path)
    names = connection.execute("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
    pragma = {"table": "table_xinfo", "index": "index_xinfo"}
    found = {name: connection.execute(f"PRAGMA {pragma[kind]}({name})").fetchall() for kind, name in names}
    connection.close()
    return found


def test_a_database_of_the_first_version_gets_the_tables_of_a_new_one(old: str, tmp_path: Path) -> None:
    with pytest.raises(WrongSchema, match="has version 1 of the tables, this package needs version 3: start the"):
        open_reader(old)
    journal = open_journal(old)
    assert isinstance(journal, SqliteJournal)
    assert journal.migrated == [migration.name for migration in MIGRATIONS[1:]]
    journal.close()
    SqliteJournal(str(tmp_path / "new")).close()
    assert tables(old) == tables(str(tmp_path / "new"))
    again = open_journal(old)
    assert isinstance(again, SqliteJournal)
    assert again.migrated == []
    again.close()


def test_nothing_in_it_is_lost(old: str) -> None:
    journal = SqliteJournal(old)
    assert journal.verify(HEAD).intact
    reader = open_reader(old)
    assert {row.id: row.status for row in reader.flows()} == {
        "done": "finished", "Q-000123-v1": "running", "ear": "running", "one": "running", "two": "ready",
        "three": "ready", "broken": "parked", "Q-000123-v1/bill": "finished",
    }  # fmt: skip
    assert journal.connection.execute("SELECT min(seen_us) FROM seen").fetchone()[0] > 1_700_000_000_000_000
    assert [(case.id, case.owner) for case in reader.cases(code="VALIDATION.BUSINESS_RULE", txn="Q-8")] == [
        ("broken#0", "sales ops")
    ]
    assert [(row.type, row.subject, row.sequence) for row in reader.events()] == [("billed", "Q-000123-v1", 2)]
    assert reader.mappings() == [("item", "SKU-1", {"item": "7"})]
    assert (reader.counts().waiting_messages, reader.counts().unsent_events) == (1, 1)
    reader.close()
    journal.close()


def test_the_work_in_it_comes_to_its_end_in_the_right_order(old: str) -> None:
    programs: dict[str, Program] = {**PROGRAMS, "amend": amend, "listen": listen, "stuck": stuck}
    journal = SqliteJournal(old)
    made = World(programs, journal=journal, routes=(*LOCAL, Route(source="crm", topic="news")))
    (case,) = made.integration.open_cases()
    made.integration.re_drive(case.id, "sales ops")
    made.run(20_000)
    finished = [(record.flow, record.result) for record in made.of(history.Flow) if record.status == "finished"]
    assert dict(finished) == {
        "one": "", "three": "", "two": "", "broken": "q2c/broken/create", "ear": "n1 n2",
        "Q-000123-v1": "1200 ['Answer', 'Slept', 'Answer']",
    }  # fmt: skip
    assert [name for name, _ in finished if name in ("one", "two", "three")] == ["one", "three", "two"]
    assert set(made.done) == {
        "q2c/broken/create", "q2c/three/apply", "q2c/two/apply", "q2c/Q-000123-v1/close_order",
    }  # fmt: skip
    assert journal.verify(HEAD).intact
    journal.close()


def test_a_migration_that_fails_leaves_the_version_before(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tables(old)

    def broken(connection: sqlite3.Connection) -> None:
        MIGRATIONS[1].apply(connection)
        raise RuntimeError("power failure")

    monkeypatch.setattr(migrations, "MIGRATIONS", (MIGRATIONS[0], Migration(2, "broken", broken)))
    with pytest.raises(RuntimeError, match="power failure"):
        SqliteJournal(old)
    assert tables(old) == before
    monkeypatch.undo()
    journal = SqliteJournal(old)
    assert journal.verify(HEAD).intact
    journal.close()


def test_postgresql_goes_forward_step_by_step_or_not_at_all(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    PostgresJournal(postgres).close()
    known = postgres_schema.MIGRATIONS
    monkeypatch.setattr(postgres_tables, "VERSION", len(known) + 2)
    column = ("a column", "ALTER TABLE flow ADD COLUMN note text")
    wrong = (*known, column, ("a mistake", "ALTER TABLE nothing ADD x int"))
    monkeypatch.setattr(postgres_tables, "MIGRATIONS", wrong)
    with pytest.raises(Exception, match='relation "nothing" does not exist'):
        PostgresJournal(postgres)
    right = (*known, column, ("no mistake", "UPDATE flow SET note = ''"))
    monkeypatch.setattr(postgres_tables, "MIGRATIONS", right)
    journal = PostgresJournal(postgres)
    assert journal.migrated == ["a column", "no mistake"]
    journal.close()
    with psycopg.connect(postgres) as connection:
        rows = connection.execute("SELECT number, name FROM migration ORDER BY number").fetchall()
    assert rows == [(number, name) for number, (name, _) in enumerate(right, start=1)]
