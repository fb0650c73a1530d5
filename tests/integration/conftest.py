"""A small world for the tests of the core: a network with a script of mishaps, and an integration over SimPy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable
from typing import Any

import pytest
import simpy

from domain import history
from domain.http import Reply, Request
from integration.drivers.simpy_driver import Result, simulated
from integration.drivers.virtual_time import VirtualTime
from integration.effects import Call
from integration.flow import Program
from integration.journal.protocol import Crash, CrashPoint, Journal
from integration.journal.sqlite import SqliteJournal
from integration.outcomes import Failed, Unknown
from integration.process import Parts
from integration.settings import Settings
from integration.system import System

START_US = 1_790_000_000_000_000
SECOND = 1_000_000

Script = Callable[[int, Call], Result | None]


class World:
    """Peers that do each key once, a clock, and one integration that comes back after each crash.

    `script(seconds, call)` may return what happens to a call instead of the usual 200.
    """

    def __init__(
        self,
        programs: dict[str, Program],
        *,
        settings: Settings | None = None,
        script: Script = lambda seconds, call: None,
        crash_points: Iterable[CrashPoint] = (),
        journal: Journal | None = None,
        systems: Iterable[System] = (),
        restart_seconds: int = 30,
        **parts: Any,
    ) -> None:
        self.env = VirtualTime(START_US)
        self.records: list[history.Record] = []
        self.sent: list[tuple[int, Call, Request]] = []
        self.done: Counter[str] = Counter()
        self.crashes: list[CrashPoint] = []
        self.before_reply: Callable[[Call], None] = lambda call: None
        self._script, self._restart_seconds = script, restart_seconds
        self.journal = journal or SqliteJournal(crash_points=crash_points)
        table = {system.name: system for system in systems}
        self.integration = simulated(
            self.env,
            settings or Settings(),
            Parts(programs=programs, systems=table, **parts),
            self.journal,
            self.send,
            self.records.append,
            self.crashed,
        )
        self.integration.start()

    def send(self, request: Request, call: Call, done: Callable[[Result], None]) -> None:
        """Carry a call to its peer and come back with the result."""

        def carried() -> Generator[simpy.Event, Any, None]:
            done((yield from self.exchange(request, call)))

        self.env.process(carried())

    def exchange(self, request: Request, call: Call) -> Generator[simpy.Event, Any, Result]:
        """Carry a call to its peer, which does each key once; the script may interfere."""
        self.sent.append((self.now_seconds, call, request))
        result = self._script(self.now_seconds, call)
        yield self.env.timeout(50_000)
        if isinstance(result, Failed):
            return result
        if call.write and (result is None or isinstance(result, Unknown)):
            self.done[call.key] += call.key not in self.done
        if isinstance(result, Unknown):
            yield self.env.timeout(call.timeout_seconds * SECOND)
            return result
        self.before_reply(call)
        return result or Reply(200, {}, call.key.encode())

    def crashed(self, crash: Crash) -> None:
        """Restart the integration some time after its death."""
        self.crashes.append(crash.point)
        self.at(self.now_seconds + self._restart_seconds, self.integration.restart)

    def at(self, seconds: int, action: Callable[[], Any]) -> None:
        """Do something so many seconds after the start."""
        event = self.env.timeout(START_US + seconds * SECOND - int(self.env.now))
        assert event.callbacks is not None
        event.callbacks.append(lambda _: action())

    @property
    def now_seconds(self) -> int:
        return int(self.env.now - START_US) // SECOND

    def run(self, seconds: int) -> None:
        """Let time pass until so many seconds after the start."""
        self.env.run(until=START_US + seconds * SECOND)

    def of(self, kind: type) -> list[Any]:
        """Return the records of a type."""
        return [record for record in self.records if type(record) is kind]

    def statuses(self, flow: str) -> list[str]:
        """Return the statuses a flow went through."""
        return [record.status for record in self.of(history.Flow) if record.flow == flow]

    def times(self, operation: str) -> list[int]:
        """Return the seconds at which an operation was sent."""
        return [seconds for seconds, call, _ in self.sent if call.operation == operation]


@pytest.fixture
def world() -> type[World]:
    """The class: a test makes the world it needs."""
    return World
