"""The rehearsal: the real code of the integration and of the systems on one virtual clock, over a virtual network.

A run is a pure function of (code, timeline, settings): the digest of its history proves it. It has two phases. Until
`heal_us` the planned faults strike; from then on none does, and all systems must come to agree.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any, Protocol

import msgspec
import simpy

from domain.acts import Act
from domain.draws import Draws
from domain.faults import CATALOGUE, Place
from domain.history import Crashed, Ended, Record
from domain.http import Lost, Request
from integration.drivers.simpy_driver import Result, SimpyHost
from integration.drivers.virtual_time import VirtualTime
from integration.effects import Call, Start
from integration.flows.catalogue import MORE_SYSTEMS, PROGRAMS, ROUTES, SOURCES, SYSTEMS
from integration.journal.protocol import Crash, CrashPoint
from integration.journal.sqlite import SqliteJournal
from integration.masterdata.agreements import PARTNER
from integration.masterdata.crossreference import PRODUCT
from integration.outcomes import Failed, Unknown
from integration.process import Integration, Parts
from integration.schedule import Schedule
from integration.settings import Settings
from mocks.openings import opening_acts
from mocks.world import World
from scenarios.timeline import Timeline
from simulator.askers import is_request, request_of
from simulator.books import Books
from simulator.clerks import Clerks
from simulator.latency import LatencyTable
from simulator.network import Network
from simulator.remedies import remedies
from simulator.setup import (
    agreement_rows,
    bounded,
    context_of,
    extra_systems,
    latencies,
    limits_of,
    product_rows,
    quirks_of,
    settings_of,
    staff_of,
    sweeps_of,
    timeouts_of,
)
from simulator.stewards import stewardship
from simulator.vendors import schedule as schedule_vendors

SECOND_US = 1_000_000
RESTART_SECONDS = 30.0
ASK_AGAIN_US = 60 * SECOND_US
PARTS = Parts(
    programs=PROGRAMS, systems={system.name: system for system in (*SYSTEMS, *MORE_SYSTEMS)}, sources=SOURCES,
    routes=ROUTES,
)  # fmt: skip
_FAILED_KINDS = {"connection refused": "refused", "connect timeout": "connect_timeout"}


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


def temporary(crash_points: Iterable[CrashPoint]) -> SqliteJournal:
    """Return the journal of a run: it is gone when the run is."""
    return SqliteJournal(crash_points=crash_points)


class Rehearsal:
    """One run. `run()` plays it to its horizon; the history goes to the recorder as it happens.

    `mutant` names the way in which whoever plays it broke the integration on purpose, for the history to tell.
    `journal` makes the integration's journal from the writes at which it dies: a watched one, for who counts them.
    """

    def __init__(
        self,
        timeline: Timeline,
        recorder: Recorder,
        settings: Settings | None = None,
        mutant: str = "",
        journal: Callable[[Iterable[CrashPoint]], SqliteJournal] = temporary,
    ) -> None:
        self.timeline = timeline
        self.settings = settings or settings_of(timeline)
        self._add = recorder.add
        self._acts_done = 0
        faults = bounded(timeline)
        crashes = [fault for fault in faults if CATALOGUE[fault.kind].place is Place.PROCESS]
        self.time = VirtualTime(timeline.start_us)
        draws = Draws(timeline.seed)
        self.world = World(
            timeline.seed, self._add, faults, limits=limits_of(timeline), quirks=quirks_of(timeline),
            more=extra_systems(timeline),
        )  # fmt: skip
        self._books = Books(timeline.ledgers)
        self._timeouts_us = timeouts_of(timeline)
        self.network = Network(self.time, self.world, LatencyTable(latencies(timeline)), self._add, learned)
        self._back_us = {CrashPoint(f.count, bool(i % 2)): f for i, f in enumerate(crashes) if f.count}
        self.journal = journal(self._back_us)
        self.host = SimpyHost(self.time, self._send, self._add, self._crashed)
        self.integration = Integration(self.settings, PARTS, self.journal, self.host)
        self.host.serve(self.integration)
        self.network.intake = self.integration
        self._crash_faults = {id(fault): faults.index(fault) for fault in crashes}
        self.clerks = Clerks(
            staff_of(timeline), self.integration, draws, self.host.call_at, self._act,
            remedies(self.world, timeline.mapping_missing), timeline.start_us, stewardship(timeline.twins),
        )  # fmt: skip
        self._add(context_of(timeline, self.settings, faults, self.world, mutant))

    def run(self, progress: Callable[[Progress], None] | None = None, steps: int = 200) -> None:
        """Play the timeline to its horizon, then seal the audit trail.

        `progress` is called some two hundred times. An exception, KeyboardInterrupt among them, leaves a history that
        ends with `Ended(complete=False)`.
        """
        timeline = self.timeline
        self.integration.start()
        self._go_live()
        Schedule(self.integration, self.host, sweeps_of(self.timeline))
        schedule_vendors(timeline, self.world, self.host.call_at)
        self.time.process(self._people())
        complete = False
        try:
            span_us = timeline.horizon_us - timeline.start_us
            for step in range(1, steps + 1):
                self.time.play(timeline.start_us + span_us * step // steps)
                if progress is not None:
                    progress(self._progress())
            complete = True
        finally:
            self._end(complete)

    def _go_live(self) -> None:
        """Load products and agreements; a process that dies of it is asked again when it is back."""
        tables = {PRODUCT: product_rows(self.timeline), PARTNER: agreement_rows(self.timeline)}
        for kind, rows in tables.items():
            start = Start(flow_id=f"load/{kind}", name="load_mappings", arguments={"kind": kind, "rows": rows})
            if rows and self.integration.launch(start) is None:
                self.host.call_at(self.time.now_us + round(RESTART_SECONDS * SECOND_US) + SECOND_US, self._go_live)
                return

    def _end(self, complete: bool) -> None:
        if complete and self.integration.is_alive:
            self._add(self.integration.seal(self.network.state_changes))
        at_us = self.time.now_us
        self._add(Ended(at_us=at_us, complete=complete, lifecycles=self.timeline.lifecycles))

    def _progress(self) -> Progress:
        timeline = self.timeline
        return Progress(self.time.now_us, timeline.start_us, timeline.horizon_us, self._acts_done, len(timeline.acts))

    # --- people -----------------------------------------------------------------------------------------------------

    def _people(self) -> Generator[simpy.Event, Any, None]:
        missing, start_us = frozenset(self.timeline.mapping_missing), self.timeline.start_us
        is_open = False
        for act in self.timeline.acts:
            if act.at_us > start_us and not is_open:
                is_open = True
                for opening in opening_acts(self.world, start_us):
                    self._act(opening)
            wait_us = act.at_us - self.time.now_us
            if wait_us > 0:
                yield self.time.timeout(wait_us)
            self._acts_done += 1
            if act.action == "create_item" and act.arguments.get("sku") in missing:
                continue  # the item nobody has entered yet; a clerk will
            self._act(act)

    def _act(self, act: Act) -> None:
        if is_request(act):
            self._ask(act)
            return
        if act.system == "integration":
            self.integration.act(act)
            return
        for system in self._books.systems_of(act):
            service = self.world[system]
            service.act(act)
            self.network.flush(service)

    def _ask(self, act: Act) -> None:
        """Have somebody ask the integration for something; while it is down they try again."""
        start = request_of(self.world, act)
        if start is not None and self.integration.launch(start) is None:
            self.host.call_at(self.time.now_us + ASK_AGAIN_US, lambda: self._ask(act))

    # --- the integration's side -------------------------------------------------------------------------------------

    def _send(self, request: Request, call: Call, done: Callable[[Result], None]) -> None:
        self.network.send(request, self._timeouts_us[call.system], done)

    def _crashed(self, crash: Crash) -> None:
        fault = self._back_us[crash.point]
        now_us = self.time.now_us
        back_us = now_us + round((fault.seconds or RESTART_SECONDS) * SECOND_US)
        self.world.plan.struck(self._crash_faults[id(fault)], now_us, f"write {crash.point.write}")
        self._add(Crashed(at_us=now_us, write=crash.point.write, after=crash.point.after, back_us=back_us))
        self.host.call_at(back_us, self.integration.restart)


def learned(lost: Lost, at_us: int) -> Failed | Unknown:
    """Return what a caller makes of an answer that did not come: it is unknown once the request was sent."""
    if lost.sent:
        return Unknown(lost.reason, at_us=at_us)
    return Failed(_FAILED_KINDS[lost.reason], detail=lost.reason, at_us=at_us)
