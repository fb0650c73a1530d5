"""How much each caller may ask: a bucket of requests per caller, refilled steadily, and a number of streams."""

from __future__ import annotations

import math
from collections.abc import Callable

REQUESTS_PER_SECOND = 50
REQUESTS_AT_ONCE = 200
STREAMS_MAX = 8


class Budget:
    """Counts for each caller. Callers are those that the configuration names, so there are never many."""

    def __init__(
        self,
        steady_seconds: Callable[[], float],
        per_second: float = REQUESTS_PER_SECOND,
        at_once: float = REQUESTS_AT_ONCE,
    ) -> None:
        self._steady_seconds, self._per_second, self._at_once = steady_seconds, per_second, at_once
        self._left: dict[str, tuple[float, float]] = {}
        self._streams: dict[str, int] = {}

    def spend(self, caller: str) -> int:
        """Take one request off the budget of a caller; return how many seconds to wait, 0 when it may go on."""
        now = self._steady_seconds()
        left, since = self._left.get(caller, (self._at_once, now))
        left = min(self._at_once, left + (now - since) * self._per_second)
        if left < 1:
            self._left[caller] = (left, now)
            return max(1, math.ceil((1 - left) / self._per_second))
        self._left[caller] = (left - 1, now)
        return 0

    def open_stream(self, caller: str) -> bool:
        """Take one of the streams of a caller; False when it has as many as it may."""
        held = self._streams.get(caller, 0)
        if held >= STREAMS_MAX:
            return False
        self._streams[caller] = held + 1
        return True

    def close_stream(self, caller: str) -> None:
        """Give a stream back."""
        self._streams[caller] -= 1
