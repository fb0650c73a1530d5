"""The journal in PostgreSQL, shared by many workers: leases with epochs, and flows that are in one worker's hands.

A worker claims flows (`flow.owner` is its epoch) and is the only one that writes for them. It renews its lease when it
polls; whoever finds a lease that has run out ends it and lets go of its flows, which the next poll of any worker
claims. Each commit is one transaction sent in one go; it holds a lock on the worker's row, so that ending a lease waits
for it, and it fails once the lease was ended. Clocks of different machines do not matter: leases are timed by the
database.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from typing import Any, TypeVar, cast

import msgspec
import psycopg
from msgspec.structs import replace

from integration.flow import Step
from integration.journal import chain, postgres_claims
from integration.journal.dying import die_at
from integration.journal.home import Restoration
from integration.journal.mappings import StoredMappings
from integration.journal.postgres_home import look_at_server
from integration.journal.postgres_reading import dialect_of, heads_of, open_postgres_reader
from integration.journal.postgres_sharing import Hints
from integration.journal.postgres_tables import connect, migrate, unavailable
from integration.journal.protocol import (
    UNSTORABLE,
    CrashPoint,
    Entry,
    Fenced,
    FlowRow,
    Head,
    Loaded,
    OpenFlow,
    Raced,
    Unstorable,
    Verification,
    Write,
    branches_in,
    steps_in,
)
from integration.journal.reading import FLOW_COLUMNS, Reader, TableReader
from integration.journal.trouble import WrongSchema
from integration.outcomes import Outcome

LEASE_SECONDS = 10.0
FLOWS_AT_START = 200
"""How many flows a worker takes up when it starts; polls bring the rest."""

T = TypeVar("T")
Statement = tuple[str, tuple[Any, ...]]
_encode = msgspec.msgpack.Encoder().encode
_entries = msgspec.msgpack.Decoder(list[Entry])

_RACES = ("Q2C02", "23505", "40P01", "40001")  # lost; written by another one; deadlock; serialization
_NOT_PREPARED = "26000"
"""The driver takes a statement for prepared whose preparation went with a write that lost."""
_WRITE_STEP = """
SELECT write_step(%s, %s, %s, %s, %s, %s::bigint[],
                  %s::bigint[], %s::text[], %s::bytea[], %s::text[], %s::text[], %s, %s)
