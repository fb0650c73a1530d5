"""A short rehearsal of a quarter-end that keeps all its events, for tests of what is built on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from domain.history import MemoryHistory, Record
from integration.journal.reading import Reader
from integration.journal.sqlite import SqliteJournal
from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import build
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal


class Rehearsed:
    """A rehearsal, its history and its event log. `watch` is called with it before it is played."""

    def __init__(
        self,
        folder: Path,
        *,
        orders: int = 40,
        subscriptions: int = 10,
        seed: int = 7,
        watch: Callable[[Rehearsed], Any] = lambda rehearsed: None,
    ) -> None:
        timeline = build(scaled(find("quarter_end"), orders=orders, subscriptions=subscriptions), seed)
        self.recorder = MemoryRecorder()
        self.rehearsal = Rehearsal(timeline, self.recorder)
        path = folder / f"journal-{seed}-{orders}"
        self.journal = SqliteJournal(str(path), crash_points=self.rehearsal.journal.crash_points)
        self.journal.connection.execute("PRAGMA synchronous=OFF")  # the test may lose it
        self.rehearsal.journal = self.rehearsal.integration.journal = self.journal
        watch(self)
        self.rehearsal.run()
        self.reader: Reader = self.journal.reader()

    @property
    def history(self) -> MemoryHistory:
        return MemoryHistory(self.recorder.records)

    def observe(self, record: Callable[[Record], Any], wire: Any = None) -> None:
        """Let somebody hear what the integration tells, as the observers of a node do; call it before the play."""
        host = self.rehearsal.host
        told = host.record

        def both(each: Record) -> None:
            told(each)
            record(each)

        host.record = both
        if wire is not None:
            send = host.send

            def watched(request: Any, call: Any, done: Callable[[Any], None]) -> None:
                wire.sent(call, request, host.now_us())

                def ended(result: Any) -> None:
                    wire.ended(call, result, host.now_us())
                    done(result)

                send(request, call, ended)

            host.send = watched
