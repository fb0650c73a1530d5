"""Pacing: business time on the wall, and how exactly it was kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.replay.pacing import STEPS, Kept, Pace, Punctuality

DAY_US = 86_400_000_000


@given(st.integers(0, 90 * DAY_US), st.sampled_from([0.5, 1.0, 4.0, 504.0, 10_000.0]))
def test_an_instant_of_the_business_is_due_when_the_wall_says_so(offset_us: int, speed: float) -> None:
    pace = Pace(1_700_000_000_000_000, speed)
    due = pace.wall_seconds(pace.start_us + offset_us)
    assert due == pytest.approx(offset_us / 1e6 / speed)
    assert abs(pace.business_us(due) - pace.start_us - offset_us) <= speed


def test_three_weeks_at_504_times_the_speed_take_an_hour() -> None:
    assert Pace(0, 504.0).wall_seconds(21 * DAY_US) == 3600.0


def kept(*late_seconds: float, wall_seconds: float = 60.0) -> Kept:
    punctuality = Punctuality(60.0)
    for late in late_seconds:
        punctuality.note(10.0, 10.0 + late)
    return punctuality.kept(wall_seconds)


def test_a_pace_is_kept_when_no_more_than_one_act_in_a_hundred_is_late() -> None:
    assert kept(*[0.004] * 99, 0.9).is_kept
    assert not kept(*[0.004] * 97, 0.9, 0.9, 0.9).is_kept


def test_a_span_that_took_longer_than_asked_was_not_kept() -> None:
    assert not kept(0.001, wall_seconds=61.0).is_kept


def test_lateness_is_told_by_its_median_its_tail_and_its_worst() -> None:
    found = kept(*[0.004] * 98, 0.3, 4.0)
    assert (found.offered, found.late) == (100, 2)
    assert (found.p50_seconds, found.p99_seconds, found.worst_seconds) == (0.005, 0.5, 4.0)


def test_an_early_act_counts_as_punctual() -> None:
    assert kept(-0.5).worst_seconds == 0.0


def test_without_acts_there_is_nothing_late() -> None:
    assert kept().is_kept


def test_acts_are_counted_where_they_were_due_and_where_they_were_done() -> None:
    punctuality = Punctuality(float(STEPS))
    punctuality.note(0.5, 0.6)
    punctuality.note(0.9, 2.1)
    punctuality.note(STEPS - 0.5, STEPS + 40.0)
    assert (punctuality.asked[0], punctuality.asked[-1]) == (2, 1)
    assert (punctuality.offered[0], punctuality.offered[2], punctuality.offered[-1]) == (1, 1, 1)
    assert sum(punctuality.asked) == sum(punctuality.offered) == 3
