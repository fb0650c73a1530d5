"""The host of an integration whose process has mishaps: it stands still, is replaced, ends in order, or has no journal.

`set_up` makes an integration with or without it: a run in which nothing of the kind is planned pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

import msgspec

from domain.acts import Act
from domain.faults import Fault
from domain.history import Record
from domain.http import Reply, Request
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
from simulator.mishaps import GRACE_US, SECOND_US, Mishaps, TroubledJournal, back_at

T = TypeVar("T")
BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Pauses between tries to open a journal that cannot be written, as a node of the service makes them."""


class TroubledHost:
    """A Host in virtual time around another one. Its process may stand still, end in order, or have a wrong clock."""

    def __init__(self, host: SimpyHost, time: VirtualTime) -> None:
        self._host, self._time = host, time
        self.integration: Integration | None = None
        self.is_draining = False
        self._behind_us = 0  # how much the clock of the process is behind the true time
        self._failures = 0
        self._asleep: Engine | None = None
        self._wakes_us = 0

    # --- what an engine asks for

    def now_us(self) -> int:
        """Return what the clock of the process shows."""
        return self._time.now_us - self._behind_us

    def call_at(self, at_us: int, action: Callable[..., Any], *arguments: Any) -> None:
        """Do something when the clock of the process shows an instant."""
        due_us = max(at_us + self._behind_us, self._time.now_us)
        self._time.call_at(due_us, self._perform, action, *arguments)

    def send(self, request: Request, call: Call, done: Callable[[Result], Any]) -> None:
        """Send a request, once its process is awake; one that is to end sends nothing new."""
        if self._sleeps(done):
            self._time.call_at(self._wakes_us, self.send, request, call, done)
        elif not self.is_draining:
            self._host.send(request, call, partial(self._perform, done))

    def record(self, record: Record) -> None:
        """Write the history, whose instants are true."""
        self._host.record(msgspec.structs.replace(record, at_us=self._time.now_us) if self._behind_us else record)

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
            self._stand_still(now_us + wait_us, back_us)

    def _set_clock(self) -> None:
        self._behind_us = 0

    def _leave(self) -> None:
        assert self.integration is not None
        self.integration.leave()

    def _come_back(self) -> None:
        self.is_draining = False
        self._start()

    def _stand_still(self, wakes_us: int, replaced_us: int) -> None:
        assert self.integration is not None
        self._wakes_us, self._asleep = wakes_us, self.integration.lose()
        if replaced_us:
            self._time.call_at(replaced_us, self._start)
        self._time.call_at(wakes_us, self._wake)

    def _wake(self) -> None:
        assert self.integration is not None
        if not self.integration.is_alive and self._asleep is not None:
            self.integration.find(self._asleep)
        self._asleep = None

    def _sleeps(self, action: Callable[..., Any]) -> bool:
        """Tell whether an action is the entrance of the engine that stands still."""
        entrance = action.func if isinstance(action, partial) else action
        return self._asleep is not None and getattr(entrance, "__self__", None) is self._asleep

    # --- entrances

    def enter(self, action: Callable[..., T], *arguments: Any) -> T | None:
        """Do something with the integration; a journal that cannot be written ends the incarnation."""
        try:
            return action(*arguments)
        except Unavailable:
            self._fail()
            return None

    def _perform(self, action: Callable[..., Any], *arguments: Any) -> None:
        if self._sleeps(action):
            self._time.call_at(self._wakes_us, self._perform, action, *arguments)
        else:
            self.enter(action, *arguments)

    def _fail(self) -> None:
        assert self.integration is not None
        self.integration.kill()
        pause_seconds = BACK_OFF_SECONDS[min(self._failures, len(BACK_OFF_SECONDS) - 1)]
        self._failures += 1
        self._time.call_at(self._time.now_us + round(pause_seconds * SECOND_US), self._start)

    def _start(self) -> None:
        assert self.integration is not None
        if not self.integration.is_alive:
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
) -> tuple[Integration, SimpyHost | TroubledHost, Integration | Front]:
    """Return an integration, the host it runs on, and what people and systems meet of it."""
    if not mishaps.is_ill:
        integration = Integration(settings, parts, journal, host)
        return integration, host, integration
    troubled = TroubledHost(host, mishaps.time)
    watched = cast("Journal", TroubledJournal(journal, mishaps, troubled.strike))
    troubled.integration = integration = Integration(settings, parts, watched, troubled)
    return integration, troubled, Front(integration, troubled)
