"""The wall clock of a program in virtual time: whatever it asks for the time, it is told the virtual one.

`time.time`, `datetime.now` and their kin are C functions that programs and libraries have imported long ago, so they
are replaced where they are (time-machine); monotonic clocks are plain functions of a module and are told apart by who
asks: only a program on a virtual loop is told virtual seconds.
"""

from __future__ import annotations

import time
from asyncio import events
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import time_machine

_SECONDS = ("monotonic", "perf_counter")


class WallClock:
    """Moves the wall clock of this process along with a virtual one. `show` tells it the instant at hand."""

    def __init__(self, traveller: Any, shown_us: int) -> None:
        self._traveller, self._shown_us = traveller, shown_us

    def show(self, now_us: int) -> None:
        """Let the wall clock show an instant; it never goes back."""
        if now_us > self._shown_us:
            self._traveller.shift(timedelta(microseconds=now_us - self._shown_us))
            self._shown_us = now_us


@contextmanager
def virtual_wall(start_us: int) -> Iterator[WallClock]:
    """Let the wall clock of this process stand at an instant until the block ends, moved only by who holds it."""
    with ExitStack() as stack:
        for name in _SECONDS:
            stack.enter_context(patch.object(time, name, _counted(getattr(time, name), 1.0)))
            stack.enter_context(patch.object(time, f"{name}_ns", _counted(getattr(time, f"{name}_ns"), 1e9)))
        travel = time_machine.travel(start_us // 1_000_000, tick=False)
        clock = WallClock(stack.enter_context(travel), start_us // 1_000_000 * 1_000_000)
        clock.show(start_us)
        yield clock


def _counted(real: Callable[[], Any], unit: float) -> Callable[[], Any]:
    """Return a monotonic clock that is a virtual loop's for whoever runs on one, and the machine's for all others."""

    def count() -> Any:
        loop = events._get_running_loop()
        if loop is None or not hasattr(loop, "refuse"):
            return real()
        seconds = loop.time()
        return seconds if unit == 1.0 else round(seconds * 1e6) * 1_000

    return count
