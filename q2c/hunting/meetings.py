"""Meetings: which runs called which operations, so that what few runs meet can be met again.

Some operations are called in one run of a hundred: an invoice is written off, an order is undone. A plan that waits for
luck seldom strikes them. But a run is a function of its trial, and one fault more moves nothing before it strikes: so a
run that met something rare is played again, with faults that are aimed at just that.
"""

from __future__ import annotations

import msgspec

from contracts.checks.coverage import Coverage
from q2c.hunting.trial import Trial

RARE = 0.25
"""What a smaller part of the seeds has met is rare."""
KEPT_MAX = 8
"""So many runs are remembered for each operation or topic, each of another seed."""
Spot = tuple[str, str]
"""A system and one of its operations, or a topic of its messages."""


class Meeting(msgspec.Struct, frozen=True):
    """Whether few runs met an operation or a topic while faults strike, and the trials of some that did."""

    is_rare: bool
    trials: tuple[Trial, ...]


class Meetings:
    """Remembers which runs met what; they are added in the order of their numbers."""

    def __init__(self) -> None:
        self._seeds: set[int] = set()
        self._met: dict[Spot, dict[int, Trial]] = {}  # by seed: to play a run again does not make it less rare

    def add(self, trial: Trial, coverage: Coverage) -> None:
        """Note what a run met in time."""
        self._seeds.add(trial.seed)
        called = [(each.system, each.operation) for each in coverage.called if each.in_time]
        told = [(each.system, each.topic) for each in coverage.told if each.in_time]
        for spot in (*called, *told):
            self._met.setdefault(spot, {}).setdefault(trial.seed, trial)

    def known(self) -> dict[Spot, Meeting]:
        """Return every operation and topic that was met."""
        few = RARE * len(self._seeds)
        return {
            spot: Meeting(len(met) < few, tuple(met.values())[:KEPT_MAX]) for spot, met in sorted(self._met.items())
        }
