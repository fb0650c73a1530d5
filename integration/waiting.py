"""Waiting: calls, pauses and messages that a flow needs before it can go on, and the outcomes that come of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from domain import history
from domain.calendar import SECOND_US
from integration.effects import All, Branch, Call, Effect, Receive, Sleep
from integration.journal.protocol import InboxRow
from integration.lanes import Lane
from integration.live import Joinable, Live
from integration.outcomes import Joined, Received, Slept
from integration.retry import while_known
from integration.system import System
from integration.transaction import Transaction

if TYPE_CHECKING:
    from integration.engine import Engine

SLEPT = Slept()


def addresses(effect: Effect | None) -> list[tuple[str, str]]:
    """Return where a flow waits for messages that asks for an effect."""
    if type(effect) is Receive:
        return [(effect.topic, effect.key)]
    if type(effect) is All:
        return [(branch.topic, branch.key) for branch in effect.branches if type(branch) is Receive]
    return []


class Waiting:
    """Performs the effects that take time; `reopened` is told which system's breaker closed."""

    def __init__(self, engine: Engine, systems: Mapping[str, System], reopened: Callable[[str], None]) -> None:
        self._engine, self._systems, self._reopened = engine, systems, reopened
        self.lanes: dict[str, Lane] = {}
        self._workers = 1
        self._passive_after_us = engine.settings.passive_after_seconds * SECOND_US

    def perform(self, live: Live) -> None:
        """Begin to wait for what the flow asked for; its transaction is durable by now."""
        effect = live.effect
        if type(effect) is Call:
            self._call(live, -1, effect)
        elif type(effect) is All:
            for index, branch in enumerate(effect.branches):
                if index not in live.branches:
                    self._begin(live, index, branch)
            self._join(live)
        else:
            assert isinstance(effect, (Sleep, Receive)), f"{type(effect).__name__} does not wait"
            due_us = self._begin(live, -1, effect)
            if due_us - self._engine.now_us >= self._passive_after_us:
                _make_passive(live)

    def perform_again(self, live: Live) -> None:
        """Begin to wait once more; a call that may have left before is sent only while its key is known (rule 4)."""
        if type(live.effect) is Call and not live.effect.send_by_us:
            live.effect = while_known(live.effect, live.since_us)
        self.perform(live)

    def _begin(self, live: Live, branch: int, effect: Branch) -> int:
        """Begin to wait for one thing; return when the wait is over at the latest (0 for a call: nobody knows)."""
        if isinstance(effect, Call):
            self._call(live, branch, effect)
            return 0
        return self._sleep(live, branch, effect) if isinstance(effect, Sleep) else self._receive(live, branch, effect)

    def _call(self, live: Live, branch: int, call: Call) -> None:
        lane = self.lanes.get(call.system) or self._lane(call.system)
        lane.put(call, partial(self._ended, live, live.turn, branch))

    def _sleep(self, live: Live, branch: int, sleep: Sleep) -> int:
        due_us = max(self._engine.now_us, live.since_us + round(sleep.seconds * SECOND_US))
        self._engine.call_at(due_us, self._ended, live, live.turn, branch, SLEPT)
        return due_us

    def _receive(self, live: Live, branch: int, receive: Receive) -> int:
        engine, address = self._engine, (receive.topic, receive.key)
        due_us = max(engine.now_us, live.since_us + round(receive.timeout_seconds * SECOND_US))
        engine.mailbox.wait(address, (live, branch))
        engine.call_at(due_us, self._timed_out, live, live.turn, branch, address)
        if engine.mailbox.peek(address) is not None:
            engine.soon(self.deliver, address)
        return due_us

    def _timed_out(self, live: Live, turn: int, branch: int, address: tuple[str, str]) -> None:
        if live.turn == turn and branch not in live.branches:
            self._engine.mailbox.leave(address, (live, branch))
            self._ended(live, turn, branch, Received(None))

    def deliver(self, address: tuple[str, str]) -> None:
        """Bring stored messages of an address to the flows that wait there."""
        mailbox = self._engine.mailbox
        while (row := mailbox.peek(address)) and (waiter := mailbox.next_waiter(address)):
            live, branch = waiter
            tx = Transaction()
            outcome = self.take(live, row, tx)
            self._ended(live, live.turn, branch, outcome, tx)

    def forget(self, live: Live) -> None:
        """Stop waiting for anything on behalf of a flow, and drop its coroutine."""
        live.turn += 1
        branches = live.effect.branches if type(live.effect) is All else ()
        for address in addresses(live.effect):
            for branch in range(-1, len(branches)):
                self._engine.mailbox.leave(address, (live, branch))
        live.branches = {}
        if live.flow is not None:
            live.flow.close()
            live.flow = None

    def _ended(self, live: Live, turn: int, branch: int, outcome: Joinable, tx: Transaction | None = None) -> None:
        """Take the outcome of what a flow waited for, unless it waits for something else by now."""
        if live.turn != turn or live.status != "running":
            return
        if branch < 0:
            self._engine.resume(live, outcome, tx)
            return
        tx = tx or Transaction()
        tx.write.flow = live.row.number
        tx.write.entries.append(self._engine.entry(live.seq, "branch", outcome, branch=branch))
        self._engine.commit(tx)
        live.branches[branch] = outcome
        self._join(live)

    def _join(self, live: Live) -> None:
        """Go on after an All when every branch has ended."""
        assert isinstance(live.effect, All)
        total = len(live.effect.branches)
        if len(live.branches) == total:
            self._engine.resume(live, Joined(tuple([live.branches[index] for index in range(total)])))

    def _lane(self, name: str) -> Lane:
        system = self._systems.get(name) or System(name)
        lane = self.lanes[name] = Lane(system, self._engine.settings, self._engine, self._reopened)
        lane.gate.share(self._workers)
        return lane

    def share(self, workers: int) -> None:
        """Let so many workers share what the systems grant us."""
        if workers != self._workers:
            self._workers = workers
            for lane in self.lanes.values():
                lane.gate.share(workers)

    def take(self, live: Live, row: InboxRow, tx: Transaction) -> Received:
        """Let a flow have a stored message in a transaction."""
        message = row.message
        tx.write.taken.append(row.number)
        tx.records.append(
            history.Applied(
                at_us=self._engine.now_us,
                consumer=live.row.id,
                system=message.source,
                message=message.id,
                topic=message.topic,
                txn=message.txn or live.row.txn,
            )
        )
        tx.after.append((self._engine.mailbox.take, row))
        return Received(message)


def _make_passive(live: Live) -> None:
    """Drop the coroutine of a flow that waits for long; it is rebuilt by replay."""
    if live.status == "running" and live.flow is not None:
        live.flow.close()
        live.flow = None
