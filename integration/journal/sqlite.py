"""The journal in SQLite: a file that survives kill -9, or a temporary one for a rehearsal.

What grows without end is on disk; this process holds a page cache and a few rows that are about to be written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from typing import Any

import msgspec

from domain.charts.exception_case import EXCEPTION_CASE
from integration.exceptions import ExceptionCase
from integration.flow import Step
from integration.journal import chain
from integration.journal.dying import die_at
from integration.journal.home import MARKED, Mark, Restoration, look_at_file, write_mark
from integration.journal.mappings import StoredMappings
from integration.journal.migrations import migrate_sqlite
from integration.journal.protocol import (
    UNSTORABLE,
    CrashPoint,
    Entry,
    Fenced,
    FlowRow,
    Head,
    InboxRow,
    Loaded,
    OpenFlow,
    Unstorable,
    Verification,
    Write,
    branches_in,
    steps_in,
)
from integration.journal.reading import (
    EVENT_COLUMNS,
    FLOW_COLUMNS,
    Reader,
    TableReader,
    event_of,
)
from integration.journal.schema import SCHEMA
from integration.journal.sqlite_pending import Pending
from integration.journal.sqlite_reading import OPEN_LIST, UNSENT, open_sqlite_reader, sqlite_dialect, verified
from integration.journal.sqlite_rows import Rows
from integration.journal.sqlite_writing import PRAGMAS, SET_CURSOR
from integration.journal.trouble import of_sqlite
from integration.outcomes import Message, Outcome

TOGETHER_ROWS = 5_000
"""Rows of the audit trail that a temporary journal writes together, with what else waits: a few megabytes."""

_encode = msgspec.msgpack.Encoder().encode
_entries = msgspec.msgpack.Decoder(list[Entry])
_message = msgspec.msgpack.Decoder(Message)
_case = msgspec.msgpack.Decoder(ExceptionCase)

_FLOW = f"SELECT {FLOW_COLUMNS} FROM flow"


class SqliteJournal:
    """A journal in one SQLite database. `crash_points` are for tests: where the process dies.

    Without a path it is temporary: SQLite spills to a nameless file what its cache cannot hold, and removes it at the
    end. Nobody else can see it and it outlives simulated crashes only, so nothing is ever committed, rows are written
    by the thousand, and a write that fails closes it.
    """

    def __init__(self, path: str = "", crash_points: Iterable[CrashPoint] = ()) -> None:
        self.path = path
        self.writes = 0
        self.epoch = 0
        self.crash_points = set(crash_points)
        self.migrated: list[str] = []
        try:
            self._open(path)
        except sqlite3.DatabaseError as error:
            raise of_sqlite(path, error) from error
        self.pending = Pending(self.connection, is_new=not path)

    def _open(self, path: str) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, cached_statements=64)
        for pragma in PRAGMAS[bool(path)]:
            self.connection.execute(f"PRAGMA {pragma}")
        if path:
            self.migrated = migrate_sqlite(self.connection)
        else:
            self.connection.executescript(SCHEMA)
            self.connection.execute("BEGIN")

    def claim(self) -> SqliteLease:
        """Take over: the new lease has the next epoch, older ones are fenced."""
        self.flush()
        try:
            row = self.connection.execute("UPDATE meta SET epoch = epoch + 1 RETURNING epoch").fetchall()
        except sqlite3.OperationalError as error:
            raise of_sqlite(self.path, error) from error
        self.epoch = row[0][0]
        return SqliteLease(self, self.epoch)

    def flush(self) -> None:
        """Write the rows that wait for it."""
        self.pending.flush()

    def head(self) -> Head:
        """Return the end of the audit trail."""
        self.flush()
        row = self.connection.execute("SELECT number, digest FROM trail ORDER BY number DESC LIMIT 1").fetchone()
        return Head(row[0], row[1].hex()) if row else Head(0, chain.GENESIS.hex())

    def verify(self, head: Head | Sequence[Head] | None = None) -> Verification:
        """Recompute the audit trail, and compare it with heads kept elsewhere."""
        self.flush()
        return verified(self.connection, head)

    def reader(self) -> Reader:
        """Return the read side: on a connection of its own, except for a temporary journal, which has but one."""
        if self.path:
            return open_sqlite_reader(self.path)
        return TableReader(sqlite_dialect(self.ask, self.verify, lambda: None))

    def ask(self, query: str, arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a query, once all that waits for it is written."""
        self.flush()
        return self.connection.execute(query, arguments).fetchall()

    def entries(self) -> Iterator[tuple[int, int, Entry]]:
        """Yield the audit trail: every entry that has not been blanked, with the numbers of its row and flow."""
        self.flush()
        for number, flow, body in self.connection.execute("SELECT number, flow, body FROM entry ORDER BY number"):
            for entry in _entries.decode(body):
                yield number, flow, entry

    def flows(self) -> Iterator[FlowRow]:
        """Yield all flows, in the order of their start."""
        self.flush()
        for row in self.connection.execute(f"{_FLOW} ORDER BY number"):
            yield FlowRow(*row)

    def close(self) -> None:
        """Close the database."""
        self.connection.close()


