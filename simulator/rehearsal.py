"""The rehearsal: the real code of the integration and of the systems on one virtual clock, over a virtual network.

A run is a pure function of (code, timeline, settings): the digest of its history proves it. It has two phases. Until
`heal_us` the planned faults strike; from then on none does, and all systems must come to agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from domain.acts import Act
from domain.calendar import MINUTE_US, SECOND_US
from domain.draws import Draws
from domain.history import Ended
from domain.http import Lost, Request
from integration.drivers.simpy_driver import Result, SimpyHost
from integration.effects import Call, Start
from integration.flows.catalogue import MORE_SYSTEMS, PROGRAMS, ROUTES, SOURCES, SYSTEMS
from integration.journal.protocol import Crash, CrashPoint
from integration.journal.sqlite import SqliteJournal
from integration.masterdata.agreements import PARTNER
from integration.masterdata.crossreference import PRODUCT
from integration.outcomes import Failed, Unknown
from integration.process import Parts
from integration.schedule import Schedule
from integration.settings import Settings
from mocks.doors.garbage import patient_collector
from scenarios.timeline import Timeline
from simulator.askers import is_request, request_of
from simulator.clerks import Clerks
from simulator.hasty import Haste, HastyQueue, is_planned
from simulator.mishaps import RESTART_SECONDS, Mishaps
from simulator.remedies import remedies
from simulator.scene import Progress as Progress
from simulator.scene import Recorder, Scene
from simulator.setup import (
    agreement_rows,
    books_of,
    bounded,
    context_of,
    product_rows,
    quirks_of,
    settings_of,
    staff_of,
    sweeps_of,
    timeouts_of,
)
from simulator.stewards import stewardship
from simulator.troubled_host import set_up

ASK_AGAIN_US = MINUTE_US
PARTS = Parts(
    programs=PROGRAMS, systems={system.name: system for system in (*SYSTEMS, *MORE_SYSTEMS)}, sources=SOURCES,
    routes=ROUTES,
)  # fmt: skip
_FAILED_KINDS = {
    "connection refused": "refused",
    "name not resolved": "refused",
    "connect timeout": "connect_timeout",
    "certificate not trusted": "untrusted",
}


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
        faults = bounded(timeline)
        draws = Draws(timeline.seed)
        self._scene = scene = Scene(timeline, self._add, faults, quirks_of(timeline), learned)
        self.time, self.world, self.network = scene.time, scene.world, scene.network
        self._timeouts_us = timeouts_of(timeline)
        self._missing = frozenset(timeline.mapping_missing)
        self._mishaps = Mishaps(faults, self.time, self._add, self.world.plan.struck)
        self.journal = journal(self._mishaps.deaths.points)
        host = SimpyHost(self.time, self._send, self._add, self._crashed)
        self.integration, self.host, self.front, self._restart = set_up(
            self.settings, PARTS, self.journal, host, self._mishaps
        )
        host.serve(self.integration)
        self.network.intake = self.front
        self._haste = (
            Haste(self.world.plan, lambda: self.time.now_us, self.time.call_at) if is_planned(faults) else None
        )
        queue = self.front if self._haste is None else HastyQueue(self.front, self._haste)
        self.clerks = Clerks(
            staff_of(timeline), queue, draws, self.time.call_at, self._act,
            remedies(self.world, timeline.mapping_missing, books_of(timeline)), timeline.start_us,
            stewardship(timeline.twins),
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
        self._scene.schedule_vendors()
        self.time.process(self._scene.people(timeline.acts, self._act_planned))
        complete = False
        try:
            with patient_collector():
                self._scene.play(progress, steps)
            complete = True
        finally:
            self._end(complete)

    def _go_live(self) -> None:
        """Load products and agreements; a process that dies of it is asked again when it is back."""
        tables = {PRODUCT: product_rows(self.timeline), PARTNER: agreement_rows(self.timeline)}
        for kind, rows in tables.items():
            start = Start(flow_id=f"load/{kind}", name="load_mappings", arguments={"kind": kind, "rows": rows})
            if rows and self.front.launch(start) is None:
                self.time.call_at(self.time.now_us + round(RESTART_SECONDS * SECOND_US) + SECOND_US, self._go_live)
                return

    def _end(self, complete: bool) -> None:
        if complete and self.integration.is_alive:
            self._add(self.integration.seal(self.network.state_changes))
        at_us = self.time.now_us
        self._add(Ended(at_us=at_us, complete=complete, lifecycles=self.timeline.lifecycles))

    # --- people -----------------------------------------------------------------------------------------------------

    def _act_planned(self, act: Act) -> None:
        """Perform an act of the timeline, unless it enters an item that nobody has entered yet: a clerk will."""
        if act.action == "create_item" and act.arguments.get("sku") in self._missing:
            return
        if self._haste is None:
            self._act(act)
        else:
            self._haste.act(act, self._act)

    def _act(self, act: Act) -> None:
        if is_request(act):
            self._ask(act)
        elif act.system == "integration":
            self.front.act(act)
        else:
            self._scene.act(act)

    def _ask(self, act: Act) -> None:
        """Have somebody ask the integration for something; while it is down they try again."""
        start = request_of(self.world, act)
        if start is not None and self.front.launch(start) is None:
            self.time.call_at(self.time.now_us + ASK_AGAIN_US, lambda: self._ask(act))

    # --- the integration's side -------------------------------------------------------------------------------------

    def _send(self, request: Request, call: Call, done: Callable[[Result], None]) -> None:
        self.network.send(request, self._timeouts_us[call.system], done)

    def _crashed(self, crash: Crash) -> None:
        self._mishaps.crashed(crash, self.journal, self._restart)


def learned(lost: Lost, at_us: int) -> Failed | Unknown:
    """Return what a caller makes of an answer that did not come: it is unknown once the request was sent."""
    if lost.sent:
        return Unknown(lost.reason, at_us=at_us)
    return Failed(_FAILED_KINDS[lost.reason], detail=lost.reason, at_us=at_us)
