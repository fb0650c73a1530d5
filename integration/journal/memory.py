"""The journal in memory: it outlives the incarnations of an integration, not the process. Rehearsals need no more.

It keeps what the SQLite journal keeps, and as that one would give it back: the trail as MessagePack, linked by digests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from domain.charts.exception_case import EXCEPTION_CASE
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
from integration.outcomes import Outcome

_encode = msgspec.msgpack.Encoder().encode
_entry = msgspec.msgpack.Decoder(Entry)
_event = msgspec.msgpack.Decoder(OutboxRow)


class MemoryJournal:
    """A journal in dictionaries and lists. `crash_points` are for tests: where the process dies."""

    def __init__(self, crash_points: Iterable[CrashPoint] = ()) -> None:
        self.writes = 0
        self.epoch = 0
        self.relayed = 0
        self.crash_points = set(crash_points)
        self.bodies: list[bytes | None] = []  # the audit trail, and the digest of each of its entries
        self.digests: list[bytes] = []
        self.places: dict[int, list[int]] = {}  # indexes of the entries of each flow
        self.flow_rows: dict[int, FlowRow] = {}
        self.numbers: dict[str, int] = {}  # of flows, by id
        self.known: set[tuple[str, str]] = set()  # messages, by source and id
        self.wanted: dict[int, InboxRow] = {}  # messages that a flow has yet to take
        self.inbox_number = 0
        self.events: list[OutboxRow] = []
        self.cases: dict[str, ExceptionCase] = {}
        self.mappings: dict[tuple[str, str], bytes] = {}

    def claim(self) -> MemoryLease:
        """Take over: the new lease has the next epoch, older ones are fenced."""
        self.epoch += 1
        return MemoryLease(self, self.epoch)

    def head(self) -> Head:
        """Return the end of the audit trail."""
        return Head(len(self.digests), (self.digests[-1] if self.digests else chain.GENESIS).hex())

    def verify(self, head: Head | None = None) -> Verification:
        """Recompute the audit trail, and compare it with a head kept elsewhere."""
        over = (flow for flow, row in self.flow_rows.items() if row.status not in OPEN)
        blankable = frozenset(index + 1 for flow in over for index in self.places.get(flow, ()))
        rows = zip(range(1, len(self.bodies) + 1), self.bodies, self.digests, strict=True)
        return chain.verify(rows, blankable, head)

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """Yield the audit trail: every entry that has not been blanked, with its number."""
        for number, body in enumerate(self.bodies, start=1):
            if body is not None:
                yield number, _entry.decode(body)

    def flows(self) -> Iterator[FlowRow]:
        """Yield all flows, in the order of their start."""
        yield from self.flow_rows.values()


class MemoryLease:
    """The right to write to a journal in memory, of one epoch."""

    def __init__(self, journal: MemoryJournal, epoch: int) -> None:
        self.epoch = epoch
        self._journal = journal

    def commit(self, write: Write) -> None:
        """Make a write durable at once; raise Fenced (nothing is written) or Crash (in tests)."""
        journal = self._journal
        if journal.epoch != self.epoch:
            raise Fenced(f"epoch {self.epoch} was replaced by epoch {journal.epoch}")
        number = journal.writes + 1
        if journal.crash_points:
            self._die(CrashPoint(number, False))
        bodies = [
            _encode(entry) for entry in write.entries
        ]  # this may fail, and so may the next check; what follows does not
        is_plain = write.is_plain
        if not is_plain:
            self._refuse_repetitions(write)
        self._append(write.entries, bodies)
        if not is_plain:
            self._store(write)
        journal.writes = number
        if journal.crash_points:
            self._die(CrashPoint(number, True))

    def load(self) -> Loaded:
        """Return what is open."""
        journal = self._journal
        flows = [row for row in journal.flow_rows.values() if row.status in OPEN]
        return Loaded(
            flows=[OpenFlow(row, self._last_step(row.number)) for row in flows],
            messages=list(journal.wanted.values()),
            events=[_event.decode(_encode(event)) for event in journal.events[journal.relayed :]],
            sequences={event.subject: event.sequence for event in journal.events},
            cases=[case for _, case in sorted(journal.cases.items()) if case.status not in EXCEPTION_CASE.terminal],
            mappings={place: msgspec.msgpack.decode(value) for place, value in journal.mappings.items()},
            flow_number=len(journal.flow_rows),
            inbox_number=journal.inbox_number,
            outbox_number=len(journal.events),
        )

    def find(self, flow_id: str) -> FlowRow | None:
        """Return the flow of an id, finished ones included."""
        number = self._journal.numbers.get(flow_id)
        return None if number is None else self._journal.flow_rows[number]

    def has_message(self, source: str, message_id: str) -> bool:
        """Tell whether a message has been stored before."""
        return (source, message_id) in self._journal.known

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

    def _refuse_repetitions(self, write: Write) -> None:
        """Hold what the tables of a database would: ids are unique, numbers count from 1."""
        journal = self._journal
        for number, row in enumerate(write.flows, start=len(journal.flow_rows) + 1):
            assert row.number == number, f"UNIQUE: flow {row.number} should be number {number}"
            assert row.id not in journal.numbers, f"UNIQUE: flow {row.id} is there already"
        for number, event in enumerate(write.events, start=len(journal.events) + 1):
            assert event.number == number, f"UNIQUE: event {event.number} should be number {number}"
        if write.messages:
            messages = {(row.message.source, row.message.id) for row in write.messages}
            assert len(messages) == len(write.messages), "UNIQUE: a message comes twice"
            assert journal.known.isdisjoint(messages), "UNIQUE: a message has come before"

    def _append(self, entries: list[Entry], bodies: list[bytes]) -> None:
        journal = self._journal
        digest = journal.digests[-1] if journal.digests else chain.GENESIS
        for entry, body in zip(entries, bodies, strict=True):
            digest = chain.link(digest, body)
            if entry.flow:
                journal.places.setdefault(entry.flow, []).append(len(journal.bodies))
            journal.bodies.append(body)
            journal.digests.append(digest)

    def _store(self, write: Write) -> None:
        journal = self._journal
        for row in write.flows:
            journal.flow_rows[row.number] = row
            journal.numbers[row.id] = row.number
        for number, status, result in write.statuses:
            row = journal.flow_rows[number]
            journal.flow_rows[number] = msgspec.structs.replace(row, status=status, result=result)
        for stored in write.messages:
            journal.inbox_number = stored.number
            journal.known.add((stored.message.source, stored.message.id))
            if stored.wanted:
                journal.wanted[stored.number] = stored
        for inbox_number, _taker in write.taken:
            journal.wanted.pop(inbox_number, None)
        journal.events.extend(write.events)
        journal.relayed = write.relayed or journal.relayed
        journal.cases.update((case.id, case) for case in write.cases)
        self._store_mappings(write)
        if write.blanked:
            self._blank(write.blanked)

    def _store_mappings(self, write: Write) -> None:
        for kind, key, value in write.mappings:
            if value is None:
                self._journal.mappings.pop((kind, key), None)
            else:
                self._journal.mappings[kind, key] = value

    def _blank(self, flow: int) -> None:
        """Drop the content of a finished flow's entries but the last, which says how it ended."""
        for index in self._journal.places.get(flow, [])[:-1]:
            self._journal.bodies[index] = None

    def _entries_of(self, flow: int) -> list[Entry]:
        bodies = self._journal.bodies
        found = (bodies[index] for index in self._journal.places.get(flow, ()))
        return [_entry.decode(body) for body in found if body is not None]

    def _last_step(self, flow: int) -> Entry | None:
        steps = (entry for entry in reversed(self._entries_of(flow)) if entry.kind == "step")
        return next(steps, None)
