"""The read side of the journal in SQLite, and the verification of its chain."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from integration.journal import chain
from integration.journal.migrations import require, sqlite_version
from integration.journal.protocol import OPEN, Head, Verification
from integration.journal.reading import MAILROOM, Dialect, Query, Reader, TableReader
from integration.journal.schema import VERSION
from integration.journal.trouble import of_sqlite

OPEN_LIST = ", ".join(f"'{status}'" for status in OPEN)
UNSENT = f"FROM event WHERE number > coalesce((SELECT number FROM cursor WHERE consumer = '{MAILROOM}'), 0)"
_AUDIT = f"""
SELECT t.number, t.flow, CAST(e.body AS BLOB), CAST(t.digest AS BLOB), coalesce(f.status NOT IN ({OPEN_LIST}), 0)
FROM trail t LEFT JOIN entry e ON e.flow = t.flow AND e.number = t.number LEFT JOIN flow f ON f.number = t.flow
ORDER BY t.number
"""
_STRAY = """
SELECT e.number FROM entry e LEFT JOIN trail t ON t.number = e.number AND t.flow = e.flow
WHERE t.number IS NULL ORDER BY e.number LIMIT 1
"""


def verified(connection: sqlite3.Connection, head: Head | Sequence[Head] | None) -> Verification:
    """Recompute the audit trail of a database, and compare it with heads kept elsewhere."""
    found = chain.verify(connection.execute(_AUDIT), head)
    stray = connection.execute(_STRAY).fetchone() if found.intact else None
    return replace(found, intact=False, problem=chain.STRAY.format(stray[0])) if stray else found


def sqlite_dialect(
    query: Query, verify: Callable[[Head | Sequence[Head] | None], Verification], close: Callable[[], None]
) -> Dialect:
    """Return how SQLite answers a reader."""
    return Dialect(
        query=query,
        verify=verify,
        close=close,
        entry_order="number",
        unsent=f"SELECT count(*) {UNSENT}",
        workers="SELECT epoch, '', 0 FROM meta",
    )


def open_sqlite_reader(path: str) -> Reader:
    """Return a reader of a database in a file; it may be used from any thread.

    Raise WrongSchema when the tables are of another version.
    """
    address = f"file:{quote(path)}?mode=ro"
    try:
        connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
        require(sqlite_version(connection), VERSION)
    except sqlite3.DatabaseError as error:
        raise of_sqlite(path, error) from error

    def ask(query: str, arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
        return connection.execute(query, arguments).fetchall()

    def verify(head: Head | Sequence[Head] | None) -> Verification:
        return verified(connection, head)

    return TableReader(sqlite_dialect(ask, verify, connection.close))
