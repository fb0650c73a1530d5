"""The outbox: events that are durable and have yet to leave, with a gapless sequence for each subject."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from domain.history import Emitted
from integration.effects import Emit
from integration.journal.protocol import OutboxRow
from integration.transaction import Transaction


class Outbox:
    """Numbers events as they are written and keeps those that have not been relayed; `wake` calls the relay."""

    def __init__(
        self, number: int, sequences: dict[str, int], unsent: Iterable[OutboxRow], wake: Callable[[], None]
    ) -> None:
        self._number, self._wake = number, wake
        self._sequences = Counter(sequences)
        self.unsent: list[OutboxRow] = list(unsent)

    def add(self, event_id: str, emit: Emit, at_us: int, tx: Transaction) -> None:
        """Put an event into a transaction."""
        same = sum(1 for event in tx.write.events if event.subject == emit.subject)
        self._number += 1
        row = OutboxRow(
            number=self._number,
            id=event_id,
            type=emit.type,
            subject=emit.subject,
            txn=emit.txn,
            sequence=self._sequences[emit.subject] + same + 1,
            body=emit.body,
            created_us=at_us,
        )
        tx.write.events.append(row)
        tx.after.append(lambda: self._keep(row))

    def _keep(self, row: OutboxRow) -> None:
        self._sequences[row.subject] = row.sequence
        self.unsent.append(row)
        self._wake()


def emitted(row: OutboxRow, at_us: int) -> Emitted:
    """Return the history's record of an event that leaves."""
    return Emitted(at_us=at_us, type=row.type, subject=row.subject, txn=row.txn, sequence=row.sequence, id=row.id)
