"""The fault plan: who is struck, how often, and that one fault's draws are its own."""

from __future__ import annotations

from typing import Any

from domain.faults import Fault
from domain.history import Fired
from mocks.kernel.faults import AFTER, BEFORE, FaultPlan
from mocks.kernel.luck import MASK, Luck, multiplier, stirred

TXNS = [f"Q-{number:06d}" for number in range(1, 2_001)]


def fired(faults: list[Fault], at_us: int = 5) -> list[Fired]:
    """Return what a plan fires when each transaction calls one operation twice."""
    records: list[Any] = []
    plan = FaultPlan(faults, 7, records.append)
    aim, luck = plan.aim(AFTER, "erp", "upsert_order"), Luck(plan.draws, "erp", "upsert_order")
    for txn in TXNS * 2:
        aim.strike(luck.word(txn, at_us), txn, at_us)
    return records


def test_a_share_of_the_opportunities_is_struck() -> None:
    struck = len(fired([Fault(kind="lost_reply", share_ppm=100_000)]))
    assert 320 <= struck <= 480  # 4,000 opportunities, a standard deviation of 19


def test_dropping_a_fault_does_not_move_the_draws_of_another() -> None:
    lost, reset = Fault(kind="lost_reply", share_ppm=20_000), Fault(kind="reset_after", share_ppm=30_000)
    never = Fault(kind="lost_reply", share_ppm=0)
    together = [record.txn for record in fired([lost, reset]) if record.kind == "reset_after"]
    alone = [record.txn for record in fired([never, reset])]
    assert set(together) <= set(alone)
    assert len(alone) - len(together) <= 5  # only what the first fault took is missing


def test_faults_draw_independently_of_each_other() -> None:
    words = [stirred(1, number) for number in range(2_000)]
    for first in range(8):
        for second in range(first):
            drawn = [[word * multiplier(index) & MASK < 1 << 63 for word in words] for index in (first, second)]
            agreeing = sum(one == other for one, other in zip(*drawn, strict=True))
            assert 850 <= agreeing <= 1_150, (first, second)


def test_a_fault_strikes_only_within_its_window() -> None:
    fault = Fault(kind="lost_reply", start_us=10, end_us=20)
    assert not fired([fault], at_us=9)
    assert len(fired([fault], at_us=10)) == len(TXNS) * 2
    assert not fired([fault], at_us=20)


def test_windows_are_kept_when_time_moves_back_and_forth() -> None:
    records: list[Any] = []
    plan = FaultPlan([Fault(kind="lost_reply", start_us=10, end_us=20)], 7, records.append)
    for at_us in (5, 15, 25, 12, 8, 19):
        plan.aim(AFTER, "erp", "upsert_order").strike(0, "Q-000001", at_us)
    assert [record.at_us for record in records] == [15, 12, 19]


def test_the_nth_opportunity_of_each_transaction_is_struck() -> None:
    records = fired([Fault(kind="lost_reply", nth=2)])
    assert [record.txn for record in records] == TXNS


def test_the_first_matching_fault_wins() -> None:
    faults = [Fault(kind="lost_reply", txn="Q-000003"), Fault(kind="reset_after")]
    kinds = [record.kind for record in fired(faults) if record.txn in ("Q-000003", "Q-000004")]
    assert kinds == ["lost_reply", "reset_after"] * 2


def test_a_fault_strikes_only_its_system_operation_and_place() -> None:
    assert not fired([Fault(kind="lost_reply", system="billing")])
    assert not fired([Fault(kind="lost_reply", operation="upsert_invoice")])
    plan = FaultPlan([Fault(kind="lost_reply")], 7, lambda _record: None)
    assert plan.aim(BEFORE, "erp", "upsert_order").strike(0, "Q-000001", 5) is None


def test_two_storms_over_one_system_count_each_call_once() -> None:
    records: list[Any] = []
    storm = Fault(kind="retry_storm", system="erp", count=3)
    aim = FaultPlan([storm, storm], 7, records.append).aim(BEFORE, "erp", "upsert_order")
    for at_us in range(1, 6):
        aim.strike(0, "Q-000001", at_us)
    assert [record.at_us for record in records] == [4, 5]
