"""The observer: what the admin side remembers of a world's history, within bounds."""

from __future__ import annotations

from collections import Counter, deque
from itertools import islice
from typing import Any

from domain.history import Changed, Fired

CHANGES_MAX = 20_000


class Observer:
    """Listens to a world: the last changes of documents, and how often each fault of the plan struck.

    It forgets all when another world takes the place of the one it heard of (a reset, a restored snapshot).
    """

    def __init__(self) -> None:
        self._world: Any = None
        self._plan: Any = None
        self._changes: deque[Changed] = deque(maxlen=CHANGES_MAX)
        self.changed = 0  # changes there ever were; the number of the last one
        self._strikes: Counter[int] = Counter()
        self._live: Any = None

    def watch(self, live: Any) -> None:
        """Begin to listen to a live world, unless it tells this observer already."""
        self._live = live
        if self not in live.listeners:
            live.listeners.append(self)

    def __call__(self, record: Any) -> None:
        """Take in a record of the history."""
        if isinstance(record, Changed):
            self._follow()
            self._changes.append(record)
            self.changed += 1
        elif isinstance(record, Fired):
            self._follow()
            self._strikes[record.fault] += 1

    def changes(self, system: str, kind: str, key: str) -> list[Changed]:
        """Return the changes of one document, the earliest first, as far as they are remembered."""
        self._follow()
        return [each for each in self._changes if (each.system, each.kind, each.id) == (system, kind, key)]

    def since(self, after: int, limit: int) -> list[tuple[int, Changed]]:
        """Return the changes after a number, the earliest first, with their numbers; forgotten ones are left out."""
        self._follow()
        first = self.changed - len(self._changes) + 1
        skipped = max(0, after + 1 - first)
        return list(enumerate(islice(self._changes, skipped, skipped + limit), start=first + skipped))

    def strikes(self, index: int) -> int:
        """Return how often a fault of the plan has struck."""
        self._follow()
        return self._strikes[index]

    def _follow(self) -> None:
        if self._live is None:
            return
        world = getattr(self._live, "world", None)
        if world is not self._world:
            if self._world is not None:
                self._changes.clear()
            self._world = world
        plan = getattr(world, "plan", None)
        if plan is not self._plan:
            self._strikes.clear()
            self._plan = plan
