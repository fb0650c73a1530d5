"""The read side of the journal: what screens, interfaces and consumers ask, on a connection of its own.

A reader never blocks the writer and never writes. `opening.open_reader` opens one for a database, `journal.reader()`
one for a journal at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from integration.exceptions import CLOSED, ExceptionCase
from integration.journal.protocol import (
    CommandRow,
    Entry,
    FlowRow,
    Head,
    OutboxRow,
    Verification,
    WorkerRow,
)
from integration.outcomes import Message

MAILROOM = "mailroom"
"""The consumer of the event log that brings events to our own flows."""

FLOW_COLUMNS = "number, id, name, txn, entity_key, order_key, arguments, status, created_us, result"
EVENT_COLUMNS = "number, id, type, subject, txn, sequence, created_us, body"

_CLOSED_LIST = ", ".join(f"'{status}'" for status in sorted(CLOSED))
_entries = msgspec.msgpack.Decoder(list[Entry])
_case = msgspec.msgpack.Decoder(ExceptionCase)
_message = msgspec.msgpack.Decoder(Message)
_decode = msgspec.msgpack.Decoder().decode


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is: flows by (name, status), cases by (code, owner, status), and what waits."""

    flows: Mapping[tuple[str, str], int]
    cases: Mapping[tuple[str, str, str], int]
    unsent_events: int
    waiting_messages: int
    waiting_since_us: int = 0  # when the oldest of them came


class EventLog(Protocol):
    """Every event ever told, by number; whoever reads it remembers how far."""

    def events(
        self,
        *,
        after: int = 0,
        subject: str = "",
        txn: str = "",
        type: str = "",  # noqa: A002
        limit: int = 100,
    ) -> list[OutboxRow]:
        """Return events ever told, `after` a number. A consumer that asks after the last one it saw misses none."""


class Reader(EventLog, Protocol):
    """What can be asked of a journal. Lists come in the order of their numbers (cases: of their ids), in pages."""

    def flow(self, flow_id: str) -> FlowRow | None:
        """Return the flow of an id."""

    def flows(
        self, *, txn: str = "", name: str = "", status: str = "", after: int = 0, limit: int = 100
    ) -> list[FlowRow]:
        """Return flows, `after` a number."""

    def trail(self, flow: int) -> list[Entry]:
        """Return the journal of one flow: steps, branches, trials, notes."""

    def cases(
        self,
        *,
        status: str = "",
        owner: str = "",
        code: str = "",
        txn: str = "",
        flow: str = "",
        open_only: bool = False,
        after: str = "",
        limit: int = 100,
    ) -> list[ExceptionCase]:
        """Return cases, `after` an id; `open_only` are those on which somebody has to act."""

    def case(self, case_id: str) -> ExceptionCase | None:
        """Return the case of an id."""

    def mappings(self, kind: str = "") -> list[tuple[str, str, dict[str, Any]]]:
        """Return the cross-reference table: kind, key, value."""

    def cursor(self, consumer: str) -> int:
        """Return the number of the last event that a consumer of the log has done with; 0 for none."""

    def command(self, number: int) -> CommandRow | None:
        """Return what became of a person's command that was left for another worker."""

    def workers(self) -> list[WorkerRow]:
        """Return the incarnations that have claimed the journal and may still write, by epoch."""

    def counts(self) -> Counts:
        """Return how much there is."""

    def verify(self, head: Head | Sequence[Head] | None = None) -> Verification:
        """Recompute the audit trail, and compare it with heads kept elsewhere."""

    def close(self) -> None:
        """Close the connection."""


Query = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
"""Runs a query with `?` for its arguments, and returns all rows."""


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """What a store does in its own way: queries of SQL, the last event to show, and the audit trail."""

    query: Query
    verify: Callable[[Head | Sequence[Head] | None], Verification]
    close: Callable[[], None]
    entry_order: str  # the column that orders the entries of one flow
    unsent: str  # the query that counts events which have yet to reach our own flows
    workers: str  # the query for live incarnations: epoch, name, flows
    has_commands: bool = False  # whether there are other workers to leave commands for
    horizon: Callable[[], int] = lambda: 2**62  # events up to this number can be told in order


