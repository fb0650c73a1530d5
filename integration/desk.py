"""The exception desk: the cases of parked flows, one open case a flow, and how parking and re-driving move them.

Every change of a case is written with what it does to its flow, and told as a canonical event (`exception.opened`,
`.assigned`, `.escalated`, `.resolved`; `message.dead_lettered`, `.replayed`, `.discarded`) in the same transaction.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec

from domain import history
from domain.charts.exception_case import EXCEPTION_CASE
from domain.errors import class_of
from integration.casework import NoSuchCase, Refused
from integration.effects import Emit, Park
from integration.exceptions import ExceptionCase, known_code, moved, opened, parked_again, said_at, settled
from integration.transaction import Transaction

ENDED_KEPT = 1000
"""How many ended cases are remembered, so that who comes too late is told who was first."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TOLD = {"new": "opened", "assigned": "assigned", "escalated": "escalated", "resolved": "resolved"}
_LETTERS = {"new": "dead_lettered", "resolved": "replayed"}


class Outlet(Protocol):
    """Where events leave: the outbox."""

    def add(self, event_id: str, emit: Emit, at_us: int, tx: Transaction) -> None: ...


class Desk:
    """Holds the latest state of every case that has not come to its end: `by_flow`, by the flow's id."""

    def __init__(self, cases: Iterable[ExceptionCase], quarter_end: bool, outlet: Outlet | None = None) -> None:
        self.by_flow: dict[str, ExceptionCase] = {case.flow: case for case in cases}
        self._ended: OrderedDict[str, ExceptionCase] = OrderedDict()
        self._quarter_end, self._outlet = quarter_end, outlet

    def admit(self, cases: Iterable[ExceptionCase]) -> None:
        """Take in the cases of flows that this engine has claimed."""
        self.by_flow.update((case.flow, case) for case in cases)

    def forget(self, flow_id: str) -> None:
        """Drop the case of a flow that another engine has claimed."""
        self.by_flow.pop(flow_id, None)

    def cases(self) -> list[ExceptionCase]:
        """Return the cases on which somebody still has to act, oldest first."""
        if not self.by_flow:  # as nearly always, and the clerks of a rehearsal ask every five minutes
            return []
        return sorted(
            (case for case in self.by_flow.values() if case.is_open), key=lambda case: (case.opened_us, case.id)
        )

    def by_id(self, case_id: str) -> ExceptionCase:
        """Return an open case.

        Raise Refused for one that somebody has dealt with, and name them; NoSuchCase when there is none.
        """
        case = self.by_flow.get(case_id.rpartition("#")[0])
        if case is None or case.id != case_id:
            case = self._ended.get(case_id)
        if case is None:
            raise NoSuchCase(f"no open case has the id {case_id!r}")
        if not case.is_open:
            by, at = case.actor or "the integration", said_at(case.moved_us)
            raise Refused(f"case {case.id} is {case.status} already: {by} was first, at {at}")
        return case

    def park(self, case_id: str, flow_id: str, txn: str, park: Park, at_us: int, tx: Transaction) -> ExceptionCase:
        """Open a case for a flow that parks; the case of the same trouble goes on, or is reopened."""
        before = self._latest(flow_id, tx)
        if before is not None and before.code == known_code(park.code)[0]:
            again = [self._told(case, park) for case in parked_again(before)] or [self._told(before, park)]
            self.write(again, at_us, tx, quiet=again[-1].status == before.status)
            return again[-1]
        if before is not None:
            self.write(settled(before), at_us, tx)
        case = ExceptionCase(
            id=case_id, flow=flow_id, txn=txn, code=park.code, owner=park.owner, status=EXCEPTION_CASE.initial[0],
            opened_us=at_us, due_us=at_us, detail=park.detail, context=park.context,
        )  # fmt: skip
        case = opened(case, self._quarter_end)
        self.write([case], at_us, tx)
        return case

    def move(self, case: ExceptionCase, target: str, actor: str, note: str, at_us: int, tx: Transaction) -> None:
        """Move a case along its chart to a state."""
        self.write(moved(case, target, actor, note), at_us, tx)

    def settle(self, flow_id: str, at_us: int, tx: Transaction) -> None:
        """Close the case of a flow that moves again."""
        case = self._latest(flow_id, tx)
        if case is not None:
            self.write(settled(case), at_us, tx)

    def write(self, states: list[ExceptionCase], at_us: int, tx: Transaction, quiet: bool = False) -> None:
        """Write the next states of a case in a transaction; `quiet` ones are no news to anybody."""
        if not states:
            return
        before = self._latest(states[0].flow, tx)
        version = before.version if before is not None and before.id == states[0].id else 0
        dated = [
            msgspec.structs.replace(state, moved_us=at_us, version=version + number)
            for number, state in enumerate(states, 1)
        ]
        tx.write.cases.extend(dated)
        if not quiet:
            self._tell(before, dated, at_us, tx)
        tx.after.append((self._keep, dated[-1]))

    def _latest(self, flow_id: str, tx: Transaction) -> ExceptionCase | None:
        """Return the case of a flow as it will be after the transaction; None when it has come to its end."""
        for case in reversed(tx.write.cases):
            if case.flow == flow_id:
                return None if case.status in EXCEPTION_CASE.terminal else case
        return self.by_flow.get(flow_id)

    def _told(self, case: ExceptionCase, park: Park) -> ExceptionCase:
        return msgspec.structs.replace(case, detail=park.detail, context=park.context)

    def _keep(self, case: ExceptionCase) -> None:
        if case.status not in EXCEPTION_CASE.terminal:
            self.by_flow[case.flow] = case
            return
        self.by_flow.pop(case.flow, None)
        self._ended[case.id] = case
        if len(self._ended) > ENDED_KEPT:
            self._ended.popitem(last=False)

    # --- telling

    def _tell(self, before: ExceptionCase | None, states: list[ExceptionCase], at_us: int, tx: Transaction) -> None:
        """Add what history and subscribers learn: each new state, each new assignee, each escalation."""
        last = before
        for case in states:
            is_new = last is None or last.id != case.id
            if is_new or last is None or last.status != case.status:
                tx.records.append(_record(case, at_us))
                self._emit(case, _TOLD.get(case.status, ""), at_us, tx)
                if case.status == "auto_resolved":
                    self._emit(case, "resolved", at_us, tx)
            elif last.assignee != case.assignee:
                self._emit(case, "assigned", at_us, tx)
            elif last.escalations != case.escalations:
                self._emit(case, "escalated", at_us, tx)
            last = case

    def _emit(self, case: ExceptionCase, state: str, at_us: int, tx: Transaction) -> None:
        if self._outlet is None or not state:
            return
        body = _body(case, at_us)
        emit = Emit(type=f"q2c.exception.{state}.v1", subject=case.id, txn=case.txn, body=body)
        self._outlet.add(f"{case.id}:{state}:{case.version}", emit, at_us, tx)
        letter = "discarded" if case.status == "resolved" and case.discard is not None else _LETTERS.get(case.status)
        if letter is not None and (case.is_dead_letter or letter == "discarded"):
            told = {**_common(case, at_us), "message_id": case.flow, "reason": case.note or case.detail, "attempts": 1}
            told |= {"approver": case.actor} if letter == "discarded" else {}
            emit = Emit(type=f"q2c.message.{letter}.v1", subject=case.flow, txn=case.txn, body=told)
            self._outlet.add(f"{case.id}:{letter}:{case.version}", emit, at_us, tx)


