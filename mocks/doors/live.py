"""A live world: the systems of record on a clock of their own, open to requests, acting by themselves, telling others.

Everything that happens to a world comes in through this class: requests, acts, time, how deliveries went. Each is an
input (`inputs`) that is kept in a state (`state`), and the same inputs make the same world again. All of it must be
called from the event loop that serves the world; `serving.Running` brings calls of other threads there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from domain.acts import Act
from domain.faults import Fault
from domain.http import Reply, Request
from mocks.doors import inputs
from mocks.doors.clock import Clock, Reading
from mocks.doors.course import Course, Divergence, replayed
from mocks.doors.deliveries import Arrival, Attempt, Deliveries
from mocks.doors.post import NOBODY_LISTENS, Targets, Unreachable, carry
from mocks.doors.settings import begun
from mocks.doors.state import MemoryState, State
from mocks.doors.wire import without
from mocks.drift import Drifts
from mocks.kernel.copies import UNHEARD, written
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.outcome import HOLD_HEADER, Outcome
from mocks.kernel.service import Service
from mocks.openings import opening_acts
from mocks.world import World

__all__ = ["Divergence", "LiveWorld"]

_CARRIED_AT_ONCE = 64
_SILENT = Reply(0)
_LOG = logging.getLogger("q2c.mocks")


class LiveWorld:
    """One world, its clock, its deliveries, its faults, and whoever waits for something to happen in it.

    `targets` says whom the systems may call. `listeners` are told every history record as it is made. `state` keeps
    the inputs; one that holds some already is continued. `work`, when set, takes the time that an answer takes.
    `postmark` tells the instant that signatures of messages claim.
    """

    def __init__(
        self,
        seed: int = 1,
        *,
        faults: Sequence[Fault] = (),
        limits: Mapping[str, LimitPolicy] | None = None,
        quirks: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
        targets: Targets = Targets(),  # noqa: B008
        state: State | None = None,
        drifts: Sequence[str] = (),
        listeners: Sequence[Callable[[Any], None]] = (),
    ) -> None:
        self.clock = clock or Clock()
        self.targets = targets
        self.listeners: list[Callable[[Any], None]] = list(listeners)
        self.work: Callable[[Service, Request, Outcome], Awaitable[None]] | None = None
        self.postmark: Callable[[], int] = self.clock.now_us
        self.state: State = state or MemoryState()
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._travels = asyncio.Lock()
        if kept := list(self.state.lines()):
            self._take(*replayed(kept, self._record))
        else:
            settings = begun(seed, tuple(faults), limits or {}, quirks or {})
            self._course = Course(msgspec.structs.replace(settings, drifts=tuple(drifts)), self._record)
            self.state.add(inputs.encode(self.settings))

    @property
    def settings(self) -> inputs.Begun:
        """The settings it began with."""
        return self._course.settings

    @property
    def world(self) -> World:
        """The systems themselves: their models, books and agendas."""
        return self._course.world

    @property
    def services(self) -> Mapping[str, Service]:
        """The services by name."""
        return self._course.world.services

    @property
    def drifts(self) -> Drifts:
        """Which drifts of the vendors are on."""
        return self._course.drifts

    @property
    def deliveries(self) -> Deliveries:
        """The messages on their way, and the log."""
        return self._course.deliveries

    def _record(self, record: Any) -> None:
        for listener in self.listeners:
            listener(record)

    # --- requests ---------------------------------------------------------------------------------------------------

    def handle(self, system: str, request: Request) -> Outcome:
        """Answer one request now; what the service meant to do by itself until now is done first.

        The reply may leave once `state.then` says so: what is not kept did not happen.
        """
        now_us = self.clock.now_us()
        try:
            outcome = self._course.ask(now_us, system, request)
        except Exception:  # a bug of ours, which must not look like one of the client's
            _LOG.exception("%s: %s %s", system, request.method, request.target)
            outcome = self.refused(system, request, "server_error")
        self.state.add(inputs.encode(inputs.asked(now_us, request, outcome.reply.status)))
        self._stirred(self._course.world.services[system], now_us)
        return outcome

    def refused(self, system: str, request: Request, code: str, detail: str = "", status: int = 0) -> Outcome:
        """Return a refusal in the vendor's shape for a request that no door lets in: see `Course.refused`."""
        return self._course.refused(self.clock.now_us(), system, request, code, detail, status)

    async def answer(self, system: str, request: Request) -> Outcome:
        """Answer one request, once its effect is safe; a reply that asks to be held (a long poll) waits for a stir.

        A held request is asked again whenever something happened in its service, until its reply no longer asks for
        patience or the seconds it asked for are over. A reply also waits for messages that must overtake it.
        """
        return await self.finished(system, request, self.handle(system, request))

    async def finished(self, system: str, request: Request, outcome: Outcome) -> Outcome:
        """Return the outcome of a request that was handled, when its reply may leave: see `answer`."""
        if HOLD_HEADER in outcome.reply.headers:
            outcome = await self._held(system, request, outcome)
        if self.work is not None:
            await self.work(self.services[system], request, outcome)
        if self.deliveries.overtaking:
            await self.settled()
        if not isinstance(self.state, MemoryState):
            await self._safe()
        return outcome

    async def _held(self, system: str, request: Request, outcome: Outcome) -> Outcome:
        until = time.monotonic() + float(outcome.reply.headers[HOLD_HEADER])
        while HOLD_HEADER in outcome.reply.headers and await self._stir(system, until - time.monotonic()):
            outcome = self.handle(system, request)
        return msgspec.structs.replace(outcome, reply=without(outcome.reply, HOLD_HEADER))

    async def _safe(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.state.then(lambda: None if future.done() else future.set_result(None))
        await future

    # --- people and faults ------------------------------------------------------------------------------------------

    def act(self, act: Act) -> None:
        """Let a person or the outside world act in a system; raise UnknownAct for an action it does not know."""
        self._course.act(act)
        self.state.add(inputs.encode(inputs.Performed(act)))
        self._stirred(self.services[act.system], self.clock.now_us())

    def seed(self, acts: Iterable[Act]) -> int:
        """Let people act now, whatever instant the acts were written for; return how many acts there were.

        The invoices of seeded subscriptions stand in the ERP's books afterwards, as after a migration.
        """
        invoices = self.world.services["billing"].desk.book.table("invoice")
        openings: list[Act] = []
        count = 0
        for count, act in enumerate(acts, start=1):  # noqa: B007
            now_us, known = self.clock.now_us(), len(invoices)
            self.act(msgspec.structs.replace(act, at_us=now_us))
            if act.action == "seed_subscription":
                openings += opening_acts(self.world, now_us, known)
        for opening in openings:
            self.act(msgspec.structs.replace(opening, at_us=self.clock.now_us()))
        return count

    def plan(self, faults: Sequence[Fault]) -> None:
        """Replace the plan of faults; raise ValueError for a kind that the catalogue does not have."""
        planned = inputs.Planned(self.clock.now_us(), tuple(faults))
        self._course.plan(planned)
        self.state.add(inputs.encode(planned))

    def limit(self, system: str, policy: LimitPolicy) -> None:
        """Change what a system tolerates from now on."""
        limited = inputs.Limited(self.clock.now_us(), system, policy)
        self._course.limit(limited)
        self.state.add(inputs.encode(limited))

    def drift(self, names: Sequence[str]) -> None:
        """Let exactly these drifts be on from now; raise ValueError when one of them is unknown."""
        drifted = inputs.Drifted(self.clock.now_us(), tuple(names))
        self.drifts.put(drifted.names)
        self.state.add(inputs.encode(drifted))

    # --- time -------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Do all that the services mean to do by themselves until now, and let messages go that are due."""
        now_us, course = self.clock.now_us(), self._course
        while course.late and course.late[0][0] <= now_us:
            request, outcome = course.ask_late(now_us)
            late = inputs.asked(now_us, request, outcome.reply.status)
            self.state.add(inputs.encode(msgspec.structs.replace(late, late=True)))
        for service in course.world.services.values():
            if service.desk.agenda.next_us <= now_us:
                course.tick(now_us, service)
                self.state.add(inputs.encode(inputs.Ticked(now_us, service.name)))
                self._stirred(service, now_us)
            if service.desk.wished_us is not None:
                self._grant(service)
        if course.deliveries.next_us <= now_us:
            self._soon(self._send_due)

    def due_us(self) -> int:
        """Return when something happens by itself next, a very late instant when nothing does."""
        return self._course.due_us()

    async def advance_to(self, instant_us: int) -> None:
        """Move the clock to an instant; all that was due on the way happens in order, each at its own instant.

        Deliveries that fall due are carried, and their answers waited for, before time goes on.
        """
        async with self._travels:
            self.tick()
            await self.settled()
            while (due_us := self.due_us()) <= instant_us:
                self.clock.move_to(due_us)
                self.tick()
                await self.settled()
            self.clock.move_to(instant_us)
            self._clocked()

    async def advance(self, seconds: float) -> None:
        """Move the clock forward by so many seconds of the world."""
        await self.advance_to(self.clock.now_us() + round(seconds * 1e6))

    def freeze(self) -> None:
        """Stop the clock; requests are still answered, all at the same instant."""
        self.clock.freeze()
        self._clocked()

    def run(self, speed: float = 1.0) -> None:
        """Let the clock run from now, so many times as fast as the wall clock; raise ValueError for a mad speed."""
        self.clock.run(speed)
        self._clocked()

    def _clocked(self) -> None:
        self.state.add(inputs.encode(inputs.Clocked(self.clock.reading())))
        self._wake(*self._waiting)

    # --- messages ---------------------------------------------------------------------------------------------------

    def redeliver(self, attempt: int) -> None:
        """Send what an attempt of the delivery log carried once more; raise KeyError when there is no such attempt."""
        asked = inputs.Redelivered(self.clock.now_us(), attempt)
        self.deliveries.redeliver(attempt, asked.at_us)
        self.state.add(inputs.encode(asked))
        self.tick()

    async def settled(self) -> None:
        """Wait until all messages that were due are carried and their answers known."""
        self._send_due()
        while self._carrying:
            await asyncio.wait(self._carrying)
            self._send_due()

    def _send_due(self) -> None:
        now_us = self.clock.now_us()
        room = _CARRIED_AT_ONCE - len(self._carrying)
        if self.deliveries.next_us > now_us or room <= 0:
            return
        loop = asyncio.get_running_loop()
        for arrival in self.deliveries.due(now_us, room):
            rendered = self._prepared(arrival)
            request = self.targets.placed(rendered) if rendered is not None else None
            if request is None:
                self._settle(arrival, note="it cannot be rendered" if rendered is None else NOBODY_LISTENS)
                continue
            task = loop.create_task(self._carry(arrival, request))
            self._carrying.add(task)
            task.add_done_callback(self._carried)

    def _carried(self, task: asyncio.Task[None]) -> None:
        self._carrying.discard(task)
        if not task.cancelled():
            self._send_due()

    async def _carry(self, arrival: Arrival, request: Request) -> None:
        deliveries, started = self.deliveries, time.monotonic()
        url, reply, note = "", Reply(0), ""
        try:
            url, reply = await carry(request, self.targets)
        except Unreachable as why:
            url, note = why.url, str(why)
        if arrival.flaw is not None and arrival.flaw.kind == UNHEARD:
            reply, note = _SILENT, "the sender had given up before the answer came"
        if deliveries is self.deliveries:  # else the world was reset meanwhile
            self._settle(arrival, url, reply, note, round((time.monotonic() - started) * 1e6))

    def _settle(
        self, arrival: Arrival, url: str = "", reply: Reply = _SILENT, note: str = "", took_us: int = 0
    ) -> None:
        now_us, body = self.clock.now_us(), reply.body[:4096]
        settled = inputs.Settled(now_us, arrival.number, reply.status, url, body, note, took_us)
        service = self._course.settle(settled)
        self.state.add(inputs.encode(settled))
        self._wake(service.name)

    def _prepared(self, arrival: Arrival) -> Request | None:
        """Return the message as it goes over the wire, or None when our own code fails at it."""
        service, now_us = self.world.services[arrival.system], self.postmark()
        try:
            if arrival.flaw is not None:
                return written(service, arrival.delivery, now_us, arrival.flaw).request
            return service.prepare(arrival.delivery, now_us)
        except Exception:
            _LOG.exception("a message of %s cannot be rendered", arrival.system)
            return None

    def attempts(self) -> Iterator[Attempt]:
        """Iterate over the delivery log, newest first."""
        return self.deliveries.log()

    def _stirred(self, service: Service, now_us: int) -> None:
        """Tell whoever waits for something to happen in a service, and see to what it wants of the world."""
        if self._waiting:
            self._wake(service.name)
        if self._course.deliveries.next_us <= now_us:
            self._soon(self._send_due)
        if service.desk.wished_us is not None:
            self._grant(service)

    def _grant(self, service: Service) -> None:
        """Move the clock to where a model wishes it, as soon as an event loop runs."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        instant_us, service.desk.wished_us = service.desk.wished_us, None
        if instant_us is not None:
            self._tasks.add(task := loop.create_task(self.advance_to(instant_us)))
            task.add_done_callback(self._tasks.discard)

    def _soon(self, action: Callable[[], None]) -> None:
        """Do something after this turn of the event loop, once what happened in it is safe."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # nobody serves this world: messages wait for `settled`
        loop.call_soon(lambda: self.state.then(action))

    def _wake(self, *systems: str) -> None:
        for future in [each for system in systems for each in self._waiting.pop(system, ())]:
            if not future.done():
                future.set_result(None)

    async def _stir(self, system: str, seconds: float) -> bool:
        """Wait for something to happen in a system; False when the time is over."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(system, []).append(future)
        return bool((await asyncio.wait([future], timeout=max(0.0, seconds)))[0])

    # --- the whole world --------------------------------------------------------------------------------------------

    def reset(self, seed: int | None = None) -> None:
        """Begin anew with the settings of the beginning, and another seed if one is given. The clock runs on."""
        settings = self.settings if seed is None else msgspec.structs.replace(self.settings, seed=seed)
        self._course = Course(settings, self._record)
        self.state.replace([inputs.encode(settings), inputs.encode(inputs.Clocked(self.clock.reading()))])
        self._wake(*self._waiting)

    def snapshot(self) -> list[bytes]:
        """Return the whole world, clock and all, as JSON lines; they hold requests as they came, with credentials."""
        return [*self.state.lines(), inputs.encode(inputs.Clocked(self.clock.reading()))]

    def restore(self, lines: Iterable[bytes]) -> None:
        """Become the world of a snapshot; ValueError (other lines) and Divergence (they do not fit) change nothing."""
        kept = list(lines)
        self._take(*replayed(kept, self._record))
        self.state.replace(kept)
        self._wake(*self._waiting)

    def _take(self, course: Course, clocked: inputs.Clocked | None, last_us: int) -> None:
        self._course = course
        reading = clocked.reading if clocked else Reading(now_us=last_us, offset_us=0, speed=1.0, frozen=False)
        self.clock.resume(reading, last_us)
        for service in course.world.services.values():
            if (service.desk.wished_us or 0) <= self.clock.now_us():
                service.desk.wished_us = None
