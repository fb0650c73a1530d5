"""The exception desk: the cases of parked flows, one open case a flow, and how parking and re-driving move them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from domain import history
from domain.charts.exception_case import EXCEPTION_CASE
from integration.effects import Park
from integration.exceptions import ExceptionCase, known_code, moved, opened, parked_again, settled
from integration.transaction import Transaction


class Desk:
    """Holds the latest state of every case that has not come to its end: `by_flow`, by the flow's id."""

    def __init__(self, cases: Iterable[ExceptionCase], quarter_end: bool) -> None:
        self.by_flow: dict[str, ExceptionCase] = {case.flow: case for case in cases}
        self._quarter_end = quarter_end

    def cases(self) -> list[ExceptionCase]:
        """Return the cases on which somebody still has to act, oldest first."""
        return sorted(
            (case for case in self.by_flow.values() if case.is_open), key=lambda case: (case.opened_us, case.id)
        )

    def by_id(self, case_id: str) -> ExceptionCase:
        """Return an open case; raise KeyError with a sentence when there is none of this id."""
        for case in self.by_flow.values():
            if case.id == case_id and case.is_open:
                return case
        raise KeyError(f"no open case has the id {case_id!r}")

    def park(self, case_id: str, flow_id: str, txn: str, park: Park, at_us: int, tx: Transaction) -> ExceptionCase:
        """Open a case for a flow that parks; the case of the same trouble goes on, or is reopened."""
        before = self._latest(flow_id, tx)
        if before is not None and before.code == known_code(park.code)[0]:
            again = [self._told(case, park) for case in parked_again(before)] or [self._told(before, park)]
            self._write(again, at_us, tx, quiet=again[-1].status == before.status)
            return again[-1]
        if before is not None:
            self._write(settled(before), at_us, tx)
        case = ExceptionCase(
            id=case_id, flow=flow_id, txn=txn, code=park.code, owner=park.owner, status=EXCEPTION_CASE.initial[0],
            opened_us=at_us, due_us=at_us, detail=park.detail, context=park.context,
        )  # fmt: skip
        case = opened(case, self._quarter_end)
        self._write([case], at_us, tx)
        return case

    def move(self, case: ExceptionCase, target: str, actor: str, note: str, at_us: int, tx: Transaction) -> None:
        """Move a case along its chart to a state."""
        self._write(moved(case, target, actor, note), at_us, tx)

    def settle(self, flow_id: str, at_us: int, tx: Transaction) -> None:
        """Close the case of a flow that moves again."""
        case = self._latest(flow_id, tx)
        if case is not None:
            self._write(settled(case), at_us, tx)

    def _latest(self, flow_id: str, tx: Transaction) -> ExceptionCase | None:
        """Return the case of a flow as it will be after the transaction; None when it has come to its end."""
        for case in reversed(tx.write.cases):
            if case.flow == flow_id:
                return None if case.status in EXCEPTION_CASE.terminal else case
        return self.by_flow.get(flow_id)

    def _told(self, case: ExceptionCase, park: Park) -> ExceptionCase:
        return msgspec.structs.replace(case, detail=park.detail, context=park.context)

    def _write(self, states: list[ExceptionCase], at_us: int, tx: Transaction, quiet: bool = False) -> None:
        if not states:
            return
        tx.write.cases.extend(states)
        if not quiet:
            tx.records.extend(_record(case, at_us) for case in states)
        tx.after.append((self._keep, states[-1]))

    def _keep(self, case: ExceptionCase) -> None:
        if case.status in EXCEPTION_CASE.terminal:
            self.by_flow.pop(case.flow, None)
        else:
            self.by_flow[case.flow] = case


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
