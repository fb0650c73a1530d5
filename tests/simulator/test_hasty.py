"""What people do twice is done once: they sign, approve, refund and retry again a moment later, and nothing shows."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from domain.acts import Act
from domain.faults import CATALOGUE, Fault
from domain.history import Fired
from mocks.kernel.faults import FaultPlan
from mocks.kernel.operations import Refusal
from simulator.hasty import Haste
from tests.simulator.test_rehearsal import business
from tests.stage import MORE, Played, Stage


def quarter(*faults: Fault) -> Played:
    """Return the play of an order whose product is not mapped yet, and of one whose payment is given back."""
    stage = Stage(*faults)
    stage.missing = (MORE,)
    stage.customer()
    stage.signs("Q-000001")
    stage.signs("Q-000002", at=1.5, lines=((MORE, 10, 50_00, 12),))
    stage.act("integration", "refund", at=30.0, txn="Q-000001", percent=50, requested_by="ada", approved_by="grace")
    return stage.play(days=4, heal_after=3)


def test_what_people_do_twice_is_done_once() -> None:
    calm, hasty = quarter(), quarter(CATALOGUE["double_click"].usual)
    assert "MAPPING_MISSING" in " ".join(calm.cases())
    struck = {(fired.system, fired.operation) for fired in hasty.of(Fired)}
    assert struck == {
        ("crm", "submit_quote"), ("crm", "approve_quote"), ("crm", "accept_quote"), ("integration", "refund"),
        ("integration", "re_drive"),
    }  # fmt: skip
    assert business(hasty) == business(calm)
    verdict = hasty.verdict()
    assert (verdict.status, hasty.broken()) == ("holds", {})


def test_only_the_act_that_is_meant_is_done_twice() -> None:
    played = quarter(Fault(kind="double_click", system="crm", operation="accept_quote", txn="Q-000002", seconds=2.0))
    assert [(fired.operation, fired.txn) for fired in played.of(Fired)] == [("accept_quote", "Q-000002")]


@pytest.mark.parametrize(("raised", "is_ours"), [(Refusal, False), (ValueError, True)])
def test_a_second_time_may_be_refused_and_nothing_else(raised: type[Exception], is_ours: bool) -> None:
    plan, alarms, done = FaultPlan([CATALOGUE["double_click"].usual], 1, lambda _record: None), list[Any](), list[Act]()

    def perform(act: Act) -> None:
        if done:
            raise raised("a second time")
        done.append(act)

    act = Act(at_us=1, system="crm", action="accept_quote", arguments={}, txn="Q-000001")
    Haste(plan, lambda: 1, lambda *alarm: alarms.append(alarm)).act(act, perform)
    ((_at_us, tried, again),) = alarms
    with pytest.raises(ValueError, match="a second time") if is_ours else nullcontext():
        tried(again)
