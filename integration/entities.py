"""One running flow per entity; the others queue in the order of their order key, then of their start (rule 6)."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

F = TypeVar("F")


class EntityQueues(Generic[F]):
    """Who holds each entity, and who waits for it. Flows without an entity key never wait, and are not asked about."""

    def __init__(self) -> None:
        self._holder: dict[str, int] = {}
        self._waiting: dict[str, list[tuple[str, int, F]]] = {}

    def enter(self, entity_key: str, order_key: str, number: int, flow: F) -> bool:
        """Return True when the flow may run now; else it waits for its turn."""
        if self._holder.setdefault(entity_key, number) == number:
            return True
        heapq.heappush(self._waiting.setdefault(entity_key, []), (order_key, number, flow))
        return False

    def hold(self, entity_key: str, number: int) -> None:
        """Give an entity to a flow that ran already before a restart."""
        holder = self._holder.setdefault(entity_key, number)
        assert holder == number, f"two flows run for {entity_key}"

    def leave(self, entity_key: str) -> F | None:
        """End the hold of the flow that runs; return the flow whose turn it is, which holds the entity from now on."""
        waiting = self._waiting.get(entity_key)
        if not waiting:
            del self._holder[entity_key]
            return None
        _, self._holder[entity_key], flow = heapq.heappop(waiting)
        if not waiting:
            del self._waiting[entity_key]
        return flow
