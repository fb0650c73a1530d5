"""Deaths of the process under test: those of a scenario that a replay has room for, and when they come."""

from __future__ import annotations

from typing import NamedTuple

from domain.faults import CATALOGUE, Fault, Place
from scenarios.timeline import Timeline
from simulator.replay.pacing import Pace

RESTART_SECONDS = 30.0
"""How long a process is away whose fault does not say it."""


class Death(NamedTuple):
    """A mishap of the process: it comes `at_seconds` of the wall after the first act, once or more often in a row."""

    fault: Fault
    at_seconds: float

    @property
    def times(self) -> int:
        """Return how often in a row."""
        return max(round(self.fault.factor), 1)

    @property
    def away_seconds(self) -> float:
        """Return how long the process is away each time."""
        return self.fault.seconds or RESTART_SECONDS

    @property
    def back_seconds(self) -> float:
        """Return when the process is back at the earliest, in seconds of the wall."""
        return self.at_seconds + self.away_seconds * self.times


def mishaps(timeline: Timeline) -> list[Fault]:
    """Return the faults of a timeline that befall the process."""
    return [fault for fault in timeline.faults if CATALOGUE[fault.kind].place is Place.PROCESS]


def deaths_within(timeline: Timeline, speed: float) -> list[Death]:
    """Return the deaths there is room for, evenly over the load: the process may be away for half of it at most."""
    span_seconds = Pace(timeline.start_us, speed).wall_seconds(timeline.heal_us)
    fit: list[Death] = []
    away = 0.0
    for death in [Death(fault, 0.0) for fault in mishaps(timeline)]:
        away += death.away_seconds * death.times
        if away <= span_seconds / 2:
            fit.append(death)
    return [death._replace(at_seconds=span_seconds * n / (len(fit) + 1)) for n, death in enumerate(fit, start=1)]
