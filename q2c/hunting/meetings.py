"""Meetings: which runs called which operations, so that what few runs meet can be met again.

Some operations are called in one run of a hundred: an invoice is written off, an order is undone. A plan that waits for
luck seldom strikes them. But a run is a function of its trial, and one fault more moves nothing before it strikes: so a
run that met something rare is played again, with faults that are aimed at just that. Which run that is depends on all
that is missed: one that met several such operations is worth more than one for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from contracts.checks.coverage import Coverage
from q2c.hunting.trial import Trial

RARE = 0.25
"""What a smaller part of the seeds has met is rare."""
AT_ONCE = 4
"""So many kinds of fault one more run is expected to strike an operation with."""
MARGIN = 2.0
"""A known run is played again where it promises so many times what a new one does."""
AMONG = 0.8
"""Of the known runs that promise at least this part of the best, the one that was played least has its turn."""
AHEAD = 16
"""So many runs are chosen before it is known what came of them."""
Spot = tuple[str, str]
"""A system and one of its operations, or a topic of its messages."""


class _Run(msgspec.Struct):
    """A run that met operations and topics while faults strike, and how often it was played or chosen since."""

    trial: Trial
    met: frozenset[Spot]
    played: int = 1


class Meetings:
    """Remembers which runs met what; they are added in the order of their numbers."""

    def __init__(self) -> None:
        self._runs: dict[int, list[_Run]] = {}  # by seed: to play a run again does not make what it met less rare

    def add(self, trial: Trial, coverage: Coverage) -> None:
        """Note what a run met in time; of a seed that was played before, what it had not met yet."""
        met = {(each.system, each.operation) for each in coverage.called if each.in_time}
        met |= {(each.system, each.topic) for each in coverage.told if each.in_time}
        known = self._runs.setdefault(trial.seed, [])
        if not known or not met <= frozenset().union(*(run.met for run in known)):
            known.append(_Run(trial, frozenset(met)))

    def rare(self) -> frozenset[Spot]:
        """Return the operations and topics that few seeds have met."""
        return frozenset(spot for spot, share in self._shares().items() if share < RARE)

    def worth_playing_again(self, missed: Iterable[Spot]) -> tuple[Trial | None, ...]:
        """Return the known runs that promise most of what was missed, in turn; None where a new one promises enough.

        `missed` names an operation or topic once for each fault that it lacks. What one run is expected to strike is
        not expected of the next.
        """
        shares, wanted = self._shares(), Counter(missed)
        lacks = {spot: float(count) for spot, count in sorted(wanted.items()) if spot in shares}
        return tuple(self._chosen(lacks, shares)) if lacks else ()

    def _shares(self) -> dict[Spot, float]:
        """Return what part of the seeds has met each operation and topic."""
        seeds = Counter(spot for runs in self._runs.values() for spot in frozenset().union(*(run.met for run in runs)))
        return {spot: count / len(self._runs) for spot, count in seeds.items()}

    def _chosen(self, lacks: Mapping[Spot, float], shares: Mapping[Spot, float]) -> Iterator[Trial | None]:
        runs = [run for known in self._runs.values() for run in known]
        left = dict(lacks)
        for _ in range(AHEAD):
            if not any(left.values()):
                left = dict(lacks)
            now = {spot: min(count, AT_ONCE) for spot, count in left.items()}
            promised = [sum(count for spot, count in now.items() if spot in run.met) for run in runs]
            best, fresh = max(promised), sum(count * shares[spot] for spot, count in now.items())
            run = None
            if best >= MARGIN * fresh:
                able = (run for run, gain in zip(runs, promised, strict=True) if gain >= AMONG * best)
                run = min(able, key=lambda each: each.played)
                run.played += 1
            for spot, count in now.items():
                left[spot] -= count * (shares[spot] if run is None else spot in run.met)
            yield run.trial if run is not None else None
