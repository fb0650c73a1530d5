"""The scene of a run in virtual time: the systems of record on one clock, the network around them, and people.

Which integration stands in the middle, the scene does not know: it is whoever sends through the network and is its
intake.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import simpy

from domain.acts import Act
from domain.faults import Fault
from domain.history import Record
from domain.http import Lost
from integration.drivers.virtual_time import VirtualTime
from mocks.openings import opening_acts
from mocks.world import World
from scenarios.timeline import Timeline
from simulator.books import Books
from simulator.latency import LatencyTable
from simulator.network import Network
from simulator.setup import extra_systems, latencies, limits_of
from simulator.vendors import schedule as schedule_vendors


class Recorder(Protocol):
    """Where the history goes."""

    def add(self, record: Record) -> None: ...


class Progress(msgspec.Struct, frozen=True):
    """How far a run is: the virtual instant, and lifecycles started out of all."""

    at_us: int
    start_us: int
    horizon_us: int
    acts_done: int
    acts: int


class Scene:
    """The systems, the network and the people of one timeline; `faults` end when it heals.

    `told(lost, now_us)` is what a caller is told of a reply that did not come.
    """

    def __init__(
        self, timeline: Timeline, record: Callable[[Any], None], faults: Sequence[Fault], quirks: Mapping[str, Any],
        told: Callable[[Lost, int], Any] = lambda lost, _now_us: lost,
    ) -> None:  # fmt: skip
        self.timeline = timeline
        self.time = VirtualTime(timeline.start_us)
        self.world = World(
            timeline.seed, record, faults, limits=limits_of(timeline), quirks=quirks, more=extra_systems(timeline)
        )
        self.network = Network(self.time, self.world, LatencyTable(latencies(timeline)), record, told)
        self._books = Books(timeline.ledgers)
        self._acts_done = 0

    def act(self, act: Act) -> None:
        """Let somebody act in the systems that an act is for."""
        for system in self._books.systems_of(act):
            service = self.world[system]
            service.act(act)
            self.network.flush(service)

    def people(self, acts: Iterable[Act], perform: Callable[[Act], None]) -> Generator[simpy.Event, Any, None]:
        """Have each act performed at its instant; before the first one after the start, the books are opened."""
        start_us = self.timeline.start_us
        is_open = False
        for act in acts:
            if act.at_us > start_us and not is_open:
                is_open = True
                for opening in opening_acts(self.world, start_us):
                    perform(opening)
            wait_us = act.at_us - self.time.now_us
            if wait_us > 0:
                yield self.time.timeout(wait_us)
            self._acts_done += 1
            perform(act)

    def schedule_vendors(self) -> None:
        """Plan what vendors change by themselves: limits, and interfaces that drift."""
        schedule_vendors(self.timeline, self.world, self.time.call_at)

    def play(self, progress: Callable[[Progress], None] | None, steps: int) -> None:
        """Let everything happen until the horizon, and tell the progress at each step."""
        timeline = self.timeline
        span_us = timeline.horizon_us - timeline.start_us
        for step in range(1, steps + 1):
            self.time.play(timeline.start_us + span_us * step // steps)
            if progress is not None:
                progress(self._progress())

    def _progress(self) -> Progress:
        timeline = self.timeline
        return Progress(self.time.now_us, timeline.start_us, timeline.horizon_us, self._acts_done, len(timeline.acts))
