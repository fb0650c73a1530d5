"""Coverage: which faults hit which operations, at the first try or a retry; which states were visited; which reasons.

The matrix answers what a green run is worth: a fault that never met an operation has proved nothing about it.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from contracts.checks.exercise import KEYED, Chance, chances
from contracts.checks.facts import Facts
from contracts.checks.lives import document_of
from contracts.checks.order import CHARTS_OF
from domain.charts import CHARTS
from domain.history import Attempted, Delivered, Fired, Sealed

FIRST, RETRY, MESSAGE = "first", "retry", "message"


class Cell(msgspec.Struct, frozen=True, gc=False):
    """How often a kind of fault hit an operation of a system at the first try, a retry or a message."""

    system: str
    operation: str
    fault: str
    when: str
    hits: int


class States(msgspec.Struct, frozen=True, kw_only=True):
    """The states of one chart that some document visited in one system, and those that none did."""

    chart: str
    system: str
    visited: tuple[str, ...]
    missed: tuple[str, ...]


class Called(msgspec.Struct, frozen=True, gc=False):
    """An operation that was called: how often at first, how often again; whether it writes, and under a key.

    `in_time` counts the calls that came while faults strike at all.
    """

    system: str
    operation: str
    writes: bool
    keyed: bool
    firsts: int
    retries: int
    in_time: int = 0


class Told(msgspec.Struct, frozen=True, gc=False):
    """A kind of message that came: its sender, its topic, how often, and how often while faults strike at all."""

    system: str
    topic: str
    messages: int
    in_time: int = 0


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What a run exercised. `reasons` counts exception cases by code; `plan` tells each planned fault's chances.

    `called` and `told` are what there was to strike, struck or not; `durable_writes` counts the integration's own, or
    where nobody counted them those that the audit trail has an entry of, which are some fewer.
    """

    cells: tuple[Cell, ...]
    states: tuple[States, ...]
    reasons: tuple[tuple[str, int], ...]
    plan: tuple[Chance, ...]
    called: tuple[Called, ...] = ()
    told: tuple[Told, ...] = ()
    durable_writes: int = 0


def coverage_of(facts: Facts, durable_writes: int = 0) -> Coverage:
    """Return what a history exercised; `durable_writes` were counted by whoever played it (0: nobody counted)."""
    reasons = Counter(records[0].code for records in facts.cases.values())
    called, retries = _called(facts)
    return Coverage(
        cells=_cells(facts, retries), states=_states(facts), reasons=tuple(sorted(reasons.items())),
        plan=chances(facts), called=called, told=_told(facts),
        durable_writes=durable_writes or max((sealed.entries for sealed in facts.history.of(Sealed)), default=0),
    )  # fmt: skip


def _cells(facts: Facts, retries: set[str]) -> tuple[Cell, ...]:
    hits: Counter[tuple[str, str, str, str]] = Counter()
    for strike in facts.history.of(Fired):
        when = RETRY if strike.number in retries else FIRST if strike.number.startswith("r") else MESSAGE
        hits[strike.system, strike.operation, strike.kind, when] += 1
    return tuple(Cell(*key, count) for key, count in sorted(hits.items()))


def _called(facts: Facts) -> tuple[tuple[Called, ...], set[str]]:
    """Return what was called, and the numbers of the attempts that were not the first of their intent."""
    seen: set[tuple[str, str, str, str]] = set()
    retries: set[str] = set()
    heal_us = facts.context.heal_us
    tally: dict[tuple[str, str], list[int]] = {}
    traits: dict[tuple[str, str], tuple[bool, bool]] = {}
    for attempt in facts.history.of(Attempted):
        place = (attempt.system, attempt.operation)
        intent = (*place, attempt.key or attempt.fingerprint, attempt.txn)
        counts = tally.get(place)
        if counts is None:
            counts = tally[place] = [0, 0, 0]
            traits[place] = (attempt.write, attempt.write and attempt.system in KEYED and bool(attempt.key))
        is_retry = intent in seen
        counts[is_retry] += 1
        counts[2] += attempt.sent_us < heal_us
        if is_retry:
            retries.add(attempt.number)
        if attempt.outcome != "ok":
            seen.add(intent)
        elif is_retry:
            seen.discard(intent)
    return tuple(Called(*place, *traits[place], *counts) for place, counts in sorted(tally.items())), retries


def _told(facts: Facts) -> tuple[Told, ...]:
    heal_us = facts.context.heal_us
    genuine = [each for each in facts.history.of(Delivered) if each.genuine]
    every = Counter((each.system, each.topic) for each in genuine)
    in_time = Counter((each.system, each.topic) for each in genuine if each.sent_us < heal_us)
    return tuple(Told(*key, count, in_time[key]) for key, count in sorted(every.items()))


def _states(facts: Facts) -> tuple[States, ...]:
    visited: dict[tuple[str, str], set[str]] = {}
    for (kind, system), chart in CHARTS_OF.items():
        visited[chart, system] = {change.status for change in facts.history.changes(kind, system)}
    for change in facts.history.changes("payment", "payment"):
        visited.setdefault((f"{document_of(change).method}_payment", "payment"), set()).add(change.status)
    cases = {case.status for records in facts.cases.values() for case in records}
    if facts.context.inside:
        visited["exception_case", "integration"] = cases
    result = []
    for (chart, system), seen in visited.items():
        every = CHARTS[chart].states
        met = tuple(state for state in every if state in seen)
        missed = tuple(state for state in every if state not in seen)
        result.append(States(chart=chart, system=system, visited=met, missed=missed))
    return tuple(result)
