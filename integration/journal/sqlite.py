"""The journal in SQLite: a file that survives kill -9; the standard library is enough.

In the common case an effect costs one INSERT. Nothing is updated in place but the small tables beside the trail.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from integration.exceptions import ExceptionCase
from integration.flow import Step
from integration.journal import chain
from integration.journal.protocol import (
    OPEN,
    Crash,
    CrashPoint,
    Entry,
    Fenced,
    FlowRow,
    Head,
    InboxRow,
    Loaded,
    OpenFlow,
    OutboxRow,
    Verification,
    Write,
)
from integration.journal.schema import FILE_ONLY, SCHEMA
from integration.outcomes import Message, Outcome

_encode = msgspec.msgpack.Encoder().encode
_entry = msgspec.msgpack.Decoder(Entry)
_flow_of = msgspec.msgpack.Decoder()
_message = msgspec.msgpack.Decoder(Message)
_event = msgspec.msgpack.Decoder(OutboxRow)
_case = msgspec.msgpack.Decoder(ExceptionCase)
_INSERT_ENTRY = "INSERT INTO entry VALUES (?, ?, ?, ?)"
_AUDIT = "SELECT number, flow, CAST(body AS BLOB), CAST(digest AS BLOB) FROM entry ORDER BY number"
_OPEN_LIST = ", ".join(f"'{status}'" for status in OPEN)
_FLOW_COLUMNS = "number, id, name, txn, entity_key, order_key, arguments, status, created_us, result"


class SqliteJournal:
    """A journal in one SQLite database. `crash_points` are for tests: where the process dies."""

    def __init__(self, path: str = ":memory:", crash_points: Iterable[CrashPoint] = ()) -> None:
        self.path = path
        self.writes = 0
        self.epoch = 0
        self.crash_points = set(crash_points)
        self.is_file = path != ":memory:"
        self.connection = sqlite3.connect(path, isolation_level=None, cached_statements=64)
        for pragma in ("journal_mode=WAL", "synchronous=FULL") if self.is_file else ("synchronous=OFF",):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.executescript(SCHEMA + (FILE_ONLY if self.is_file else ""))

    def claim(self) -> SqliteLease:
        """Take over: the new lease has the next epoch, older ones are fenced."""
        row = self.connection.execute("UPDATE meta SET epoch = epoch + 1 RETURNING epoch").fetchall()
        self.epoch = row[0][0]
        return SqliteLease(self, self.epoch)

    def head(self) -> Head:
        """Return the end of the audit trail."""
        row = self.connection.execute("SELECT number, digest FROM entry ORDER BY number DESC LIMIT 1").fetchone()
        return Head(row[0], row[1].hex()) if row else Head(0, chain.GENESIS.hex())

    def verify(self, head: Head | None = None) -> Verification:
        """Recompute the audit trail, and compare it with a head kept elsewhere."""
        over = f"SELECT e.number FROM entry e JOIN flow f ON f.number = e.flow WHERE f.status NOT IN ({_OPEN_LIST})"
        blankable = frozenset(row[0] for row in self.connection.execute(f"{over} AND e.body IS NULL"))
        return chain.verify(self._audit_rows(), blankable, head)

    def _audit_rows(self) -> Iterator[tuple[int, bytes | None, bytes]]:
        """Yield the rows of the trail; one whose flow column contradicts its body counts as edited."""
        for number, flow, body, digest in self.connection.execute(_AUDIT):
            yield number, b"" if body and not _belongs(body, flow) else body, digest

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """Yield the audit trail: every entry that has not been blanked, with its number."""
        for number, body in self.connection.execute("SELECT number, body FROM entry ORDER BY number"):
            if body is not None:
                yield number, _entry.decode(body)

    def flows(self) -> Iterator[FlowRow]:
        """Yield all flows, in the order of their start."""
        for row in self.connection.execute(f"SELECT {_FLOW_COLUMNS} FROM flow ORDER BY number"):
            yield _flow_row(row)

    def close(self) -> None:
        """Close the database."""
        self.connection.close()


class SqliteLease:
    """The right to write to a SQLite journal, of one epoch."""

    def __init__(self, journal: SqliteJournal, epoch: int) -> None:
        self.epoch = epoch
        self._journal = journal
        self._execute = journal.connection.execute
        self._many = journal.connection.executemany
        head = journal.head()
        self._number, self._digest = head.entries, bytes.fromhex(head.digest)
        self._places: dict[int, list[int]] = {}  # numbers of the entries of open flows

    def commit(self, write: Write) -> None:
        """Make a write durable in one transaction; raise Fenced (nothing is written) or Crash (in tests)."""
        journal = self._journal
        if journal.epoch != self.epoch:
            raise Fenced(f"epoch {self.epoch} was replaced by epoch {journal.epoch}")
        number = journal.writes + 1
        if journal.crash_points:
            self._die(CrashPoint(number, False))
        rows = self._chained(write.entries)
        self._transact(write, rows)
        self._advance(write, rows)
        journal.writes = number
        if journal.crash_points:
            self._die(CrashPoint(number, True))

    def load(self) -> Loaded:
        """Return what is open."""
        query = f"SELECT {_FLOW_COLUMNS} FROM flow WHERE status IN ({_OPEN_LIST}) ORDER BY number"
        flows = [_flow_row(row) for row in self._execute(query).fetchall()]
        last = self._locate()
        events = "SELECT body FROM outbox WHERE number > (SELECT relayed FROM meta) ORDER BY number"
        inbox = "SELECT number, body FROM inbox WHERE wanted = 1 AND applied_by = 0 ORDER BY number"
        closed = "('verified', 'auto_resolved')"
        return Loaded(
            flows=[OpenFlow(row, last.get(row.number)) for row in flows],
            messages=[InboxRow(number, _message.decode(body), True) for number, body in self._execute(inbox)],
            events=[_event.decode(body) for (body,) in self._execute(events)],
            sequences=dict(self._execute("SELECT subject, max(sequence) FROM outbox GROUP BY subject")),
            cases=[
                _case.decode(body)
                for (body,) in self._execute(
                    f"SELECT body FROM exception_case WHERE status NOT IN {closed} ORDER BY id"
                )
            ],
            mappings={
                (kind, key): msgspec.msgpack.decode(value)
                for kind, key, value in self._execute("SELECT kind, key, value FROM mapping")
            },
            flow_number=self._last_number("flow"),
            inbox_number=self._last_number("inbox"),
            outbox_number=self._last_number("outbox"),
        )

    def find(self, flow_id: str) -> FlowRow | None:
        """Return the flow of an id, finished ones included."""
        row = self._execute(f"SELECT {_FLOW_COLUMNS} FROM flow WHERE id = ?", (flow_id,)).fetchone()
        return _flow_row(row) if row else None

    def has_message(self, source: str, message_id: str) -> bool:
        """Tell whether a message has been stored before."""
        query = "SELECT 1 FROM inbox WHERE source = ? AND message_id = ?"
        return self._execute(query, (source, message_id)).fetchone() is not None

    def steps(self, flow: int) -> list[Step]:
        """Return the journal of an open flow, for a replay."""
        found = [entry for entry in self._entries_of(flow) if entry.kind == "step"]
        assert [entry.seq for entry in found] == list(range(len(found))), f"flow {flow} has a gap in its journal"
        return [Step(entry.outcome, entry.effect) for entry in found if entry.outcome is not None]

    def branches(self, flow: int, seq: int) -> dict[int, Outcome]:
        """Return the outcomes of the branches of an All that have ended."""
        return {
            entry.branch: entry.outcome
            for entry in self._entries_of(flow)
            if entry.kind == "branch" and entry.seq == seq and entry.outcome is not None
        }

    def _die(self, point: CrashPoint) -> None:
        if point in self._journal.crash_points:
            self._journal.crash_points.discard(point)
            raise Crash(point)

    def _chained(self, entries: list[Entry]) -> list[tuple[int, int, bytes, bytes]]:
        number, digest, rows = self._number, self._digest, []
        for entry in entries:
            body = _encode(entry)
            number, digest = number + 1, chain.link(digest, body)
            rows.append((number, entry.flow, body, digest))
        return rows

    def _advance(self, write: Write, rows: list[tuple[int, int, bytes, bytes]]) -> None:
        for number, flow, _, digest in rows:
            self._number, self._digest = number, digest
            if flow:
                self._places.setdefault(flow, []).append(number)
        for flow, status, _ in write.statuses:
            if status not in OPEN:
                self._places.pop(flow, None)

    def _transact(self, write: Write, rows: list[tuple[int, int, bytes, bytes]]) -> None:
        self._execute("BEGIN IMMEDIATE")
        try:
            self._check_epoch()
            self._many(_INSERT_ENTRY, rows)
            if not write.is_plain:
                self._store(write)
            if write.blanked:
                self._blank(write.blanked, rows)
            self._execute("COMMIT")
        except BaseException:
            self._execute("ROLLBACK")
            raise

    def _check_epoch(self) -> None:
        """Ask the database: in a file another process may have claimed it."""
        (epoch,) = self._execute("SELECT epoch FROM meta").fetchone()
        if epoch != self.epoch:
            raise Fenced(f"epoch {self.epoch} was replaced by epoch {epoch}")

    def _store(self, write: Write) -> None:
        for flow in write.flows:
            self._execute("INSERT INTO flow VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(flow))
        for number, status, result in write.statuses:
            self._execute("UPDATE flow SET status = ?, result = ? WHERE number = ?", (status, result, number))
        for stored in write.messages:
            message = stored.message
            values = (stored.number, message.source, message.id, _encode(message), stored.wanted, 0)
            self._execute("INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?)", values)
        for inbox_number, taker in write.taken:
            self._execute("UPDATE inbox SET applied_by = ? WHERE number = ?", (taker, inbox_number))
        for event in write.events:
            row = (event.number, _encode(event), event.subject, event.sequence)
            self._execute("INSERT INTO outbox VALUES (?, ?, ?, ?)", row)
        for case in write.cases:
            state = (case.id, case.status, _encode(case))
            self._execute("INSERT OR REPLACE INTO exception_case VALUES (?, ?, ?)", state)
        self._store_rest(write)

    def _store_rest(self, write: Write) -> None:
        for kind, key, value in write.mappings:
            if value is None:
                self._execute("DELETE FROM mapping WHERE kind = ? AND key = ?", (kind, key))
            else:
                self._execute("INSERT OR REPLACE INTO mapping VALUES (?, ?, ?)", (kind, key, value))
        if write.relayed:
            self._execute("UPDATE meta SET relayed = ?", (write.relayed,))

    def _blank(self, flow: int, rows: list[tuple[int, int, bytes, bytes]]) -> None:
        """Drop the content of a finished flow's entries but the last, which says how it ended."""
        places = [*self._places.get(flow, ()), *(row[0] for row in rows if row[1] == flow)]
        self._many("UPDATE entry SET body = NULL WHERE number = ?", [(number,) for number in places[:-1]])

    def _locate(self) -> dict[int, Entry]:
        """Find the entries of all open flows; return the last step of each."""
        self._places, last = {}, {}
        live = f"SELECT number FROM flow WHERE status IN ({_OPEN_LIST})"
        query = f"SELECT number, flow, body FROM entry WHERE flow IN ({live}) ORDER BY number"
        for number, flow, body in self._execute(query):
            self._places.setdefault(flow, []).append(number)
            entry = _entry.decode(body)
            if entry.kind == "step":
                last[flow] = entry
        return last

    def _entries_of(self, flow: int) -> list[Entry]:
        places = msgspec.json.encode(self._places.get(flow, [])).decode()
        query = "SELECT body FROM entry WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number"
        return [_entry.decode(body) for (body,) in self._execute(query, (places,))]

    def _last_number(self, table: str) -> int:
        (number,) = self._execute(f"SELECT coalesce(max(number), 0) FROM {table}").fetchone()
        return int(number)


def _belongs(body: bytes, flow: int) -> bool:
    """Tell whether the body of a row names the flow of its column."""
    try:
        return bool(_flow_of.decode(body)[0] == flow)
    except (msgspec.DecodeError, TypeError, IndexError):
        return False


def _flow_row(row: tuple[Any, ...]) -> FlowRow:
    return FlowRow(**dict(zip(FlowRow.__struct_fields__, row, strict=True)))
