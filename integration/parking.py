"""Parking: flows that cannot go on, what happens to them by themselves, and how they are driven again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integration.effects import Park
from integration.exceptions import DRIVER, ExceptionCase
from integration.limits import SECOND_US
from integration.live import Live
from integration.outcomes import Resumed
from integration.transaction import Transaction

if TYPE_CHECKING:
    from integration.engine import Engine


class Parking:
    """Parks and re-drives the flows of an engine; their cases lie on the engine's desk."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def park(self, live: Live, seq: int, park: Park, tx: Transaction) -> None:
        """Park a flow in a transaction: it becomes, or stays, an exception case."""
        case_id = f"{live.row.id}#{max(seq, 0)}"
        self._engine.desk.park(case_id, live.row.id, live.row.txn, park, self._engine.now_us, tx)
        live.status = "parked"
        tx.write.statuses.append((live.row.number, "parked", b""))
        tx.records.append(self._engine.flow_record(live, "parked", park.code))
        tx.after.append((self.plan, live))

    def again(self, live: Live, resumed: Resumed, tx: Transaction) -> None:
        """Re-drive a parked flow: it goes on after its Park, or repeats the effect whose outcome broke it."""
        live.status = "running"
        live.turn += 1
        tx.write.statuses.append((live.row.number, "running", b""))
        tx.records.append(self._engine.flow_record(live, "resumed"))
        if type(live.effect) is Park:
            self._engine.resume(live, resumed, tx)
            return
        self._engine.commit(tx)
        if live.effect is None:
            self._engine.begin(live)
        else:
            self._engine.waiting.perform(live)

    def plan(self, live: Live) -> None:
        """Plan what happens to a parked flow by itself: its case is escalated, a dependency is tried again."""
        case = self._engine.desk.by_flow.get(live.row.id)
        assert case is not None, f"{live.row.id} is parked without a case"
        now_us = self._engine.now_us
        if case.status != "escalated":
            self._engine.call_at(max(now_us, case.escalates_us), self._escalate, case.id, live)
        if case.code.startswith("DEPENDENCY."):
            again_us = now_us + self._engine.settings.redrive_dependency_seconds * SECOND_US
            self._engine.call_at(again_us, self._retry_parked, live, live.turn)

    def _escalate(self, case_id: str, live: Live) -> None:
        case = self._engine.desk.by_flow.get(live.row.id)
        if case is None or case.id != case_id or not case.is_open or case.status == "escalated":
            return
        tx = Transaction()
        self._engine.desk.move(case, "escalated", DRIVER, "80 % of the time to act is spent", self._engine.now_us, tx)
        self._engine.note(tx, live, case=case.id, action="escalate", actor=DRIVER)
        self._engine.commit(tx)

    def _retry_parked(self, live: Live, turn: int) -> None:
        if live.turn == turn and live.status == "parked":
            self.retry(live)

    def retry(self, live: Live) -> None:
        """Re-drive a flow whose dependency may be back; its case stays as it is until the flow moves."""
        tx = Transaction()
        self._engine.note(tx, live, action="retry", actor=DRIVER)
        self.again(live, Resumed(DRIVER, at_us=self._engine.now_us), tx)

    def reopened(self, system: str) -> None:
        """A breaker closed: flows parked for this dependency go on at once."""
        for live in sorted(self._engine.lives.values(), key=lambda live: live.row.number):
            case = self._engine.desk.by_flow.get(live.row.id) if live.status == "parked" else None
            if case is not None and _waits_for(case, system):
                self._engine.soon(self._retry_parked, live, live.turn)


def _waits_for(case: ExceptionCase, system: str) -> bool:
    return case.code.startswith("DEPENDENCY.") and case.context.get("system") == system
