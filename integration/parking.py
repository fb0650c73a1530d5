"""Parking: flows that cannot go on, what happens to them by themselves, and how they are driven again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.calendar import SECOND_US
from integration.casework import Refused, is_free, re_driven
from integration.effects import Effect, Park
from integration.exceptions import DRIVER, ExceptionCase, PlannedReDrive, escalated, known_code
from integration.live import Live
from integration.outcomes import CallFailed, OutcomeUnknown, Resumed
from integration.retry import code_of
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
        """Re-drive a parked flow: it goes on after its Park, or repeats the effect whose outcome broke it.

        A call whose key is forgotten by now is not repeated: the flow looks it up first.
        """
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
            self._engine.waiting.perform_again(live)

    def drive(self, live: Live, case: ExceptionCase, wish: PlannedReDrive) -> None:
        """Resolve a case as somebody wishes, and let its flow go on; raise Refused when the rules say no."""
        engine = self._engine
        if live.status != "parked":
            raise Refused(f"flow {live.row.id} is {live.status}: the integration is trying it again just now")
        now_us, tx = engine.now_us, Transaction()
        engine.desk.write(re_driven(case, wish.by, now_us, wish.note), now_us, tx)
        said = {"correction": wish.correction} if wish.correction else {}
        engine.note(tx, live, case=case.id, action=wish.decision, actor=wish.by, note=wish.note, **said)
        engine.adoption.answer_in(tx)
        self.again(live, Resumed(wish.by, wish.decision, wish.note, now_us, wish.correction), tx)

    def plan(self, live: Live) -> None:
        """Plan what happens to a parked flow by itself: its case is escalated, a dependency is tried again.

        A re-drive that was planned in a bulk is planned again, so it outlives a restart.
        """
        case = self._engine.desk.by_flow.get(live.row.id)
        assert case is not None, f"{live.row.id} is parked without a case"
        self.plan_escalation(live, case)
        if case.planned is not None:
            self.plan_drive(live, case.planned)
        if case.code.startswith("DEPENDENCY."):
            again_us = self._engine.now_us + self._engine.settings.redrive_dependency_seconds * SECOND_US
            self._engine.call_at(again_us, self._retry_parked, live, live.turn)

    def plan_escalation(self, live: Live, case: ExceptionCase) -> None:
        """Plan the next escalation of a case; needed again whenever its clock stood still."""
        next_us = case.next_escalation_us
        if next_us is not None:
            self._engine.call_at(max(self._engine.now_us, next_us), self._escalate, case.id, live, case.escalations)

    def plan_drive(self, live: Live, wish: PlannedReDrive) -> None:
        """Plan a re-drive at the instant its bulk has given it."""
        self._engine.call_at(max(self._engine.now_us, wish.at_us), self._drive_planned, live, live.turn, wish)

    def _drive_planned(self, live: Live, turn: int, wish: PlannedReDrive) -> None:
        case = self._engine.desk.by_flow.get(live.row.id)
        if live.turn != turn or live.status != "parked" or case is None or case.planned != wish:
            return
        self.drive_if_free(live, turn, case, wish)

    def drive_if_free(self, live: Live, turn: int, case: ExceptionCase, wish: PlannedReDrive) -> None:
        """Re-drive a flow of a bulk, unless it has moved or somebody has taken it since the bulk was asked for."""
        latest = self._engine.desk.by_flow.get(live.row.id)
        is_same = latest is not None and latest.id == case.id and live.turn == turn and live.status == "parked"
        if is_same and latest is not None and is_free(latest, wish.by):
            self.drive(live, latest, wish)

    def _escalate(self, case_id: str, live: Live, level: int) -> None:
        engine = self._engine
        case = engine.desk.by_flow.get(live.row.id)
        if case is None or case.id != case_id or not case.is_open or case.escalations != level:
            return
        if case.next_escalation_us is None or case.next_escalation_us > engine.now_us:
            return  # its clock stood still meanwhile; it is planned anew
        tx = Transaction()
        states = escalated(case)
        engine.desk.write(states, engine.now_us, tx)
        engine.note(tx, live, case=case.id, action="escalate", actor=DRIVER, note=states[-1].note)
        engine.commit(tx)
        self.plan_escalation(live, states[-1])

    def _retry_parked(self, live: Live, turn: int) -> None:
        case = self._engine.desk.by_flow.get(live.row.id)
        is_undecided = case is not None and case.discard is not None
        if live.turn == turn and live.status == "parked" and not is_undecided:
            self.retry(live)

    def try_again(self, flow_id: str) -> None:
        """Re-drive a flow, if it is parked here, whatever people have to see to: it may go by now."""
        live = self._engine.lives.get(flow_id)
        if live is not None:
            self._retry_parked(live, live.turn)

    def retry(self, live: Live) -> None:
        """Re-drive a flow whose dependency may be back; its case stays as it is until the flow moves."""
        tx = Transaction()
        self._engine.note(tx, live, action="retry", actor=DRIVER)
        self.again(live, Resumed(DRIVER, at_us=self._engine.now_us), tx)

    def reopened(self, system: str) -> None:
        """A breaker closed: flows parked for this dependency go on at once, each no more often than by itself.

        A system in maintenance answers the ping and refuses the work, so its breaker closes and opens every minute.
        """
        now_us, rest_us = self._engine.now_us, self._engine.settings.redrive_dependency_seconds * SECOND_US
        for live in sorted(self._engine.lives.values(), key=lambda live: live.row.number):
            case = self._engine.desk.by_flow.get(live.row.id) if live.status == "parked" else None
            if case is not None and _waits_for(case, system) and now_us >= live.rests_until_us:
                live.rests_until_us = now_us + rest_us
                self._engine.soon(self._retry_parked, live, live.turn)


def _waits_for(case: ExceptionCase, system: str) -> bool:
    return case.code.startswith("DEPENDENCY.") and case.context.get("system") == system


def park_of(trouble: Exception, effect: Effect | None) -> Park:
    """Return the case of a flow that raised, after the effect it had asked for last."""
    context = {"effect": type(effect).__name__, "system": getattr(effect, "system", "")}
    return Park(code=_code_of(trouble), detail=_plain(f"{type(trouble).__name__}: {trouble}"), context=context)


def _code_of(trouble: Exception) -> str:
    """Return the code of what a flow raised: the one it carries (a drifted answer has its own), or our own mistake."""
    if isinstance(trouble, CallFailed | OutcomeUnknown):
        return code_of(trouble)
    code = getattr(trouble, "code", "")
    return code if isinstance(code, str) and not known_code(code)[1] else "INTERNAL.BUG"


def _plain(text: str) -> str:
    """Return text that any store takes."""
    return text.encode(errors="replace").decode().replace("\x00", "\ufffd")
