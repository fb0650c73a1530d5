"""The outbox: events that are durable and have yet to reach our own flows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from domain.events.registry import schema_problem
from domain.history import Emitted
from integration.effects import Emit
from integration.journal.protocol import OutboxRow
from integration.transaction import Transaction


class Outbox:
    """Writes events and keeps those that have not left; `wake` calls the relay.

    That events have left is written with the next ones: a restart repeats the last of them, under the same ids.
    """

    def __init__(self, unsent: Iterable[OutboxRow], wake: Callable[[], None]) -> None:
        self._wake = wake
        self._left = 0
        self.unsent: list[OutboxRow] = list(unsent)

    def add(self, event_id: str, emit: Emit, at_us: int, tx: Transaction) -> None:
        """Put an event into a transaction."""
        row = OutboxRow(
            id=event_id, type=emit.type, subject=emit.subject, txn=emit.txn, body=emit.body, created_us=at_us
        )
        tx.write.events.append(row)
        tx.write.relayed = self._left

    def keep(self, events: list[OutboxRow]) -> None:
        """Hold events that are durable until they leave."""
        if not self.unsent:
            self._wake()
        self.unsent.extend(events)

    def take(self) -> list[OutboxRow]:
        """Return the events that leave now."""
        events, self.unsent = self.unsent, []
        if events:
            self._left = events[-1].number
        return events


def payload_of(row: OutboxRow) -> dict[str, Any]:
    """Return what an event says, as the registry knows it."""
    return {"txnid": row.txn, "aggregate_version": row.sequence, **row.body}


def emitted(row: OutboxRow, at_us: int) -> Emitted:
    """Return the history's record of an event that leaves."""
    return Emitted(
        at_us=at_us, type=row.type, subject=row.subject, txn=row.txn, sequence=row.sequence, id=row.id,
        problem=schema_problem(row.type, payload_of(row)),
    )  # fmt: skip
