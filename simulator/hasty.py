"""Haste: people who do a thing twice, or two people who do the same, a moment apart (F77)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from domain.acts import Act
from domain.charts.chart import IllegalTransition
from domain.faults import CATALOGUE, Fault, Place
from integration.exceptions import ExceptionCase
from integration.people import WRONG_INPUT
from integration.process import Integration
from mocks.kernel import faults
from mocks.kernel.faults import FaultPlan
from mocks.kernel.luck import Luck
from mocks.kernel.operations import Refusal
from simulator.troubled_host import Front

REFUSED = (*WRONG_INPUT, Refusal, IllegalTransition)
"""How a system or the integration says that a thing is done already; anything else is a mistake of ours."""


def is_planned(planned: Sequence[Fault]) -> bool:
    """Tell whether a plan has people in haste."""
    return any(CATALOGUE[fault.kind].place is Place.PEOPLE for fault in planned)


class Haste:
    """Has acts done once more. `call_at` is the clock's, `now_us` tells its instant."""

    def __init__(self, plan: FaultPlan, now_us: Callable[[], int], call_at: Callable[..., None]) -> None:
        self._plan, self._now_us, self._call_at = plan, now_us, call_at

    def after(self, system: str, action: str, txn: str, again: Callable[[], None]) -> None:
        """Have something that was just done done again, if the plan says so; whoever finds it done refuses."""
        now_us, name = self._now_us(), f"act {action} {txn}"
        aim = self._plan.aim(faults.PEOPLE, system, action)
        if aim.rules:
            fault = aim.strike(Luck(self._plan.draws, system, action).word(name, now_us), txn, now_us, name)
            if fault is not None:
                self._call_at(now_us + round(fault.seconds * 1_000_000), _tried, again)

    def act(self, act: Act, perform: Callable[[Act], None]) -> None:
        """Have an act of the timeline performed, and perhaps once more."""
        perform(act)
        self.after(act.system, act.action, act.txn, partial(perform, act))


class HastyQueue:
    """The exception queue, as people see it who press twice."""

    def __init__(self, queue: Integration | Front, haste: Haste) -> None:
        self._queue, self._haste = queue, haste

    def open_cases(self) -> list[ExceptionCase]:
        """Return the cases on which somebody has to act."""
        return self._queue.open_cases()

    def re_drive(self, case: str, actor: str, action: str = "retry", note: str = "") -> None:
        """Resolve a case, and perhaps try to resolve it once more."""
        txn = next((each.txn for each in self._queue.open_cases() if each.id == case), "")
        self._queue.re_drive(case, actor, action, note)
        colleague = f"{actor}'s colleague"
        again = partial(self._queue.re_drive, case, colleague, action, note)
        self._haste.after("integration", "re_drive", txn, again)


def _tried(again: Callable[[], None]) -> None:
    with suppress(*REFUSED):  # it is done already, and that was said
        again()
