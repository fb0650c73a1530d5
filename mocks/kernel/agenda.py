"""The agenda of one system: what it will do by itself, and when."""

from __future__ import annotations

import heapq
import sys
from typing import Any, Final

NEVER_US: Final = sys.maxsize


class Agenda:
    """Due actions as data, so that a world can be saved: (instant, order, action name, arguments).

    `next_us` is the instant of the next action, NEVER_US when nothing is planned.
    """

    def __init__(self) -> None:
        self._entries: list[tuple[int, int, str, tuple[Any, ...]]] = []
        self._order = 0
        self._stopped: set[str] = set()
        self.next_us = NEVER_US

    def add(self, due_us: int, action: str, *arguments: Any) -> None:
        """Plan `action` for an instant; equal instants run in the order of planning."""
        if action in self._stopped:
            return
        self._order += 1
        heapq.heappush(self._entries, (due_us, self._order, action, arguments))
        if due_us < self.next_us:
            self.next_us = due_us

    def pop_due(self, now_us: int) -> tuple[int, str, tuple[Any, ...]] | None:
        """Return and remove the next action that is due by `now_us` as (instant, action, arguments), or None."""
        if self.next_us > now_us:
            return None
        due_us, _, action, arguments = heapq.heappop(self._entries)
        self.next_us = self._entries[0][0] if self._entries else NEVER_US
        return due_us, action, arguments

    def stop(self, action: str) -> None:
        """Forget what is planned of an action, and plan it never again."""
        self._stopped.add(action)
        self._entries = [entry for entry in self._entries if entry[2] != action]
        heapq.heapify(self._entries)
        self.next_us = self._entries[0][0] if self._entries else NEVER_US

    def __len__(self) -> int:
        return len(self._entries)
