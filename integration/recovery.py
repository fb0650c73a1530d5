"""Recovery: flows that another engine left, that are new, or that lost a race go on from where the journal has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from integration.effects import All, Call, Receive
from integration.journal.protocol import Loaded, Raced
from integration.live import Joinable, Live
from integration.outcomes import Answer, Failed, Outcome, Received, Unknown

if TYPE_CHECKING:
    from integration.engine import Engine


class Recovery:
    """Takes up the flows of one engine from the journal."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take_up(self, loaded: Loaded) -> None:
        """Go on with flows that another engine left, or that are new; those that ran hold their entities first."""
        engine = self._engine
        engine.desk.admit(loaded.cases)
        waiting = []
        for found in loaded.flows:
            row, last = found.row, found.last
            if last is None and row.status == "ready":
                waiting.append(row)
                continue
            live = engine.lives[row.id] = Live(row)
            if row.entity_key:
                engine.entities.hold(row.entity_key, row.number)
            live.status = "parked" if row.status == "parked" else "running"
            if last is not None:
                live.effect, live.seq, live.since_us = last.effect, last.seq, last.at_us
            engine.soon(self._take_up, live, live.turn)
        for ready in waiting:
            engine.enqueue(ready)
        for message in loaded.messages:
            engine.mailroom.keep(message)

    def _take_up(self, live: Live, turn: int) -> None:
        if live.turn != turn:
            return
        engine, effect = self._engine, live.effect
        if live.status == "parked":
            engine.parking.plan(live)
        elif effect is None:
            engine.begin(live)
        elif type(effect) is Call and effect.write and not effect.key:  # it may have left, and must not leave twice
            engine.resume(live, Unknown("interrupted by a restart", at_us=engine.now_us))
        elif type(effect) is Receive and live.since_us < engine.restoration.at_us:
            engine.resume(live, Received(None))  # what was told meanwhile is forgotten: it has to ask
        else:
            if type(effect) is All:
                live.branches = cast("dict[int, Joinable]", engine.lease.branches(live.row.number, live.seq))
            engine.waiting.perform_again(live)

    def recover(self, lost: Raced) -> None:
        """Forget what memory has of a flow that lost a race, and take it up again from the journal.

        The outcome of a call is kept: it happened, whatever else did.
        """
        engine = self._engine
        lives = engine.lives.values() if lost.flow else ()
        live = next((live for live in lives if live.row.number == lost.flow), None)
        if live is None:
            return
        engine.waiting.forget(live)
        found = engine.lease.reopen(live.row.number)
        if found is None:
            del engine.lives[live.row.id]
            engine.desk.forget(live.row.id)
            if live.row.entity_key:
                engine.entities.leave(live.row.entity_key)
            return
        live.row, last = found.row, found.last
        live.status, live.effect, live.seq = live.row.status, None, -1
        if last is not None:
            live.effect, live.seq, live.since_us = last.effect, last.seq, last.at_us
        if isinstance(lost.outcome, Answer | Failed | Unknown) and live.status == "running":
            engine.soon(self._again, live, live.turn, lost.outcome)
        else:
            engine.soon(self._take_up, live, live.turn)

    def _again(self, live: Live, turn: int, outcome: Outcome) -> None:
        if live.turn == turn:
            self._engine.resume(live, outcome)
