"""The host of an integration whose process has mishaps: it stands still, is replaced, ends in order, or has no journal.

`set_up` makes an integration with or without it: a run in which nothing of the kind is planned pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

import msgspec

from domain.acts import Act
from domain.calendar import SECOND_US
from domain.faults import Fault
from domain.history import Record
from domain.http import Reply, Request
from integration.drivers.clock import BusinessClock
from integration.drivers.simpy_driver import Result, SimpyHost
from integration.drivers.virtual_time import VirtualTime
from integration.effects import Call, Start
from integration.engine import Engine
from integration.exceptions import ExceptionCase
from integration.journal.protocol import Crash, Fenced, Journal
from integration.journal.sqlite import SqliteJournal
from integration.journal.trouble import Unavailable
from integration.outcomes import Launched
from integration.process import Integration, Parts
from integration.settings import Settings
from simulator.mishaps import GRACE_US, Mishaps, TroubledJournal, back_at

T = TypeVar("T")
BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Pauses between tries to open a journal that cannot be written, as a node of the service makes them."""
TICK_US = 1000
"""How finely timers ask a clock that lags: one that goes at half speed shows no microsecond by itself."""


class TroubledHost:
    """A Host in virtual time around another one. Its process may stand still, end in order, or have a wrong clock."""

    def __init__(self, host: SimpyHost, time: VirtualTime, mishaps: Mishaps) -> None:
        self._host, self._time, self._mishaps = host, time, mishaps
        self._behind_us = 0  # how much the wall clock of the process is behind the true time
        self._clock = BusinessClock(lambda: (time.now_us - self._behind_us) * 1000, lambda: time.now_us * 1000)
        self.integration: Integration | None = None
        self.is_draining = False
        self._failures = 0
        self._asleep: dict[Engine, int] = {}  # each incarnation that stands still, and when it wakes

    # --- what an engine asks for

    def now_us(self) -> int:
        """Return the business clock of the process, which never runs backwards whatever its wall clock does."""
        return self._clock.now_us()

    def call_at(self, at_us: int, action: Callable[..., Any], *arguments: Any) -> None:
        """Do something once the business clock says so, as the timers of a live integration do."""
        due_us = self._time.now_us + max(at_us - self._clock.now_us(), 0)
        self._time.call_at(due_us, self._due, at_us, action, *arguments)

    def send(self, request: Request, call: Call, done: Callable[[Result], Any]) -> None:
        """Send a request, once its process is awake; one that is to end sends nothing new."""
        wakes_us = self._sleeps_until(done)
        if wakes_us:
            self._time.call_at(wakes_us, self.send, request, call, done)
        elif not self.is_draining:
            self._host.send(request, call, partial(self._perform, done))

    def record(self, record: Record) -> None:
        """Write the history, whose instants are true."""
        is_true = record.at_us == self._time.now_us
        self._host.record(record if is_true else msgspec.structs.replace(record, at_us=self._time.now_us))

    def died(self, end: Crash | Fenced) -> None:
        """Bury the incarnation that died."""
        self._host.died(end)

    # --- mishaps

    def strike(self, fault: Fault) -> None:
        """Let a mishap begin at this instant."""
        wait_us, now_us = round(fault.seconds * SECOND_US), self._time.now_us
        back_us = back_at(fault, now_us)
        if fault.kind == "clock_back":
            self._behind_us = wait_us
            self._time.call_at(max(fault.end_us, now_us), self._set_clock)
        elif fault.kind == "deploy":
            self.is_draining = True
            self._time.call_at(now_us + GRACE_US, self._leave)
            self._time.call_at(back_us, self._come_back)
        else:
            assert fault.kind in ("pause", "zombie"), f"{fault.kind} is no mishap of a process"
            self._stand_still(now_us + wait_us, back_us if fault.kind == "zombie" else 0)

    def _set_clock(self) -> None:
        self._behind_us = 0

    def _leave(self) -> None:
        assert self.integration is not None
        self.integration.leave()

    def _come_back(self) -> None:
        self.is_draining = False
        self.start()

    def _stand_still(self, wakes_us: int, replaced_us: int) -> None:
        assert self.integration is not None
        engine = self.integration.lose() or next(reversed(self._asleep))  # two mishaps at writes made together
        self._asleep[engine] = max(wakes_us, self._asleep.get(engine, 0))
        if replaced_us:
            self._time.call_at(replaced_us, self.start)
        self._time.call_at(wakes_us, self._wake, engine)

    def _wake(self, engine: Engine) -> None:
        assert self.integration is not None
        if self._asleep.get(engine) != self._time.now_us:
            return
        del self._asleep[engine]
        if engine.lease.epoch == self._mishaps.epoch:
            self.integration.find(engine)

    def _sleeps_until(self, action: Callable[..., Any]) -> int:
        """Return when the engine wakes whose entrance an action is; 0 when it does not stand still."""
        entrance = action.func if isinstance(action, partial) else action
        engine: Any = getattr(entrance, "__self__", None)
        return self._asleep.get(engine, 0) if self._asleep else 0

    # --- entrances

    def enter(self, action: Callable[..., T], *arguments: Any) -> T | None:
        """Do something with the integration; a journal that cannot be written ends the incarnation."""
        try:
            return action(*arguments)
        except Unavailable:
            self._fail()
            return None

    def _due(self, at_us: int, action: Callable[..., Any], *arguments: Any) -> None:
        early_us = at_us - self._clock.now_us()
        if early_us > 0:  # the clock was set back after this was planned
            self._time.call_at(self._time.now_us + max(early_us, TICK_US), self._due, at_us, action, *arguments)
        else:
            self._perform(action, *arguments)

    def _perform(self, action: Callable[..., Any], *arguments: Any) -> None:
        wakes_us = self._sleeps_until(action)
        if wakes_us:
            self._time.call_at(wakes_us, self._perform, action, *arguments)
        else:
            self.enter(action, *arguments)

    def _fail(self) -> None:
        assert self.integration is not None
        self.integration.kill()
        pause_seconds = BACK_OFF_SECONDS[min(self._failures, len(BACK_OFF_SECONDS) - 1)]
        self._failures += 1
        self._time.call_at(self._time.now_us + round(pause_seconds * SECOND_US), self.start)

    def start(self) -> None:
        """Begin an incarnation, unless one lives; while the journal cannot be written, try again and again.

        Who dies while it is to end is not begun again: its successor comes anyway.
        """
        assert self.integration is not None
        if not (self.integration.is_alive or self.is_draining):
            self.enter(self._begin, self.integration)

    def _begin(self, integration: Integration) -> None:
        integration.start()
        self._failures = 0


