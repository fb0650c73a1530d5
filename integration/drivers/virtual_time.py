"""Virtual time: SimPy's environment on integer microseconds, with plain callbacks beside its processes and events."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import simpy
from simpy.events import NORMAL


class VirtualTime(simpy.Environment):
    """A SimPy environment whose instants are integer microseconds since the Unix epoch (UTC).

    Nine of ten events of a rehearsal are "do this at that instant": such a callback lies in SimPy's own queue as a pair
    (action, arguments), in order with all other events, without an Event of its own. `now_us` is the instant at hand.
    """

    def __init__(self, start_us: int) -> None:
        super().__init__(initial_time=start_us)
        self.now_us = start_us
        self._alarms: list[Any] = self._queue

    def call_at(self, at_us: int, action: Callable[..., Any], *arguments: Any) -> None:
        """Do something at an instant, which is not in the past; equal instants keep the order of planning."""
        assert at_us >= self.now_us, f"{at_us} lies {self.now_us - at_us} us in the past"
        heappush(self._alarms, (at_us, NORMAL, next(self._eid), (action, arguments)))

    def play(self, until_us: int) -> None:
        """Let everything happen that lies before an instant, and move the clock there."""
        queue = self._alarms
        while queue and queue[0][0] < until_us:
            if type(queue[0][3]) is tuple:
                self.now_us, _, _, (action, arguments) = heappop(queue)
                self._now = self.now_us
                action(*arguments)
            else:
                self.step()
        self._now = self.now_us = until_us

    def step(self) -> None:
        """Let the next event happen, as SimPy's own `run` does."""
        queue = self._alarms
        if queue:
            self.now_us = queue[0][0]
            if type(queue[0][3]) is tuple:
                self._now, _, _, (action, arguments) = heappop(queue)
                action(*arguments)
                return
        super().step()
