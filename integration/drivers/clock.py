"""The business clock of a live integration: the wall clock plus an offset, and it never runs backwards."""

from __future__ import annotations

import time
from collections.abc import Callable

NANOSECONDS_PER_US = 1000


class BusinessClock:
    """What time it is for the business: microseconds since the epoch (UTC).

    `offset_us` is what tests moved it by; in normal operation it is nought. When the wall clock is set back (a wrong
    server of time, a virtual machine that was moved), the business clock goes on at half speed until the two agree
    again: an instant that has been written down is never followed by an earlier one.
    """

    def __init__(
        self, wall_ns: Callable[[], int] = time.time_ns, monotonic_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._wall_ns, self._monotonic_ns = wall_ns, monotonic_ns
        self.offset_us = 0
        self._latest_us = wall_ns() // NANOSECONDS_PER_US
        self._steady_ns = monotonic_ns()
        self._followers: list[Callable[[], None]] = []

    def now_us(self) -> int:
        """Return the instant; it is never earlier than one that was returned before."""
        told_us = self._wall_ns() // NANOSECONDS_PER_US + self.offset_us
        steady_ns = self._monotonic_ns()
        told_us = max(told_us, self._latest_us + (steady_ns - self._steady_ns) // (2 * NANOSECONDS_PER_US))
        self._latest_us, self._steady_ns = told_us, steady_ns
        return told_us

    def move(self, to_us: int) -> None:
        """Move the clock forward to an instant, and tell who follows; raise ValueError for an instant in the past."""
        now_us = self.now_us()
        if to_us < now_us:
            raise ValueError(f"the clock cannot go back: it is {now_us} and {to_us} was asked for")
        self.offset_us += to_us - now_us
        for follow in self._followers:
            follow()

    def follow(self, moved: Callable[[], None]) -> None:
        """Have somebody told when the clock is moved."""
        self._followers.append(moved)