class SqliteLease:
    """The right to write to a SQLite journal, of one epoch. Nobody else writes, so there is never any news."""

    is_shared = False

    def __init__(self, journal: SqliteJournal, epoch: int) -> None:
        self.epoch = epoch
        self._journal = journal
        self._execute = journal.connection.execute
        self._rows = Rows(journal, journal.head())
        self._marked: Mark | None = None
        stored = StoredMappings(journal.ask, "?")
        self.mappings: MutableMapping[tuple[str, str], dict[str, Any]] = stored if journal.path else dict(stored)

    def commit(self, write: Write) -> None:
        """Make a write durable in one transaction; raise Fenced (nothing is written) or Crash (in tests)."""
        journal = self._journal
        if journal.path or journal.crash_points or journal.epoch != self.epoch:
            self.commit_together((write,))
        else:  # the short way of a rehearsal that is not to die any more
            self._keep(write)
            journal.writes += 1

    def may_share(self, write: Write) -> bool:
        """Tell whether a write may wait for others: on a disk it may, when it says no more than what a flow did."""
        if not self._journal.path:
            return False
        return not (write.flows or write.messages or write.taken or write.mappings or write.cases or write.answered)

    def commit_together(self, writes: Sequence[Write]) -> None:
        """Make writes durable in one transaction, all or none; raise as `commit` does."""
        journal = self._journal
        self._check_epoch_here()
        die_at(journal, len(writes), False)
        if journal.path:
            self._transact(writes)
        else:
            for write in writes:
                self._keep(write)
        die_at(self._journal, len(writes), True)
        journal.writes += len(writes)

    def look_back(self, now_us: int) -> Restoration:
        """Find out by the mark beside the file whether it was restored from a backup, and remember it."""
        if not self._journal.path:
            return Restoration()
        return look_at_file(self._journal.connection, self._journal.path, self.epoch, now_us)

    def mark(self) -> None:
        """Write down beside the file how far it has come, when that is news."""
        mark = Mark(self.epoch, self._rows.number, self._rows.digest.hex())
        if self._journal.path and mark != self._marked:
            write_mark(self._journal.path, mark)
            if self._marked is None:  # from now on it must not be missing
                self.advance(MARKED, 1)
            self._marked = mark

    def load(self) -> Loaded:
        """Return what is open."""
        self._journal.flush()
        flows = [FlowRow(*row) for row in self._execute(f"{_FLOW} WHERE status IN ({OPEN_LIST}) ORDER BY number")]
        ended = ", ".join(f"'{status}'" for status in sorted(EXCEPTION_CASE.terminal))
        cases = self._execute(f"SELECT body FROM exception_case WHERE status NOT IN ({ended}) ORDER BY id")
        messages = self._execute("SELECT number, body FROM inbox ORDER BY number")
        return Loaded(
            flows=[OpenFlow(row, self._last_step(row.number)) for row in flows],
            messages=[InboxRow(number, _message.decode(body), True) for number, body in messages],
            events=[event_of(row) for row in self._execute(f"SELECT {EVENT_COLUMNS} {UNSENT} ORDER BY number")],
            cases=[_case.decode(body) for (body,) in cases],
        )

    def confirm(self) -> None:
        """Raise Fenced when another process has claimed the file."""
        self._check_epoch_here()
        if self._journal.path:
            try:
                self._check_epoch()
            except sqlite3.OperationalError as error:
                raise of_sqlite(self._journal.path, error) from error

    def poll(self, flows_max: int) -> Loaded:
        """Return that nothing is new."""
        return Loaded()

    def give_back(self, flows: Sequence[int]) -> None:
        """Do nothing: nobody else could claim them."""

    def leave(self) -> None:
        """Do nothing: the next claim takes everything up."""

    def command(self, act: bytes, flow_id: str = "") -> list[int]:
        """Return that there is no other worker."""
        return []

    def answer(self, command: int, problem: str) -> None:
        """Do nothing: there are no commands."""

    def reopen(self, flow: int) -> OpenFlow | None:
        """Return an open flow as the journal has it."""
        self._journal.flush()
        rows = self._execute(f"{_FLOW} WHERE number = ? AND status IN ({OPEN_LIST})", (flow,)).fetchall()
        return OpenFlow(FlowRow(*rows[0]), self._last_step(flow)) if rows else None

    def find(self, flow_id: str) -> FlowRow | None:
        """Return the flow of an id, finished ones included."""
        pending = self._journal.pending
        found = pending.find(flow_id)
        if found is not None or not pending.may_stand(flow_id):
            return found
        row = self._execute(f"{_FLOW} WHERE id = ?", (flow_id,)).fetchone()
        return FlowRow(*row) if row else None

    def known(self, flow_ids: Sequence[str]) -> set[str]:
        """Return those of some ids that have a flow, finished ones included."""
        pending, query = self._journal.pending, "SELECT 1 FROM flow WHERE id = ?"
        waiting = {each for each in flow_ids if pending.find(each) is not None}
        asked = [each for each in flow_ids if each not in waiting and pending.may_stand(each)]
        return waiting | {each for each in asked if self._execute(query, (each,)).fetchone() is not None}

    def has_message(self, source: str, message_id: str) -> bool:
        """Tell whether a message has been stored before."""
        pending = self._journal.pending
        if pending.has_message(source, message_id):
            return True
        if not pending.may_stand((source, message_id)):
            return False
        query = "SELECT 1 FROM seen WHERE source = ? AND message = ?"
        return self._execute(query, (source, message_id)).fetchone() is not None

    def advance(self, consumer: str, number: int) -> None:
        """Remember that a consumer of the event log has done with the events up to a number."""
        self._execute(SET_CURSOR, (consumer, number))

    def steps(self, flow: int) -> list[Step]:
        """Return the journal of an open flow, for a replay."""
        return steps_in(self._entries_of(flow), flow)

    def branches(self, flow: int, seq: int) -> dict[int, Outcome]:
        """Return the outcomes of the branches of an All that have ended."""
        return branches_in(self._entries_of(flow), seq)

    # --- writing

    def _transact(self, writes: Sequence[Write]) -> None:
        before = self._rows.standing()
        try:
            bodies = [_encode(write.entries) if write.entries else b"" for write in writes]
            self._execute("BEGIN IMMEDIATE")
            self._check_epoch()
            for write, body in zip(writes, bodies, strict=True):
                self._rows.store(write, body)
            self._journal.flush()
            self._execute("COMMIT")
        except BaseException as error:
            self._journal.pending.drop()
            self._rows.go_back(before)
            if self._journal.connection.in_transaction:
                self._execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise of_sqlite(self._journal.path, error) from error
            if isinstance(error, (*UNSTORABLE, sqlite3.DataError)):
                raise Unstorable(str(error)) from error
            raise

    def _keep(self, write: Write) -> None:
        try:
            body = _encode(write.entries) if write.entries else b""
        except UNSTORABLE as error:
            raise Unstorable(str(error)) from error
        try:
            self._rows.store(write, body)
            if len(self._journal.pending.links) >= TOGETHER_ROWS:
                self._journal.flush()
        except BaseException:
            self._journal.close()
            raise

    def _check_epoch_here(self) -> None:
        """Ask the journal in memory: another lease of it may have been taken."""
        epoch = self._journal.epoch
        if epoch != self.epoch:
            raise Fenced(f"epoch {self.epoch} was replaced by epoch {epoch}")

    def _check_epoch(self) -> None:
        """Ask the database: another process may have claimed the file."""
        (epoch,) = self._execute("SELECT epoch FROM meta").fetchone()
        if epoch != self.epoch:
            raise Fenced(f"epoch {self.epoch} was replaced by epoch {epoch}")

    # --- reading

    def _entries_of(self, flow: int) -> list[Entry]:
        self._journal.flush()
        bodies = self._execute("SELECT body FROM entry WHERE flow = ? ORDER BY number", (flow,))
        return [entry for (body,) in bodies for entry in _entries.decode(body)]

    def _last_step(self, flow: int) -> Entry | None:
        for (body,) in self._execute("SELECT body FROM entry WHERE flow = ? ORDER BY number DESC", (flow,)):
            for entry in reversed(_entries.decode(body)):
                if entry.kind == "step":
                    return entry
        return None
