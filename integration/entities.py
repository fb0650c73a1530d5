"""One running flow per entity; the others queue in the order of their order key, then of their start (rule 6)."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

F = TypeVar("F")


class EntityQueues(Generic[F]):
    """Who holds each entity, and who waits for it. Flows without an entity key never wait."""

    def __init__(self, ignore_order: bool = False) -> None:
        self._ignore_order = ignore_order
        self._holder: dict[str, int] = {}
        self._waiting: dict[str, list[tuple[str, int, F]]] = {}

    def enter(self, entity_key: str, order_key: str, number: int, flow: F) -> bool:
        """Return True when the flow may run now; else it waits for its turn."""
        if not entity_key or entity_key not in self._holder:
            self.hold(entity_key, number)
            return True
        place = ("" if self._ignore_order else order_key, number, flow)
        heapq.heappush(self._waiting.setdefault(entity_key, []), place)
        return False

    def hold(self, entity_key: str, number: int) -> None:
        """Give an entity to a flow that runs already (after a restart) or may run."""
        if entity_key:
            assert self._holder.get(entity_key, number) == number, f"two flows run for {entity_key}"
            self._holder[entity_key] = number

    def leave(self, entity_key: str, number: int) -> F | None:
        """End a flow's hold; return the flow whose turn it is, which holds the entity from now on."""
        if self._holder.get(entity_key) != number:
            return None
        del self._holder[entity_key]
        waiting = self._waiting.get(entity_key)
        if not waiting:
            return None
        _, following, flow = heapq.heappop(waiting)
        if not waiting:
            del self._waiting[entity_key]
        self._holder[entity_key] = following
        return flow

    def withdraw(self, entity_key: str, number: int) -> None:
        """Take a flow out of the queue it waits in."""
        waiting = [place for place in self._waiting.get(entity_key, []) if place[1] != number]
        heapq.heapify(waiting)
        if waiting:
            self._waiting[entity_key] = waiting
        else:
            self._waiting.pop(entity_key, None)
