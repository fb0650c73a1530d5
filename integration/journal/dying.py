"""Dying: how a journal lets its process die at a durable write that a test has chosen."""

from __future__ import annotations

from typing import Protocol

from integration.journal.protocol import Crash, CrashPoint


class Mortal(Protocol):
    """A journal that counts its durable writes; each of its `crash_points` strikes once."""

    writes: int
    crash_points: set[CrashPoint]


def die_at(journal: Mortal, count: int, after: bool) -> None:
    """Die (raise Crash) when a test has asked for it at one of the next writes, before or after they are durable."""
    for number in range(journal.writes + 1, journal.writes + count + 1) if journal.crash_points else ():
        point = CrashPoint(number, after)
        if point in journal.crash_points:
            journal.crash_points.discard(point)
            if after:
                journal.writes += count
            raise Crash(point)
