"""Rounding: what people say instead of what chance drew."""

from __future__ import annotations

from domain.faults import Fault
from q2c.hunting.rounding import rounder, rounder_plans, roundest

HOUR_US = 3_600_000_000


def test_a_point_fault_at_the_first_try_is_round_already() -> None:
    assert not list(rounder(Fault(kind="lost_reply", system="erp", operation="upsert_order", txn="Q-000007", nth=1)))


def test_a_later_try_becomes_the_first_one() -> None:
    fault = Fault(kind="lost_reply", system="erp", operation="upsert_order", txn="Q-000007", nth=3)
    assert [each.nth for each in rounder(fault)] == [1]


def test_a_window_goes_or_becomes_whole_hours_around_it() -> None:
    fault = Fault(kind="refused", system="erp", nth=1, start_us=3 * HOUR_US + 7, end_us=5 * HOUR_US + 1)
    assert [(each.start_us, each.end_us) for each in rounder(fault)] == [(0, 0), (3 * HOUR_US, 6 * HOUR_US)]


def test_an_outage_of_hours_ends_but_one_of_seconds_may_be_for_always() -> None:
    hours = Fault(kind="refused", system="erp", start_us=3 * HOUR_US + 7, end_us=5 * HOUR_US + 1)
    assert [(each.start_us, each.end_us) for each in rounder(hours)] == [(3 * HOUR_US, 6 * HOUR_US)]
    seconds = Fault(kind="refused", system="erp", start_us=3 * HOUR_US + 7, end_us=3 * HOUR_US + 9_000_000)
    assert (0, 0) in [(each.start_us, each.end_us) for each in rounder(seconds)]


def test_durations_are_tried_at_the_nearer_rung_first() -> None:
    fault = Fault(kind="delay", system="billing", operation="invoice_generated", txn="Q-000007", nth=1, seconds=1_700.0)
    assert [each.seconds for each in rounder(fault)] == [1_800.0, 900.0]


def test_a_share_becomes_every_time() -> None:
    assert next(rounder(Fault(kind="lost_reply", share_ppm=31_337))).share_ppm == 1_000_000


def test_a_death_keeps_its_write() -> None:
    assert not [each for each in rounder(Fault(kind="crash", count=249)) if each.count != 249]


def test_a_plan_is_rounded_one_fault_at_a_time() -> None:
    plan = (Fault(kind="refused", nth=2), Fault(kind="reset_before", nth=2))
    assert list(rounder_plans(plan, 1)) == [(plan[0], Fault(kind="reset_before", nth=1))]


def test_the_roundest_form_has_all_that_is_best() -> None:
    fault = Fault(kind="delay", share_ppm=5, nth=3, start_us=7, end_us=9, seconds=1_700.0)
    assert roundest(fault) == Fault(kind="delay", nth=1, seconds=1_800.0)
