"""The tables of the PostgreSQL journal, for removing what has passed while workers work on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import psycopg

from integration.journal.postgres_tables import connect, require_version, unavailable
from integration.journal.retention import PAGE, Rows

_RELAYED = """
SELECT least(told_up_to(), (SELECT min(number) - 1 FROM unsent), (SELECT max(number) - 1 FROM event))
"""
_ANSWERED = """
SELECT number FROM command
WHERE status <> 'waiting' AND left_at < clock_timestamp() - ? * interval '1 microsecond' ORDER BY number LIMIT ?
"""


class PostgresShelf:
    """A journal behind a server. Raise Unavailable, or WrongSchema for tables of another version."""

    entry_order = "place"

    def __init__(self, address: str) -> None:
        self._address = address
        self._connection = connect(address)
        try:
            require_version(self._connection)
        except BaseException:
            self._connection.close()
            raise

    def ask(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query."""
        try:
            rows = self._connection.execute(cast("Any", query.replace("?", "%s")), values).fetchall()
        except psycopg.Error as error:
            raise unavailable(self._address, error) from error
        return cast("list[tuple[Any, ...]]", rows)

    def remove(self, statement: str, rows: Rows) -> None:
        """Run a statement for each row, all in one transaction."""
        try:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                cursor.executemany(cast("Any", statement.replace("?", "%s")), rows)
        except psycopg.Error as error:
            raise unavailable(self._address, error) from error

    def relayed(self) -> int:
        """Return up to which number all events have reached our own flows, and none can appear any more."""
        return int(self.ask(_RELAYED)[0][0] or 0)

    def answered(self, before_us: int, now_us: int) -> list[int]:
        """Return commands that are answered, by how long ago they were left on the database's clock."""
        return [number for (number,) in self.ask(_ANSWERED, (now_us - before_us, PAGE))]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
