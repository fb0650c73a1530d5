"""The virtual network: carries requests to the systems and their messages back, in simulated time, with faults.

The server's work goes on whatever becomes of the caller: a call is performed by a callback of its own, so a caller that
times out or dies leaves behind what vendors warn of, an order that "will be created" although nobody heard the answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from typing import Any, Protocol

import simpy

from domain.faults import Fault
from domain.history import Attempted, Delivered
from domain.http import Lost, Reply, Request
from mocks.kernel import faults
from mocks.kernel.operations import Call
from mocks.kernel.service import DELIVER, RESET, Delivery, Outcome, Service
from mocks.world import World
from simulator.forgery import forge
from simulator.latency import LatencyTable, load_factor

CONNECT_TIMEOUT_US = 3_000_000
REFUSAL_US = 20_000  # a refused connection or an instant 429 costs a round trip
NOBODY = Reply(0)  # the process is down: no connection
RETURN_US = 15_000  # the way back of a reply

Answer = Reply | Lost
Wait = Generator[simpy.Event, Any, Answer]


class Intake(Protocol):
    """Whoever receives the systems' messages."""

    def receive(self, request: Request) -> Reply | None:
        """Return the reply, or None when nobody is there (the process is down)."""
        ...


class _Exchange:
    """One request on its way; the server's side fills in the outcome."""

    __slots__ = ("call", "outcome", "service")

    def __init__(self, service: Service, call: Call) -> None:
        self.service, self.call = service, call
        self.outcome: Outcome | None = None


class Network:
    """Connects one integration with a world on one SimPy environment whose time is integer microseconds."""

    def __init__(
        self, env: simpy.Environment, world: World, latency: LatencyTable, record: Callable[[Any], None]
    ) -> None:
        self.env = env
        self.world = world
        self.intake: Intake | None = None
        self._latency = latency
        self._record = record
        self._numbers = 0
        self._ordinals: Counter[tuple[str, str]] = Counter()
        self._planned: dict[str, int] = {}

    @property
    def now_us(self) -> int:
        """The virtual clock in integer microseconds."""
        now: int = self.env.now  # type: ignore[assignment]  # SimPy says float; every delay here is an integer
        return now

    # --- requests to the systems ------------------------------------------------------------------------------------

    def send(self, request: Request, timeout_us: int) -> Wait:
        """Carry one request; return the reply, or how it was lost. Every attempt goes into the history."""
        sent_us = self.now_us
        service = self.world[request.host]
        self._numbers += 1
        call = service.open(request, f"r{self._numbers}", sent_us)
        exchange = _Exchange(service, call)
        answer: Answer = Lost("caller died", sent=True)
        try:
            answer = yield from self._carry(exchange, timeout_us)
        finally:
            self._record(self._attempted(call, sent_us, answer))
        return answer

    def _carry(self, exchange: _Exchange, timeout_us: int) -> Wait:
        call, service, env = exchange.call, exchange.service, self.env
        name = call.operation.name
        fault = self.world.plan.strike(faults.NETWORK, service.name, name, call.txn, self.now_us, call.number)
        if fault is not None:
            return (yield from self._faulty(fault, exchange, timeout_us))
        refused = service.admit(call, self.now_us)
        if refused is not None:
            yield env.timeout(REFUSAL_US)
            return refused.reply
        service_us = self._service_us(call, service)
        done = self._perform_after(service_us, exchange)
        if service_us + RETURN_US > timeout_us:
            yield env.timeout(timeout_us)
            return Lost("timeout", sent=True)
        yield done
        return (yield from self._return(exchange, timeout_us - service_us))

    def _return(self, exchange: _Exchange, rest_us: int) -> Wait:
        outcome = exchange.outcome
        assert outcome is not None, "the server answers before its reply travels back"
        if outcome.wire == DELIVER:
            yield self.env.timeout(RETURN_US)
            return outcome.reply
        if outcome.wire == RESET:
            yield self.env.timeout(RETURN_US)
            return Lost("connection reset", sent=True)
        yield self.env.timeout(rest_us)
        return Lost("timeout", sent=True)

    def _faulty(self, fault: Fault, exchange: _Exchange, timeout_us: int) -> Wait:
        if fault.kind == "refused":
            yield self.env.timeout(REFUSAL_US)
            return Lost("connection refused", sent=False)
        if fault.kind == "black_hole":
            yield self.env.timeout(min(CONNECT_TIMEOUT_US, timeout_us))
            return Lost("connect timeout", sent=False)
        if fault.kind == "reset_before":
            yield self.env.timeout(REFUSAL_US)
            return Lost("connection reset", sent=True)
        assert fault.kind == "late_arrival", f"{fault.kind} is no network fault"
        self._admit_later(timeout_us + round(fault.seconds * 1_000_000), exchange)
        yield self.env.timeout(timeout_us)
        return Lost("timeout", sent=True)

    def _service_us(self, call: Call, service: Service) -> int:
        subject = call.key or call.txn
        self._ordinals[call.operation.name, subject] += 1
        factor = self.world.plan.latency_factor(service.name, self.now_us)
        factor *= load_factor(service.limiter.in_use - 1, service.limiter.policy.concurrent)
        ordinal = self._ordinals[call.operation.name, subject]
        return self._latency.service_us(
            service.name, call.operation.write, factor, call.operation.name, subject, ordinal
        )

    def _perform_after(self, delay_us: int, exchange: _Exchange) -> simpy.Event:
        done = self.env.timeout(delay_us)
        done.callbacks.append(lambda _event: self._perform(exchange))
        return done

    def _admit_later(self, delay_us: int, exchange: _Exchange) -> None:
        def arrive(_event: simpy.Event) -> None:
            if exchange.service.admit(exchange.call, self.now_us) is None:
                self._perform(exchange)

        self.env.timeout(delay_us).callbacks.append(arrive)

    def _perform(self, exchange: _Exchange) -> None:
        service = exchange.service
        exchange.outcome = service.perform(exchange.call, self.now_us)
        service.limiter.leave()
        self.flush(service)

    def _attempted(self, call: Call, sent_us: int, answer: Answer) -> Attempted:
        status, outcome, reason, wait = _learned(answer)
        return Attempted(
            at_us=self.now_us, sent_us=sent_us, number=call.number, system=call.request.host,
            operation=call.operation.name, write=call.operation.write, key=call.key,
            fingerprint=call.fingerprint, txn=call.txn, outcome=outcome, status=status, reason=reason,
            retry_after_seconds=wait,
        )  # fmt: skip

    # --- messages from the systems ----------------------------------------------------------------------------------

    def flush(self, service: Service) -> None:
        """Send what a service wants to send, and plan its next own action."""
        for delivery in service.collect():
            self._dispatch(service, delivery)
        self._plan(service)

    def _plan(self, service: Service) -> None:
        due_us = service.due_us()
        planned_us = self._planned.get(service.name)
        if due_us is None or (planned_us is not None and planned_us <= due_us):
            return
        self._planned[service.name] = due_us
        event = self.env.timeout(max(0, due_us - self.now_us))
        event.callbacks.append(lambda _event: self._tick(service, due_us))

    def _tick(self, service: Service, due_us: int) -> None:
        if self._planned.get(service.name) == due_us:
            del self._planned[service.name]
        service.tick(self.now_us)
        self.flush(service)

    def _dispatch(self, service: Service, delivery: Delivery) -> None:
        message = delivery.message
        delay_us = self._latency.service_us("webhook", False, 1.0, message.id, delivery.attempt)
        fault = self.world.plan.strike(
            faults.WEBHOOK, service.name, message.topic, message.txn, self.now_us, message.id
        )
        if fault is None:
            self._arrive_after(delay_us, service, delivery)
            return
        if fault.kind == "forged":  # it comes first, so that who believes it will not believe the genuine one
            event = self.env.timeout(delay_us)
            event.callbacks.append(lambda _event: self._forge(service, delivery, fault))
        for extra_us in _arrivals(fault, delay_us):
            self._arrive_after(extra_us, service, delivery)

    def _arrive_after(self, delay_us: int, service: Service, delivery: Delivery) -> None:
        self.env.timeout(delay_us).callbacks.append(lambda _event: self._arrive(service, delivery))

    def _arrive(self, service: Service, delivery: Delivery) -> None:
        now_us = self.now_us
        reply = self._hand_over(service.prepare(delivery, now_us))
        self._record(_delivered(delivery, now_us, now_us, reply.status, genuine=True))
        service.settle(delivery, reply.status, now_us, reply.body)
        self._plan(service)

    def _forge(self, service: Service, delivery: Delivery, fault: Fault) -> None:
        """Hand over a copy that must not be believed: signed an hour ago, or tampered with."""
        now_us = self.now_us
        forgery = forge(service, delivery, now_us, stale=fault.count == 0)
        reply = self._hand_over(forgery.request)
        self._record(_delivered(delivery, now_us, forgery.signed_us, reply.status, genuine=False))

    def _hand_over(self, request: Request) -> Reply:
        assert self.intake is not None, "connect an intake before anything happens"
        return self.intake.receive(request) or NOBODY


