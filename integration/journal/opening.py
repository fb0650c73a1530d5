"""Opening a journal or its read side by the name of its database: a path (SQLite) or postgresql://... (shared)."""

from __future__ import annotations

from importlib.util import find_spec

from integration.journal.protocol import Journal
from integration.journal.reading import Reader
from integration.journal.retention import Shelf
from integration.journal.sqlite import SqliteJournal
from integration.journal.sqlite_reading import open_sqlite_reader
from integration.journal.sqlite_retention import SqliteShelf
from integration.journal.trouble import Unavailable

POSTGRES = ("postgresql://", "postgres://")


def is_postgres(database: str) -> bool:
    """Tell whether the name of a database is one of PostgreSQL."""
    return database.startswith(POSTGRES)


def open_journal(database: str, worker: str = "") -> Journal:
    """Open a journal, migrating its tables when they are of an older version; an empty name is a temporary journal.

    `worker` names this process among others on PostgreSQL: a restart under the same name takes its own flows up at
    once. Raise Unavailable when the database cannot be opened, and WrongSchema when it is of a newer version.
    """
    if is_postgres(database):
        _require_driver()
        from integration.journal.postgres import PostgresJournal

        return PostgresJournal(database, worker)
    return SqliteJournal(database)


def open_reader(database: str) -> Reader:
    """Open the read side of a journal that exists; raise Unavailable or WrongSchema."""
    if is_postgres(database):
        _require_driver()
        from integration.journal.postgres_reading import open_postgres_reader

        return open_postgres_reader(database)
    return open_sqlite_reader(database)


def open_shelf(database: str) -> Shelf:
    """Open the tables of a journal that exists, to remove what has passed; raise Unavailable or WrongSchema."""
    if is_postgres(database):
        _require_driver()
        from integration.journal.postgres_retention import PostgresShelf

        return PostgresShelf(database)
    return SqliteShelf(database)


def _require_driver() -> None:
    if find_spec("psycopg") is None:
        raise Unavailable("PostgreSQL needs a driver: pip install 'q2c-harness[postgres]'")
