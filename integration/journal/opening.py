"""Opening a journal or its read side by the name of its database: a path (SQLite) or postgresql://... (many workers)."""

from __future__ import annotations

from integration.journal.protocol import Journal
from integration.journal.reading import Reader
from integration.journal.sqlite import SqliteJournal, open_sqlite_reader

POSTGRES = ("postgresql://", "postgres://")


def is_postgres(database: str) -> bool:
    """Tell whether the name of a database is one of PostgreSQL."""
    return database.startswith(POSTGRES)


def open_journal(database: str, worker: str = "") -> Journal:
    """Open a journal, migrating its tables when they are of an older version; an empty name is a temporary journal.

    `worker` names this process among others on PostgreSQL: a restart under the same name takes its own flows up at
    once. Raise Unavailable when the database cannot be opened, and WrongSchema when it is of a newer version.
    """
    assert not is_postgres(database), "PostgreSQL: to come"
    return SqliteJournal(database)


def open_reader(database: str) -> Reader:
    """Open the read side of a journal that exists; raise Unavailable or WrongSchema."""
    assert not is_postgres(database), "PostgreSQL: to come"
    return open_sqlite_reader(database)
