"""Meetings: which runs called which operations, so that what few runs meet can be met again.

Some operations are called in one run of a hundred: an invoice is written off, an order is undone. A plan that waits for
luck seldom strikes them. But a run is a function of its trial, and one fault more moves nothing before it strikes: so a
run that met something rare is played again, with faults that are aimed at just that.
"""

from __future__ import annotations

from contracts.checks.coverage import Coverage
from q2c.hunting.trial import Trial

KEPT_MAX = 8
"""So many runs are remembered for each operation or topic."""
Spot = tuple[str, str]
"""A system and one of its operations, or a topic of its messages."""


class Meetings:
    """Remembers which runs met what while faults strike; they are added in the order of their numbers."""

    def __init__(self) -> None:
        self._trials: dict[Spot, list[Trial]] = {}

    def add(self, trial: Trial, coverage: Coverage) -> None:
        """Note what a run met in time."""
        called = [(each.system, each.operation) for each in coverage.called if each.in_time]
        told = [(each.system, each.topic) for each in coverage.told if each.in_time]
        for spot in (*called, *told):
            kept = self._trials.setdefault(spot, [])
            if len(kept) < KEPT_MAX:
                kept.append(trial)

    def known(self) -> dict[Spot, tuple[Trial, ...]]:
        """Return some trials of runs that met each operation and topic."""
        return {spot: tuple(trials) for spot, trials in sorted(self._trials.items())}
