"""A live world: the systems of record on a clock of their own, open to requests, acting by themselves, telling others.

Everything that happens to a world comes in through this class: requests, acts, time. All of it must be called from the
event loop that serves the world; `serving.Running` brings calls of other threads there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from domain.acts import Act
from domain.faults import Fault
from domain.http import Reply, Request
from mocks.doors.clock import Clock
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.service import HOLD_HEADER, Outcome, Service
from mocks.world import World


class LiveWorld:
    """One world, its clock, and whoever waits for something to happen in it.

    `listeners` are told every history record as it is made. `world` is the `World` itself: its services, their models
    and their books.
    """

    def __init__(
        self,
        seed: int = 1,
        *,
        faults: Sequence[Fault] = (),
        limits: Mapping[str, LimitPolicy] | None = None,
        quirks: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.listeners: list[Callable[[Any], None]] = []
        self.world = World(seed, self._record, faults, limits, quirks)
        self._number = 0
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def services(self) -> Mapping[str, Service]:
        """The services by name."""
        return self.world.services

    def _record(self, record: Any) -> None:
        for listener in self.listeners:
            listener(record)

    # --- what happens to it -----------------------------------------------------------------------------------------

    def handle(self, system: str, request: Request) -> Outcome:
        """Answer one request now; what the service meant to do by itself until now is done first."""
        service = self.world.services[system]
        now_us = self.clock.now_us()
        due_us = service.due_us()
        if due_us is not None and due_us <= now_us:
            service.tick(now_us)
        self._number += 1
        outcome = service.handle(request, now_us, f"r{self._number}")
        self._stirred(service)
        return outcome

    async def answer(self, system: str, request: Request) -> Outcome:
        """Answer one request; a reply that asks to be held (a long poll) waits until the service has stirred.

        A held request is asked again whenever something happened in its service, until its reply no longer asks for
        patience or the seconds it asked for are over.
        """
        outcome = self.handle(system, request)
        if HOLD_HEADER not in outcome.reply.headers:
            return outcome
        seconds = float(outcome.reply.headers[HOLD_HEADER])
        until_us = self.clock.now_us() + round(seconds * 1e6)
        while HOLD_HEADER in outcome.reply.headers and await self._stir(system, until_us):
            outcome = self.handle(system, request)
        return msgspec.structs.replace(outcome, reply=_released(outcome.reply))

    def act(self, act: Act) -> None:
        """Let a person or the outside world act in a system; raise UnknownAct for an action it does not know."""
        service = self.world.services[act.system]
        service.tick(act.at_us)
        service.act(act)
        self._stirred(service)

    def tick(self) -> None:
        """Do all that the services mean to do by themselves until now."""
        now_us = self.clock.now_us()
        for service in self.world.services.values():
            due_us = service.due_us()
            if due_us is not None and due_us <= now_us:
                service.tick(now_us)
                self._stirred(service)

    def due_us(self) -> int | None:
        """Return when the next service wants to act by itself, or None."""
        found = [due for service in self.world.services.values() if (due := service.due_us()) is not None]
        return min(found, default=None)

    # --- time -------------------------------------------------------------------------------------------------------

    async def advance_to(self, instant_us: int) -> None:
        """Move the clock to an instant; all that was due on the way happens in order, each at its own instant."""
        while (due_us := self.due_us()) is not None and due_us <= instant_us:
            self.clock.move_to(due_us)
            self.tick()
            await asyncio.sleep(0)
        self.clock.move_to(instant_us)

    async def advance(self, seconds: float) -> None:
        """Move the clock forward by so many seconds of the world."""
        await self.advance_to(self.clock.now_us() + round(seconds * 1e6))

    # --- waiting ----------------------------------------------------------------------------------------------------

    def _stirred(self, service: Service) -> None:
        waiting = self._waiting.pop(service.name, None)
        for future in waiting or ():
            if not future.done():
                future.set_result(None)
        wished_us = service.desk.wished_us
        if wished_us is not None:
            service.desk.wished_us = None
            self._tasks.add(task := asyncio.get_running_loop().create_task(self.advance_to(wished_us)))
            task.add_done_callback(self._tasks.discard)

    async def _stir(self, system: str, until_us: int) -> bool:
        """Wait for something to happen in a system; False when the time is over."""
        seconds = self.clock.wall_seconds_until(until_us)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(system, []).append(future)
        done, _ = await asyncio.wait([future], timeout=seconds)
        return bool(done)


def _released(reply: Reply) -> Reply:
    headers = {name: value for name, value in reply.headers.items() if name != HOLD_HEADER}
    return Reply(reply.status, headers, reply.body)
