"""Pacing: business time compressed onto the wall clock, open loop: nothing waits for the integration to keep up.

An act has one instant at which it is due on the wall, whatever happened before: a slow integration meets the load of
the timeline, not the load it can take (no coordinated omission). How late acts really were is counted and told.
"""

from __future__ import annotations

from bisect import bisect_right

import msgspec

LATE_SECONDS = 0.05
"""An act that comes later than this is called late."""
STEPS = 48
"""Parts of the span in which the offered load is told."""
_BOUNDS_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Pace(msgspec.Struct, frozen=True):
    """Business time from `start_us` on runs `speed` times as fast as the wall clock."""

    start_us: int
    speed: float

    def wall_seconds(self, at_us: int) -> float:
        """Return when an instant of the business is due, in seconds of the wall since the start."""
        return (at_us - self.start_us) / self.speed / 1e6

    def business_us(self, wall_seconds: float) -> int:
        """Return the instant of the business so many seconds of the wall after the start."""
        return self.start_us + round(wall_seconds * self.speed * 1e6)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """How exactly a timeline was kept: acts offered, how many came late, and by how much (seconds of the wall)."""

    offered: int
    late: int
    p50_seconds: float
    p99_seconds: float
    worst_seconds: float
    wall_seconds: float
    asked_seconds: float

    @property
    def is_kept(self) -> bool:
        """Whether the load was the one that was asked for: within one percent of acts and of the span."""
        stretched = self.wall_seconds > self.asked_seconds * 1.01 + LATE_SECONDS
        return self.late * 100 <= self.offered and not stretched


class Punctuality:
    """Counts how late acts were, and how many were due and done in each of `STEPS` parts of the span.

    All in buckets: a million acts take no more room than one.
    """

    def __init__(self, asked_seconds: float) -> None:
        self._span = asked_seconds
        self.asked, self.offered = [0] * STEPS, [0] * STEPS
        self._counts = [0] * (len(_BOUNDS_SECONDS) + 1)
        self._worst = 0.0
        self._late = 0

    def note(self, due_seconds: float, done_seconds: float) -> None:
        """Take note of one act: when it was due, and when it was done."""
        self.asked[self._step(due_seconds)] += 1
        self.offered[self._step(done_seconds)] += 1
        late = max(0.0, done_seconds - due_seconds)
        self._counts[bisect_right(_BOUNDS_SECONDS, late)] += 1
        self._worst = max(self._worst, late)
        self._late += late > LATE_SECONDS

    def _step(self, seconds: float) -> int:
        """Return the part of the span that holds an instant; the last one holds all that is later."""
        return min(STEPS - 1, int(seconds / self._span * STEPS)) if self._span else STEPS - 1

    def kept(self, wall_seconds: float) -> Kept:
        """Return the whole, for a span that took so long."""
        return Kept(
            offered=sum(self._counts), late=self._late, p50_seconds=self._quantile(50), p99_seconds=self._quantile(99),
            worst_seconds=self._worst, wall_seconds=wall_seconds, asked_seconds=self._span,
        )  # fmt: skip

    def _quantile(self, percent: int) -> float:
        """Return the upper bound of the bucket that holds a percentile, at most the worst."""
        rank, seen = -(-sum(self._counts) * percent // 100), 0
        for bound, count in zip((*_BOUNDS_SECONDS, self._worst), self._counts, strict=True):
            seen += count
            if seen >= rank and rank:
                return min(bound, self._worst)
        return 0.0
