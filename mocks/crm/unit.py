"""A unit of work: changes that become visible together, or not at all.

Outside a unit every change is at work and on record at once. Inside one the records change at once too, so that later
steps see them, but documents, messages and events wait until the unit is committed; when it is rolled back the records
are put back as they were and the rest never happened. Units nest by marks: a step that fails takes back only itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from domain.charts.chart import Chart, IllegalTransition
from domain.objects import Document
from mocks.crm.events import Events
from mocks.crm.outbound import Outbound
from mocks.crm.schema import ID, Row, SObject
from mocks.crm.store import Store
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal

R = TypeVar("R")
Change = tuple[SObject, Row | None, Row]
"""A record before and after."""


class Mark(msgspec.Struct, frozen=True):
    """How far a unit had come."""

    changes: int
    effects: int


class Unit:
    """The one unit of an organisation that may be open; requests are handled one after the other."""

    def __init__(self, desk: Desk, store: Store, events: Events, outbound: Outbound, charts: dict[str, Chart]) -> None:
        self._desk = desk
        self._store = store
        self._events = events
        self._outbound = outbound
        self._charts = charts
        self._depth = 0
        self._changes: list[Change] = []
        self._effects: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self._tells = bool(outbound.rules) or any(map(events.captures, store.schema.objects))
        store.watch = self._noticed if self._tells else None
        self.document: Callable[[str, str], Any | None] = desk.book.get
        """Returns a document by kind and key as the unit sees it, or None: outside a unit, as the book has it."""

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

    def _seen(self, kind: str, key: str) -> Any | None:
        pending = self._pending(kind, key)
        return self._desk.book.get(kind, key) if pending is None else pending[2]

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
        try:
            return self.together(lambda: work(*arguments))
        except Refusal as refusal:
            return refusal
        except IllegalTransition as error:
            return Refusal("conflict_state", str(error))

    def together(self, work: Callable[[], R], is_good: Callable[[R], bool] = lambda _result: True) -> R:
        """Do some work as one step: when its result is not good, or it raises, it has left nothing behind."""
        mark = self._begin()
        try:
            result = work()
        except BaseException:
            self._roll_back(mark)
            raise
        if is_good(result):
            self._commit()
        else:
            self._roll_back(mark)
        return result

    # --- its life ---------------------------------------------------------------------------------------------------

    def _begin(self) -> Mark:
        """Open a unit, or a step of the open one."""
        self._depth += 1
        self._store.watch, self.document = self._noticed, self._seen
        return Mark(len(self._changes), len(self._effects))

    def _commit(self) -> None:
        """End a step; the last one puts everything to work."""
        self._depth -= 1
        if self._depth:
            return
        self.document = self._desk.book.get
        changes, effects = self._changes, self._effects
        self._changes, self._effects = [], []
        self._store.watch = self._noticed if self._tells else None
        for effect, arguments in effects:
            effect(*arguments)
        if self._tells and changes:
            self._tell(_merged(changes))

    def _roll_back(self, mark: Mark) -> None:
        """Take a step back: all that was changed since its mark."""
        self._store.watch = None
        for of, before, after in reversed(self._changes[mark.changes :]):
            self._store.restore(of, str(after[ID]), before)
        del self._changes[mark.changes :]
        del self._effects[mark.effects :]
        self._depth -= 1
        self._store.watch = self._noticed if self._depth or self._tells else None
        if not self._depth:
            self.document = self._desk.book.get

    def _noticed(self, of: SObject, before: Row | None, after: Row) -> None:
        if self._depth:
            self._changes.append((of, before, after))
        else:
            self._tell([(of, before, after)])

    def _tell(self, changes: list[Change]) -> None:
        for change in changes:
            self._outbound.changed(*change)
        captured = [each for each in changes if self._events.captures(each[0])]
        if captured:
            self._events.changed(captured)


def _merged(changes: list[Change]) -> list[Change]:
    """Return one change per record: from what it was before the unit to what it is after."""
    merged: dict[str, Change] = {}
    for of, before, after in changes:
        key = str(after[ID])
        merged[key] = (of, merged[key][1] if key in merged else before, after)
    return list(merged.values())
