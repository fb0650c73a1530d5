"""A short rehearsal of a quarter-end that keeps all its events, for tests of what is built on them."""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from domain.history import MemoryHistory, Record
from domain.http import Request
from integration.effects import Call, Start
from integration.journal.reading import Reader
from integration.journal.sqlite import SqliteJournal
from integration.observability.exporting import line_of
from integration.observability.metrics import Metrics
from integration.observability.tracing import Tracing
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
        self.watched: Watched | None = None
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

    def observe(self, observer: Watched) -> None:
        """Let somebody hear what the observers of a node hear; call it before the play."""
        host = self.rehearsal.host
        told, send = host.record, host.send

        def record(each: Record) -> None:
            told(each)
            observer.record(each)

        def watched(request: Request, call: Call, done: Callable[[Any], None]) -> None:
            def ended(result: Any) -> None:
                observer.ended(call, result, host.now_us())
                done(result)

            observer.sent(call, request, host.now_us())
            send(request, call, ended)

        host.record, host.send = record, watched

    def ask(self, start: Start, seconds: int = 300) -> bytes:
        """Run a flow of our own after the end, and return its result."""
        rehearsal = self.rehearsal
        assert rehearsal.integration.launch(start) is not None
        rehearsal.time.play(rehearsal.time.now_us + seconds * 1_000_000)
        row = self.reader.flow(start.flow_id)
        assert row is not None
        assert row.status == "finished", row
        return row.result


class Watched:
    """Metrics and traces of a rehearsal, as a node has them; it is the node that they ask."""

    def __init__(self, rehearsed: Rehearsed) -> None:
        rehearsed.watched = self
        integration = rehearsed.rehearsal.integration
        self.exporter = InMemorySpanExporter()
        self.now_us = rehearsed.rehearsal.host.now_us
        self.integration = integration
        self.reader = rehearsed.journal.reader()
        self.metrics = Metrics(cast("Any", self))
        self.tracing = Tracing(SimpleSpanProcessor(self.exporter), flow_of=integration.asker_of)
        rehearsed.observe(self)

    def record(self, record: Record) -> None:
        self.metrics.record(record)
        self.tracing.record(record)

    def sent(self, call: Call, request: Request, at_us: int) -> None:
        self.metrics.sent(call, request, at_us)
        self.tracing.sent(call, request, at_us)

    def ended(self, call: Call, result: Any, at_us: int) -> None:
        self.metrics.ended(call, result, at_us)
        self.tracing.ended(call, result, at_us)

    def peers(self) -> list[Any]:
        return []

    def readiness(self) -> list[str]:
        return []

    def spans(self) -> list[dict[str, Any]]:
        """Return all spans, those of flows that still wait included."""
        self.tracing.close()
        return [line_of(span) for span in self.exporter.get_finished_spans()]


@cache
def quarter() -> Rehearsed:
    """A quarter-end of sixty orders, played once for all tests of this process; its journal is removed at the end."""
    folder = tempfile.TemporaryDirectory(prefix="q2c-rehearsed-")
    atexit.register(folder.cleanup)
    return Rehearsed(Path(folder.name), orders=60, seed=3, watch=Watched)
