"""The engine performs what flows ask for: one incarnation of the integration, between a lease and a wire.

It is a state machine that is entered from outside (a request, a timer, a reply) and never waits. Each entry hands an
outcome to a flow, collects the effects up to one that has to wait, commits them as one transaction, and only then
performs that last effect. Whatever it holds in memory can be rebuilt from the journal: a new Engine does so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar, cast

import msgspec

from domain import history
from domain.http import Reply, Request
from integration.adoption import Adoption
from integration.at_once import AtOnce
from integration.desk import Desk
from integration.effects import Call, Effect, Start
from integration.entities import EntityQueues
from integration.flow import Flow, FlowContext, Program
from integration.host import Host
from integration.intake import Intake
from integration.journal.protocol import UNSTORABLE, Crash, Entry, Fenced, FlowRow, Lease, Raced, Unstorable
from integration.launch import Launcher
from integration.live import Live
from integration.mailbox import Mailbox
from integration.mailroom import RACES_MAX, Mailroom
from integration.outbox import Outbox
from integration.outcomes import Answer, Begun, Launched, Outcome
from integration.parking import Parking, park_of
from integration.recovery import Recovery
from integration.settings import Settings
from integration.system import System
from integration.together import Step, Together
from integration.transaction import Transaction
from integration.waiting import Waiting, addresses

T = TypeVar("T")
_to_msgpack = msgspec.msgpack.Encoder().encode
_of_msgpack = msgspec.msgpack.Decoder().decode
_to_json = msgspec.json.Encoder().encode
_NOT_DONE: dict[str, history.Ending] = {"given_up": "given_up", "cancelled": "cancelled"}
STOOD_STILL_US = 10_000_000
"""Who has done nothing for so long may have stood still, and another process may have taken over meanwhile.

