"""A unit of work: changes that become visible together, or not at all.

Outside a unit every change is at work and on record at once. Inside one the records change at once too, so that later
steps see them, but documents, messages and events wait until the unit is committed; when it is rolled back the records
are put back as they were and the rest never happened. Units nest by marks: a step that fails takes back only itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from domain.charts.chart import Chart, IllegalTransition
from domain.objects import Document
from mocks.crm.events import Events
from mocks.crm.schema import ID, Row, SObject
from mocks.crm.store import Store
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal


class Mark(msgspec.Struct, frozen=True):
    """How far a unit had come."""

    changes: int
    effects: int


class Unit:
    """The one unit of an organisation that may be open; requests are handled one after the other."""

    def __init__(self, desk: Desk, store: Store, events: Events, charts: dict[str, Chart]) -> None:
        self._desk = desk
        self._store = store
        self._events = events
        self._charts = charts
        self._depth = 0
        self._changes: list[tuple[SObject, Row | None, Row]] = []
        self._effects: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self._captures = any(map(events.captures, store.schema.objects))
        store.watch = self._noticed if self._captures else None

    # --- what a model does in it ------------------------------------------------------------------------------------

    def put(self, kind: str, key: str, document: Document, status: str, txn: str = "") -> None:
        """Put a document into the book; raise IllegalTransition when its chart forbids the step."""
        if not self._depth:
            self._desk.book.put(kind, key, document, document, status, txn)
            return
        before = self._pending(kind, key)
        chart = self._charts.get(kind)
        state = before[3] if before is not None else self._desk.book.status(kind, key)
        if chart is not None and state and state != status:
            chart.require(state, status)
        self._effects.append((self._put_later, (kind, key, document, status, txn)))

    def _put_later(self, kind: str, key: str, document: Document, status: str, txn: str) -> None:
        self._desk.book.put(kind, key, document, document, status, txn)

    def document(self, kind: str, key: str) -> Any | None:
        """Return a document as the unit sees it, or None."""
        if self._effects:
            pending = self._pending(kind, key)
            if pending is not None:
                return pending[2]
        return self._desk.book.get(kind, key)

    def _pending(self, kind: str, key: str) -> tuple[Any, ...] | None:
        for effect, arguments in reversed(self._effects):
            if effect == self._put_later and arguments[0] == kind and arguments[1] == key:
                return tuple(arguments)
        return None

    def later(self, effect: Callable[..., Any], *arguments: Any) -> None:
        """Do something that cannot be taken back: now, or when the unit is committed."""
        if self._depth:
            self._effects.append((effect, arguments))
        else:
            effect(*arguments)

    def attempt(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Return what the work returns, or the Refusal that stopped it; then it has left nothing behind."""
        mark = self.begin()
        try:
            result = work(*arguments)
        except (Refusal, IllegalTransition) as error:
            self.roll_back(mark)
            return error if isinstance(error, Refusal) else Refusal("conflict_state", str(error))
        self.commit()
        return result

    # --- its life ---------------------------------------------------------------------------------------------------

    def begin(self) -> Mark:
        """Open a unit, or a step of the open one."""
        self._depth += 1
        self._store.watch = self._noticed
        return Mark(len(self._changes), len(self._effects))

    def commit(self) -> None:
        """End a step; the last one puts everything to work."""
        self._depth -= 1
        if self._depth:
            return
        changes, effects = self._changes, self._effects
        self._changes, self._effects = [], []
        self._store.watch = self._noticed if self._captures else None
        for effect, arguments in effects:
            effect(*arguments)
        if self._captures and changes:
            self._events.changed(_merged([each for each in changes if self._events.captures(each[0])]))

    def roll_back(self, mark: Mark) -> None:
        """Take a step back: all that was changed since its mark."""
        self._store.watch = None
        for of, before, after in reversed(self._changes[mark.changes :]):
            self._store.restore(of, str(after[ID]), before)
        del self._changes[mark.changes :]
        del self._effects[mark.effects :]
        self._depth -= 1
        self._store.watch = self._noticed if self._depth or self._captures else None

    def _noticed(self, of: SObject, before: Row | None, after: Row) -> None:
        if self._depth:
            self._changes.append((of, before, after))
        elif self._events.captures(of):
            self._events.changed([(of, before, after)])


def _merged(changes: list[tuple[SObject, Row | None, Row]]) -> list[tuple[SObject, Row | None, Row]]:
    """Return one change per record: from what it was before the unit to what it is after."""
    merged: dict[str, tuple[SObject, Row | None, Row]] = {}
    for of, before, after in changes:
        key = str(after[ID])
        merged[key] = (of, merged[key][1] if key in merged else before, after)
    return list(merged.values())
