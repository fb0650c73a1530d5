"""The virtual network: carries requests to the systems and their messages back, in simulated time, with faults.

The server's work goes on whatever becomes of the caller: a call is performed by a callback of its own, so a caller that
times out or dies leaves behind what vendors warn of, an order that "will be created" although nobody heard the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import simpy

from domain.faults import Fault
from domain.history import Attempted, Delivered
from domain.http import Lost, Reply, Request
from mocks.kernel import faults
from mocks.kernel.forgery import arrivals, forge
from mocks.kernel.operations import Call
from mocks.kernel.service import DELIVER, RESET, Delivery, Service
from mocks.world import World
from simulator.latency import LatencyTable, load_factor

CONNECT_TIMEOUT_US = 3_000_000
REFUSAL_US = 20_000  # a refused connection or an instant 429 costs a round trip
NOBODY = Reply(0)  # the process is down: no connection
RETURN_US = 15_000  # the way back of a reply

Answer = Reply | Lost
Learn = Callable[[Answer], None]


class Intake(Protocol):
    """Whoever receives the systems' messages."""

    def receive(self, request: Request) -> Reply | None:
        """Return the reply, or None when nobody is there (the process is down)."""
        ...


class _Exchange:
    """One request on its way: what it is, who carries it out, and whom to tell how long after it was sent."""

    __slots__ = ("call", "learn", "sent_us", "service", "timeout_us")

    def __init__(self, service: Service, call: Call, sent_us: int, timeout_us: int, learn: Learn) -> None:
        self.service, self.call = service, call
        self.sent_us, self.timeout_us, self.learn = sent_us, timeout_us, learn


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
        self._ordinals: dict[tuple[str, str], int] = {}
        self._planned: dict[str, int] = {}

    @property
    def now_us(self) -> int:
        """The virtual clock in integer microseconds."""
        now: int = self.env.now  # type: ignore[assignment]  # SimPy says float; every delay here is an integer
        return now

    def after(self, delay_us: int, action: Callable[[simpy.Event], None]) -> None:
        """Do something so many microseconds from now."""
        simpy.Timeout(self.env, delay_us).callbacks.append(action)

    # --- requests to the systems ------------------------------------------------------------------------------------

    def send(self, request: Request, timeout_us: int, learn: Learn) -> None:
        """Carry one request; tell the reply, or how it was lost, later. Every attempt goes into the history."""
        now_us = self.now_us
        service = self.world[request.host]
        self._numbers += 1
        call = service.open(request, f"r{self._numbers}", now_us)
        exchange = _Exchange(service, call, now_us, timeout_us, learn)
        fault = self.world.plan.strike(faults.NETWORK, service.name, call.operation.name, call.txn, now_us, call.number)
        if fault is not None:
            self._faulty(fault, exchange)
            return
        refused = service.admit(call, now_us)
        if refused is not None:
            self._answer_after(REFUSAL_US, exchange, refused.reply)
            return
        service_us = self._service_us(call, service)
        is_too_slow = service_us + RETURN_US > timeout_us
        self.after(service_us, lambda _: self._perform(exchange, is_too_slow))
        if is_too_slow:
            self._answer_after(timeout_us, exchange, Lost("timeout", sent=True))

    def _perform(self, exchange: _Exchange, is_given_up: bool) -> None:
        """Have the work done, whether or not the caller still waits, and let the reply travel back if it does."""
        service = exchange.service
        outcome = service.perform(exchange.call, self.now_us)
        service.limiter.leave()
        self.flush(service)
        if is_given_up:
            return
        if outcome.wire == DELIVER:
            self._answer_after(RETURN_US, exchange, outcome.reply)
        elif outcome.wire == RESET:
            self._answer_after(RETURN_US, exchange, Lost("connection reset", sent=True))
        else:
            rest_us = exchange.sent_us + exchange.timeout_us - self.now_us
            self._answer_after(rest_us, exchange, Lost("timeout", sent=True))

    def _answer_after(self, delay_us: int, exchange: _Exchange, answer: Answer) -> None:
        self.after(delay_us, lambda _: self._answer(exchange, answer))

    def _answer(self, exchange: _Exchange, answer: Answer) -> None:
        self._record(self._attempted(exchange.call, exchange.sent_us, answer))
        exchange.learn(answer)

    def _faulty(self, fault: Fault, exchange: _Exchange) -> None:
        timeout_us = exchange.timeout_us
        if fault.kind == "refused":
            self._answer_after(REFUSAL_US, exchange, Lost("connection refused", sent=False))
        elif fault.kind == "black_hole":
            self._answer_after(min(CONNECT_TIMEOUT_US, timeout_us), exchange, Lost("connect timeout", sent=False))
        elif fault.kind == "reset_before":
            self._answer_after(REFUSAL_US, exchange, Lost("connection reset", sent=True))
        else:
            assert fault.kind == "late_arrival", f"{fault.kind} is no network fault"
            self.after(timeout_us + round(fault.seconds * 1_000_000), lambda _: self._arrive_late(exchange))
            self._answer_after(timeout_us, exchange, Lost("timeout", sent=True))

    def _arrive_late(self, exchange: _Exchange) -> None:
        if exchange.service.admit(exchange.call, self.now_us) is None:
            self._perform(exchange, is_given_up=True)

    def _service_us(self, call: Call, service: Service) -> int:
        operation, subject = call.operation, call.key or call.txn
        ordinal = self._ordinals.get((operation.name, subject), 0) + 1
        self._ordinals[operation.name, subject] = ordinal
        factor = self.world.plan.latency_factor(service.name, self.now_us)
        factor *= load_factor(service.limiter.in_use - 1, service.limiter.policy.concurrent)
        return self._latency.service_us(service.name, operation.write, factor, operation.name, subject, ordinal)

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
        self.after(max(0, due_us - self.now_us), lambda _: self._tick(service, due_us))

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
            self.after(delay_us, lambda _: self._forge(service, delivery, fault))
        for extra_us in arrivals(fault, delay_us):
            self._arrive_after(extra_us, service, delivery)

    def _arrive_after(self, delay_us: int, service: Service, delivery: Delivery) -> None:
        self.after(delay_us, lambda _: self._arrive(service, delivery))

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


def _delivered(delivery: Delivery, now_us: int, signed_us: int, status: int, genuine: bool) -> Delivered:
    message = delivery.message
    return Delivered(
        at_us=now_us, sent_us=message.occurred_us, signed_us=signed_us, system=message.system, message=message.id,
        topic=message.topic, txn=message.txn, attempt=delivery.attempt, status=status, genuine=genuine,
    )  # fmt: skip
