"""The temporary file of spilled tables: an SQLite database without a name, gone with the process."""

from __future__ import annotations

import io
import pickle
import sqlite3
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, cast

from msgspec import UNSET, UnsetType

_READ_AT_ONCE = 64
_CACHE_KIB = 4_096
_PLAIN = frozenset({str, int, bool, float, type(None)})
"""What the standard pickler takes at once: indexes, counters and rows of these are most of what is written."""


class SpillFile:
    """A file that is made by the first table that needs it."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self.tables = 0

    @contextmanager
    def written_at_once(self) -> Iterator[None]:
        """Write all that is written meanwhile in one transaction."""
        connection = self._opened()
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.execute("COMMIT")

    def made(self) -> tuple[sqlite3.Connection, str]:
        """Return the database, and the name of a new table in it."""
        connection = self._opened()
        self.tables += 1
        name = f"t{self.tables}"
        connection.execute(f"CREATE TABLE {name} (place INTEGER PRIMARY KEY, key UNIQUE NOT NULL, value BLOB NOT NULL)")
        return connection, name

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            # whoever makes a world, then the thread that serves it
            connection = sqlite3.connect("", isolation_level=None, check_same_thread=False, cached_statements=1024)
            weakref.finalize(self, connection.close)
            for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}"):
                connection.execute(f"PRAGMA {pragma}")
            self._connection = connection
        return self._connection


class _Pickler(pickle.Pickler):
    """Pickles mappings that are read only, as headers of replies are, which the standard one does not.

    And `UNSET`, which that one looks for in each of some thousand modules, every time.
    """

    dispatch_table = {  # noqa: RUF012
        MappingProxyType: lambda proxy: (_read_only, (dict(proxy),)),
        UnsetType: lambda _unset: (_nothing, ()),
    }


def _nothing() -> UnsetType:
    return UNSET


def _read_only(entries: dict[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(entries)


def _pickled(value: Any) -> bytes:
    kind = type(value)
    if kind in _PLAIN or (kind is tuple and _PLAIN.issuperset(map(type, value))):
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    file = io.BytesIO()
    _Pickler(file, pickle.HIGHEST_PROTOCOL).dump(value)
    return file.getvalue()


def unpickled(value: bytes) -> Any:
    """Return a value that a file kept."""
    return pickle.loads(value)


class SpilledRows:
    """The rows of one table in the file, by their place in the order of creation."""

    def __init__(self, file: SpillFile) -> None:
        self._file = file  # which closes the connection when it is gone
        self._connection, self._name = file.made()

    def find(self, key: str) -> tuple[int, Any] | None:
        """Return (place, value), or None."""
        row = self._connection.execute(f"SELECT place, value FROM {self._name} WHERE key = ?", (key,)).fetchone()
        return None if row is None else (row[0], unpickled(row[1]))

    def place(self, key: str) -> int | None:
        """Return the place of an entry, or None."""
        row = self._connection.execute(f"SELECT place FROM {self._name} WHERE key = ?", (key,)).fetchone()
        return None if row is None else cast("int", row[0])

    def write(self, place: int, key: str, value: Any) -> None:
        """Write a row, in the place of one that is there already."""
        row = place, key, _pickled(value)
        self._connection.execute(f"INSERT OR REPLACE INTO {self._name} VALUES (?, ?, ?)", row)

    def drop(self, key: str) -> bool:
        """Remove a row; tell whether there was one."""
        return self._connection.execute(f"DELETE FROM {self._name} WHERE key = ?", (key,)).rowcount > 0

    def clear(self) -> None:
        """Remove all rows."""
        self._connection.execute(f"DELETE FROM {self._name}")

    def beyond(self, place: int, backwards: bool) -> list[tuple[int, str, bytes]]:
        """Return the next rows behind a place (or before it), pickled."""
        sign, order = ("<", "DESC") if backwards else (">", "ASC")
        return self._connection.execute(
            f"SELECT place, key, value FROM {self._name} WHERE place {sign} ? ORDER BY place {order} LIMIT ?",
            (place, _READ_AT_ONCE),
        ).fetchall()
