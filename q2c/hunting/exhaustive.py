"""The exhaustive mode: not what chance finds, but every point of every canonical flow, one after the other.

Deaths: at every durable write of a flow, before and after it became durable, singly and in pairs. Faults: every kind of
the catalogue at every call, message and durable write of a flow. After each run the verdict must be no worse, and the
business state the same, as after the undisturbed run. What is left out, and why it may be, is said where it is.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import takewhile

import msgspec

from contracts.checks.business_state import digest, final_state
from contracts.checks.facts import Facts
from contracts.checks.judge import judge
from contracts.checks.verdict import Result
from domain.faults import CATALOGUE, Fault, FaultKind, Place
from domain.history import Attempted, Delivered, Fired, MemoryHistory
from q2c.hunting.canonical import FLOWS, trial_of
from q2c.hunting.trial import Trial, play
from q2c.hunting.writes import DurableWrite, writes_of
from simulator.experiments.executors import Executor, Task

DEATHS = ("crash", "crash_after")
"""The two states around a durable write: nothing of it is there yet, or it is and what it announces was not begun."""
GAP = 4
"""How many states (two for each durable write) the second death of a pair may lie behind the first one."""
REPEATED = 2
"""How many writes of one flow that ask for the same thing are all struck; of more (a poll) these and the last one."""
HOLDS, DIFFERS, BROKEN, UNKNOWN, FAILED, IDLE = "holds", "differs", "broken", "unknown", "failed", "idle"
BAD = frozenset({DIFFERS, BROKEN, UNKNOWN, FAILED})


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """What an undisturbed run came to: the digest of its business state, and what could not be judged in it."""

    state: str
    unknown: frozenset[str]


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the exhaustive mode: a canonical flow, what strikes where in words, and the plan that does it."""

    flow: str
    mode: str  # deaths | pairs | faults
    what: str
    faults: tuple[Fault, ...]
    reference: Reference
    mutant: str = ""

    @property
    def trial(self) -> Trial:
        """The trial that is played."""
        return msgspec.structs.replace(trial_of(self.flow), faults=self.faults, mutant=self.mutant)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a point: one of the words above; `idle` when a fault met nothing that it could strike."""

    status: str
    checks: tuple[str, ...] = ()
    sentence: str = ""
    cpu_seconds: float = 0.0


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A point after which something was wrong."""

    point: Point
    outcome: Outcome


class Tally(msgspec.Struct, kw_only=True):
    """What was found so far: how many points of each flow and mode came to what, and every finding."""

    planned: int = 0
    counts: Counter[tuple[str, str, str]] = msgspec.field(default_factory=Counter)
    findings: list[Finding] = []
    cpu_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def done(self) -> int:
        """How many points were played."""
        return sum(self.counts.values())

    def total(self, status: str) -> int:
        """Return how many points came to a status."""
        return sum(count for (_, _, found), count in self.counts.items() if found == status)


# --- points -----------------------------------------------------------------------------------------------------------


def deaths(flow: str) -> Iterator[Point]:
    """Yield a death before and after every durable write of a flow."""
    reference = reference_of(flow)
    for write in distinct(_writes(flow)):
        for kind in DEATHS:
            fault = _at_write(CATALOGUE[kind], write.number)
            yield Point(flow=flow, mode="deaths", what=_said(kind, write), faults=(fault,), reference=reference)


def pairs(flow: str, gap: int = GAP) -> Iterator[Point]:
    """Yield two deaths of a flow, the second within `gap` states after the process has come back from the first."""
    reference = reference_of(flow)
    for write in distinct(_writes(flow)):
        for after, kind in enumerate(DEATHS):
            first = _at_write(CATALOGUE[kind], write.number)
            state = 2 * write.number + after
            for second in range(state + 1, state + 1 + gap):
                number, is_after = divmod(second, 2)
                fault = _at_write(CATALOGUE[DEATHS[is_after]], number)
                what = f"{_said(kind, write)}, then {DEATHS[is_after]} at write {number}"
                yield Point(flow=flow, mode="pairs", what=what, faults=(first, fault), reference=reference)


