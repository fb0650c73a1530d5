"""The driver in virtual time: SimPy's clock (integer microseconds since the epoch) and the simulator's network.

    env = simpy.Environment(initial_time=start_us)
    integration = simulated(env, settings, parts, journal, network.exchange, history.append, crashed)
    integration.start()

`send(request, call)` is a generator function of the simulator: it yields SimPy events and returns the Reply, or Failed
(nothing was sent, or it never arrived) or Unknown (timeout or reset after sending), within `call.timeout_seconds`.
It is driven here without a SimPy process, which would cost more than the call itself.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import simpy

from domain.history import Record
from domain.http import Reply, Request
from integration.effects import Call
from integration.journal.protocol import Crash, Fenced, Journal
from integration.outcomes import Failed, Unknown
from integration.process import Integration, Parts
from integration.settings import Settings

Result = Reply | Failed | Unknown
Send = Callable[[Request, Call], Generator[simpy.Event, Any, Result]]


class SimpyHost:
    """A Host over a SimPy environment."""

    def __init__(
        self,
        env: simpy.Environment,
        send: Send,
        record: Callable[[Record], None],
        crashed: Callable[[Crash], None],
    ) -> None:
        self._env, self._exchange = env, send
        self.record, self._crashed = record, crashed
        self._integration: Integration | None = None

    def now_us(self) -> int:
        """Return the virtual clock."""
        return self._env.now  # type: ignore[return-value]  # SimPy says float; our delays are all integers

    def call_at(self, at_us: int, action: Callable[[], None]) -> None:
        """Do something at an instant, which is not in the past."""
        event = simpy.Timeout(self._env, at_us - self._env.now)
        event.callbacks.append(lambda _: action())

    def send(self, request: Request, call: Call, done: Callable[[Result], None]) -> None:
        """Send a request over the simulator's network; never calls back at once."""
        exchange = self._exchange(request, call)
        try:
            event = next(exchange)
        except StopIteration as stop:
            result = stop.value
            self.call_at(self.now_us(), lambda: done(result))
            return
        if event.processed:
            self.call_at(self.now_us(), lambda: _drive(exchange, done, event.value))
        else:
            event.callbacks.append(lambda happened: _drive(exchange, done, happened.value))

    def died(self, end: Crash | Fenced) -> None:
        """Bury the incarnation that died; of a crash the simulator is told, it decides when to restart."""
        assert self._integration is not None
        self._integration.kill()
        if isinstance(end, Crash):
            self._crashed(end)

    def serve(self, integration: Integration) -> None:
        """Remember whom to bury."""
        self._integration = integration


def simulated(
    env: simpy.Environment,
    settings: Settings,
    parts: Parts,
    journal: Journal,
    send: Send,
    record: Callable[[Record], None],
    crashed: Callable[[Crash], None],
) -> Integration:
    """Return an integration in virtual time; `crashed` learns of each crash point that strikes."""
    host = SimpyHost(env, send, record, crashed)
    integration = Integration(settings, parts, journal, host)
    host.serve(integration)
    return integration


def _drive(exchange: Generator[simpy.Event, Any, Result], done: Callable[[Result], None], value: Any) -> None:
    """Run an exchange to the next event that has not happened yet, and come back when it does."""
    try:
        event = exchange.send(value)
        while event.processed:
            event = exchange.send(event.value)
    except StopIteration as stop:
        done(stop.value)
        return
    event.callbacks.append(lambda happened: _drive(exchange, done, happened.value))