"""
_ADD_FLOW = """
INSERT INTO flow (id, name, txn, entity_key, order_key, arguments, status, created_us, result)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING number
"""
_ADD_MESSAGE = "INSERT INTO inbox (topic, key, body) VALUES (%s, %s, %s) RETURNING number"
_ADD_EVENT = """
WITH counted AS (
    INSERT INTO subject VALUES (%s, 1) ON CONFLICT (subject) DO UPDATE SET sequence = subject.sequence + 1
    RETURNING sequence
), told AS (
    INSERT INTO event SELECT nextval('event_number'), %s, %s, %s, %s, sequence, %s, %s FROM counted
    RETURNING number, sequence
), waits AS (INSERT INTO unsent SELECT number, %s FROM told)
SELECT number, sequence FROM told
"""
_ADD_CASE = """
INSERT INTO exception_case VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET
status = excluded.status, code = excluded.code, owner = excluded.owner, body = excluded.body
"""
_ADD_MAPPING = """
INSERT INTO mapping VALUES (%s, %s, %s) ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value
"""
_SET_CURSOR = """
INSERT INTO cursor VALUES (%s, %s) ON CONFLICT (consumer) DO UPDATE SET number = excluded.number
WHERE cursor.number < excluded.number
"""


class PostgresJournal:
    """A journal in PostgreSQL. `crash_points` are for tests, as in SQLite.

    `worker` is this process among others: claiming again under the same name ends the lease of the incarnation before,
    so that a restart takes its own flows up at once. Without a name it is host and process number.
    """

    def __init__(
        self,
        address: str,
        worker: str = "",
        crash_points: Iterable[CrashPoint] = (),
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self.address, self.worker, self.lease_seconds = address, worker, lease_seconds
        self.name = worker or f"{socket.gethostname()}/{os.getpid()}"
        self.writes = 0
        self.crash_points = set(crash_points)
        self.connection = connect(address)
        try:
            self.migrated = migrate(self.connection)
        except psycopg.Error as error:
            self.connection.close()
            raise unavailable(address, error) from error
        except WrongSchema:
            self.connection.close()
            raise

    def claim(self) -> PostgresLease:
        """Become a worker under a new epoch; the incarnation before of the same name is fenced, others are not."""
        if self.connection.broken or self.connection.closed:
            self.connection = connect(self.address)
        try:
            epoch = postgres_claims.register(self.connection, self.name, self.lease_seconds)
        except psycopg.Error as error:
            raise unavailable(self.address, error) from error
        return PostgresLease(self, epoch)

    def head(self) -> Head:
        """Return the end of the audit trail: one head that stands for those of all chains."""
        return chain.joined(heads_of(self.connection))

    def verify(self, head: Head | Sequence[Head] | None = None) -> Verification:
        """Recompute the audit trail, and compare it with heads kept elsewhere."""
        return self._own_reader().verify(head)

    def entries(self) -> Iterator[tuple[int, int, Entry]]:
        """Yield the audit trail: every entry that has not been blanked, with the numbers of its row and flow."""
        rows = self.connection.execute("SELECT place, flow, body FROM entry ORDER BY place")
        for place, flow, body in cast("Iterable[tuple[int, int, bytes]]", rows):
            for entry in _entries.decode(body):
                yield place, flow, entry

    def flows(self) -> Iterator[FlowRow]:
        """Yield all flows, in the order of their numbers."""
        rows = self.connection.execute(f"SELECT {FLOW_COLUMNS} FROM flow ORDER BY number")
        for row in cast("Iterable[tuple[Any, ...]]", rows):
            yield FlowRow(*row)

    def reader(self) -> Reader:
        """Return the read side, on a connection of its own."""
        return open_postgres_reader(self.address)

    def hints(self) -> Hints:
        """Return hints of other workers, on a connection of their own."""
        return Hints(self.address)

    def close(self) -> None:
        """Close the connection; after trouble too, and twice."""
        self.connection.close()

    def _own_reader(self) -> Reader:
        return TableReader(dialect_of(self.connection, self.address))


class PostgresLease:
    """The right of one worker to write to a PostgreSQL journal, of one epoch."""

    is_shared = True

    def __init__(self, journal: PostgresJournal, epoch: int) -> None:
        self.epoch = epoch
        self._journal, self._connection = journal, journal.connection
        self._number, self._digest = 0, chain.GENESIS
        self._has_news = False
        self.mappings: MutableMapping[tuple[str, str], dict[str, Any]] = StoredMappings(self._ask, "%s")

    # --- writing

    def commit(self, write: Write) -> None:
        """Make a write durable in one transaction; raise Fenced, Raced (nothing is written) or Crash (in tests)."""
        self.commit_together([write])

    def may_share(self, write: Write) -> bool:
        """Tell whether a write may wait for others: not what memory shows at once, nor what somebody waits for."""
        return not (write.taken or write.messages or write.mappings or write.expected or write.answered)

    def commit_together(self, writes: Sequence[Write]) -> None:
        """Make writes durable in one transaction, all or none; raise as `commit` does."""
        die_at(self._journal, len(writes), False)
        number, digest = self._number, self._digest
        groups: list[list[Statement]] = []
        try:
            for write in writes:
                number, digest, body = _linked(write, number, digest)
                groups.append([self._step(write, number, digest, body), *self._more(write)])
        except UNSTORABLE as error:
            raise Unstorable(str(error)) from error
        for write, rows in zip(writes, self._transact(groups), strict=True):
            self._fill(write, rows)
            self._has_news = self._has_news or bool(write.flows or write.messages)
        self._number, self._digest = number, digest
        die_at(self._journal, len(writes), True)
        self._journal.writes += len(writes)

    def _transact(self, groups: Sequence[Sequence[Statement]]) -> list[list[tuple[Any, ...]]]:
        """Send groups of statements as one transaction in one go; return for each group the first row of each statement
        that has one, but for the first statement of the group.
        """
        connection = self._connection
        try:
            if len(groups) == 1 and len(groups[0]) == 1:
                connection.execute(*groups[0][0])
                return [[]]
            with connection.pipeline():
                connection.execute("BEGIN")
                sent = [[connection.execute(text, values) for text, values in group] for group in groups]
                connection.execute("COMMIT")
            return [[cursor.fetchall()[0] for cursor in cursors[1:] if cursor.description] for cursors in sent]
        except psycopg.Error as error:
            raise self._meaning(error) from error

    def _meaning(self, error: psycopg.Error) -> Exception:
        connection = self._connection
        if not connection.broken and connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            connection.rollback()  # it forgets what was prepared, too; a ROLLBACK that is executed does so only once
        if error.sqlstate == "Q2C01":
            return Fenced(f"{error.diag.message_primary}: it had run out, and another worker has its flows now")
        if error.sqlstate in _RACES:
            return Raced(str(error.diag.message_primary))
        if error.sqlstate == _NOT_PREPARED:
            connection.close()  # the next claim connects anew
        if isinstance(error, psycopg.DataError):
            return Unstorable(" ".join(str(error).split()))
        return unavailable(self._journal.address, error)

    def _step(self, write: Write, number: int, digest: bytes, body: bytes | None) -> Statement:
        moved, statuses, results = zip(*write.statuses, strict=True) if write.statuses else (None, None, None)
        waits = write.waits
        topics, keys = (None, None) if waits is None else ([topic for topic, _ in waits], [key for _, key in waits])
        return _WRITE_STEP, (
            self.epoch, write.flow, number, digest, body, write.taken or None,
            moved and list(moved), statuses and list(statuses), results and list(results), topics, keys,
            write.relayed, write.blanked,
        )  # fmt: skip

    def _more(self, write: Write) -> Iterator[Statement]:
        """Yield the rest of a write; what is numbered returns a row."""
        for row in write.flows:
            yield (
                _ADD_FLOW,
                (
                    row.id, row.name, row.txn, row.entity_key, row.order_key, row.arguments, row.status,
                    row.created_us, row.result,
                ),
            )  # fmt: skip
        for message_row in write.messages:
            message = message_row.message
            yield "INSERT INTO seen VALUES (%s, %s, %s)", (message.source, message.id, message.received_us)
            if message_row.wanted:
                yield _ADD_MESSAGE, (message.topic, message.key, _encode(message))
        if write.events:
            yield "SELECT number_events()", ()
        for event in write.events:
            yield (
                _ADD_EVENT,
                (
                    event.subject, event.id, event.type, event.subject, event.txn, event.created_us,
                    _encode(event.body), self.epoch,
                ),
            )  # fmt: skip
        for case in write.cases:
            yield _ADD_CASE, (case.id, case.status, case.code, case.owner, case.flow, case.txn, _encode(case))
        if write.answered:
            yield "UPDATE command SET status = 'done', problem = '' WHERE number = %s", (write.answered,)
        for (kind, key), standing in write.expected.items():
            yield "SELECT expect_mapping(%s, %s, %s)", (kind, key, standing)
        for kind, key, value in write.mappings:
            if value is None:
                yield "DELETE FROM mapping WHERE kind = %s AND key = %s", (kind, key)
            else:
                yield _ADD_MAPPING, (kind, key, value)

    def _fill(self, write: Write, rows: list[tuple[Any, ...]]) -> None:
        """Put the rows with the numbers they got in the places of those without, in the order of the statements."""
        found = iter(rows)
        for index, flow in enumerate(write.flows):
            write.flows[index] = replace(flow, number=next(found)[0])
        for index, row in enumerate(write.messages):
            if row.wanted:
                write.messages[index] = replace(row, number=next(found)[0])
        if write.events:
            next(found)
        for index, event in enumerate(write.events):
            number, sequence = next(found)
            write.events[index] = replace(event, number=number, sequence=sequence)

    # --- claiming

    def look_back(self, now_us: int) -> Restoration:
        """Find out by its home whether the database was restored from a backup, and remember it."""
        return self._guarded(look_at_server, now_us)

    def mark(self) -> None:
        """Do nothing: the server's own history is the mark."""

    def load(self) -> Loaded:
        """Return what this worker may take up at once."""
        return self.poll(FLOWS_AT_START)

    def confirm(self) -> None:
        """Raise Fenced when the lease was ended."""
        self._guarded(postgres_claims.confirm, self.epoch)

    def poll(self, flows_max: int) -> Loaded:
        """Renew the lease, and return what is new for this worker; raise Fenced when the lease was ended."""
        hint, self._has_news = self._has_news, False
        return self._guarded(postgres_claims.poll, self.epoch, flows_max, self._journal.lease_seconds, hint)

    def give_back(self, flows: Sequence[int]) -> None:
        """Let other workers claim flows."""
        self._guarded(postgres_claims.give_back, self.epoch, list(flows))

    def leave(self) -> None:
        """End the lease and give everything back."""
        self._guarded(postgres_claims.end, [self.epoch])

    def reopen(self, flow: int) -> OpenFlow | None:
        """Return a flow at hand as the journal has it."""
        return self._guarded(postgres_claims.reopen, self.epoch, flow)

    def command(self, act: bytes, flow_id: str = "") -> list[int]:
        """Leave a command for the worker that holds a flow, or for each worker."""
        self._has_news = True
        return self._guarded(postgres_claims.command, act, flow_id)

    def answer(self, command: int, problem: str) -> None:
        """Remember what became of a command."""
        status = "refused" if problem else "done"
        self._ask("UPDATE command SET status = %s, problem = %s WHERE number = %s", (status, problem, command))

    def advance(self, consumer: str, number: int) -> None:
        """Remember that a consumer of the event log has done with the events up to a number."""
        self._ask(_SET_CURSOR, (consumer, number))

    # --- reading

    def find(self, flow_id: str) -> FlowRow | None:
        """Return the flow of an id, finished ones included."""
        rows = self._ask(f"SELECT {FLOW_COLUMNS} FROM flow WHERE id = %s", (flow_id,))
        return FlowRow(*rows[0]) if rows else None

    def known(self, flow_ids: Sequence[str]) -> set[str]:
        """Return those of some ids that have a flow, finished ones included."""
        rows = self._ask("SELECT id FROM flow WHERE id = ANY (%s)", (list(flow_ids),)) if flow_ids else []
        return {flow_id for (flow_id,) in rows}

    def has_message(self, source: str, message_id: str) -> bool:
        """Tell whether a message has been stored before."""
        return bool(self._ask("SELECT 1 FROM seen WHERE source = %s AND message = %s", (source, message_id)))

    def steps(self, flow: int) -> list[Step]:
        """Return the journal of an open flow, for a replay."""
        return steps_in(self._entries_of(flow), flow)

    def branches(self, flow: int, seq: int) -> dict[int, Outcome]:
        """Return the outcomes of the branches of an All that have ended."""
        return branches_in(self._entries_of(flow), seq)

    def _entries_of(self, flow: int) -> list[Entry]:
        rows = self._ask("SELECT body FROM entry WHERE flow = %s ORDER BY place", (flow,))
        return [entry for (body,) in rows for entry in _entries.decode(body)]

    def _ask(self, text: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            cursor = self._connection.execute(text, values)
            return cast("list[tuple[Any, ...]]", cursor.fetchall() if cursor.description else [])
        except psycopg.Error as error:
            raise self._meaning(error) from error

    def _guarded(self, action: Callable[..., T], *arguments: Any) -> T:
        try:
            return action(self._connection, *arguments)
        except psycopg.Error as error:
            raise self._meaning(error) from error


def _linked(write: Write, number: int, digest: bytes) -> tuple[int, bytes, bytes | None]:
    """Return number, digest and body of the row of the chain behind one; those of that one and None without a row."""
    body = _encode(write.entries) if write.entries else None
    return (number, digest, None) if body is None else (number + 1, chain.link(digest, write.flow, body), body)
