"""The engine performs what flows ask for: one incarnation of the integration, between a lease and a wire.

It is a state machine that is entered from outside (a request, a timer, a reply) and never waits. Each entry hands an
outcome to a flow, collects the effects up to one that has to wait, commits them as one transaction, and only then
performs that last effect. Whatever it holds in memory can be rebuilt from the journal: a new Engine does so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, cast

import msgspec

from domain import history
from domain.history import Record
from integration.desk import Desk
from integration.effects import All, Call, Effect, Emit, Lookup, Now, Park, Receive, Sleep, Start
from integration.entities import EntityQueues
from integration.flow import Flow, FlowContext, Program
from integration.intake import Intake
from integration.journal.protocol import Crash, Entry, Fenced, FlowRow, Lease, OpenFlow
from integration.lanes import Wire
from integration.launch import Launcher
from integration.limits import SECOND_US
from integration.live import Joinable, Live
from integration.mailbox import Mailbox
from integration.mailroom import Mailroom
from integration.outbox import Outbox
from integration.outcomes import (
    Answer,
    Begun,
    CallFailed,
    Instant,
    Launched,
    Mapped,
    Outcome,
    OutcomeUnknown,
    Published,
    Received,
    Unknown,
)
from integration.parking import Parking
from integration.retry import code_of
from integration.settings import Settings
from integration.system import System
from integration.transaction import Transaction
from integration.waiting import Waiting

EFFECTS_AT_ONCE_MAX = 10_000
"""Effects a flow may ask for without waiting once: more is a loop without end."""


class Host(Wire, Protocol):
    """What an engine needs of the driver: the wire, a place for history records, and an undertaker."""

    def record(self, record: Record) -> None: ...

    def died(self, end: Crash | Fenced) -> None: ...


class _Broke(Exception):
    """A flow raised; `__cause__` says what."""


class Engine:
    """One incarnation: it owns the flows, the gates, the waiters and the entity queues until it is dead."""

    def __init__(
        self,
        settings: Settings,
        programs: Mapping[str, Program],
        systems: Mapping[str, System],
        intake: Intake,
        lease: Lease,
        host: Host,
    ) -> None:
        self.settings, self.lease, self.host = settings, lease, host
        self.now_us = host.now_us
        self.dead = False
        self.lives: dict[str, Live] = {}
        self.mailbox: Mailbox[tuple[Live, int]] = Mailbox()
        self._programs = programs
        self.parking = Parking(self)
        self.waiting = Waiting(self, systems, self.parking.reopened)
        loaded = lease.load()
        self.launcher = Launcher(programs, lease, loaded.flow_number)
        self.mailroom = Mailroom(self, intake, loaded.inbox_number)
        self.outbox = Outbox(loaded.outbox_number, loaded.sequences, loaded.events, self.mailroom.plan_relay)
        self.desk = Desk(loaded.cases, settings.quarter_end)
        self.mappings = dict(loaded.mappings)
        self.entities: EntityQueues[Live] = EntityQueues(settings.mutant == "amendments_in_arrival_order")
        for row in loaded.messages:
            self.mailbox.store(row)
        self._reopen(loaded.flows)
        self.mailroom.plan_relay()

    # --- being entered from outside

    def enter(self, action: Callable[[], None]) -> None:
        """Do something unless this incarnation is dead; a crash point or a successor kills it."""
        if self.dead:
            return
        try:
            action()
        except (Crash, Fenced) as end:
            self.dead = True
            self.host.died(end)

    def call_at(self, at_us: int, action: Callable[[], None]) -> None:
        """Do something later, if this incarnation still lives."""
        self.host.call_at(at_us, partial(self.enter, action))

    def send(self, request: Any, call: Call, done: Callable[[Any], None]) -> None:
        """Send a request; a reply to a dead incarnation is lost."""
        self.host.send(request, call, lambda result: self.enter(partial(done, result)))

    # --- the life of a flow

    def launch(self, start: Start, tx: Transaction) -> Launched:
        """Add a new flow to a transaction, unless it exists; it begins after the commit."""
        launched, row = self.launcher.launch(start, self.now_us(), tx)
        if row is not None:
            tx.after.append(lambda: self._enqueue(Live(row)))
        return launched

    def commit(self, tx: Transaction) -> None:
        """Make a transaction durable."""
        tx.commit(self.lease, self.host.record)

    def resume(self, live: Live, outcome: Outcome, tx: Transaction | None = None) -> None:
        """Hand an outcome to a flow, and make durable what follows from it."""
        tx = tx or Transaction()
        live.turn += 1
        try:
            self._run(live, outcome, tx)
        except _Broke as broke:
            self._broken(live, outcome, cast(Exception, broke.__cause__))
            return
        self.commit(tx)
        if live.status == "running":
            self.waiting.perform(live)

    def note(self, tx: Transaction, live: Live | None, **said: Any) -> None:
        """Add a remark to the audit trail."""
        number, seq = (live.row.number, live.seq) if live else (0, 0)
        tx.write.entries.append(self.entry(number, seq, "note", None, None, said))

    def release(self, live: Live) -> None:
        """Forget a flow that is over, and let the next one of its entity run."""
        self.lives.pop(live.row.id, None)
        self.entities.withdraw(live.row.entity_key, live.row.number)
        following = self.entities.leave(live.row.entity_key, live.row.number)
        if following is not None:
            self.call_at(self.now_us(), partial(self.begin, following))

    def flow_record(self, live: Live, status: str, result: str = "") -> history.Flow:
        """Return the history's record of a flow's new status."""
        row = live.row
        return history.Flow(at_us=self.now_us(), flow=row.id, name=row.name, txn=row.txn, status=status, result=result)

    def _reopen(self, flows: Any) -> None:
        """Take up every open flow where the journal left it; those that ran hold their entities first."""
        waiting: list[Live] = []
        for found in cast("list[OpenFlow]", flows):
            live = Live(found.row)
            self.lives[live.row.id] = live
            if found.last is None and live.status == "ready":
                waiting.append(live)
                continue
            self.entities.hold(live.row.entity_key, live.row.number)
            live.status = "parked" if live.status == "parked" else "running"
            if found.last is not None:
                live.effect, live.seq, live.since_us = found.last.effect, found.last.seq, found.last.at_us
            self.call_at(self.now_us(), partial(self._take_up, live, live.turn))
        for live in waiting:
            self._enqueue(live)

    def _take_up(self, live: Live, turn: int) -> None:
        if live.turn != turn:
            return
        effect = live.effect
        if live.status == "parked":
            self.parking.plan(live)
        elif effect is None:
            self.begin(live)
        elif isinstance(effect, Call) and self._is_unsafe(live, effect):
            self.resume(live, Unknown("interrupted by a restart", at_us=self.now_us()))
        else:
            if isinstance(effect, All):
                live.branches = cast("dict[int, Joinable]", self.lease.branches(live.row.number, live.seq))
            self.waiting.perform(live)

    def _is_unsafe(self, live: Live, call: Call) -> bool:
        """Tell whether a call that may have left before a restart must not simply be repeated (rule 4)."""
        forgotten = call.key_lives_seconds and self.now_us() - live.since_us > call.key_lives_seconds * SECOND_US
        return call.write and (not call.key or bool(forgotten))

    def _enqueue(self, live: Live) -> None:
        row = live.row
        self.lives[row.id] = live
        if self.entities.enter(row.entity_key, row.order_key, row.number, live):
            self.call_at(self.now_us(), partial(self.begin, live))

    def begin(self, live: Live) -> None:
        """Run a new flow to the first effect that has to wait."""
        row = live.row
        live.status = "running"
        tx = Transaction()
        tx.records.append(self.flow_record(live, "started"))
        self.resume(live, Begun(row.id, row.name, self._arguments(row)), tx)

    def _arguments(self, row: FlowRow) -> dict[str, Any]:
        return cast("dict[str, Any]", msgspec.msgpack.decode(row.arguments))

    def _coroutine(self, row: FlowRow) -> Flow:
        context = FlowContext(row.id, row.name, row.txn, self.settings)
        return Flow(row.id, self._programs[row.name](context, self._arguments(row)))

    def _hand(self, live: Live, outcome: Outcome) -> Effect | None:
        """Give an outcome to the coroutine, rebuilt from the journal when it was passive."""
        try:
            if live.flow is None:
                live.flow = self._coroutine(live.row)
                if type(outcome) is not Begun:
                    live.flow.replay(self.lease.steps(live.row.number))
            return live.flow.begin() if type(outcome) is Begun else live.flow.resume(outcome)
        except Exception as trouble:
            raise _Broke from trouble

    def _run(self, live: Live, outcome: Outcome, tx: Transaction) -> None:
        """Collect effects in a transaction until one has to wait, or the flow is over."""
        now_us, number, epoch = self.now_us(), live.row.number, self.lease.epoch
        for _ in range(EFFECTS_AT_ONCE_MAX):
            effect = self._hand(live, outcome)
            assert live.flow is not None
            seq = live.flow.seq
            tx.write.entries.append(Entry(number, seq, -1, now_us, epoch, "step", outcome, effect))
            if effect is None or type(outcome) is Answer:
                self.desk.settle(live.row.id, now_us, tx)
            if effect is None:
                self._finish(live, live.flow.result, tx)
                return
            found = self._at_once(live, seq, effect, tx)
            if found is None:
                live.effect, live.seq, live.since_us = effect, seq, now_us
                live.branches = {}
                return
            outcome = found
        raise _Broke from RuntimeError(f"{EFFECTS_AT_ONCE_MAX} effects without waiting for anything: an endless loop?")

    def entry(
        self,
        flow: int,
        seq: int,
        kind: str,
        outcome: Outcome | None,
        effect: Effect | None,
        note: dict[str, Any] | None = None,
        branch: int = -1,
    ) -> Entry:
        """Return a line of the audit trail, stamped with the present instant and this engine's epoch."""
        return Entry(flow, seq, branch, self.now_us(), self.lease.epoch, kind, outcome, effect, note)

    def _finish(self, live: Live, result: Any, tx: Transaction) -> None:
        text = result if isinstance(result, str) else "" if result is None else msgspec.json.encode(result).decode()
        live.status = "finished"
        tx.write.statuses.append((live.row.number, "finished", msgspec.msgpack.encode(result)))
        if not self.settings.keep_finished_steps:
            tx.write.blanked = live.row.number
        status = "compensated" if text.startswith("compensated") else "finished"
        tx.records.append(self.flow_record(live, status, text))
        tx.after.append(lambda: self.release(live))

    def _broken(self, live: Live, outcome: Outcome, trouble: Exception) -> None:
        """Park a flow that raised. Its last outcome becomes a trial: a re-drive performs the effect again."""
        if live.flow is not None:
            live.flow.close()
            live.flow = None
        code = code_of(trouble) if isinstance(trouble, CallFailed | OutcomeUnknown) else "INTERNAL.BUG"
        code = getattr(trouble, "code", "") if type(trouble).__name__ == "Conflict" else code
        tx = Transaction()
        tx.write.entries.append(self.entry(live.row.number, live.seq, "trial", outcome, None))
        if type(outcome) is Begun:
            tx.records.append(self.flow_record(live, "started"))
        context = {"effect": type(live.effect).__name__, "system": getattr(live.effect, "system", "")}
        park = Park(code=code, detail=f"{type(trouble).__name__}: {trouble}", context=context)
        self.parking.park(live, live.seq, park, tx)
        self.commit(tx)

    # --- effects that need no waiting: they are done by the transaction itself

    def _at_once(self, live: Live, seq: int, effect: Effect, tx: Transaction) -> Outcome | None:
        """Perform an effect inside the transaction and return its outcome; None when it has to wait."""
        if isinstance(effect, (Call, Sleep, All)):
            return None
        now_us = self.now_us()
        if isinstance(effect, Receive):
            return self._received(live, effect, tx)
        if isinstance(effect, Emit):
            event_id = f"{live.row.id}/{seq}"
            self.outbox.add(event_id, effect, now_us, tx)
            return Published(event_id)
        if isinstance(effect, Start):
            return self.launch(effect, tx)
        if isinstance(effect, Now):
            return Instant(now_us)
        if isinstance(effect, Lookup):
            return Mapped(self.mappings.get((effect.kind, effect.key)))
        assert isinstance(effect, Park), f"{effect!r} is not an effect"
        self.parking.park(live, seq, effect, tx)
        return None

    def _received(self, live: Live, effect: Receive, tx: Transaction) -> Received | None:
        row = self.mailbox.peek((effect.topic, effect.key))
        if row is None or tx.write.taken:
            return None
        return self.waiting.take(live, row, tx)
