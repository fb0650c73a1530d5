"""Coverage: which faults hit which operations, at the first try or a retry; which states were visited; which reasons.

The matrix answers what a green run is worth: a fault that never met an operation has proved nothing about it.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from contracts.checks.exercise import Chance, chances
from contracts.checks.facts import Facts, document_of
from contracts.checks.order import CHARTS_OF
from domain.charts import CHARTS
from domain.history import Attempted, Fired

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


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What a run exercised. `reasons` counts exception cases by code; `plan` tells each planned fault's chances."""

    cells: tuple[Cell, ...]
    states: tuple[States, ...]
    reasons: tuple[tuple[str, int], ...]
    plan: tuple[Chance, ...]


def coverage_of(facts: Facts) -> Coverage:
    """Return what a history exercised."""
    reasons = Counter(records[0].code for records in facts.cases.values())
    return Coverage(
        cells=_cells(facts), states=_states(facts), reasons=tuple(sorted(reasons.items())), plan=chances(facts)
    )


def _cells(facts: Facts) -> tuple[Cell, ...]:
    fired = list(facts.history.of(Fired))
    numbers = {strike.number for strike in fired}
    retries = _retries(facts, numbers)
    hits: Counter[tuple[str, str, str, str]] = Counter()
    for strike in fired:
        when = RETRY if strike.number in retries else FIRST if strike.number.startswith("r") else MESSAGE
        hits[strike.system, strike.operation, strike.kind, when] += 1
    return tuple(Cell(*key, count) for key, count in sorted(hits.items()))


def _retries(facts: Facts, numbers: set[str]) -> set[str]:
    """Return the numbers, of those given, whose attempt was not the first of its intent."""
    seen: set[tuple[str, str, str, str]] = set()
    found: set[str] = set()
    for attempt in facts.history.of(Attempted):
        name = (attempt.system, attempt.operation, attempt.key or attempt.fingerprint, attempt.txn)
        if attempt.number in numbers and name in seen:
            found.add(attempt.number)
        if attempt.outcome == "ok":
            seen.discard(name)
        else:
            seen.add(name)
    return found


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
