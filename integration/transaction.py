"""A transaction in the making: what will be written together, and what memory and history learn once it is."""

from __future__ import annotations

from collections.abc import Callable

from domain.history import Record
from integration.journal.protocol import Crash, Lease, Write


class Transaction:
    """Collects a Write; `records` go to the history and `after` to memory, only when the write is durable."""

    __slots__ = ("after", "records", "write")

    def __init__(self) -> None:
        self.write = Write()
        self.records: list[Record] = []
        self.after: list[Callable[[], None]] = []

    def commit(self, lease: Lease, record: Callable[[Record], None]) -> None:
        """Make it durable, then tell the history, then memory.

        A crash after the write leaves it in the history too: it did happen.
        """
        try:
            lease.commit(self.write)
        except Crash as crash:
            if crash.point.after:
                self._tell(record)
            raise
        self._tell(record)
        for action in self.after:
            action()

    def _tell(self, record: Callable[[Record], None]) -> None:
        for entry in self.records:
            record(entry)