class TableReader:
    """A Reader over the tables that both stores have."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._query = dialect.query

    def flow(self, flow_id: str) -> FlowRow | None:
        """Return the flow of an id."""
        rows = self._query(f"SELECT {FLOW_COLUMNS} FROM flow WHERE id = ?", (flow_id,))
        return FlowRow(*rows[0]) if rows else None

    def flows(
        self, *, txn: str = "", name: str = "", status: str = "", after: int = 0, limit: int = 100
    ) -> list[FlowRow]:
        """Return flows, `after` a number."""
        where, values = _where({"txn": txn, "name": name, "status": status})
        query = f"SELECT {FLOW_COLUMNS} FROM flow WHERE number > ?{where} ORDER BY number LIMIT ?"
        return [FlowRow(*row) for row in self._query(query, (after, *values, limit))]

    def trail(self, flow: int) -> list[Entry]:
        """Return the journal of one flow."""
        order = self._dialect.entry_order
        rows = self._query(f"SELECT body FROM entry WHERE flow = ? ORDER BY {order}", (flow,))
        return [entry for (body,) in rows for entry in _entries.decode(body)]

    def cases(
        self,
        *,
        status: str = "",
        owner: str = "",
        code: str = "",
        txn: str = "",
        flow: str = "",
        open_only: bool = False,
        after: str = "",
        limit: int = 100,
    ) -> list[ExceptionCase]:
        """Return cases, `after` an id."""
        where, values = _where({"status": status, "owner": owner, "code": code, "txn": txn, "flow": flow})
        if open_only:
            where += f" AND status NOT IN ({_CLOSED_LIST})"
        query = f"SELECT body FROM exception_case WHERE id > ?{where} ORDER BY id LIMIT ?"
        return [_case.decode(body) for (body,) in self._query(query, (after, *values, limit))]

    def case(self, case_id: str) -> ExceptionCase | None:
        """Return the case of an id."""
        rows = self._query("SELECT body FROM exception_case WHERE id = ?", (case_id,))
        return _case.decode(rows[0][0]) if rows else None

    def events(
        self,
        *,
        after: int = 0,
        subject: str = "",
        txn: str = "",
        type: str = "",  # noqa: A002
        limit: int = 100,
    ) -> list[OutboxRow]:
        """Return events ever told, `after` a number."""
        horizon = self._dialect.horizon()
        where, values = _where({"subject": subject, "txn": txn, "type": type})
        query = f"SELECT {EVENT_COLUMNS} FROM event WHERE number > ? AND number <= ?{where} ORDER BY number LIMIT ?"
        return [event_of(row) for row in self._query(query, (after, horizon, *values, limit))]

    def mappings(self, kind: str = "") -> list[tuple[str, str, dict[str, Any]]]:
        """Return the cross-reference table."""
        where, values = _where({"kind": kind})
        query = f"SELECT kind, key, value FROM mapping WHERE kind <> ''{where} ORDER BY kind, key"
        return [(found, key, _decode(value)) for found, key, value in self._query(query, values)]

    def cursor(self, consumer: str) -> int:
        """Return the number of the last event that a consumer has done with."""
        rows = self._query("SELECT number FROM cursor WHERE consumer = ?", (consumer,))
        return int(rows[0][0]) if rows else 0

    def command(self, number: int) -> CommandRow | None:
        """Return what became of a person's command."""
        if not self._dialect.has_commands:
            return None
        rows = self._query("SELECT number, flow, status, problem FROM command WHERE number = ?", (number,))
        return CommandRow(*rows[0]) if rows else None

    def workers(self) -> list[WorkerRow]:
        """Return the incarnations that may still write."""
        return [WorkerRow(*row) for row in self._query(self._dialect.workers, ())]

    def counts(self) -> Counts:
        """Return how much there is."""
        flows = self._query("SELECT name, status, count(*) FROM flow GROUP BY name, status", ())
        cases = self._query("SELECT code, owner, status, count(*) FROM exception_case GROUP BY code, owner, status", ())
        oldest = self._query("SELECT body FROM inbox ORDER BY number LIMIT 1", ())
        return Counts(
            flows={(name, status): count for name, status, count in flows},
            cases={(code, owner, status): count for code, owner, status, count in cases},
            unsent_events=self._query(self._dialect.unsent, ())[0][0],
            waiting_messages=self._query("SELECT count(*) FROM inbox", ())[0][0],
            waiting_since_us=min([_message.decode(body).received_us for (body,) in oldest], default=0),
        )

    def verify(self, head: Head | Sequence[Head] | None = None) -> Verification:
        """Recompute the audit trail, and compare it with heads kept elsewhere."""
        return self._dialect.verify(head)

    def close(self) -> None:
        """Close the connection."""
        self._dialect.close()


def event_of(row: Sequence[Any]) -> OutboxRow:
    """Return an event from its columns."""
    number, event_id, kind, subject, txn, sequence, created_us, body = row
    return OutboxRow(
        number=number, id=event_id, type=kind, subject=subject, txn=txn, sequence=sequence, created_us=created_us,
        body=_decode(body),
    )  # fmt: skip


def _where(wanted: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the conditions for the columns that are asked for, each with AND before it, and their values."""
    asked = [(column, value) for column, value in wanted.items() if value]
    return "".join(f" AND {column} = ?" for column, _ in asked), [value for _, value in asked]
