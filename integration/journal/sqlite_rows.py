"""The rows that a write becomes in SQLite: the audit trail first, then what it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from integration.journal import chain
from integration.journal.protocol import Head, Write
from integration.journal.reading import MAILROOM
from integration.journal.sqlite_writing import SET_CURSOR

if TYPE_CHECKING:
    from integration.journal.sqlite import SqliteJournal

Standing = tuple[int, bytes, int, int, int]
_encode = msgspec.msgpack.Encoder().encode


class Rows:
    """Writes rows with the numbers that follow; `number` and `digest` are those of the newest row of the trail."""

    def __init__(self, journal: SqliteJournal, head: Head) -> None:
        self._journal, self._pending = journal, journal.pending
        self._execute = journal.connection.execute
        self.number, self.digest = head.entries, bytes.fromhex(head.digest)
        self._flows, self._messages, self._events = map(self._last_number, ("flow", "inbox", "event"))

    def standing(self) -> Standing:
        """Return the newest numbers, to go back to when a transaction fails."""
        return self.number, self.digest, self._flows, self._messages, self._events

    def go_back(self, standing: Standing) -> None:
        """Forget the numbers that a failed transaction gave out."""
        self.number, self.digest, self._flows, self._messages, self._events = standing

    def store(self, write: Write, body: bytes) -> None:
        """Write the rows of a write, in the transaction that is open."""
        pending = self._pending
        if body:
            self._append(write.flow, body)
        if write.flows:
            self._add_flows(write)
        for number, status, result in write.statuses:
            pending.set_status(number, status, result)
        if write.blanked:  # all but the last row, which says how it ended
            pending.blank(write.blanked, self.number)
        if write.messages:
            self._add_messages(write)
        if write.taken:
            pending.take(write.taken)
        if write.relayed:
            self._relayed(write.relayed)
        if write.events:
            self._add_events(write)
        for case in write.cases:
            row = (case.id, case.status, case.code, case.owner, case.flow, case.txn, _encode(case))
            self._execute("INSERT OR REPLACE INTO exception_case VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        for mapping in write.mappings:
            pending.map(*mapping)

    def _append(self, flow: int, body: bytes) -> None:
        """Add a row to the audit trail."""
        self.number += 1
        self.digest = chain.link(self.digest, flow, body)
        self._pending.append(self.number, flow, body, self.digest)

    def _add_flows(self, write: Write) -> None:
        for index, row in enumerate(write.flows):
            self._flows += 1
            row = write.flows[index] = replace(row, number=self._flows)
            self._pending.add_flow(row)

    def _add_messages(self, write: Write) -> None:
        for index, row in enumerate(write.messages):
            message = row.message
            self._messages += 1
            write.messages[index] = replace(row, number=self._messages)
            body = _encode(message) if row.wanted else b""
            self._pending.add_message(self._messages, message.source, message.id, message.received_us, body)

    def _add_events(self, write: Write) -> None:
        for index, event in enumerate(write.events):
            self._events += 1
            sequence = self._pending.next_of(event.subject)
            event = write.events[index] = replace(event, number=self._events, sequence=sequence)
            row = (event.number, event.id, event.type, event.subject, event.txn, sequence, event.created_us)
            self._pending.add_event((*row, _encode(event.body)))

    def _relayed(self, number: int) -> None:
        if self._journal.path:
            self._execute(SET_CURSOR, (MAILROOM, number))
        else:
            self._pending.forget_events(number)

    def _last_number(self, table: str) -> int:
        (number,) = self._execute(f"SELECT coalesce(max(number), 0) FROM {table}").fetchone()
        return int(number)