def faults(flow: str) -> Iterator[Point]:
    """Yield every kind of fault at every call, message and durable write of a flow that it can strike."""
    reference = reference_of(flow)
    for write in distinct(_writes(flow)):
        for kind in _kinds_of_process() if write.txn else ():
            plan = (_at_write(kind, write.number),)
            yield Point(flow=flow, mode="faults", what=_said(kind.key, write), faults=plan, reference=reference)
    for fault in _at_calls(MemoryHistory(play(trial_of(flow)))):
        what = f"{fault.kind} at {fault.system} {fault.operation} {fault.txn}".strip() + f", time {fault.nth}"
        yield Point(flow=flow, mode="faults", what=what, faults=(fault,), reference=reference)


MODES: dict[str, Callable[[str], Iterator[Point]]] = {"deaths": deaths, "pairs": pairs, "faults": faults}


@lru_cache(len(FLOWS))
def _writes(flow: str) -> tuple[DurableWrite, ...]:
    return writes_of(trial_of(flow))


def distinct(writes: Iterable[DurableWrite]) -> list[DurableWrite]:
    """Return the writes whose states differ in more than time.

    Sweeps come by the hour and mostly find nothing: of those of one kind the first one stands for all. A flow that
    polls, or one that is begun anew every day, asks for the same thing of the same transaction again and again: the
    first two and the last of these writes stand for all.
    """
    kept: list[DurableWrite] = []
    last: dict[tuple[str, str, str], DurableWrite] = {}
    seen: Counter[tuple[str, str, str]] = Counter()
    for write in writes:
        is_sweep = not write.txn and write.name.startswith("sweep_")
        shape = write.name, write.txn, write.does
        seen[shape] += 1
        if seen[shape] <= (1 if is_sweep else REPEATED):
            kept.append(write)
        elif not is_sweep:
            last[shape] = write
    return sorted({*kept, *last.values()}, key=lambda write: write.number)


def _kinds_of_process() -> Iterator[FaultKind]:
    """Yield what else can befall the process at a durable write; deaths have a mode of their own."""
    return (kind for kind in CATALOGUE.values() if kind.place is Place.PROCESS and kind.key not in DEATHS)


def _at_write(kind: FaultKind, number: int) -> Fault:
    return msgspec.structs.replace(kind.usual, count=number)


def _said(kind: str, write: DurableWrite) -> str:
    flow = f"{write.name} {write.txn}".strip() or "no flow"
    return f"{kind} at write {write.number}: {flow}, {write.does}"


def _at_calls(history: MemoryHistory) -> Iterator[Fault]:
    """Yield each kind at each call and message; of those that belong to no transaction only the first of a kind."""
    turns: Counter[tuple[str, str, str]] = Counter()
    for call in sorted(history.of(Attempted), key=lambda each: (len(each.number), each.number)):
        where = call.system, call.operation, call.txn
        turns[where] += 1
        if call.txn or turns[where] == 1:
            kinds = _kinds_at(call.system, call.operation, write=call.write, keyed=call.write and bool(call.key))
            yield from (_at_turn(kind, where, turns[where]) for kind in kinds)
    told: set[str] = set()
    for message in history.of(Delivered):
        where = message.system, message.topic, message.txn
        if message.message not in told:
            told.add(message.message)
            turns[where] += 1
            kinds = (kind for kind in CATALOGUE.values() if kind.place is Place.WEBHOOK)
            yield from (_at_turn(kind, where, turns[where]) for kind in kinds)


def _kinds_at(system: str, operation: str, *, write: bool, keyed: bool) -> Iterator[FaultKind]:
    for kind in CATALOGUE.values():
        at_a_call = kind.place in (Place.NETWORK, Place.BEFORE, Place.AFTER)
        if at_a_call and kind.reach.covers(system, operation, write=write, keyed=keyed):
            yield kind


def _at_turn(kind: FaultKind, where: tuple[str, str, str], turn: int) -> Fault:
    system, operation, txn = where
    return msgspec.structs.replace(kind.usual, system=system, operation=operation, txn=txn, nth=turn)


# --- playing ----------------------------------------------------------------------------------------------------------


