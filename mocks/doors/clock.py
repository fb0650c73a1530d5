"""The clock of a live world: the wall clock unless somebody freezes it, moves it or makes it run faster."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec


def wall_us() -> int:
    """Return the wall clock in microseconds since the Unix epoch."""
    return time.time_ns() // 1000


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a clock shows and how it runs: `speed` world seconds pass in a second of the wall, none when it is frozen.

    `offset_us` is how far it is ahead of the wall.
    """

    now_us: int
    offset_us: int
    speed: float
    frozen: bool


class Clock:
    """World time in integer microseconds; it never goes back."""

    def __init__(self, start_us: int | None = None, wall: Callable[[], int] = wall_us) -> None:
        self._wall = wall
        self.speed = 1.0
        self.frozen = False
        self._base_wall_us = wall()
        self._base_us = self._base_wall_us if start_us is None else start_us
        self._last_us = self._base_us

    def now_us(self) -> int:
        """Return the instant of the world."""
        if not self.frozen:
            now_us = self._wall() - self._base_wall_us
            now_us = self._base_us + (now_us if self.speed == 1.0 else round(now_us * self.speed))
            if now_us > self._last_us:
                self._last_us = now_us
        return self._last_us

    def reading(self) -> Reading:
        """Return what the clock shows and how it runs."""
        now_us = self.now_us()
        return Reading(now_us=now_us, offset_us=now_us - self._wall(), speed=self.speed, frozen=self.frozen)

    def move_to(self, instant_us: int) -> None:
        """Go to an instant that is not before now, and run on from there as before."""
        self._last_us = self._base_us = max(instant_us, self.now_us())
        self._base_wall_us = self._wall()

    def freeze(self) -> None:
        """Stop; only `move_to` moves a frozen clock."""
        self.move_to(self.now_us())
        self.frozen = True

    def run(self, speed: float = 1.0) -> None:
        """Run on from now, so many times as fast as the wall clock."""
        if not 0 < speed <= 1_000_000:
            raise ValueError(f"a speed is above 0 and at most 1000000, not {speed}; to stop the clock, freeze it")
        self.move_to(self.now_us())
        self.speed, self.frozen = speed, False

    def resume(self, reading: Reading, not_before_us: int) -> None:
        """Go on from a reading: a frozen clock where it stood, any other as far ahead of the wall as it was then.

        It never shows an instant before `not_before_us`.
        """
        self.speed, self.frozen = reading.speed, reading.frozen
        is_wall = not reading.frozen and reading.speed == 1.0
        now_us = self._wall() + reading.offset_us if is_wall else reading.now_us
        self._last_us = self._base_us = max(now_us, not_before_us)
        self._base_wall_us = self._wall()

    def wall_seconds_until(self, instant_us: int) -> float | None:
        """Return how long the wall clock takes until an instant of the world; None while the clock is frozen."""
        if self.frozen:
            return None
        return max(0.0, (instant_us - self.now_us()) / self.speed / 1e6)
