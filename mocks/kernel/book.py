"""The book of one system: its documents, the state charts they obey, and the record of every change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from domain.charts.chart import Chart
from domain.history import Changed
from domain.objects import Document
from mocks.kernel.tables import IN_MEMORY, Table, Tables

NO_CHARTS: Mapping[str, Chart] = {}


class Book:
    """Keeps entries by kind and id, refuses illegal transitions and writes each change to the history.

    An entry is whatever the model wants to keep (`record`); its canonical `document` goes into the history.
    Kinds without a chart may change freely.
    """

    def __init__(
        self,
        system: str,
        record: Callable[[Changed], None],
        charts: Mapping[str, Chart] = NO_CHARTS,
        tables: Tables = IN_MEMORY,
    ) -> None:
        self.system = system
        self.now_us = 0  # set by the service before each request, act or agenda action
        self.cause = ""
        self._record = record
        self._charts = charts
        self._new_table = tables.table
        self._tables: dict[str, Table[Any]] = {}
        self._status: dict[str, Table[str]] = {}  # by kind and id
        self._txns: Table[str] = tables.table()

    def get(self, kind: str, key: str) -> Any | None:
        """Return the entry, or None."""
        table = self._tables.get(kind)
        return table.get(key) if table is not None else None

    def table(self, kind: str) -> Table[Any]:
        """Return all entries of a kind by id, in order of creation. Read only: change entries through `put`."""
        table = self._tables.get(kind)
        if table is None:
            table = self._tables[kind] = self._new_table()
        return table

    def status(self, kind: str, key: str) -> str:
        """Return the status of a document, empty when there is none."""
        statuses = self._status.get(kind)
        return statuses.get(key, "") if statuses is not None else ""

    def chart(self, kind: str) -> Chart | None:
        """Return the chart that documents of a kind obey, None when they may change freely."""
        return self._charts.get(kind)

    def txn_of(self, key: str) -> str:
        """Return the business transaction of a document id, empty when it is not known."""
        return self._txns.get(key, "")

    def put(self, kind: str, key: str, record: Any, document: Document, status: str, txn: str = "") -> None:
        """Keep a new or changed entry; raise IllegalTransition when the chart of its kind forbids the step.

        Writing an entry whose status stays what it was is allowed; creating one in a non-initial state is not.
        """
        statuses = self._status.get(kind)
        if statuses is None:
            statuses = self._status[kind] = self._new_table()
        before = statuses.get(key, "")
        if before != status:
            if before and (chart := self._charts.get(kind)) is not None:
                chart.require(before, status)
            statuses[key] = status
        table = self._tables.get(kind)
        if table is None:
            table = self._tables[kind] = self._new_table()
        table[key] = record
        if txn:
            self._txns[key] = txn
        self._record(
            Changed(
                at_us=self.now_us, system=self.system, kind=kind, id=key, txn=txn, before=before, status=status,
                document=document, cause=self.cause,
            )
        )  # fmt: skip

    def know(self, name: str, txn: str) -> None:
        """Remember the business transaction behind another name of a document (a document code, an unpaid intent)."""
        if txn:
            self._txns[name] = txn

    def keep(self, kind: str, key: str, record: Any) -> None:
        """Keep an entry that is no business document (an index, a catalogue row): no chart, no history."""
        self.table(kind)[key] = record

    def forget(self, kind: str) -> None:
        """Forget all entries of a kind and their status, as when a site is started afresh; the history keeps them."""
        self._status.pop(kind, None)
        self.table(kind).clear()

    def kinds(self) -> Iterator[str]:
        """Iterate over the kinds of entries there are."""
        return iter(self._tables)
