"""Migrations: how the tables of a database become those of a newer version of this package.

They are numbered, go forward only, and each runs in one transaction together with its record in the table `migration`:
a crash leaves the version before or the version after. A database of a newer version is refused, not guessed at.

Plain functions in a list: one store is the standard library's `sqlite3`, and a change of tables comes with bodies that
have to be decoded. Alembic would need SQLAlchemy at run time to issue the same few statements.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from integration.exceptions import ExceptionCase
from integration.journal.protocol import OutboxRow
from integration.journal.schema import INDEXES, SCHEMA, VERSION
from integration.journal.trouble import WrongSchema

_case = msgspec.msgpack.Decoder(ExceptionCase)
_event = msgspec.msgpack.Decoder(OutboxRow)
_encode = msgspec.msgpack.Encoder().encode


class Migration(msgspec.Struct, frozen=True):
    """One step; `apply` runs inside a transaction."""

    number: int
    name: str
    apply: Callable[[sqlite3.Connection], None]


def migrate_sqlite(connection: sqlite3.Connection) -> list[str]:
    """Bring a database in a file to the newest version; return the names of the migrations that ran.

    The connection is in autocommit mode. Raise WrongSchema when the database is newer than this package.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        applied = _advance(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return applied


def _advance(connection: sqlite3.Connection) -> list[str]:
    version = sqlite_version(connection)
    refuse_newer(version, VERSION)
    if version == VERSION:
        return []
    if version == 0:
        _script(connection, SCHEMA + INDEXES)
    wanted = [migration for migration in MIGRATIONS if migration.number > version]
    for migration in wanted:
        if version:
            migration.apply(connection)
        _record(connection, migration)
    return [migration.name for migration in wanted]


def sqlite_version(connection: sqlite3.Connection) -> int:
    """Return the version of a database's tables: 0 for an empty one."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "migration" in tables:
        (number,) = connection.execute("SELECT coalesce(max(number), 0) FROM migration").fetchone()
        return int(number)
    return 1 if "trail" in tables else 0


def refuse_newer(version: int, known: int) -> None:
    """Raise WrongSchema when a database is newer than this package."""
    if version > known:
        raise WrongSchema(
            f"the database has version {version} of the tables, this package knows version {known}: "
            "use a newer q2c-harness, or the backup made before the upgrade"
        )


def require(version: int, known: int) -> None:
    """Raise WrongSchema unless a database, which is only to be read, has the version of this package."""
    refuse_newer(version, known)
    if version < known:
        found = f"version {version} of the tables" if version else "no tables of ours"
        raise WrongSchema(
            f"the database has {found}, this package needs version {known}: start the integration once, it migrates"
        )


def _record(connection: sqlite3.Connection, migration: Migration) -> None:
    connection.execute(
        "INSERT INTO migration VALUES (?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))", (migration.number, migration.name)
    )


def _script(connection: sqlite3.Connection, script: str) -> None:
    """Run statements inside the transaction at hand (`executescript` would commit it)."""
    for statement in script.split(";\n"):
        if statement.strip():
            connection.execute(statement)


_EVENT_LOG = """
DROP TABLE exception_case;
DROP TABLE outbox;
CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL);
CREATE TABLE event (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL, txn TEXT NOT NULL,
    sequence INTEGER NOT NULL, created_us INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE TABLE cursor (consumer TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE exception_case (
    id TEXT PRIMARY KEY, status TEXT NOT NULL, code TEXT NOT NULL, owner TEXT NOT NULL, flow TEXT NOT NULL,
    txn TEXT NOT NULL, body BLOB NOT NULL
);
CREATE INDEX flow_of_transaction ON flow (txn, number);
CREATE INDEX flow_by_status ON flow (status, name, number);
CREATE INDEX event_of_subject ON event (subject, number);
CREATE INDEX event_of_transaction ON event (txn, number);
CREATE INDEX event_by_type ON event (type, number);
CREATE INDEX case_by_status ON exception_case (status, id);
CREATE INDEX case_of_transaction ON exception_case (txn, id);
"""


def _log_events(connection: sqlite3.Connection) -> None:
    """Turn the outbox, which forgot what had left, into a log with cursors; cases get columns to ask for."""
    cases: Sequence[Any] = connection.execute("SELECT body FROM exception_case").fetchall()
    events: Sequence[Any] = connection.execute("SELECT body FROM outbox ORDER BY number").fetchall()
    _script(connection, _EVENT_LOG)
    for (body,) in cases:
        case = _case.decode(body)
        connection.execute(
            "INSERT INTO exception_case VALUES (?, ?, ?, ?, ?, ?, ?)",
            (case.id, case.status, case.code, case.owner, case.flow, case.txn, body),
        )
    for (body,) in events:
        event = _event.decode(body)
        connection.execute(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event.number, event.id, event.type, event.subject, event.txn, event.sequence, event.created_us,
                _encode(event.body),
            ),
        )  # fmt: skip
    connection.execute(
        "UPDATE flow SET status = 'running' "
        "WHERE status = 'ready' AND EXISTS (SELECT 1 FROM entry WHERE entry.flow = flow.number)"
    )


_DATE_MESSAGES = """
ALTER TABLE seen ADD COLUMN seen_us INTEGER NOT NULL DEFAULT 0;
UPDATE seen SET seen_us = CAST(strftime('%s', 'now') AS INTEGER) * 1000000;
"""


def _date_messages(connection: sqlite3.Connection) -> None:
    """Take what is known already for seen now: it is forgotten too late rather than too early."""
    _script(connection, _DATE_MESSAGES)


MIGRATIONS = (
    Migration(1, "the first tables", lambda connection: None),
    Migration(2, "an event log with cursors, and columns of cases", _log_events),
    Migration(3, "messages are known with their instants, so that they can be forgotten", _date_messages),
)
