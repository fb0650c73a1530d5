"""A system at work: the pipeline every request passes, whichever vendor's dialect it speaks.

A service is synchronous and transport-free: a request goes in with the instant of the world's clock, an outcome comes
out. Doors (in process, ASGI, a simulated network) carry both. The pipeline, in order: route, limits, planned faults
before the commit, authenticate, idempotency, decode, the operation, idempotency again, planned faults after it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from domain.acts import Act, UnknownAct
from domain.charts.chart import IllegalTransition
from domain.faults import Fault
from domain.history import Acted, Arrived
from domain.http import Reply, Request
from mocks.kernel import faults
from mocks.kernel.agenda import NEVER_US
from mocks.kernel.codec import Undecodable
from mocks.kernel.desk import Desk
from mocks.kernel.dialect import Dialect
from mocks.kernel.faults import Aim, FaultPlan
from mocks.kernel.idempotency import IdempotencyPolicy, KeyStore
from mocks.kernel.journal import Entry, Journal
from mocks.kernel.limits import Limiter
from mocks.kernel.luck import Luck
from mocks.kernel.operations import Call, Operation, Refusal, router_of
from mocks.kernel.outcome import CLOSE, DELIVER, DRIP, RESET, SILENCE, TRUNCATE, Delivery, Outcome
from mocks.kernel.spoilt import Replica, garbled, with_odd_numbers
from mocks.kernel.struck import MISLEADING, gateway, instead
from mocks.kernel.tables import Tables

_QUOTE_IN_TARGET = re.compile(r"Q-\d{6}(?:\.[A-Z][A-Z0-9]{1,7})?", re.ASCII)
_QUOTE_IN_BODY = re.compile(rb"Q-\d{6}(?:\.[A-Z][A-Z0-9]{1,7})?")
_COMMITTED = frozenset({"done", "read", "replayed"})
_AFTER_COMMIT = {
    "lost_reply": SILENCE,
    "reset_after": RESET,
    "error_after": DELIVER,
    "closed_after": CLOSE,
    "truncated_after": TRUNCATE,
    "drip_after": DRIP,
    "gateway_timeout": DELIVER,
    "key_forgotten": SILENCE,
    "garbled_reply": DELIVER,
    "odd_numbers": DELIVER,
}


class Stake:
    """What may befall the calls of one operation: their luck, and the faults planned at each place they pass."""

    __slots__ = ("after", "after_keyed", "before", "before_keyed", "lagging", "luck", "network", "replica")

    def __init__(self, plan: FaultPlan, system: str, operation: Operation, tables: Tables) -> None:
        name, write = operation.name, operation.write
        self.luck = Luck(plan.draws, system, name, tables=tables)
        self.network = plan.aim(faults.NETWORK, system, name, write=write, keyed=False)
        self.before = plan.aim(faults.BEFORE, system, name, write=write, keyed=False)
        self.before_keyed = plan.aim(faults.BEFORE, system, name, write=write, keyed=write)
        self.after = plan.aim(faults.AFTER, system, name, write=write, keyed=False)
        self.lagging = plan.aim(faults.LAGGING, system, name, write=write, keyed=False)
        self.replica = Replica(round(min((fault.seconds for _, fault in self.lagging.rules), default=0) * 1_000_000))
        self.after_keyed = plan.aim(faults.AFTER, system, name, write=write, keyed=write)


class Service:
    """One system of record behind its dialect."""

    def __init__(
        self, dialect: Dialect, model: Any, desk: Desk, plan: FaultPlan, record: Callable[[Arrived | Acted], None]
    ) -> None:
        self.name = dialect.system
        self.dialect = dialect
        self.model = model
        self.desk = desk
        self.plan = plan
        self.limiter = Limiter(dialect.limits)
        self._record = record
        self._router = router_of(tuple(dialect.operations))
        self._policy = dialect.idempotency or _NO_KEYS
        self._keys = KeyStore(self._policy, desk.tables)
        self._retries: list[Delivery] = []
        self._stakes: dict[str, Stake] = {}
        self._unheard: dict[str, tuple[Fault, int]] = {}  # keys under which nothing is heard until they are forgotten
        self.journal: Journal | None = None

    # --- requests ---------------------------------------------------------------------------------------------------

    def handle(self, request: Request, now_us: int, number: str = "") -> Outcome:
        """Open, admit and perform a request at one instant, as a door without service time does."""
        call = self.open(request, number, now_us)
        if not self.limiter.enter(now_us):
            return self._throttled(call)
        if self.plan.faults:
            self.stake(call)
        try:
            return self.perform(call, now_us)
        finally:
            self.limiter.leave()

    def open(self, request: Request, number: str, now_us: int) -> Call:
        """Return the request routed and correlated. An unknown path opens too, with an operation named `unknown`."""
        operation, params, methods = self._router.find(request.method, request.target)
        call = Call(request, operation or _unknown(methods), params, now_us, number)
        call.txn = self._txn(call)
        if operation is not None:
            dialect = self.dialect
            if request.method in self._policy.methods:
                call.key = call.idempotency_key = request.headers.get(self._policy.header, "")
            try:
                if dialect.classify is not None:
                    call.operation = dialect.classify(call)
                call.key = call.key or dialect.identity(call)
            except _UNREADABLE:  # refused when it is decoded; this way costs nothing
                pass
        return call

    def stake(self, call: Call) -> Stake:
        """Give a call its luck and return what may befall it; where faults are planned, before it is performed."""
        operation = call.operation
        stake = self._stakes.get(operation.name)
        if stake is None:
            stake = self._stakes[operation.name] = Stake(self.plan, self.name, operation, self.desk.tables)
        call.stake, call.luck = stake, stake.luck.word(call.key or call.txn, call.now_us)
        return stake

    def admit(self, call: Call, now_us: int) -> Outcome | None:
        """Take a slot for the request, or return the refusal; who was admitted must `limiter.leave()` later."""
        call.arrived_us = now_us
        return None if self.limiter.enter(now_us) else self._throttled(call)

    def _throttled(self, call: Call) -> Outcome:
        wait = self.dialect.limits.retry_after_seconds
        code = "throttled" if wait else "throttled_silently"
        reply = self._refusal(Refusal(code, retry_after_seconds=wait), call)
        outcome = Outcome(reply)
        self._arrived(call, outcome, "refused")
        if self.journal is not None:
            self.journal.add(entry_of(call, outcome, "refused"))
        return outcome

    def perform(self, call: Call, now_us: int) -> Outcome:
        """Run an admitted request: its effect is committed when this returns, whatever the wire does to the reply."""
        book = self.desk.book
        book.now_us, book.cause, call.now_us = now_us, call.number, now_us
        stake: Stake | None = call.stake
        fault = None
        if stake is not None:
            if self._unheard and call.idempotency_key in self._unheard and self._goes_unheard(call):
                return Outcome(_UNANSWERED, SILENCE)
            before = stake.before_keyed if call.idempotency_key else stake.before
            fault = before.strike(call.luck, call.txn, now_us, call.number) if before.rules else None
        if fault is not None:
            reply, effect = self._struck(fault, call), "faulted"
        elif (refusal := self.dialect.authenticate(self.model, call.request)) is not None:
            reply, effect = self._refusal(refusal, call), "refused"
        else:
            reply, effect = self._once(call) if call.idempotency_key else self._run(call)
        outcome = Outcome(reply) if fault is None else Outcome(reply, misleads=fault.kind in MISLEADING)
        self._arrived(call, outcome, effect)
        if stake is not None and effect in _COMMITTED:
            after = stake.after_keyed if call.idempotency_key else stake.after
            if after.rules:
                outcome = self._after(after, call, outcome)
            if effect == "read" and stake.lagging.rules:
                outcome = self._from_replica(stake, call, outcome)
        if self.journal is not None:
            self.journal.add(entry_of(call, outcome, effect))
        return outcome

    def _struck(self, fault: Fault, call: Call) -> Reply:
        reply = instead(fault, call, self._refusal)
        if fault.kind == "sticky_error" and self._keys.find(call.idempotency_key, call.now_us) is None:
            self._keys.keep(call.idempotency_key, call.fingerprint, reply, call.now_us)
        return reply

    def _goes_unheard(self, call: Call) -> bool:
        """Tell whether a call under a key that is being forgotten goes unheard; it does until the key is forgotten."""
        key, (fault, until_us) = call.idempotency_key, self._unheard[call.idempotency_key]
        if call.now_us < min(until_us, fault.end_us or until_us):
            self.plan.struck(self.plan.faults.index(fault), call.now_us, call.number, call)
            return True
        del self._unheard[key]
        if call.now_us >= until_us:
            self._keys.forget(key)
        return False

    def _once(self, call: Call) -> tuple[Reply, str]:
        key, policy = call.idempotency_key, self._policy
        found = self._keys.find(key, call.arrived_us)
        if found is None:
            reply, effect = self._run(call)
            self._keys.keep(key, call.fingerprint, reply, call.now_us)
            return reply, effect
        stored, reply = found
        if stored != call.fingerprint:
            return self._refusal(Refusal(policy.mismatch, field=policy.header), call), "refused"
        name, value = policy.replay_header
        reply = self.dialect.finish(reply, call)  # a replay is a reply of its own: it has its own request id
        return (msgspec.structs.replace(reply, headers={**reply.headers, name: value}) if name else reply), "replayed"

    def _run(self, call: Call) -> tuple[Reply, str]:
        operation, dialect = call.operation, self.dialect
        try:
            if operation.path:
                call.body = dialect.decode(call)
        except Refusal as refusal:
            return self._refusal(refusal, call), "refused"
        except _UNREADABLE as error:
            return self._refusal(Refusal("malformed", str(error)), call), "refused"
        try:
            reply = operation.handler(self.model, call)
        except Refusal as refusal:
            return self._refusal(refusal, call), "refused"
        except Undecodable as error:
            return self._refusal(Refusal("malformed", str(error)), call), "refused"
        except IllegalTransition as error:
            return self._refusal(Refusal("conflict_state", str(error)), call), "refused"
        return dialect.finish(reply, call), "done" if operation.write else "read"

    def _after(self, aim: Aim, call: Call, outcome: Outcome) -> Outcome:
        fault = aim.strike(call.luck, call.txn, call.now_us, call.number)
        if fault is None:
            return outcome
        reply = outcome.reply
        if fault.kind == "error_after":
            reply = self._refusal(Refusal("server_error"), call)
        elif fault.kind == "gateway_timeout":
            reply = gateway(504, "Gateway Timeout")
        elif fault.kind == "garbled_reply":
            reply = garbled(reply)
        elif fault.kind == "odd_numbers":
            reply = with_odd_numbers(reply)
        elif fault.kind == "key_forgotten":
            retention_us = self._policy.retention_seconds * 1_000_000
            self._unheard[call.idempotency_key] = fault, call.now_us + retention_us
        return Outcome(reply, _AFTER_COMMIT[fault.kind], fault.seconds)

    def _from_replica(self, stake: Stake, call: Call, outcome: Outcome) -> Outcome:
        """Answer a read with what was true a while ago, where that is something else and the plan says so."""
        stake.replica.seen(call, outcome.reply)
        earlier = stake.replica.earlier(call)
        if earlier is None or stake.lagging.strike(call.luck, call.txn, call.now_us, call.number) is None:
            return outcome
        return msgspec.structs.replace(outcome, reply=earlier)

    def _refusal(self, refusal: Refusal, call: Call) -> Reply:
        return self.dialect.finish(self.dialect.refuse(refusal, call), call)

    def _arrived(self, call: Call, outcome: Outcome, effect: str) -> None:
        self._record(
            Arrived(
                at_us=call.now_us, number=call.number, system=self.name, operation=call.operation.name, key=call.key,
                fingerprint=call.fingerprint, txn=call.txn, status=outcome.reply.status, effect=effect,
            )
        )  # fmt: skip

    def _txn(self, call: Call) -> str:
        """Return the business transaction of a call: named in its address or body, or of the record it addresses."""
        request = call.request
        if (named := _QUOTE_IN_TARGET.search(request.target)) is not None:
            return named.group()
        if (told := _QUOTE_IN_BODY.search(request.body)) is not None:
            return told.group().decode()
        for value in call.params.values():
            txn = self.desk.book.txn_of(value.removeprefix("eid:"))
            if txn:
                return txn
        return ""

    def replan(self, plan: FaultPlan) -> None:
        """Replace the plan of faults from now on."""
        self.plan = plan
        self._stakes.clear()
        self._unheard.clear()

    # --- people and time --------------------------------------------------------------------------------------------

    def act(self, act: Act) -> None:
        """Let a person or the outside world act in this system; raise UnknownAct for an action it does not know."""
        action = self.dialect.acts.get(act.action)
        if action is None:
            raise UnknownAct(act, list(self.dialect.acts))
        self._at(act.at_us, "act")
        action(self.model, act.arguments)
        self._record(
            Acted(at_us=act.at_us, system=self.name, action=act.action, subject=_subject(act.arguments), txn=act.txn)
        )

    def due_us(self) -> int | None:
        """Return when the system wants to act by itself next, or None."""
        next_us = self.desk.agenda.next_us
        return next_us if next_us != NEVER_US else None

    def tick(self, now_us: int) -> None:
        """Run all that is due by now; each action sees its own due instant as the time."""
        while (entry := self.desk.agenda.pop_due(now_us)) is not None:
            due_us, action, arguments = entry
            self._at(due_us, "agenda")
            if action == "redeliver":
                self._retries.append(Delivery(*arguments))
            else:
                self.dialect.agenda[action](self.model, *arguments)

    def _at(self, now_us: int, cause: str) -> None:
        self.desk.book.now_us = now_us
        self.desk.book.cause = cause

    # --- webhooks ---------------------------------------------------------------------------------------------------

    @property
    def has_mail(self) -> bool:
        """Tell whether there are deliveries to collect."""
        return bool(self.desk.outbox or self._retries)

    def collect(self) -> list[Delivery]:
        """Return and forget the deliveries that have become due since the last call."""
        desk = self.desk
        if not desk.outbox and not self._retries:
            return []
        due = [Delivery(message, 1) for message in desk.outbox] + self._retries
        desk.outbox.clear()
        self._retries.clear()
        return due

    def prepare(self, delivery: Delivery, now_us: int) -> Request:
        """Return the delivery as a signed request to the integration's intake."""
        return self.dialect.deliver(self.model, delivery.message, now_us)

    def sealed(self, delivery: Delivery, request: Request, now_us: int) -> Request:
        """Return a delivery whose body is not what `prepare` made it, signed right and now."""
        seal = self.dialect.seal
        return request if seal is None else seal(self.model, delivery.message, request, now_us)

    def settle(self, delivery: Delivery, status: int, now_us: int, body: bytes | None = None) -> None:
        """Take note of how a delivery went (0 = no answer); plan the next attempt by the vendor's schedule.

        `body` is the receiver's answer, for vendors that look into it; without it the status decides.
        """
        schedule = self.dialect.retry_seconds
        if self._taken(status, body) or delivery.attempt > len(schedule):
            return
        due_us = now_us + schedule[delivery.attempt - 1] * 1_000_000
        self.desk.agenda.add(due_us, "redeliver", delivery.message, delivery.attempt + 1)

    def _taken(self, status: int, body: bytes | None) -> bool:
        if body is None or self.dialect.acknowledged is None:
            return 200 <= status < 300
        return self.dialect.acknowledged(status, body)


def entry_of(call: Call, outcome: Outcome, effect: str) -> Entry:
    """Return the journal's entry of an answered call."""
    return Entry(
        number=call.number, at_us=call.now_us, operation=call.operation.name, key=call.key, txn=call.txn,
        effect=effect, wire=outcome.wire, request=call.request, reply=outcome.reply,
    )  # fmt: skip


_UNREADABLE = (Undecodable, msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a parser raises for a body that is not what it says, or nested deeper than a parser goes."""
_UNANSWERED = Reply(0)
_NO_KEYS = IdempotencyPolicy(header="", methods=frozenset())


def _nowhere(_model: Any, call: Call) -> Reply:
    if call.operation.summary:
        raise Refusal("method_not_allowed", allow=call.operation.summary)
    raise Refusal("not_found")


def _unknown(methods: Iterable[str]) -> Operation:
    """Return the operation of a path there is not, or not for the method: its summary names the methods there are."""
    return Operation("unknown", "", "", _nowhere, summary=",".join(methods))


def _subject(arguments: dict[str, Any]) -> str:
    for name in ("number", "account", "id", "sku", "entity"):
        if name in arguments:
            return str(arguments[name])
    return ""
