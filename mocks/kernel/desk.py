"""The desk a model works at: its book, its agenda, its outbox, its counters and its chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from domain.charts.chart import Chart
from domain.draws import Draws
from domain.history import Changed
from mocks.kernel.agenda import Agenda
from mocks.kernel.book import NO_CHARTS, Book
from mocks.kernel.tables import IN_MEMORY, Table, Tables


class Message(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A message a system wants to send: `content` is what the dialect renders, `occurred_us` when the fact happened."""

    id: str
    system: str
    topic: str
    txn: str
    occurred_us: int
    content: Any


class Desk:
    """What every model is given. `now_us` is the instant of the request, act or agenda action at work.

    A second system of one kind writes its documents into the history under the name of its `family`, and counts its own
    ids from `first` on, so that no id of one means a document of the other. `tables` makes the tables of the model.
    """

    def __init__(
        self,
        system: str,
        draws: Draws,
        record: Callable[[Changed], None],
        charts: Mapping[str, Chart] = NO_CHARTS,
        family: str = "",
        first: int = 0,
        tables: Tables = IN_MEMORY,
    ) -> None:
        self.system = system
        self.draws = draws
        self.tables = tables
        self.book = Book(family or system, record, charts, tables)
        self.agenda = Agenda(tables)
        self.outbox: list[Message] = []
        self.wished_us: int | None = None
        self._counters: Table[int] = tables.table()
        self._first = first

    def wish_time(self, instant_us: int) -> None:
        """Ask for the world's clock to be moved to an instant (test clocks, a time machine); a live world does it soon.

        The agenda is worked through in order on the way. A rehearsal, whose time is its own, does not listen.
        """
        self.wished_us = instant_us

    @property
    def now_us(self) -> int:
        """The instant at which the model is acting, in microseconds UTC."""
        return self.book.now_us

    def next(self, series: str) -> int:
        """Return the next number of a series, starting behind `first`."""
        number = self._counters[series] = self._counters.get(series, self._first) + 1
        return number

    def post(self, topic: str, content: Any, txn: str = "", message_id: str = "") -> Message:
        """Put a message into the outbox; its id comes from a counter unless the dialect has its own form."""
        number = self.next("message")
        message = Message(
            id=message_id or f"{self.system}-{number}",
            system=self.system,
            topic=topic,
            txn=txn,
            occurred_us=self.book.now_us,
            content=content,
        )
        self.outbox.append(message)
        return message