def _learned(answer: Answer) -> tuple[int, str, str, int]:
    """Return (status, outcome, reason, Retry-After seconds or -1) of an answer: what the caller knows now."""
    if isinstance(answer, Lost):
        return 0, "unknown" if answer.sent else "failed", answer.reason, -1
    if answer.status < 400:
        return answer.status, "ok", "", -1
    wait = answer.headers.get("retry-after", "")
    # A 5xx says nothing about the effect: it may have happened before the failure (a 500 after the commit).
    outcome = "unknown" if answer.status >= 500 and answer.status != 503 else "failed"
    return answer.status, outcome, "", int(wait) if wait.isdigit() else -1


def _arrivals(fault: Fault, delay_us: int) -> list[int]:
    """Return the delays after which genuine copies of a struck message arrive."""
    extra_us = round(fault.seconds * 1_000_000)
    if fault.kind == "loss":
        return []
    if fault.kind == "duplicate":
        return [delay_us + copy * max(extra_us, 1) for copy in range(fault.count + 1)]
    if fault.kind == "webhook_first":
        return [1]
    if fault.kind in ("delay", "reorder"):
        return [delay_us + extra_us]
    return [delay_us]


def _delivered(delivery: Delivery, now_us: int, signed_us: int, status: int, genuine: bool) -> Delivered:
    message = delivery.message
    return Delivered(
        at_us=now_us, sent_us=message.occurred_us, signed_us=signed_us, system=message.system, message=message.id,
        topic=message.topic, txn=message.txn, attempt=delivery.attempt, status=status, genuine=genuine,
    )  # fmt: skip
