"""A refused request changes nothing: tables that tell what was written to them, and a watch over every request.

Every mock checks before it writes. The watch looks at all tables of a model, at the messages it wants to send and at
what it plans to do. Numbers that a refused request has drawn are not missed: ids have gaps at the vendors too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from unittest.mock import patch

from domain.http import Reply
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Call
from mocks.kernel.service import Service
from mocks.kernel.tables import MemoryTables

KEPT = frozenset({("billing", "collect_payment")})
"""Operations whose refusal is itself a fact that is kept: the gateway declined, and billing has the failed payment."""
_ABSENT: Any = object()


class Watched(dict[str, Any]):
    """A table that notes what an entry was before it was first written since the last request."""

    written: ClassVar[dict[tuple[int, str], tuple[Watched, Any]]] = {}

    def _note(self, key: str) -> None:
        self.written.setdefault((id(self), key), (self, self.get(key, _ABSENT)))

    def __setitem__(self, key: str, value: Any) -> None:
        self._note(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self._note(key)
        super().__delitem__(key)

    def pop(self, key: str, *default: Any) -> Any:
        """Remove an entry and return it."""
        self._note(key)
        return super().pop(key, *default)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return an entry, put there if it was not."""
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self) -> None:
        """Remove all entries."""
        for key in self:
            self._note(key)
        super().clear()


def changed_in(desk: Desk) -> list[str]:
    """Return the keys of what is not as it was when the request came, in the order in which it was written."""
    rows = [(key, *row) for (_, key), row in Watched.written.items()]
    return [key for key, table, was in rows if table is not desk._counters and table.get(key, _ABSENT) is not was]


@contextmanager
def refusals_watched() -> Iterator[None]:
    """Fail whatever sends a request, until the block ends, that is refused although it has changed something."""
    run = Service._run

    def watched(self: Service, call: Call) -> tuple[Reply, str]:
        desk = self.desk
        plans, messages = len(desk.agenda), len(desk.outbox)
        Watched.written.clear()
        reply, effect = run(self, call)
        if effect == "refused" and (self.name, call.operation.name) not in KEPT:
            told = f"{self.name} {call.operation.name} was refused ({reply.status}) and has changed"
            assert not (keys := changed_in(desk)), f"{told} {keys}"
            assert (len(desk.agenda), len(desk.outbox)) == (plans, messages), f"{told} its plans or messages"
        return reply, effect

    with patch.object(Service, "_run", watched), patch.object(MemoryTables, "table", lambda _tables: Watched()):
        yield
