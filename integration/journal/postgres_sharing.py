"""What workers of one PostgreSQL journal share besides flows: hints at what is new."""

from __future__ import annotations

import psycopg

from integration.journal.postgres_claims import HINTS
from integration.journal.postgres_tables import connect, unavailable


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
