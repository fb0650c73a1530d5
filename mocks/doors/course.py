"""The course of a world: what happens to it, input by input, without a clock, an event loop or a socket.

The same settings and the same inputs with the same instants make the same course, whoever plays them: a live world as
they come in, a restored one from a file.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from domain.acts import Act
from domain.faults import Fault
from domain.history import Delivered
from domain.http import Reply, Request
from mocks.doors import inputs
from mocks.doors.deliveries import NEVER_US, Arrival, Deliveries
from mocks.doors.inputs import Input
from mocks.doors.settings import world_of
from mocks.drift import Drifts
from mocks.kernel.faults import FaultPlan
from mocks.kernel.limits import Limiter
from mocks.kernel.operations import Refusal
from mocks.kernel.outcome import CLOSE, DRIP, RESET, SILENCE, TRUNCATE, Outcome
from mocks.kernel.service import Service, entry_of

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


_LATER = frozenset({"late_arrival", "repeated"})
"""Kinds of which a request arrives later: for the first time, or once more."""


class Divergence(Exception):
    """A saved world cannot be made again by this release: an input led to another answer than when it was kept."""


class Course:
    """One world from its beginning; `late` holds requests that arrive after their callers have given up."""

    def __init__(self, settings: inputs.Begun, record: Callable[[Any], None]) -> None:
        self.settings = settings
        self.world = world_of(settings, record)
        self.drifts = Drifts(self.world.services, settings.drifts)
        self.deliveries = Deliveries(self.world.tables)
        self.late: list[tuple[int, int, str, Request]] = []
        self._record = record
        self._number = 0
        self._is_struck_on_the_way = _has_network_faults(settings.faults)

    def due_us(self) -> int:
        """Return when something happens by itself next, a very late instant when nothing does."""
        found = min(service.desk.agenda.next_us for service in self.world.services.values())
        return min(found, self.deliveries.next_us, self.late[0][0] if self.late else NEVER_US)

    # --- requests ---------------------------------------------------------------------------------------------------

    def ask(self, now_us: int, system: str, request: Request) -> Outcome:
        """Answer a request; what the service meant to do by itself until then is done first."""
        service = self.world.services[system]
        if service.desk.agenda.next_us <= now_us:
            service.tick(now_us)
        number = self._next_number()
        if self._is_struck_on_the_way:
            outcome = self._struck(service, request, now_us, number)
        else:
            outcome = service.handle(request, now_us, number)
        self._collect(service, now_us)
        return outcome

    def ask_late(self, now_us: int) -> tuple[Request, Outcome]:
        """Perform the first late request; the network may not strike it twice."""
        _, _, system, request = heapq.heappop(self.late)
        service = self.world.services[system]
        outcome = service.handle(request, now_us, self._next_number())
        self._collect(service, now_us)
        return request, outcome

    def _next_number(self) -> str:
        self._number += 1
        return f"r{self._number}"

    def _struck(self, service: Service, request: Request, now_us: int, number: str) -> Outcome:
        """Answer a request as `Service.handle` does, unless the network does away with it first."""
        call = service.open(request, number, now_us)
        fault = service.stake(call).network.strike(call.luck, call.txn, now_us, number)
        if fault is not None and fault.kind in _LATER:
            due_us = now_us + round(fault.seconds * 1e6)
            heapq.heappush(self.late, (due_us, self._number, service.name, request))
        if fault is not None and fault.kind in _ON_THE_WAY:
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

    def refused(
        self, now_us: int, system: str, request: Request, code: str, detail: str = "", status: int = 0
    ) -> Outcome:
        """Return a refusal in the vendor's shape for a request that a door does not let in, or that broke us.

        Nothing has happened in the world. `status` replaces the vendor's status of that code.
        """
        service = self.world.services[system]
        call = service.open(request, "r0", now_us)
        reply = service.dialect.finish(service.dialect.refuse(Refusal(code, detail), call), call)
        return Outcome(msgspec.structs.replace(reply, status=status) if status else reply)

    # --- everything else --------------------------------------------------------------------------------------------

    def act(self, act: Act) -> None:
        """Let a person or the outside world act; raise UnknownAct for an action the system does not know."""
        service = self.world.services[act.system]
        service.tick(act.at_us)
        service.act(act)
        self._collect(service, act.at_us)

    def tick(self, now_us: int, service: Service) -> None:
        """Let a service do by itself what is due."""
        service.tick(now_us)
        self._collect(service, now_us)

    def plan(self, planned: inputs.Planned) -> None:
        """Replace the plan of faults; raise ValueError for a kind that the catalogue does not have."""
        plan = FaultPlan(planned.faults, self.settings.seed, self._record)
        self.world.plan = plan
        for service in self.world.services.values():
            service.replan(plan)
        self._is_struck_on_the_way = _has_network_faults(planned.faults)

    def limit(self, limited: inputs.Limited) -> None:
        """Change what a system tolerates."""
        self.world.services[limited.system].limiter = Limiter(limited.policy)

    def settle(self, settled: inputs.Settled) -> Service:
        """Take note of how an arrival went, and return the service it was from."""
        arrival = self.deliveries.settle(
            settled.arrival, settled.at_us, settled.url, settled.status, settled.note, settled.took_us, settled.body
        )
        service = self.world.services[arrival.system]
        self._record(_delivered(arrival, settled))
        if settled.url and not arrival.is_beside:
            service.settle(arrival.delivery, settled.status, settled.at_us, settled.body)
        return service

    def _collect(self, service: Service, now_us: int) -> None:
        if service.has_mail:
            for delivery in service.collect():
                self.deliveries.dispatch(self.world.plan, service, delivery, now_us)

    # --- again ------------------------------------------------------------------------------------------------------

    def again(self, happened: Input) -> None:
        """Let an input happen once more; raise Divergence when a request is answered differently than it was."""
        match happened:
            case inputs.Asked():
                self._asked_again(happened)
            case inputs.Performed():
                self.act(happened.act)
            case inputs.Ticked():
                self.tick(happened.at_us, self.world.services[happened.system])
            case inputs.Settled():
                self.deliveries.due(happened.at_us)
                self.settle(happened)
            case inputs.Redelivered():
                self.deliveries.redeliver(happened.attempt, happened.at_us)
            case inputs.Planned():
                self.plan(happened)
            case inputs.Limited():
                self.limit(happened)
            case inputs.Drifted():
                self.drifts.put(happened.names)

    def _asked_again(self, asked: inputs.Asked) -> None:
        try:
            if asked.late:
                status = self.ask_late(asked.at_us)[1].reply.status
            else:
                status = self.ask(asked.at_us, asked.system, asked.request()).reply.status
        except Exception:  # what broke us when it came may break us again
            status = 500
        if status != asked.status:
            raise Divergence(
                f"{asked.method} {asked.target} was answered {asked.status} when it was kept and {status} now; "
                "restore it with the release that kept it"
            )


def replayed(lines: Sequence[bytes], record: Callable[[Any], None]) -> tuple[Course, inputs.Clocked | None, int]:
    """Return the course that these lines tell, the last word on its clock, and its last instant.

    Raise ValueError for lines that are none, and Divergence for those that this release answers differently.
    """
    course: Course | None = None
    clocked, last_us = None, 0
    for number, line in enumerate(lines, start=1):
        happened = inputs.decode(line)
        last_us = max(last_us, inputs.instant_us(happened))
        if isinstance(happened, inputs.Clocked):
            clocked = happened
        elif isinstance(happened, inputs.Begun) and course is None:
            course = Course(happened, record)
        elif isinstance(happened, inputs.Begun) or course is None:
            raise ValueError(f"line {number}: a world begins once, with its settings in the first line")
        else:
            try:
                course.again(happened)
            except Divergence as other:
                raise Divergence(f"line {number}: {other}") from other
    if course is None:
        raise ValueError("there is no line that begins a world")
    course.deliveries.carry_again()
    return course, clocked, last_us


def _has_network_faults(planned: Sequence[Fault]) -> bool:
    return any(fault.kind in _ON_THE_WAY or fault.kind in _LATER for fault in planned)


def _delivered(arrival: Arrival, settled: inputs.Settled) -> Delivered:
    message = arrival.delivery.message
    return Delivered(
        at_us=settled.at_us, sent_us=message.occurred_us, signed_us=settled.at_us, system=message.system,
        message=message.id, topic=message.topic, txn=message.txn, attempt=arrival.delivery.attempt,
        status=settled.status, genuine=not arrival.is_forged,
    )  # fmt: skip
