"""The tables of the SQLite journal, for removing what has passed while the integration works on them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from integration.journal.migrations import require, sqlite_version
from integration.journal.reading import MAILROOM
from integration.journal.retention import Rows
from integration.journal.schema import VERSION
from integration.journal.trouble import of_sqlite

_RELAYED = """
SELECT min(coalesce((SELECT number FROM cursor WHERE consumer = ?), 0),
           coalesce((SELECT max(number) FROM event), 0) - 1)
"""


class SqliteShelf:
    """A journal in a file. Raise Unavailable, or WrongSchema for tables of another version."""

    entry_order = "number"

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._connection = sqlite3.connect(
                f"file:{quote(path)}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
            )
            require(sqlite_version(self._connection), VERSION)
        except sqlite3.DatabaseError as error:
            raise of_sqlite(path, error) from error

    def ask(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query."""
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise of_sqlite(self._path, error) from error

    def remove(self, statement: str, rows: Rows) -> None:
        """Run a statement for each row, all in one transaction."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(statement, rows)
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
        except sqlite3.DatabaseError as error:
            raise of_sqlite(self._path, error) from error

    def relayed(self) -> int:
        """Return up to which number all events have reached our own flows; the newest tells the next its number."""
        return int(self.ask(_RELAYED, (MAILROOM,))[0][0])

    def answered(self, before_us: int, now_us: int) -> list[int]:
        """Return none: there is one process, so nobody leaves commands."""
        return []

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
