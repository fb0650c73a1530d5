"""Gathering: what many runs exercised together, added up run by run."""

from __future__ import annotations

from collections import Counter

import msgspec

from contracts.checks.coverage import Called, Cell, Coverage, States, Told
from domain.charts import CHARTS


class Gathering:
    """Adds up the coverage of runs; the order in which they are added does not matter."""

    def __init__(self) -> None:
        self._cells: Counter[tuple[str, str, str, str]] = Counter()
        self._states: dict[tuple[str, str], set[str]] = {}
        self._reasons: Counter[str] = Counter()
        self._called: dict[tuple[str, str], Called] = {}
        self._told: dict[tuple[str, str], Told] = {}
        self._durable_writes = 0

    def add(self, coverage: Coverage) -> None:
        """Add what one run exercised."""
        for cell in coverage.cells:
            self._cells[cell.system, cell.operation, cell.fault, cell.when] += cell.hits
        for states in coverage.states:
            self._states.setdefault((states.chart, states.system), set()).update(states.visited)
        self._reasons.update(dict(coverage.reasons))
        for called in coverage.called:
            place = (called.system, called.operation)
            self._called[place] = _together(self._called.get(place), called)
        for told in coverage.told:
            known = self._told.get((told.system, told.topic), Told(told.system, told.topic, 0))
            self._told[told.system, told.topic] = msgspec.structs.replace(
                told, messages=told.messages + known.messages, in_time=told.in_time + known.in_time
            )
        self._durable_writes = max(self._durable_writes, coverage.durable_writes)

    @property
    def coverage(self) -> Coverage:
        """What was added so far, as one coverage. Plans are left out: each was the plan of one run."""
        return Coverage(
            cells=tuple(Cell(*key, count) for key, count in sorted(self._cells.items())),
            states=tuple(_states(*key, seen) for key, seen in sorted(self._states.items())),
            reasons=tuple(sorted(self._reasons.items())),
            plan=(),
            called=tuple(called for _, called in sorted(self._called.items())),
            told=tuple(told for _, told in sorted(self._told.items())),
            durable_writes=self._durable_writes,
        )


def _together(one: Called | None, other: Called) -> Called:
    if one is None:
        return other
    return Called(
        one.system, one.operation, one.writes or other.writes, one.keyed or other.keyed,
        one.firsts + other.firsts, one.retries + other.retries, one.in_time + other.in_time,
    )  # fmt: skip


def _states(chart: str, system: str, seen: set[str]) -> States:
    every = CHARTS[chart].states
    return States(
        chart=chart, system=system, visited=tuple(state for state in every if state in seen),
        missed=tuple(state for state in every if state not in seen),
    )  # fmt: skip
