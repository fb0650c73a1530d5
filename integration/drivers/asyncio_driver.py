"""The driver in real time: asyncio's loop, the business clock and HTTP.

    host = AsyncioHost(clock, wire)
    integration = Integration(settings, parts, journal, host)
    host.serve(integration)
    integration.start()
    ...
    await host.close(grace_seconds)

The engine is entered from the loop's thread only. Whatever escapes from it that is not its own end (a disk that is
full, a database that is gone) ends the incarnation too: its memory may be ahead of the journal. `broken` is told, and
decides when to start anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from domain.history import Record
from domain.http import Reply, Request
from integration.drivers.clock import BusinessClock
from integration.drivers.timers import Timers
from integration.drivers.wire import Result, Wire, WireObserver
from integration.effects import Call
from integration.journal.protocol import Crash, Fenced
from integration.outcomes import Failed, Unknown
from integration.people import WRONG_INPUT
from integration.process import Integration

_LOG = logging.getLogger("q2c.integration")
Done = Callable[[Reply | Failed | Unknown], Any]


class AsyncioHost:
    """A Host in real time. `observers` hear every history record, `wire_observers` every attempt of a call."""

    def __init__(self, clock: BusinessClock, wire: Wire, broken: Callable[[Exception], None]) -> None:
        self.clock, self._wire, self._broken = clock, wire, broken
        self.now_us = clock.now_us
        self.observers: list[Callable[[Record], None]] = []
        self.wire_observers: list[WireObserver] = []
        self.draining = False
        self._timers = Timers(clock, self._perform)
        self.call_at = self._timers.call_at
        self._calls: set[asyncio.Task[None]] = set()
        self._integration: Integration | None = None

    def serve(self, integration: Integration) -> None:
        """Remember whom to bury."""
        self._integration = integration

    @property
    def in_flight(self) -> int:
        """How many calls are on the wire."""
        return len(self._calls)

    # --- what an engine asks for

    def send(self, request: Request, call: Call, done: Done) -> None:
        """Send a request; `done` is told what came of it, later.

        While the process shuts down nothing new leaves: the journal holds the intent, the next incarnation sends it.
        """
        if self.draining:
            return
        task = asyncio.get_running_loop().create_task(self._carry(request, call, done))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    def record(self, record: Record) -> None:
        """Tell the observers; what one of them does wrong must not hurt the flow."""
        for observer in self.observers:
            try:
                observer(record)
            except Exception:
                _LOG.exception("an observer of the history failed")

    def died(self, end: Crash | Fenced) -> None:
        """Bury the incarnation that died; `broken` is told why."""
        self.fail(end)

    # --- what the process asks for

    def enter(self, action: Callable[..., Any], *arguments: Any) -> Any:
        """Do something with the integration; what is not wrong input ends the incarnation, is logged, and is raised.

        A KeyError of our own is a mistake of ours: what memory holds may be ahead of the journal since.
        """
        try:
            return action(*arguments)
        except WRONG_INPUT:
            raise  # wrong input, said in a sentence: it was refused before anything was done
        except Exception as trouble:
            self.fail(trouble)
            raise

    def fail(self, trouble: Exception) -> None:
        """End the incarnation."""
        if self._integration is not None:
            self._integration.kill()
        self._timers.drop(_is_of_the_dead)
        self._broken(trouble)

    async def close(self, grace_seconds: float) -> int:
        """Let nothing new begin, wait for the calls in flight; return how many had to be given up."""
        self.draining = True
        if self._calls:
            await asyncio.wait(self._calls, timeout=grace_seconds)
        left = list(self._calls)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self._timers.close()
        await self._wire.close()
        return len(left)

    # --- inside

    def _perform(self, action: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        try:
            action(*arguments)
        except Exception as trouble:
            self.fail(trouble)

    async def _carry(self, request: Request, call: Call, done: Done) -> None:
        at_us = self.clock.now_us()
        more: dict[str, str] = {}
        for observer in self.wire_observers:
            more |= self._told(observer.sent, call, request, at_us) or {}
        result = await self._wire.exchange(request, call.timeout_seconds, more)
        for observer in self.wire_observers:
            self._told(observer.ended, call, result, self.clock.now_us())
        self._perform(done, (result,))

    def _told(self, tell: Callable[..., Any], *about: Any) -> Any:
        try:
            return tell(*about)
        except Exception:
            _LOG.exception("an observer of the wire failed")
            return None


def _is_of_the_dead(action: Callable[..., Any]) -> bool:
    """Tell whether an action is the entrance of an incarnation that has died: some of its timers lie weeks ahead."""
    return bool(getattr(getattr(action, "__self__", None), "dead", False))


__all__ = ["AsyncioHost", "Result", "Wire", "WireObserver"]
