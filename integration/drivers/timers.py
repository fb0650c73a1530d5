"""Timers of a live integration: actions at instants of the business clock, on an asyncio loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any

from integration.drivers.clock import BusinessClock

LONGEST_SECONDS = 30.0
"""The loop's own clock stands still while a machine sleeps: so often is the business clock asked in any case."""
AT_ONCE_MAX = 200
"""Actions done in one go; then webhooks, replies and signals have their turn."""


class Timers:
    """Planned actions by instant; equal instants keep the order of planning. `perform` does one of them."""

    def __init__(self, clock: BusinessClock, perform: Callable[[Callable[..., Any], tuple[Any, ...]], None]) -> None:
        self._clock, self._perform = clock, perform
        self._heap: list[tuple[int, int, Callable[..., Any], tuple[Any, ...]]] = []
        self._number = 0
        self._wake: asyncio.TimerHandle | None = None
        self._wake_us = 0
        self._closed = False
        clock.follow(self._moved)

    def __len__(self) -> int:
        return len(self._heap)

    def call_at(self, at_us: int, action: Callable[..., Any], *arguments: Any) -> None:
        """Do something at an instant, at once (but later than now) when it has passed."""
        self._number += 1
        heappush(self._heap, (at_us, self._number, action, arguments))
        if self._wake is None or at_us < self._wake_us:
            self._plan()

    def drop(self, is_void: Callable[[Callable[..., Any]], bool]) -> None:
        """Forget the actions that mean nothing any more."""
        self._heap = [planned for planned in self._heap if not is_void(planned[2])]
        heapify(self._heap)
        self._plan()

    def clear(self) -> None:
        """Forget all that is planned."""
        self._heap.clear()
        self._plan()

    def close(self) -> None:
        """Do nothing any more."""
        self._closed = True
        self.clear()

    def _moved(self) -> None:
        if not self._closed:
            self._plan()

    def _plan(self) -> None:
        """Wake up when the first action is due."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if self._heap and not self._closed:
            self._wake_us = self._heap[0][0]
            seconds = min(max(0.0, (self._wake_us - self._clock.now_us()) / 1e6), LONGEST_SECONDS)
            self._wake = asyncio.get_running_loop().call_later(seconds, self._due)

    def _due(self) -> None:
        self._wake = None
        now_us, latest = self._clock.now_us(), self._number
        for _ in range(AT_ONCE_MAX):
            if not self._heap or self._heap[0][0] > now_us or self._closed:
                break
            if self._heap[0][1] > latest and self._heap[0][0] == now_us:
                break  # planned by what was done just now: the loop has its turn first
            _, _, action, arguments = heappop(self._heap)
            self._perform(action, arguments)
        if self._wake is None:
            self._plan()
