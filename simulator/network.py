"""The virtual network: carries requests to the systems and their messages back, in simulated time, with faults.

The server's work goes on whatever becomes of the caller: a call is performed by a callback of its own, so a caller that
times out or dies leaves behind what vendors warn of, an order that "will be created" although nobody heard the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from domain.faults import Fault
from domain.history import Attempted, Delivered
from domain.http import Lost, Reply, Request
from integration.drivers.virtual_time import VirtualTime
from mocks.kernel import faults
from mocks.kernel.agenda import NEVER_US
from mocks.kernel.copies import UNHEARD, Flaw, Letter, copies, written
from mocks.kernel.faults import Aim, FaultPlan
from mocks.kernel.luck import Luck
from mocks.kernel.operations import Call
from mocks.kernel.outcome import CLOSE, DELIVER, DRIP, RESET, TRUNCATE, Delivery
from mocks.kernel.service import Service
from mocks.world import World
from simulator.exchange import NOBODY, Answer, Exchange, Later, Learn, Patience, what_was_learned
from simulator.latency import LatencyTable, load_factor

REFUSAL_US = 20_000  # a refused connection or an instant 429 costs a round trip
RETURN_US = 15_000  # the way back of a reply
_REFUSED = {
    "refused": "connection refused",
    "unresolved": "name not resolved",
    "untrusted": "certificate not trusted",
}
_SWALLOWED = frozenset({"black_hole", "stale_address"})
_HELD_UP = frozenset({"slow_lookup", "stalled_handshake"})
_BROKEN_BEFORE = {
    "reset_before": "connection reset",
    "closed_before": "connection closed",
    "truncated_before": "reply cut off",
}
_BROKEN_AFTER = {RESET: "connection reset", CLOSE: "connection closed", TRUNCATE: "reply cut off"}
_BAD_GATEWAY = Reply(502)


class Intake(Protocol):
    """Whoever receives the systems' messages."""

    def receive(self, request: Request) -> Reply | Later | None:
        """Return the reply, or None when nobody is there (the process is down)."""
        ...


class _Peer:
    """A system as the network knows it: when it is woken next, and the luck of its messages by topic.

    Until `blocked_us` its messages wait behind one that does not get through.
    """

    __slots__ = ("blocked_us", "mail", "plan", "planned_us", "service")

    def __init__(self, service: Service, plan: FaultPlan) -> None:
        self.service, self.plan = service, plan
        self.planned_us = NEVER_US
        self.blocked_us = 0
        self.mail: dict[str, tuple[Luck, Aim]] = {}

    def of_topic(self, topic: str) -> tuple[Luck, Aim]:
        """Return the luck of the messages about a topic, and the faults that may strike them."""
        found = self.mail.get(topic)
        if found is None:
            name = self.service.name
            aim = self.plan.aim(faults.WEBHOOK, name, topic)
            found = self.mail[topic] = Luck(self.plan.draws, "webhook", name, topic), aim
        return found