A pause of a virtual machine is not felt from the inside. What such a process writes is fenced; what it reads, and the
limits that it believes in, are not (Kleppmann, How to do distributed locking, 2016): so it asks before it goes on.
"""
EFFECTS_AT_ONCE_MAX = 10_000
"""Effects a flow may ask for without waiting once: more is a loop without end."""


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
        self.now_us = host.now_us()  # one instant for all that follows from one entrance
        self.dead = False
        self.lives: dict[str, Live] = {}
        self.mailbox: Mailbox[tuple[Live, int]] = Mailbox()
        self.entities: EntityQueues[Live] = EntityQueues()
        self._programs = programs
        self._soon: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self.together = Together(self)
        self.parking = Parking(self)
        self.waiting = Waiting(self, systems, self.parking.reopened)
        self.restoration = lease.look_back(self.now_us)
        self._loaded = lease.load()
        loaded = self._loaded
        self.launcher = Launcher(programs, lease, self.lives)
        self.mailroom = Mailroom(self, intake)
        self.outbox = Outbox(loaded.events, partial(self.soon, self.mailroom.relay))
        self.desk = Desk(loaded.cases, settings.quarter_end, self.outbox)
        self.mappings = lease.mappings
        self.adoption = Adoption(self)
        self.recovery = Recovery(self)
        self._at_once = AtOnce(self).table()

    # --- being entered from outside

    def enter(self, action: Callable[..., object], *arguments: Any) -> None:
        """Do something, and what is to be done soon, unless this incarnation is dead.

        A crash point or a successor kills it. A flow that lost a race with another worker goes on from its journal.
        """
        self._attempt(action, arguments)

    def insist(self, action: Callable[..., T], *arguments: Any) -> T | None:
        """Enter as somebody who wants it done, and return the result (None when this incarnation is dead).

        What lost a race is tried again.
        """
        for _ in range(RACES_MAX):
            is_over, result = self._attempt(action, arguments)
            if is_over:
                return result
        raise Raced(f"other workers were first {RACES_MAX} times in a row")

    def _attempt(self, action: Callable[..., T], arguments: tuple[Any, ...]) -> tuple[bool, T | None]:
        """Enter once; return whether that is over (no race was lost, or this incarnation is dead) and the result."""
        if self.dead:
            return True, None
        has_lost = False
        result: T | None = None
        try:
            self._arrive()
            try:
                result = action(*arguments)
            except Raced as lost:
                has_lost = True
                self.recovery.recover(lost)
            if self._soon:
                self._work_off()
        except (Crash, Fenced) as end:
            self._die(end)
        return (True, None) if self.dead else (not has_lost, result)

    def receive(self, request: Request) -> Reply | None:
        """Take a webhook in and answer it; flows get to work afterwards. None when this incarnation is dead."""
        if self.dead:
            return None
        reply = None
        try:
            self._arrive()
            reply = self.mailroom.receive(request)
        except (Crash, Fenced) as end:
            self._die(end)
        if self._soon:
            self.call_at(self.now_us, self._work_off)
        return reply

    def _arrive(self) -> None:
        now_us = self.host.now_us()
        stood_still = now_us - self.now_us >= STOOD_STILL_US
        self.now_us = now_us
        if stood_still:
            self.lease.confirm()

    def soon(self, action: Callable[..., None], *arguments: Any) -> None:
        """Do something at this instant, after what is being done now."""
        self._soon.append((action, arguments))

    def call_at(self, at_us: int, action: Callable[..., None], *arguments: Any) -> None:
        """Do something later, if this incarnation still lives."""
        self.host.call_at(at_us, self.enter, action, *arguments)

    def send(self, request: Request, call: Call, done: Callable[[Any], None]) -> None:
        """Send a request; a reply to a dead incarnation is lost."""
        self.host.send(request, call, partial(self.enter, done))

    def _work_off(self) -> None:
        soon = self._soon
        while soon:
            action, arguments = soon.popleft()
            try:
                action(*arguments)
            except Raced as lost:
                self.recovery.recover(lost)

    def _die(self, end: Crash | Fenced) -> None:
        self.dead = True
        self.host.died(end)

    # --- the life of a flow

    def launch(self, start: Start, tx: Transaction) -> Launched:
        """Add a new flow to a transaction, unless it exists; it begins after the commit."""
        return self.launcher.launch(start, self.now_us, tx)

    def commit(self, tx: Transaction) -> None:
        """Make a transaction durable, then tell the history, then memory.

        A crash after the write leaves it in the history too: it did happen.
        """
        self.together.settle()
        try:
            self.lease.commit(tx.write)
        except Crash as crash:
            if crash.point.after:
                self.tell(tx)
            raise
        except Raced as lost:
            lost.flow = lost.flow or tx.write.flow
            raise
        self.committed(tx)

    def committed(self, tx: Transaction) -> None:
        """Tell the history and memory of a transaction that is durable."""
        if tx.records:
            self.tell(tx)
        write = tx.write
        for message in write.messages:
            if message.wanted:
                self.mailroom.keep(message)
        for flow in write.flows:
            self.enqueue(flow)
        if write.events:
            self.outbox.keep(write.events)
        for action, argument in tx.after:
            action(argument)

    def tell(self, tx: Transaction) -> None:
        """Tell the history what a transaction led to."""
        record = self.host.record
        for told in tx.records:
            record(told)

    def resume(self, live: Live, outcome: Outcome, tx: Transaction | None = None, *, may_wait: bool = False) -> None:
        """Hand an outcome to a flow, and make durable what follows from it: at once, or together with other steps.

        Whoever brings a transaction with something of its own in it relies on its being durable on return, unless it
        says that it `may_wait`.
        """
        if tx is None:
            tx, may_wait = Transaction(), True
        live.turn += 1
        before, seq, since_us = live.effect, live.seq, live.since_us
        trouble = self._run(live, outcome, tx)
        if trouble is not None:
            notes = [entry for entry in tx.write.entries if entry.kind == "note"]
            self.broken(live, outcome, trouble, notes, tx.write.answered)
            return
        if self.lease.is_shared:
            self._register(live, before, tx)
        step = Step(live, outcome, tx, live.turn, before, seq, since_us)
        if may_wait and self.lease.may_share(tx.write):
            self.together.add(step)
        else:
            self.together.settle_one(step)

    def note(self, tx: Transaction, live: Live | None, **said: Any) -> None:
        """Add a remark to the audit trail."""
        tx.write.flow, seq = (live.row.number, live.seq) if live else (0, 0)
        tx.write.entries.append(self.entry(seq, "note", note=said))

    def release(self, live: Live) -> None:
        """Forget a flow that is over, and let the next one of its entity run."""
        del self.lives[live.row.id]
        live.flow = live.effect = None
        if live.row.entity_key:
            following = self.entities.leave(live.row.entity_key)
            if following is not None:
                self.soon(self.begin, following)
            if self.lease.is_shared:
                self.adoption.soon()

    def flow_record(self, live: Live, status: str, result: str = "", ending: history.Ending = "") -> history.Flow:
        """Return the history's record of a flow's new status."""
        row = live.row
        return history.Flow(
            at_us=self.now_us, flow=row.id, name=row.name, txn=row.txn, status=status, result=result, ending=ending
        )

    def open(self) -> None:
        """Take up every open flow where the journal left it."""
        self.recovery.take_up(self._loaded)
        if self.outbox.unsent:
            self.soon(self.mailroom.relay)
        del self._loaded
        self.adoption.plan()

    def enqueue(self, row: FlowRow) -> None:
        """Let a new flow begin when its turn comes."""
        if self.lease.is_shared:  # it is for whoever claims it
            self.adoption.soon()
            return
        live = self.lives[row.id] = Live(row)
        if not row.entity_key or self.entities.enter(row.entity_key, row.order_key, row.number, live):
            self.soon(self.begin, live)

    def begin(self, live: Live) -> None:
        """Run a new flow to the first effect that has to wait."""
        row = live.row
        live.status = "running"
        tx = Transaction()
        if row.status != "running":
            tx.write.statuses.append((row.number, "running", b""))
        tx.records.append(self.flow_record(live, "started"))
        self.resume(live, Begun(row.id, row.name, _arguments(row)), tx, may_wait=True)

    def _register(self, live: Live, before: Effect | None, tx: Transaction) -> None:
        """Say in a transaction where a flow waits for messages, when that changes."""
        waits = addresses(live.effect) if live.status == "running" else []
        if waits or addresses(before):
            tx.write.waits = waits
        if waits:
            self.adoption.soon()

    def _revive(self, live: Live, outcome: Outcome) -> Flow:
        """Make the coroutine of a flow that begins, or rebuild it from the journal when it was passive."""
        row = live.row
        context = FlowContext(row.id, row.name, row.txn, self.settings)
        arguments = outcome.arguments if isinstance(outcome, Begun) else _arguments(row)
        live.flow = flow = Flow(row.id, self._programs[row.name](context, arguments))
        if type(outcome) is not Begun:
            flow.replay(self.lease.steps(row.number))
        return flow

    def _run(self, live: Live, outcome: Outcome, tx: Transaction) -> Exception | None:
        """Collect effects in a transaction until one has to wait, or the flow is over; return what it raised."""
        now_us, epoch, write = self.now_us, self.lease.epoch, tx.write
        write.flow = live.row.number
        for _ in range(EFFECTS_AT_ONCE_MAX):
            try:
                flow = live.flow or self._revive(live, outcome)
                effect = flow.resume(outcome)
            except Exception as trouble:
                return trouble
            write.entries.append(Entry(flow.seq, -1, now_us, epoch, "step", outcome, effect))
            if (effect is None or type(outcome) is Answer) and live.row.id in self.desk.by_flow:
                self.desk.settle(live.row.id, now_us, tx)
            perform = self._at_once.get(type(effect))
            try:
                if effect is None:
                    self._finish(live, flow.result, tx)
                    return None
                found = None if perform is None else perform(live, flow.seq, effect, tx)
            except UNSTORABLE as trouble:
                return trouble
            if found is None:
                live.effect, live.seq, live.since_us = effect, flow.seq, now_us
                if live.branches:
                    live.branches = {}
                return None
            outcome = found
        return RuntimeError(f"{EFFECTS_AT_ONCE_MAX} effects without waiting for anything: an endless loop?")

    def entry(
        self, seq: int, kind: str, outcome: Outcome | None = None, branch: int = -1, note: dict[str, Any] | None = None
    ) -> Entry:
        """Return a line of the audit trail, stamped with the present instant and this engine's epoch."""
        return Entry(seq, branch, self.now_us, self.lease.epoch, kind, outcome, None, note)

    def _finish(self, live: Live, result: Any, tx: Transaction) -> None:
        text = result if isinstance(result, str) else "" if result is None else _to_json(result).decode()
        live.status = "finished"
        tx.write.statuses.append((live.row.number, "finished", _to_msgpack(result)))
        if not self.settings.keep_finished_steps:
            tx.write.blanked = live.row.number
        tx.records.append(self.flow_record(live, "finished", text, _ending(result)))
        tx.after.append((self.release, live))

    def broken(
        self, live: Live, outcome: Outcome, trouble: Exception, notes: Sequence[Entry] = (), answered: int = 0
    ) -> None:
        """Park a flow that raised. Its last outcome becomes a trial: a re-drive performs the effect again.

        What people did to make it go on stays in the audit trail: `notes`, and the command that is `answered` with it.
        """
        if live.flow is not None:
            live.flow.close()
            live.flow = None
        tx = Transaction()
        tx.write.flow, tx.write.answered = live.row.number, answered
        tx.write.entries.extend(notes)
        tx.write.entries.append(self.entry(live.seq, "trial", outcome))
        if type(outcome) is Begun:
            tx.records.append(self.flow_record(live, "started"))
        self.parking.park(live, live.seq, park_of(trouble, live.effect), tx)
        try:
            self.commit(tx)
        except Unstorable:
            tx.write.entries[-1] = self.entry(live.seq, "trial")
            self.commit(tx)


def _ending(result: Any) -> history.Ending:
    """Return how a flow ended by the status in its result: done, unless it says otherwise."""
    status = result.get("status") if isinstance(result, dict) else ""
    return _NOT_DONE.get(str(status), "done")


def _arguments(row: FlowRow) -> dict[str, Any]:
    return cast("dict[str, Any]", _of_msgpack(row.arguments))
