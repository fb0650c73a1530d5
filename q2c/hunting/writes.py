"""Writes: the durable writes of a trial's run, each with the flow it belongs to. At each of them a process can die.

The journal counts its writes from 1 through the whole life of a run, so a neighbour more moves the number of every
later write. What stays is its place in its own flow: "the fourth write of quote_to_cash of Q-000007".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from integration.drivers.virtual_time import VirtualTime
from integration.journal.protocol import CrashPoint, Write
from integration.journal.sqlite import SqliteJournal, SqliteLease
from q2c.hunting.trial import Trial, timeline_of
from q2c.mutants import broken, mutant_of
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal


class DurableWrite(msgspec.Struct, frozen=True, gc=False):
    """One durable write: its number in the run, its flow (id, name, transaction), its place in that flow, from 1, when.

    `flow` is empty for what belongs to no flow: a message that was stored, a note on a table. `does` says in a word
    what was written: the effect that is asked for next, `end`, `message`, `start`.
    """

    number: int
    flow: str
    name: str
    txn: str
    place: int
    does: str
    at_us: int = 0


def writes_of(trial: Trial) -> tuple[DurableWrite, ...]:
    """Play a trial of the reference integration and return its durable writes, in order."""
    assert not trial.target, "the journal of somebody else's program cannot be watched"
    seen, timeline = _Watched(), timeline_of(trial)
    mutant = trial.mutant or mutant_of(timeline.scenario)
    with broken(mutant):
        rehearsal = Rehearsal(timeline, MemoryRecorder(), mutant=mutant, journal=seen.journal)
        seen.time = rehearsal.time
        rehearsal.run(steps=1)
    return tuple(seen.writes.values())


class _Watched:
    """What a watched journal has seen: its writes by number, and the flows by theirs."""

    time: VirtualTime

    def __init__(self) -> None:
        self.writes: dict[int, DurableWrite] = {}
        self._flows: dict[int, tuple[str, str, str]] = {}
        self._places: Counter[str] = Counter()

    def journal(self, crash_points: Iterable[CrashPoint]) -> SqliteJournal:
        return _WatchedJournal(self, crash_points)

    def before(self, number: int, write: Write) -> None:
        """Note a write that is about to be made; one that a death prevented is made again under its number."""
        if write.flows and not write.flow:
            row = write.flows[0]
            flow = row.id, row.name, row.txn
        else:
            flow = self._flows.get(write.flow, ("", "", ""))
        self._places[flow[0]] += number not in self.writes
        self.writes[number] = DurableWrite(number, *flow, self._places[flow[0]], _does(write), self.time.now_us)

    def after(self, write: Write) -> None:
        """Learn the numbers that new flows got."""
        for row in write.flows:
            self._flows[row.number] = row.id, row.name, row.txn


class _WatchedJournal(SqliteJournal):
    """A temporary journal whose leases tell what they write."""

    def __init__(self, seen: _Watched, crash_points: Iterable[CrashPoint]) -> None:
        super().__init__(crash_points=crash_points)
        self._seen = seen

    def claim(self) -> SqliteLease:
        lease = super().claim()
        return _WatchedLease(self, lease.epoch, self._seen)


class _WatchedLease(SqliteLease):
    """A lease that tells what it writes."""

    def __init__(self, journal: SqliteJournal, epoch: int, seen: _Watched) -> None:
        super().__init__(journal, epoch)
        self._seen = seen

    def commit(self, write: Write) -> None:
        self.commit_together((write,))

    def commit_together(self, writes: Sequence[Write]) -> None:
        for number, write in enumerate(writes, start=self._journal.writes + 1):
            self._seen.before(number, write)
        super().commit_together(writes)
        for write in writes:
            self._seen.after(write)


def _does(write: Write) -> str:
    if write.messages:
        return f"message {write.messages[0].message.topic}"
    if not write.entries:
        return "start" if write.flows else "note"
    last = write.entries[-1]
    if last.kind != "step":
        return last.kind
    if last.effect is None:
        return "end"
    return f"{type(last.effect).__name__.lower()} {getattr(last.effect, 'operation', '')}".strip()