class Network:
    """Connects one integration with a world in virtual time.

    `told(lost, now_us)` is what a caller is told of a reply that did not come. `state_changes` counts the effects that
    the integration knows to have had.
    """

    def __init__(
        self,
        time: VirtualTime,
        world: World,
        latency: LatencyTable,
        record: Callable[[Any], None],
        told: Callable[[Lost, int], Any] = lambda lost, _now_us: lost,
    ) -> None:
        self.time = time
        self.state_changes = 0
        self._told = told
        self.world = world
        self.intake: Intake | None = None
        self._latency = latency
        self._record = record
        self._numbers = 0
        self._peers = {name: _Peer(service, world.plan) for name, service in world.services.items()}

    # --- requests to the systems ------------------------------------------------------------------------------------

    def send(self, request: Request, patience: int | Patience, learn: Learn) -> Exchange:
        """Carry one request; tell the reply, or how it was lost, later. Every attempt goes into the history.

        A `patience` in microseconds is for all of it.
        """
        now_us = self.time.now_us
        peer = self._peers[request.host]
        service = peer.service
        self._numbers += 1
        call = service.open(request, f"r{self._numbers}", now_us)
        exchange = Exchange(peer, call, now_us, patience, learn)
        network = service.stake(call).network
        if network.rules:
            fault = network.strike(call.luck, call.txn, now_us, call.number)
            if fault is not None:
                self._faulty(fault, exchange)
                return exchange
        self._arrive_at_system(exchange, now_us)
        return exchange

    def _arrive_at_system(self, exchange: Exchange, now_us: int) -> None:
        """Have a request that got through admitted and performed, however long that takes."""
        call, service = exchange.call, exchange.peer.service
        refused = service.admit(call, now_us)
        if refused is not None:
            self._answer_at(now_us + REFUSAL_US, exchange, refused.reply)
            return
        done_us = now_us + self._service_us(call, service, now_us)
        is_too_slow = done_us + RETURN_US > exchange.patience_us
        self.time.call_at(done_us, self._perform, exchange, is_too_slow)
        if is_too_slow:
            self._answer_at(exchange.patience_us, exchange, Lost("timeout", sent=True))

    def withdraw(self, exchange: Exchange, reason: str) -> None:
        """Note that a caller has gone before its answer came; the work goes on, as it does on the wire."""
        if exchange.learn is not None:
            self._conclude(exchange, Lost(reason, sent=True))

    def _service_us(self, call: Call, service: Service, now_us: int) -> int:
        factor = self.world.plan.latency_factor(service.name, now_us)
        slots = service.limiter.policy.concurrent
        if slots:
            factor *= load_factor(service.limiter.in_use - 1, slots)
        return self._latency.service_us(service.name, call.operation.write, factor, call.luck)

    def _perform(self, exchange: Exchange, is_given_up: bool) -> None:
        """Have the work done, whether or not the caller still waits, and let the reply travel back if it does."""
        peer, now_us = exchange.peer, self.time.now_us
        service = peer.service
        outcome = service.perform(exchange.call, now_us)
        service.limiter.leave()
        if service.has_mail or service.desk.agenda.next_us < peer.planned_us:
            self._flush(peer)
        if is_given_up:
            return
        exchange.is_misled = outcome.misleads
        if outcome.wire == DELIVER:
            self._answer_at(now_us + RETURN_US, exchange, outcome.reply)
        elif outcome.wire in _BROKEN_AFTER:
            self._answer_at(now_us + RETURN_US, exchange, Lost(_BROKEN_AFTER[outcome.wire], sent=True))
        elif outcome.wire == DRIP:
            self._drip(exchange, outcome.reply, outcome.seconds)
        else:
            self._answer_at(exchange.patience_us, exchange, Lost("timeout", sent=True))

    def _drip(self, exchange: Exchange, reply: Reply, seconds: float) -> None:
        """Let a reply come in drops: it is there when the last one is, unless the caller loses patience before."""
        done_us = self.time.now_us + round(seconds * 1_000_000)
        if seconds and done_us < exchange.drops_us:
            self._answer_at(done_us, exchange, reply)
        else:
            self._answer_at(exchange.drops_us, exchange, Lost("timeout", sent=True))

    def _answer_at(self, at_us: int, exchange: Exchange, answer: Answer) -> None:
        exchange.answer = answer
        self.time.call_at(at_us, self._answer, exchange)

    def _answer(self, exchange: Exchange) -> None:
        if exchange.learn is not None:
            self._conclude(exchange, exchange.answer)

    def _conclude(self, exchange: Exchange, answer: Answer) -> None:
        """Record what the caller learned, and tell it; nothing that comes later is told."""
        call, learn, now_us = exchange.call, exchange.learn, self.time.now_us
        assert learn is not None, f"{call.number} was concluded before"
        exchange.learn = None
        operation = call.operation
        status, outcome, reason, wait = what_was_learned(answer, now_us)
        if exchange.is_misled:  # a success that its body denies
            outcome = "unknown" if operation.write else "failed"
        self._record(
            Attempted(
                at_us=now_us, sent_us=exchange.sent_us, number=call.number, system=call.request.host,
                operation=operation.name, write=operation.write, key=call.key, fingerprint=call.fingerprint,
                txn=call.txn, outcome=outcome, status=status, reason=reason, retry_after_seconds=wait,
            )
        )  # fmt: skip
        if outcome == "ok" and operation.write:
            self.state_changes += 1
        learn(self._told(answer, now_us) if type(answer) is Lost else answer)

    def _faulty(self, fault: Fault, exchange: Exchange) -> None:
        kind, now_us, patience_us = fault.kind, self.time.now_us, exchange.patience_us
        if kind in _REFUSED:
            self._answer_at(now_us + REFUSAL_US, exchange, Lost(_REFUSED[kind], sent=False))
        elif kind in _SWALLOWED:
            self._answer_at(exchange.connect_us, exchange, Lost("connect timeout", sent=False))
        elif kind in _BROKEN_BEFORE:
            self._answer_at(now_us + REFUSAL_US, exchange, Lost(_BROKEN_BEFORE[kind], sent=True))
        elif kind in _HELD_UP:
            self._connect_slowly(exchange, now_us + round(fault.seconds * 1_000_000))
        elif kind == "drip_before":
            self._drip(exchange, _BAD_GATEWAY, fault.seconds)
        elif kind == "repeated":
            self.time.call_at(now_us + round(max(fault.seconds, 1) * 1_000_000), self._arrive_again, exchange)
            self._arrive_at_system(exchange, now_us)
        else:
            assert kind == "late_arrival", f"{kind} is no network fault"
            self.time.call_at(patience_us + round(fault.seconds * 1_000_000), self._arrive_late, exchange)
            self._answer_at(patience_us, exchange, Lost("timeout", sent=True))

    def _connect_slowly(self, exchange: Exchange, connected_us: int) -> None:
        """Let the request go once the connection is there, unless the caller loses patience before."""
        if connected_us < exchange.connect_us:
            self.time.call_at(connected_us, self._arrive_at_system, exchange, connected_us)
        else:
            self._answer_at(exchange.connect_us, exchange, Lost("connect timeout", sent=False))

    def _arrive_again(self, exchange: Exchange) -> None:
        """Let a second copy of a request arrive; nobody waits for what it is answered."""
        call, service, now_us = exchange.call, exchange.peer.service, self.time.now_us
        again = service.open(call.request, call.number, now_us)
        service.stake(again)
        if service.admit(again, now_us) is None:
            self._perform(Exchange(exchange.peer, again, now_us, 0, exchange.learn), is_given_up=True)

    def _arrive_late(self, exchange: Exchange) -> None:
        if exchange.peer.service.admit(exchange.call, self.time.now_us) is None:
            self._perform(exchange, is_given_up=True)

    # --- messages from the systems ----------------------------------------------------------------------------------

    def flush(self, service: Service) -> None:
        """Send what a service wants to send, and plan its next own action."""
        self._flush(self._peers[service.name])

    def _flush(self, peer: _Peer) -> None:
        for delivery in peer.service.collect():
            self._dispatch(peer, delivery)
        self._plan(peer)

    def _plan(self, peer: _Peer) -> None:
        next_us = peer.service.desk.agenda.next_us
        if next_us < peer.planned_us:
            peer.planned_us = next_us
            self.time.call_at(max(next_us, self.time.now_us), self._tick, peer, next_us)

    def _tick(self, peer: _Peer, planned_us: int) -> None:
        if peer.planned_us == planned_us:
            peer.planned_us = NEVER_US
        peer.service.tick(self.time.now_us)
        self._flush(peer)

    def _dispatch(self, peer: _Peer, delivery: Delivery) -> None:
        message, now_us = delivery.message, self.time.now_us
        luck, aim = peer.of_topic(message.topic)
        word = luck.word(message.txn or message.id, now_us)
        delay_us = self._latency.service_us("webhook", False, 1.0, word)
        if now_us < peer.blocked_us:
            self.time.call_at(peer.blocked_us, self._arrive, peer, delivery)
            return
        fault = aim.strike(word, message.txn, now_us, message.id) if aim.rules else None
        if fault is None:
            self.time.call_at(now_us + delay_us, self._arrive, peer, delivery)
        elif fault.kind == "blocked_queue":
            peer.blocked_us = now_us + delay_us + round(fault.seconds * 1_000_000)
            self.time.call_at(peer.blocked_us, self._arrive, peer, delivery)
        else:
            for copy in copies(fault, peer.service, delivery, now_us, delay_us):
                if copy.flaw is None:
                    self.time.call_at(now_us + copy.after_us, self._arrive, peer, delivery)
                else:
                    self.time.call_at(now_us + copy.after_us, self._arrive_flawed, peer, delivery, copy.flaw)

    def _arrive(self, peer: _Peer, delivery: Delivery) -> None:
        now_us, service = self.time.now_us, peer.service
        reply = self._hand_over(service.prepare(delivery, now_us))
        if type(reply) is Later:
            reply.then = lambda found: self._taken(peer, delivery, now_us, found or NOBODY)
        else:
            self._taken(peer, delivery, now_us, reply)

    def _taken(self, peer: _Peer, delivery: Delivery, signed_us: int, reply: Reply) -> None:
        """Let the sender know how its message was taken; it may send it again."""
        now_us, service = self.time.now_us, peer.service
        self._record(_delivered(delivery, delivery.message.id, now_us, signed_us, reply.status))
        service.settle(delivery, reply.status, now_us, reply.body)
        self._plan(peer)

    def _arrive_flawed(self, peer: _Peer, delivery: Delivery, flaw: Flaw) -> None:
        """Hand over a copy with which something is wrong."""
        letter = written(peer.service, delivery, self.time.now_us, flaw)
        reply = self._hand_over(letter.request)
        if type(reply) is Later:
            reply.then = lambda found: self._flawed_taken(peer, delivery, flaw, letter, found or NOBODY)
        else:
            self._flawed_taken(peer, delivery, flaw, letter, reply)

    def _flawed_taken(self, peer: _Peer, delivery: Delivery, flaw: Flaw, letter: Letter, reply: Reply) -> None:
        """Note how a flawed copy was taken; only one that stands for the message itself is sent again."""
        now_us, told = self.time.now_us, NOBODY if flaw.kind == UNHEARD else reply
        genuine = not flaw.is_forged
        self._record(_delivered(delivery, letter.name, now_us, letter.signed_us, told.status, genuine=genuine))
        if not flaw.is_beside:
            peer.service.settle(delivery, told.status, now_us, told.body)
            self._plan(peer)

    def _hand_over(self, request: Request) -> Any:
        assert self.intake is not None, "connect an intake before anything happens"
        return self.intake.receive(request) or NOBODY


def _delivered(
    delivery: Delivery, name: str, now_us: int, signed_us: int, status: int, genuine: bool = True
) -> Delivered:
    message = delivery.message
    return Delivered(
        at_us=now_us, sent_us=message.occurred_us, signed_us=signed_us, system=message.system, message=name,
        topic=message.topic, txn=message.txn, attempt=delivery.attempt, status=status, genuine=genuine,
    )  # fmt: skip
