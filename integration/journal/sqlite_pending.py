"""Rows on their way into SQLite: written many at a time, and not at all when they are over by then.

A temporary journal lets thousands wait, one in a file only those of its transaction. Most flows of a rehearsal begin
and end meanwhile: such a flow becomes one row instead of three changes of it, and the steps that its end blanks are
never written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import astuple, replace

from integration.journal import sqlite_writing as to
from integration.journal.protocol import FlowRow


class Pending:
    """What is stored and not in the tables yet. Who reads a table flushes first, or asks here first.

    Of a database that `is_new` all rows went through here, so it is known which ones stand there: few that are looked
    for before they are added do.
    """

    def __init__(self, connection: sqlite3.Connection, is_new: bool) -> None:
        self._connection = connection
        self._standing: set[int] | None = set() if is_new else None  # hashes of flow ids, messages and subjects
        self.drop()

    def drop(self) -> None:
        """Forget all that waits: the transaction it belongs to has failed, or is written."""
        self.links: list[tuple[int, int, bytes]] = []  # rows of the audit trail
        self._entries: dict[int, list[tuple[int, int, bytes]]] = {}  # by flow
        self._blanked: list[tuple[int, int]] = []
        self._flows: dict[int, FlowRow] = {}
        self._numbers: dict[str, int] = {}  # of these flows, by id
        self._statuses: list[tuple[str, bytes, int]] = []
        self._seen: dict[tuple[str, str], int] = {}
        self._messages: dict[int, bytes] = {}
        self._taken: list[tuple[int]] = []
        self._events: list[tuple[Any, ...]] = []
        self._forgotten = 0
        self._subjects: dict[str, int] = {}
        self._mappings: dict[tuple[str, str], bytes | None] = {}

    def flush(self) -> None:
        """Write all that waits."""
        for statement, rows in self._written():
            if rows:
                self._connection.executemany(statement, rows)
        if self._standing is not None:
            for keys in (self._numbers, self._seen, self._subjects):
                self._standing.update(map(hash, keys))
        self.drop()

    def may_stand(self, key: str | tuple[str, str]) -> bool:
        """Tell whether the tables may have a flow, message or subject of a key; where they have not, none need look."""
        return self._standing is None or hash(key) in self._standing

    def _written(self) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
        kept = [(kind, key, value) for (kind, key), value in self._mappings.items() if value is not None]
        yield to.ADD_LINK, self.links
        yield to.ADD_FLOW, [astuple(row) for row in self._flows.values()]
        yield to.SET_STATUS, self._statuses
        yield to.ADD_ENTRY, [row for rows in self._entries.values() for row in rows]
        yield to.BLANK, self._blanked
        yield to.ADD_SEEN, [(source, message, seen_us) for (source, message), seen_us in self._seen.items()]
        yield to.ADD_MESSAGE, list(self._messages.items())
        yield to.TAKE_MESSAGE, self._taken
        yield to.ADD_EVENT, [event for event in self._events if event[0] > self._forgotten]
        yield to.FORGET_EVENTS, [(self._forgotten,)] if self._forgotten else []
        yield to.COUNT_SUBJECT, list(self._subjects.items())
        yield to.SET_MAPPING, kept
        yield to.DROP_MAPPING, [address for address, value in self._mappings.items() if value is None]

    # --- the audit trail

    def append(self, number: int, flow: int, body: bytes, digest: bytes) -> None:
        """Add a row of a flow to the trail, and its content."""
        self.links.append((number, flow, digest))
        entries = self._entries.get(flow)
        if entries is None:
            self._entries[flow] = [(flow, number, body)]
        else:
            entries.append((flow, number, body))

    def blank(self, flow: int, before: int) -> None:
        """Blank the rows of a flow before a number."""
        entries = self._entries.get(flow)
        if entries is not None:
            self._entries[flow] = [row for row in entries if row[1] >= before]
        if flow not in self._flows:
            self._blanked.append((flow, before))

    # --- flows

    def add_flow(self, row: FlowRow) -> None:
        """Add a flow; raise IntegrityError, as the table does, when there is one of its id."""
        if row.id in self._numbers:
            raise sqlite3.IntegrityError(f"UNIQUE constraint failed: there are two flows {row.id}")
        self._flows[row.number] = row
        self._numbers[row.id] = row.number

    def set_status(self, number: int, status: str, result: bytes) -> None:
        """Set the status of a flow."""
        row = self._flows.get(number)
        if row is None:
            self._statuses.append((status, result, number))
        else:
            self._flows[number] = replace(row, status=status, result=result)

    def find(self, flow_id: str) -> FlowRow | None:
        """Return a flow that waits; None is for the tables to say."""
        number = self._numbers.get(flow_id)
        return None if number is None else self._flows[number]

    # --- messages, events and mappings

    def add_message(self, number: int, source: str, message: str, seen_us: int, body: bytes) -> None:
        """Add a message that came, once; with a `body` when a flow has yet to take it."""
        if (source, message) in self._seen:
            raise sqlite3.IntegrityError(f"UNIQUE constraint failed: {source} message {message} is stored twice")
        self._seen[source, message] = seen_us
        if body:
            self._messages[number] = body

    def has_message(self, source: str, message: str) -> bool:
        """Tell whether a message that came waits; no is for the tables to say."""
        return (source, message) in self._seen

    def take(self, numbers: Iterable[int]) -> None:
        """Remove messages that a flow has taken."""
        for number in numbers:
            if self._messages.pop(number, None) is None:
                self._taken.append((number,))

    def add_event(self, event: tuple[Any, ...]) -> None:
        """Add an event: a row of the table, its number first."""
        self._events.append(event)

    def forget_events(self, number: int) -> None:
        """Remove the events up to a number."""
        self._forgotten = number

    def next_of(self, subject: str) -> int:
        """Return the number of the next event of a subject."""
        before = self._subjects.get(subject)
        if before is None:
            row = self._connection.execute(to.COUNTED, (subject,)).fetchone() if self.may_stand(subject) else None
            before = row[0] if row else 0
        self._subjects[subject] = before + 1
        return before + 1

    def map(self, kind: str, key: str, value: bytes | None) -> None:
        """Set a row of a cross-reference, or remove it."""
        self._mappings[kind, key] = value