@lru_cache(len(FLOWS))
def reference_of(flow: str) -> Reference:
    """Return what the undisturbed run of a flow comes to; it must not break a rule itself."""
    history = MemoryHistory(play(trial_of(flow)))
    facts = Facts(history)
    verdict = judge(history, facts=facts)
    assert verdict.status != BROKEN, f"{flow} breaks {verdict.broken_safety + verdict.broken_liveness} undisturbed"
    return Reference(state=digest(final_state(facts)), unknown=frozenset(verdict.unknown))


def examine(point: Point) -> Outcome:
    """Play a point and compare what it came to with the undisturbed run."""
    started = time.process_time()
    try:
        outcome = _compared(point, MemoryHistory(play(point.trial)))
    except Exception as failure:  # the run or its judging fell over: that is a finding, too
        outcome = Outcome(status=FAILED, sentence=f"{type(failure).__name__}: {failure}")
    return msgspec.structs.replace(outcome, cpu_seconds=time.process_time() - started)


def _compared(point: Point, history: MemoryHistory) -> Outcome:
    facts = Facts(history)
    verdict = judge(history, facts=facts)
    broken = verdict.broken_safety + verdict.broken_liveness
    unknown = tuple(check for check in verdict.unknown if _is_news(verdict.result(check), point))
    struck = {fired.fault for fired in history.of(Fired)}
    if broken:
        return Outcome(status=BROKEN, checks=broken, sentence=verdict.result(broken[0]).violations[0].sentence)
    if not struck:
        return Outcome(status=IDLE)
    if digest(final_state(facts)) != point.reference.state:
        return Outcome(status=DIFFERS)
    if len(struck) < len(point.faults):  # no more than one death shows, and that is a point of its own
        return Outcome(status=IDLE)
    if unknown:
        return Outcome(status=UNKNOWN, checks=unknown, sentence=verdict.result(unknown[0]).reason)
    return Outcome(status=HOLDS)


def _is_news(unknown: Result, point: Point) -> bool:
    """Tell whether a rule could be judged undisturbed and cannot now, but for one that judged what was lost itself."""
    is_told_otherwise = any(CATALOGUE[fault.kind].place is Place.WEBHOOK for fault in point.faults)
    return unknown.check not in point.reference.unknown and not (is_told_otherwise and not unknown.examined)


def examine_encoded(point: bytes, _seed: int) -> bytes:
    """Examine an encoded point and return the outcome, encoded: the form in which executors pass it on."""
    return _encode(examine(_points.decode(point)))


def run(
    points: Sequence[Point],
    executor: Executor,
    progress: Callable[[Tally], None] = lambda _: None,
    seconds: float = 0.0,
) -> Tally:
    """Examine points by an executor, and return what was found; `progress` is told after each.

    After so many `seconds` (0: no limit) no further point is begun.
    """
    tally, started = Tally(planned=len(points)), time.monotonic()
    waiting = takewhile(lambda _: not seconds or time.monotonic() - started < seconds, points)
    tasks = (Task(digest="", model=_encode(point), seed=0) for point in waiting)
    for task, done in executor.run(examine_encoded, tasks):
        point, outcome = _points.decode(task.model), _outcomes.decode(done)
        tally.counts[point.flow, point.mode, outcome.status] += 1
        if outcome.status in BAD:
            tally.findings.append(Finding(point=point, outcome=outcome))
        tally.cpu_seconds += outcome.cpu_seconds
        tally.seconds = time.monotonic() - started
        progress(tally)
    tally.findings.sort(key=lambda finding: (finding.point.flow, finding.point.mode, finding.point.what))
    return tally


def points_of(flows: Iterable[str] = (), modes: Iterable[str] = tuple(MODES), mutant: str = "") -> Iterator[Point]:
    """Yield all points of some canonical flows (all by default) in some modes."""
    for flow in flows or [each.name for each in FLOWS]:
        for mode in modes:
            yield from (msgspec.structs.replace(point, mutant=mutant) for point in MODES[mode](flow))


_encode = msgspec.msgpack.Encoder().encode
_points = msgspec.msgpack.Decoder(Point)
_outcomes = msgspec.msgpack.Decoder(Outcome)
