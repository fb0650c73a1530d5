"""The outbox: events that are durable and have yet to leave, with a gapless sequence for each subject."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from domain.history import Emitted
from integration.effects import Emit
from integration.journal.protocol import Lease, OutboxRow
from integration.transaction import Transaction


class Outbox:
    """Numbers events as they are written and keeps those that have not left; `wake` calls the relay.

    That events have left is written with the next ones: a restart repeats the last of them, under the same ids.
    """

    def __init__(self, lease: Lease, number: int, unsent: Iterable[OutboxRow], wake: Callable[[], None]) -> None:
        self._lease, self._number, self._wake = lease, number, wake
        self._left = 0
        self.unsent: list[OutboxRow] = list(unsent)

    def add(self, event_id: str, emit: Emit, at_us: int, tx: Transaction) -> None:
        """Put an event into a transaction."""
        self._number += 1
        row = OutboxRow(
            number=self._number,
            id=event_id,
            type=emit.type,
            subject=emit.subject,
            txn=emit.txn,
            sequence=self._latest(emit.subject, tx) + 1,
            body=emit.body,
            created_us=at_us,
        )
        tx.write.events.append(row)
        tx.write.relayed = self._left
        tx.after.append((self._keep, row))

    def take(self) -> list[OutboxRow]:
        """Return the events that leave now."""
        events, self.unsent = self.unsent, []
        if events:
            self._left = events[-1].number
        return events

    def _latest(self, subject: str, tx: Transaction) -> int:
        for event in reversed(tx.write.events):
            if event.subject == subject:
                return event.sequence
        return self._lease.sequence_of(subject)

    def _keep(self, row: OutboxRow) -> None:
        self.unsent.append(row)
        if len(self.unsent) == 1:
            self._wake()


def emitted(row: OutboxRow, at_us: int) -> Emitted:
    """Return the history's record of an event that leaves."""
    return Emitted(at_us=at_us, type=row.type, subject=row.subject, txn=row.txn, sequence=row.sequence, id=row.id)
