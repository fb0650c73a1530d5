"""Mutants of exceptions: what becomes of work that cannot go on."""

from __future__ import annotations

from typing import Any

import msgspec

from integration import exceptions, retry
from integration.effects import Call, Park, Sleep
from integration.engine import Engine
from integration.flow import FlowContext
from integration.flows import amendments, dunning, steps, undoing
from integration.outcomes import Answer, CallFailed, OutcomeUnknown
from integration.parking import Parking
from integration.retry import Probe, call_with_retries
from integration.systems import payment
from integration.transaction import Transaction
from tests.mutants.grounds import CROSSING, DEBITS, FORBIDDEN, MISPRICED, OUTAGE, REFUSALS
from tests.mutants.mutant import Mutant, Patch
from tests.mutants.quiet_grounds import DEBTORS


def _case_dropped() -> list[Patch]:
    def park(self: Parking, live: Any, seq: int, park: Park, tx: Transaction) -> None:
        self._engine._finish(live, None, tx)

    return [Patch(Parking, "park", park)]


def _unknown_value_swallowed() -> list[Patch]:
    def method(intent: payment.Intent) -> str:
        if intent.payment_method_types != ["card"]:
            raise KeyError(f"a payment by {intent.payment_method_types}")
        return "card"

    def broken(self: Engine, live: Any, outcome: Any, trouble: Exception, notes: Any = (), answered: int = 0) -> None:
        tx = Transaction()
        tx.write.flow = live.row.number
        tx.write.entries.append(self.entry(live.seq, "trial", outcome))
        self._finish(live, None, tx)
        self.commit(tx)

    return [Patch(Engine, "broken", broken), Patch(payment.Intent, "method", property(method))]


def _refusal_retried_for_ever() -> list[Patch]:
    async def do(context: Any, call: Call, probe: Probe | None = None, allow: Any = ()) -> Answer:
        while True:
            try:
                return await call_with_retries(context, call, probe)
            except CallFailed as failure:
                if failure.code in allow or failure.status in allow:
                    raise
                await Sleep(60)

    return [Patch(steps, "do", do)]


def _people_asked_without_cause() -> list[Patch]:
    def problem(found: Any, row: Any, today: Any, context: Any) -> str:
        return "" if row["kind"] == "pause" else "changes of contracts are looked at by somebody first"

    return [Patch(amendments, "_problem", problem)]


def _trouble_called_a_refusal() -> list[Patch]:
    def code_of(trouble: CallFailed | OutcomeUnknown) -> str:
        return "VALIDATION.BUSINESS_RULE"

    return [Patch(retry, "code_of", code_of)]


def _case_without_owner() -> list[Patch]:
    real = exceptions.opened

    def opened(case: Any, quarter_end: bool) -> Any:
        return msgspec.structs.replace(real(case, quarter_end), owner="")

    return [Patch(exceptions, "opened", opened)]


def _never_escalated() -> list[Patch]:
    def plan_escalation(self: Parking, live: Any, case: Any) -> None:
        """Somebody will look at it."""

    return [Patch(Parking, "plan_escalation", plan_escalation)]


def _given_up_in_secret() -> list[Patch]:
    async def nothing(*_told: Any) -> None:
        """The case says it all."""

    return [Patch(undoing, "rejected", nothing)]


def _never_suspended() -> list[Patch]:
    async def held(_context: FlowContext, _account: str) -> bool:
        return True

    return [Patch(dunning, "_held", held)]


MUTANTS = (
    Mutant(
        name="case_dropped",
        group="exceptions",
        mistake="What cannot go on is logged and ended, and no person ever sees it (catalogue 66: dead letters are "
        "dropped).",
        caught_by=("S9", "L1", "L2"),
        ground=REFUSALS,
        patches=_case_dropped,
    ),
    Mutant(
        name="unknown_value_swallowed",
        group="exceptions",
        mistake="A value that the code does not know yet raises, and a catch-all ends the work as if it had been done "
        "(catalogue 48 and 55, F56).",
        caught_by=("S9", "L1", "L2"),
        ground=DEBITS,
        patches=_unknown_value_swallowed,
    ),
    Mutant(
        name="refusal_retried_for_ever",
        group="exceptions",
        mistake="What is refused for good is tried every minute, for ever, and stays out of sight.",
        caught_by=("P6",),
        ground=FORBIDDEN,
        patches=_refusal_retried_for_ever,
    ),
    Mutant(
        name="people_asked_without_cause",
        group="exceptions",
        mistake="Every change of a contract becomes a case, so people confirm what nothing is wrong with, and soon do "
        "so without looking.",
        caught_by=("L4",),
        ground=CROSSING,
        patches=_people_asked_without_cause,
    ),
    Mutant(
        name="trouble_called_a_refusal",
        group="exceptions",
        mistake="Whatever ends the attempts is reported as an error of what was sent, so sales is asked to correct "
        "orders while a system is down.",
        caught_by=("L4",),
        ground=OUTAGE,
        patches=_trouble_called_a_refusal,
    ),
    Mutant(
        name="case_without_owner",
        group="exceptions",
        mistake="Exceptions go to a list that belongs to nobody in particular.",
        caught_by=("L4",),
        ground=REFUSALS,
        patches=_case_without_owner,
    ),
    Mutant(
        name="never_escalated",
        group="exceptions",
        mistake="Nobody is told when the time to act is over, so a case waits as long as its owner is on holiday.",
        caught_by=("L4",),
        ground=REFUSALS,
        patches=_never_escalated,
    ),
    Mutant(
        name="given_up_in_secret",
        group="exceptions",
        mistake="A quote that cannot be booked is given up in the queue of exceptions, and in the CRM it stays won: "
        "nobody calls the customer.",
        caught_by=("L3",),
        ground=MISPRICED,
        patches=_given_up_in_secret,
    ),
    Mutant(
        name="never_suspended",
        group="exceptions",
        mistake="Who does not pay gets letters and goes on buying: the last stages of dunning only write, because the "
        "hold is set by hand in the ERP.",
        caught_by=("L10",),
        ground=DEBTORS,
        patches=_never_suspended,
    ),
)
