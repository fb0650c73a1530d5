"""The read side of the journal in PostgreSQL, and the verification of its chains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import psycopg

from integration.journal import chain
from integration.journal.postgres_tables import Connection, connect, require_version, unavailable
from integration.journal.protocol import OPEN, Head, Verification
from integration.journal.reading import Dialect, Reader, TableReader

_OPEN_LIST = ", ".join(f"'{status}'" for status in OPEN)
_AUDIT = f"""
SELECT t.number, t.flow, e.body, t.digest, coalesce(f.status NOT IN ({_OPEN_LIST}), false)
FROM trail t LEFT JOIN entry e ON e.epoch = t.epoch AND e.number = t.number AND e.flow = t.flow
LEFT JOIN flow f ON f.number = t.flow WHERE t.epoch = %s ORDER BY t.number
"""
_STRAY = """
SELECT e.epoch, e.number FROM entry e LEFT JOIN trail t ON t.epoch = e.epoch AND t.number = e.number AND t.flow = e.flow
WHERE t.number IS NULL ORDER BY e.epoch, e.number LIMIT 1
"""
_HEADS = "SELECT DISTINCT ON (epoch) number, digest, epoch FROM trail ORDER BY epoch, number DESC"
_WORKERS = """
SELECT w.epoch, w.name, (SELECT count(*) FROM flow f WHERE f.owner = w.epoch) FROM worker w
WHERE NOT w.ended ORDER BY w.epoch
"""


def open_postgres_reader(address: str) -> Reader:
    """Return a reader on a connection of its own, which may be used from any thread; it connects again when lost.

    Raise Unavailable when it cannot connect, WrongSchema when the tables are of another version.
    """
    connection = connect(address)
    try:
        require_version(connection)
    except BaseException:
        connection.close()
        raise
    return TableReader(dialect_of(connection, address))


def dialect_of(connection: Connection, address: str) -> Dialect:
    """Return how PostgreSQL answers a reader."""
    line = _Line(connection, address)
    return Dialect(
        query=line.ask,
        verify=line.verify,
        close=line.close,
        entry_order="place",
        unsent="SELECT count(*) FROM unsent",
        workers=_WORKERS,
        has_commands=True,
        horizon=line.horizon,
    )


def heads_of(connection: Connection) -> tuple[Head, ...]:
    """Return the ends of all chains, by epoch."""
    rows = cast("list[tuple[int, bytes, int]]", connection.execute(_HEADS).fetchall())
    return tuple([Head(number, digest.hex(), epoch) for number, digest, epoch in rows])


class _Line:
    """A connection that only reads."""

    def __init__(self, connection: Connection, address: str) -> None:
        self._connection, self._address = connection, address

    def ask(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        if self._connection.closed:
            self._connection = connect(self._address)
        try:
            cursor = self._connection.execute(query.replace("?", "%s"), values)
            return cast("list[tuple[Any, ...]]", cursor.fetchall())
        except psycopg.Error as error:
            if self._connection.broken:
                self._connection.close()
            raise unavailable(self._address, error) from error

    def horizon(self) -> int:
        return int(self.ask("SELECT told_up_to()", ())[0][0])

    def verify(self, head: Head | Sequence[Head] | None) -> Verification:
        """Verify all chains as they are at one instant, one after the other, without holding a chain in memory."""
        try:
            with self._connection.transaction():
                self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                self._connection.execute("SET LOCAL statement_timeout = 0")
                self._connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                return self._verify(head)
        except psycopg.Error as error:
            raise unavailable(self._address, error) from error

    def _verify(self, head: Head | Sequence[Head] | None) -> Verification:
        told = () if head is None else (head,) if isinstance(head, Head) else tuple(head)
        if any(not found.chain for found in told):
            raise ValueError("a head kept of PostgreSQL names its chain (the epoch); keep all of Verification.heads")
        chains = sorted({found.chain for found in (*heads_of(self._connection), *told)})
        found = [chain.verify(self._rows(number), told, number) for number in chains]
        problem = next((each.problem for each in found if each.problem), "")
        stray = self._connection.execute(_STRAY).fetchone()
        if stray and not problem:
            problem = f"chain {stray[0]}: {chain.STRAY.format(stray[1])}"
        heads = tuple([each.head for each in found if each.head.entries])
        return Verification(not problem, chain.joined(heads), problem, heads)

    def _rows(self, epoch: int) -> Iterable[chain.Row]:
        with self._connection.cursor(name="audit") as cursor:
            cursor.itersize = 2000
            cursor.execute(_AUDIT, (epoch,))
            yield from cast("Iterable[chain.Row]", cursor)

    def close(self) -> None:
        self._connection.close()
