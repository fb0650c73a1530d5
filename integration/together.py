"""Steps that become durable together: many flows in flight share one flush of the disk.

A step whose flow has nothing to do but go on may wait until what else has come in at this moment has been handled. Then
all of them are one transaction, and only then each asks for what it wanted: the order "intent first" holds for every
one. A crash before the transaction leaves all flows where they were, one after it leaves all of them further. When one
step of a group has lost a race, nothing of the group is written, and each is tried for itself.

What is read by others in memory (messages that are taken, tables, new flows on SQLite) never waits, and whatever else
is made durable comes after the steps that wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from integration.effects import Effect
from integration.journal.protocol import Crash, Raced, Unstorable
from integration.live import Live
from integration.outcomes import Outcome
from integration.transaction import Transaction

if TYPE_CHECKING:
    from integration.engine import Engine

TOGETHER_MAX = 100


class Step(msgspec.Struct, frozen=True, gc=False):
    """A step of a flow that has been taken in memory: what it writes, and how the flow stood before it."""

    live: Live
    outcome: Outcome
    tx: Transaction
    turn: int
    before: Effect | None
    seq: int
    since_us: int


class Together:
    """The steps of one engine that wait to become durable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._steps: list[Step] = []

    def add(self, step: Step) -> None:
        """Let a step wait for others that come at the same moment."""
        self._steps.append(step)
        if len(self._steps) >= TOGETHER_MAX:
            self.settle()
        elif len(self._steps) == 1:
            self._engine.call_at(self._engine.now_us, self.settle)

    def settle(self) -> None:
        """Make durable what waits, and do what the flows asked for."""
        if not self._steps:
            return
        steps, self._steps = self._steps, []
        if len(steps) > 1 and self._is_written(steps):
            for step in steps:
                self._engine.committed(step.tx)
                try:
                    self._go_on(step)
                except Raced as lost:
                    self._engine.recovery.recover(lost)
            return
        for step in steps:
            try:
                self.settle_one(step)
            except Raced as lost:
                self._engine.recovery.recover(lost)

    def _is_written(self, steps: list[Step]) -> bool:
        """Write steps as one transaction; False when one of them cannot be written, and nothing was."""
        try:
            self._engine.lease.commit_together([step.tx.write for step in steps])
        except Crash as crash:
            if crash.point.after:
                for step in steps:
                    self._engine.tell(step.tx)
            raise
        except (Raced, Unstorable):
            return False
        return True

    def settle_one(self, step: Step) -> None:
        """Make one step durable and do what its flow asked for; raise Raced when another worker was first."""
        engine, live = self._engine, step.live
        try:
            engine.commit(step.tx)
        except Raced as lost:
            lost.outcome = step.outcome
            raise
        except Unstorable as poison:  # the flow's own value: it has not asked for this, as far as the journal knows
            live.effect, live.seq, live.since_us = step.before, step.seq, step.since_us
            engine.broken(live, step.outcome, poison, answered=step.tx.write.answered)
            return
        self._go_on(step)

    def _go_on(self, step: Step) -> None:
        if step.live.status == "running" and step.live.turn == step.turn:
            self._engine.waiting.perform(step.live)
