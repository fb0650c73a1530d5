"""A live world: the systems of record on a clock of their own, open to requests, acting by themselves, telling others.

Everything that happens to a world comes in through this class: requests, acts, time, how deliveries went. Each is an
input (`inputs`) that is kept in a state (`state`), and the same inputs make the same world again. All of it must be
called from the event loop that serves the world; `serving.Running` brings calls of other threads there.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from domain.acts import Act
from domain.faults import CATALOGUE, Fault, Place
from domain.history import Delivered
from domain.http import Reply, Request
from mocks.doors import inputs
from mocks.doors.clock import Clock, Reading
from mocks.doors.deliveries import NEVER_US, Arrival, Attempt, Deliveries
from mocks.doors.inputs import Input
from mocks.doors.post import INTEGRATION, NOBODY_LISTENS, Targets, Unreachable, carry
from mocks.doors.settings import begun, world_of
from mocks.doors.state import MemoryState, State
from mocks.drift import Drifts
from mocks.kernel.faults import FaultPlan
from mocks.kernel.forgery import forge
from mocks.kernel.limits import Limiter, LimitPolicy
from mocks.kernel.operations import Refusal
from mocks.kernel.service import CLOSE, DRIP, HOLD_HEADER, RESET, SILENCE, TRUNCATE, Outcome, Service, entry_of
from mocks.openings import opening_acts

_CARRIED_AT_ONCE = 64
_SILENT = Reply(0)
_LOG = logging.getLogger("q2c.mocks")
_BAD_GATEWAY = Reply(502, {"content-type": "text/html"}, b"<html><body><h1>502 Bad Gateway</h1></body></html>" * 4)
_ON_THE_WAY = {
    "refused": RESET,  # a port that is open cannot refuse one caller: it resets
    "reset_before": RESET,
    "black_hole": SILENCE,
    "late_arrival": SILENCE,
    "closed_before": CLOSE,
    "truncated_before": TRUNCATE,
    "drip_before": DRIP,
}


class Divergence(Exception):
    """A saved world cannot be made again by this release: an input led to another answer than when it was kept."""


class LiveWorld:
    """One world, its clock, its deliveries, its faults, and whoever waits for something to happen in it.

    `world` is the `World` itself: its services, their models and their books. `deliveries` has the delivery log;
    `targets` says whom the systems may call. `listeners` are told every history record as it is made. `state` keeps
    the inputs; one that holds some already is continued.
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
        self.state: State = state or MemoryState()
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._travels = asyncio.Lock()
        self._is_replaying = False
        kept = list(self.state.lines())
        if kept:
            self._play(kept)
        else:
            settings = begun(seed, tuple(faults), limits or {}, quirks or {})
            self._begin(msgspec.structs.replace(settings, drifts=tuple(drifts)))
            self.state.add(inputs.encode(self.settings))

    def _begin(self, settings: inputs.Begun) -> None:
        self.settings = settings
        self.world = world_of(settings, self._record)
        self.drifts = Drifts(self.world.services, settings.drifts)
        self.deliveries = Deliveries()
        self._late: list[tuple[int, int, str, Request]] = []
        self._number = 0
        self._is_struck_on_the_way = _has_network_faults(settings.faults)

    @property
    def services(self) -> Mapping[str, Service]:
        """The services by name."""
        return self.world.services

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
            outcome = self._asked(now_us, system, request)
        except Exception:  # a bug of ours, which must not look like one of the client's
            _LOG.exception("%s: %s %s", system, request.method, request.target)
            outcome = self.refused(system, request, "server_error")
        self.state.add(inputs.encode(inputs.asked(now_us, request, outcome.reply.status)))
        return outcome

    def _asked(self, now_us: int, system: str, request: Request) -> Outcome:
        service = self.world.services[system]
        if service.desk.agenda.next_us <= now_us:
            service.tick(now_us)
        self._number += 1
        number = f"r{self._number}"
        if self._is_struck_on_the_way:
            outcome = self._struck(service, request, now_us, number)
        else:
            outcome = service.handle(request, now_us, number)
        self._stirred(service, now_us)
        return outcome

    def refused(self, system: str, request: Request, code: str, detail: str = "", status: int = 0) -> Outcome:
        """Return a refusal in the vendor's shape for a request that a door does not let in, or that broke us.

        Nothing has happened in the world. `status` replaces the vendor's status of that code.
        """
        service = self.world.services[system]
        call = service.open(request, "r0", self.clock.now_us())
        reply = service.dialect.finish(service.dialect.refuse(Refusal(code, detail), call), call)
        return Outcome(msgspec.structs.replace(reply, status=status) if status else reply)

    def _struck(self, service: Service, request: Request, now_us: int, number: str) -> Outcome:
        """Answer a request as `Service.handle` does, unless the network does away with it first."""
        call = service.open(request, number, now_us)
        fault = service.stake(call).network.strike(call.luck, call.txn, now_us, number)
        if fault is not None and fault.kind in _ON_THE_WAY:
            if fault.kind == "late_arrival":
                due_us = now_us + round(fault.seconds * 1e6)
                heapq.heappush(self._late, (due_us, self._number, service.name, request))
            outcome = Outcome(_BAD_GATEWAY, _ON_THE_WAY[fault.kind], fault.seconds)
            if service.journal is not None:
                service.journal.add(entry_of(call, outcome, "faulted"))
            return outcome
        refused = service.admit(call, now_us)
        if refused is not None:
            return refused
        try:
            return service.perform(call, now_us)
        finally:
            service.limiter.leave()

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
        if self.deliveries.overtaking:
            await self.settled()
        if not isinstance(self.state, MemoryState):
            await self._safe()
        return outcome

    async def _held(self, system: str, request: Request, outcome: Outcome) -> Outcome:
        until = time.monotonic() + float(outcome.reply.headers[HOLD_HEADER])
        while HOLD_HEADER in outcome.reply.headers and await self._stir(system, until - time.monotonic()):
            outcome = self.handle(system, request)
        return msgspec.structs.replace(outcome, reply=_released(outcome.reply))

    async def _safe(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.state.then(lambda: None if future.done() else future.set_result(None))
        await future

    # --- people and faults ------------------------------------------------------------------------------------------

    def act(self, act: Act) -> None:
        """Let a person or the outside world act in a system; raise UnknownAct for an action it does not know."""
        self._acted(act)
        self.state.add(inputs.encode(inputs.Performed(act)))

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

    def _acted(self, act: Act) -> None:
        service = self.world.services[act.system]
        service.tick(act.at_us)
        service.act(act)
        self._stirred(service, act.at_us)

    def plan(self, faults: Sequence[Fault]) -> None:
        """Replace the plan of faults; raise ValueError for a kind that the catalogue does not have."""
        planned = inputs.Planned(self.clock.now_us(), tuple(faults))
        self._planned(planned)
        self.state.add(inputs.encode(planned))

    def _planned(self, planned: inputs.Planned) -> None:
        plan = FaultPlan(planned.faults, self.settings.seed, self._record)
        self.world.plan = plan
        for service in self.world.services.values():
            service.replan(plan)
        self._is_struck_on_the_way = _has_network_faults(planned.faults)

    def limit(self, system: str, policy: LimitPolicy) -> None:
        """Change what a system tolerates from now on."""
        limited = inputs.Limited(self.clock.now_us(), system, policy)
        self._limited(limited)
        self.state.add(inputs.encode(limited))

    def _limited(self, limited: inputs.Limited) -> None:
        self.world.services[limited.system].limiter = Limiter(limited.policy)

    def drift(self, names: Sequence[str]) -> None:
        """Let exactly these drifts be on from now; raise ValueError when one of them is unknown."""
        drifted = inputs.Drifted(self.clock.now_us(), tuple(names))
        self.drifts.put(drifted.names)
        self.state.add(inputs.encode(drifted))

    # --- time -------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Do all that the services mean to do by themselves until now, and let messages go that are due."""
        now_us = self.clock.now_us()
        while self._late and self._late[0][0] <= now_us:
            _, _, system, request = heapq.heappop(self._late)
            self._arrive_late(system, request, now_us)
        for service in self.world.services.values():
            if service.desk.agenda.next_us <= now_us:
                self._ticked(now_us, service)
                self.state.add(inputs.encode(inputs.Ticked(now_us, service.name)))
            if service.desk.wished_us is not None:
                self._grant(service)
        if self.deliveries.next_us <= now_us:
            self._soon(self._send_due)

    def _ticked(self, now_us: int, service: Service) -> None:
        service.tick(now_us)
        self._stirred(service, now_us)

    def _arrive_late(self, system: str, request: Request, now_us: int) -> None:
        """Perform a request whose caller has given up long ago; the plan may not strike it twice."""
        service = self.world.services[system]
        self._number += 1
        outcome = service.handle(request, now_us, f"r{self._number}")
        self._stirred(service, now_us)
        late = inputs.asked(now_us, request, outcome.reply.status)
        self.state.add(inputs.encode(msgspec.structs.replace(late, late=True)))

    def due_us(self) -> int:
        """Return when something happens by itself next, a very late instant when nothing does."""
        found = min(service.desk.agenda.next_us for service in self.world.services.values())
        return min(found, self.deliveries.next_us, self._late[0][0] if self._late else NEVER_US)

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
            request = self._prepared(arrival)
            if request is None or (request.host == INTEGRATION and not self.targets.intake):
                self._settle(arrival, note="it cannot be rendered" if request is None else NOBODY_LISTENS)
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
        if deliveries is self.deliveries:  # else the world was reset meanwhile
            self._settle(arrival, url, reply, note, round((time.monotonic() - started) * 1e6))

    def _settle(
        self, arrival: Arrival, url: str = "", reply: Reply = _SILENT, note: str = "", took_us: int = 0
    ) -> None:
        settled = inputs.Settled(
            self.clock.now_us(), arrival.number, reply.status, url, reply.body[:4096], note, took_us
        )
        self._settled(settled)
        self.state.add(inputs.encode(settled))

    def _prepared(self, arrival: Arrival) -> Request | None:
        """Return the message as it goes over the wire, or None when our own code fails at it."""
        service, now_us = self.world.services[arrival.system], self.clock.now_us()
        try:
            if arrival.forged:
                return forge(service, arrival.delivery, now_us, arrival.stale).request
            return service.prepare(arrival.delivery, now_us)
        except Exception:
            _LOG.exception("a message of %s cannot be rendered", arrival.system)
            return None

    def _settled(self, settled: inputs.Settled) -> None:
        arrival = self.deliveries.settle(
            settled.arrival, settled.at_us, settled.url, settled.status, settled.note, settled.took_us, settled.body
        )
        service = self.world.services[arrival.system]
        self._record(_delivered(arrival, settled))
        if settled.url and not (arrival.forged or arrival.manual):
            service.settle(arrival.delivery, settled.status, settled.at_us, settled.body)
        self._wake(service.name)

    def attempts(self) -> Iterator[Attempt]:
        """Iterate over the delivery log, newest first."""
        return self.deliveries.log()

    # --- waiting ----------------------------------------------------------------------------------------------------

    def _stirred(self, service: Service, now_us: int) -> None:
        for delivery in service.collect() if service.has_mail else ():
            self.deliveries.dispatch(self.world.plan, service.name, delivery, now_us)
        if self._is_replaying:
            return
        if self._waiting:
            self._wake(service.name)
        if self.deliveries.next_us <= now_us:
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
        for system in systems:
            for future in self._waiting.pop(system, ()):
                if not future.done():
                    future.set_result(None)

    async def _stir(self, system: str, seconds: float) -> bool:
        """Wait for something to happen in a system; False when the time is over."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(system, []).append(future)
        done, _ = await asyncio.wait([future], timeout=max(0.0, seconds))
        return bool(done)

    # --- the whole world --------------------------------------------------------------------------------------------

    def reset(self, seed: int | None = None) -> None:
        """Begin anew with the settings of the beginning, and another seed if one is given. The clock runs on."""
        settings = self.settings if seed is None else msgspec.structs.replace(self.settings, seed=seed)
        self._begin(settings)
        self.state.replace([inputs.encode(settings), inputs.encode(inputs.Clocked(self.clock.reading()))])
        self._wake(*self._waiting)

    def snapshot(self) -> list[bytes]:
        """Return the whole world as JSON lines: books, agendas, counters, keys, limits, deliveries and clock.

        The lines hold requests as they came, credentials included.
        """
        return [*self.state.lines(), inputs.encode(inputs.Clocked(self.clock.reading()))]

    def restore(self, lines: Iterable[bytes]) -> None:
        """Become the world of a snapshot; raise ValueError for other lines and Divergence when they do not fit.

        When either is raised this world is what it was.
        """
        kept = list(lines)
        before = self.world, self.deliveries, self.settings, self._late, self._number, self._is_struck_on_the_way
        drifts = self.drifts
        try:
            self._play(kept)
        except Exception:
            (self.world, self.deliveries, self.settings, self._late, self._number, self._is_struck_on_the_way) = before
            self.drifts = drifts
            raise
        self.state.replace(kept)
        self._wake(*self._waiting)

    def _play(self, lines: Sequence[bytes]) -> None:
        self._is_replaying, last_us, reading = True, 0, None
        try:
            for number, line in enumerate(lines, start=1):
                happened = inputs.decode(line)
                if (number == 1) != isinstance(happened, inputs.Begun):
                    raise ValueError(f"line {number}: a world begins once, with its settings in the first line")
                if isinstance(happened, inputs.Clocked):
                    reading = happened.reading
                    last_us = max(last_us, reading.now_us)
                else:
                    self._again(happened, number)
                    last_us = max(last_us, getattr(happened, "at_us", 0))
        finally:
            self._is_replaying = False
        self.deliveries.carry_again()
        self.clock.resume(reading or Reading(now_us=last_us, offset_us=0, speed=1.0, frozen=False), last_us)
        for service in self.world.services.values():
            if (service.desk.wished_us or 0) <= self.clock.now_us():
                service.desk.wished_us = None

    def _again(self, happened: Input, number: int) -> None:
        match happened:
            case inputs.Begun():
                self._begin(happened)
            case inputs.Asked():
                outcome = self._asked_again(happened)
                if outcome.reply.status != happened.status:
                    raise Divergence(
                        f"line {number}: {happened.method} {happened.target} was answered {happened.status} when it "
                        f"was kept and {outcome.reply.status} now; restore it with the release that kept it"
                    )
            case inputs.Performed():
                self._acted(happened.act)
            case inputs.Ticked():
                self._ticked(happened.at_us, self.world.services[happened.system])
            case inputs.Settled():
                self.deliveries.due(happened.at_us)
                self._settled(happened)
            case inputs.Redelivered():
                self.deliveries.redeliver(happened.attempt, happened.at_us)
            case inputs.Planned():
                self._planned(happened)
            case inputs.Limited():
                self._limited(happened)
            case inputs.Drifted():
                self.drifts.put(happened.names)

    def _asked_again(self, asked: inputs.Asked) -> Outcome:
        if not asked.late:
            return self._asked(asked.at_us, asked.system, asked.request())
        heapq.heappop(self._late)
        service = self.world.services[asked.system]
        self._number += 1
        outcome = service.handle(asked.request(), asked.at_us, f"r{self._number}")
        self._stirred(service, asked.at_us)
        return outcome


def _has_network_faults(planned: Sequence[Fault]) -> bool:
    return any(CATALOGUE[fault.kind].place is Place.NETWORK and fault.kind in _ON_THE_WAY for fault in planned)


def _released(reply: Reply) -> Reply:
    headers = {name: value for name, value in reply.headers.items() if name != HOLD_HEADER}
    return Reply(reply.status, headers, reply.body)


def _delivered(arrival: Arrival, settled: inputs.Settled) -> Delivered:
    message = arrival.delivery.message
    signed_us = settled.at_us
    return Delivered(
        at_us=settled.at_us, sent_us=message.occurred_us, signed_us=signed_us, system=message.system,
        message=message.id, topic=message.topic, txn=message.txn, attempt=arrival.delivery.attempt,
        status=settled.status, genuine=not arrival.forged,
    )  # fmt: skip
