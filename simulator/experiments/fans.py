"""Fans: a quantity over time in many replications, as the levels between which so many of them lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import sub

import msgspec

from simulator.experiments.metrics import levels
from simulator.whatif.outcome import Outcome, SlaOutcome

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Of so many replications the value lies below: the middle half, and all but one in ten."""


class Fan(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity in equal steps of time: a row of values for each of LEVELS. `of` is a service level or a station."""

    quantity: str
    of: str
    start_us: int
    step_us: int
    rows: tuple[tuple[float, ...], ...]

    @property
    def middle(self) -> tuple[float, ...]:
        """The median replication, step by step."""
        return self.rows[LEVELS.index(0.5)]

    @property
    def top(self) -> tuple[float, ...]:
        """The level that one replication in twenty exceeds."""
        return self.rows[-1]


def fan(quantity: str, of: str, start_us: int, step_us: int, runs: Sequence[Sequence[float]]) -> Fan:
    """Return the fan of a quantity, a row of `runs` each replication; all are equally long."""
    assert runs, "a fan needs a replication"
    steps = [sorted(values) for values in zip(*runs, strict=True)]
    rows = tuple(tuple(_quantile(values, level) for values in steps) for level in LEVELS)
    return Fan(quantity=quantity, of=of, start_us=start_us, step_us=step_us, rows=rows)


def _quantile(ordered: Sequence[float], level: float) -> float:
    """Return a quantile of sorted values, between neighbours in proportion."""
    place = level * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def fans(outcomes: Sequence[Outcome]) -> tuple[Fan, ...]:
    """Return what waits for each service level, and each station's use and queue, over time."""
    first = outcomes[0]
    found = []
    by_level = [levels(outcome) for outcome in outcomes]
    for i, sla in enumerate(by_level[0]):
        runs = [waiting(slas[i]) for slas in by_level]
        if any(map(any, runs)):
            found.append(fan("waiting", sla.name, first.origin_us, first.bucket_us, runs))
    for i, station in enumerate(first.stations):
        found += _station(outcomes, i, station.name)
    return tuple(found)


def _station(outcomes: Sequence[Outcome], index: int, name: str) -> Iterator[Fan]:
    series: dict[str, list[Sequence[float]]] = {
        "utilisation": [outcome.stations[index].utilisation for outcome in outcomes],
        "queue": [_queue(outcome, index) for outcome in outcomes],
    }
    for quantity, runs in series.items():
        if any(map(any, runs)):
            yield fan(quantity, name, outcomes[0].origin_us, outcomes[0].bucket_us, runs)


def waiting(sla: SlaOutcome) -> list[float]:
    """Return how many clocks of a service level had begun and not stopped, at the end of each bucket."""
    return list(accumulate(map(sub, sla.began, sla.ended)))


def _queue(outcome: Outcome, index: int) -> list[float]:
    return [waited / outcome.bucket_us for waited in outcome.stations[index].series["waiting_us"]]
