"""What workers of one PostgreSQL journal share besides flows: hints at what is new, and the cross-reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, cast

import msgspec
import psycopg

from integration.journal.postgres_claims import HINTS
from integration.journal.postgres_tables import connect, unavailable

Ask = Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]
"""Runs a query and returns all rows."""

_decode = msgspec.msgpack.Decoder().decode


class Hints:
    """Notifications that something is new in the journal: `fileno` is readable then, `drain` reads them away.

    They are only hints: one may be lost, and a poll finds what is new without them.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._connection = connect(address)
        self._connection.execute(f"LISTEN {HINTS}")

    def fileno(self) -> int:
        """Return the socket that becomes readable, for a selector or an event loop."""
        return self._connection.fileno()

    def drain(self) -> bool:
        """Read what has come, without waiting; tell whether there was a hint. Raise Unavailable when it is cut off."""
        try:
            return bool(list(self._connection.notifies(timeout=0)))
        except psycopg.Error as error:
            raise unavailable(self._address, error) from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class SharedMappings(MutableMapping[tuple[str, str], dict[str, Any]]):
    """The cross-reference as a view of its table, which other workers write too. Setting and deleting is for memory
    that follows a commit, and there is none here: the commit has changed the table."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def __getitem__(self, place: tuple[str, str]) -> dict[str, Any]:
        rows = self._ask("SELECT value FROM mapping WHERE kind = %s AND key = %s", place)
        if not rows:
            raise KeyError(place)
        return cast("dict[str, Any]", _decode(rows[0][0]))

    def __setitem__(self, place: tuple[str, str], value: dict[str, Any]) -> None: ...

    def __delitem__(self, place: tuple[str, str]) -> None: ...

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter([(kind, key) for kind, key in self._ask("SELECT kind, key FROM mapping ORDER BY kind, key", ())])

    def __len__(self) -> int:
        return int(self._ask("SELECT count(*) FROM mapping", ())[0][0])