def _record(case: ExceptionCase, at_us: int) -> history.Case:
    return history.Case(
        at_us=at_us,
        case=case.id,
        flow=case.flow,
        txn=case.txn,
        status=case.status,
        code=case.code,
        owner=case.owner,
        opened_us=case.opened_us,
        due_us=case.due_us,
        actor=case.actor,
        detail=case.detail,
    )


def _common(case: ExceptionCase, at_us: int) -> dict[str, Any]:
    """Return what the payload of every canonical event says."""
    return {
        "txnid": case.txn,
        "legal_entity": str(case.context.get("entity") or ""),
        "business_date": (_EPOCH + timedelta(microseconds=at_us)).date().isoformat(),
        "aggregate_version": case.version,
    }


def _body(case: ExceptionCase, at_us: int) -> dict[str, Any]:
    """Return the payload of an event about a case; what is beyond the registry's fields is for control towers."""
    return {
        **_common(case, at_us),
        "case_id": case.id,
        "seq": case.version,
        "class": class_of(case.code),
        "code": case.code,
        "owner": case.owner,
        "sla_due_us": case.due_us,
        "subject": case.flow,
        "status": case.status,
        "assignee": case.assignee,
        "actor": case.actor,
        "escalations": case.escalations,
        "opened_us": case.opened_us,
    }
