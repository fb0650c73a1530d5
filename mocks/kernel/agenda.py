"""The agenda of one system: what it will do by itself, and when."""

from __future__ import annotations

import heapq
import sys
from collections.abc import Iterator
from typing import Any, Final

from mocks.kernel.tables import IN_MEMORY, Table, Tables

NEVER_US: Final = sys.maxsize
_ORDER_BITS: Final = 40
_ORDER: Final = (1 << _ORDER_BITS) - 1


class Agenda:
    """Due actions as data, so that a world can be saved: instant and order in one number, what it is in a table.

    What is planned for weeks ahead lies in a file as documents do, when `tables` keeps them there. `next_us` is the
    instant of the next action, NEVER_US when nothing is planned.
    """

    def __init__(self, tables: Tables = IN_MEMORY) -> None:
        self._due: list[int] = []  # a heap
        self._planned: Table[tuple[str, tuple[Any, ...]]] = tables.table()  # action and arguments by order
        self._order = 0
        self._stopped: set[str] = set()
        self.next_us = NEVER_US

    def add(self, due_us: int, action: str, *arguments: Any) -> None:
        """Plan `action` for an instant; equal instants run in the order of planning."""
        if action in self._stopped:
            return
        self._order += 1
        self._planned[str(self._order)] = action, arguments
        heapq.heappush(self._due, due_us << _ORDER_BITS | self._order)
        if due_us < self.next_us:
            self.next_us = due_us

    def pop_due(self, now_us: int) -> tuple[int, str, tuple[Any, ...]] | None:
        """Return and remove the next action that is due by `now_us` as (instant, action, arguments), or None."""
        if self.next_us > now_us:
            return None
        due = heapq.heappop(self._due)
        action, arguments = self._planned.pop(str(due & _ORDER))
        self._look_ahead()
        return due >> _ORDER_BITS, action, arguments

    def stop(self, action: str) -> None:
        """Forget what is planned of an action, and plan it never again."""
        self._stopped.add(action)
        stopped = {order for order, (planned, _) in self._planned.items() if planned == action}
        for order in stopped:
            del self._planned[order]
        self._due = [due for due in self._due if str(due & _ORDER) not in stopped]
        heapq.heapify(self._due)
        self._look_ahead()

    def planned(self) -> Iterator[tuple[int, str, tuple[Any, ...]]]:
        """Iterate over all that is planned as (instant, action, arguments), in no particular order."""
        for due in self._due:
            yield due >> _ORDER_BITS, *self._planned[str(due & _ORDER)]

    def _look_ahead(self) -> None:
        self.next_us = self._due[0] >> _ORDER_BITS if self._due else NEVER_US

    def __len__(self) -> int:
        return len(self._due)