class Front:
    """What people and systems meet of an integration whose process has mishaps: nobody, while it cannot work."""

    def __init__(self, integration: Integration, host: TroubledHost) -> None:
        self._integration, self._host = integration, host

    def receive(self, request: Request) -> Reply | None:
        """Take a webhook in; None when nobody can."""
        return None if self._host.is_draining else self._host.enter(self._integration.receive, request)

    def launch(self, start: Start) -> Launched | None:
        """Start a flow; None when nobody can."""
        return None if self._host.is_draining else self._host.enter(self._integration.launch, start)

    def act(self, act: Act) -> None:
        """Let a person act."""
        self._host.enter(self._integration.act, act)

    def open_cases(self) -> list[ExceptionCase]:
        """Return the cases on which somebody has to act."""
        return self._integration.open_cases()

    def re_drive(self, case: str, actor: str, action: str = "retry", note: str = "") -> None:
        """Resolve a case."""
        self._host.enter(self._integration.re_drive, case, actor, action, note)


def set_up(
    settings: Settings, parts: Parts, journal: SqliteJournal, host: SimpyHost, mishaps: Mishaps
) -> tuple[Integration, SimpyHost | TroubledHost, Integration | Front, Callable[[], None]]:
    """Return an integration, the host it runs on, what people and systems meet of it, and what starts it anew."""
    if not mishaps.is_ill:
        integration = Integration(settings, parts, journal, host)
        return integration, host, integration, integration.restart
    troubled = TroubledHost(host, mishaps.time, mishaps)
    watched = cast("Journal", TroubledJournal(journal, mishaps, troubled.strike))
    troubled.integration = integration = Integration(settings, parts, watched, troubled)
    return integration, troubled, Front(integration, troubled), troubled.start
