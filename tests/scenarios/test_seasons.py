"""The spread of a quarter's orders is the calibrated one, and arrivals follow it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import local_datetime
from domain.draws import Draws
from scenarios import arrivals, loader, seasons
from scenarios.ground import Ground, ground

START, END = date(2026, 10, 1), date(2026, 12, 31)
GINI = {"linear": 0.04, "mild": 0.29, "severe": 0.45, "extreme": 0.70, "larkin": 0.79}


def the_ground(pattern: str, seed: int = 1, orders: int = 5_000) -> Ground:
    text = "name: a_scenario\ntitle: t\nquestion: q\nrehearse: {weeks: 13}\n"
    world = f"world: {{orders_per_quarter: {orders}, live_subscriptions: 0, quarter: {{pattern: {pattern}}}}}\n"
    return ground(loader.parse(text + world), seed)


@pytest.mark.parametrize("pattern", seasons.PATTERN_NAMES)
def test_the_weights_of_a_preset_add_up_to_a_hundred(pattern: str) -> None:
    assert sum(seasons.WEEK_WEIGHTS[pattern]) == pytest.approx(100, abs=1e-6)
    assert sum(seasons.LAST_WEEK_WEIGHTS[pattern]) == pytest.approx(100, abs=1e-6)
    assert len(seasons.WEEK_WEIGHTS[pattern]) == seasons.WEEKS


@pytest.mark.parametrize("pattern", seasons.PATTERN_NAMES)
def test_the_inequality_of_the_weeks_is_the_published_one(pattern: str) -> None:
    weights = sorted(seasons.WEEK_WEIGHTS[pattern])
    ranked = sum((index + 1) * weight for index, weight in enumerate(weights))
    gini = 2 * ranked / (13 * sum(weights)) - 14 / 13
    assert gini == pytest.approx(GINI[pattern], abs=0.012)


@pytest.mark.parametrize(
    ("pattern", "last_day", "peak_hour", "hole"),
    [("mild", 540, 50, 176), ("severe", 1_000, 92, 325), ("extreme", 2_100, 194, 682)],
)
def test_the_derived_figures_of_5000_orders_come_out(pattern: str, last_day: int, peak_hour: int, hole: int) -> None:
    season = seasons.named(pattern, START, END)
    assert season.expected(5_000, END) == pytest.approx(last_day, rel=0.005)
    assert season.expected(5_000, END, 16, 17) == pytest.approx(peak_hour, rel=0.01)
    assert season.expected(5_000, END, 14, 18) == pytest.approx(hole, rel=0.005)


@settings(max_examples=60)
@given(
    pattern=st.sampled_from(seasons.PATTERN_NAMES),
    start=st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    days=st.integers(88, 100),
)
def test_any_quarter_gets_all_of_its_orders_on_business_days(pattern: str, start: date, days: int) -> None:
    end = start + timedelta(days=days - 1)
    season = seasons.named(pattern, start, end)
    assert season.share(start, end) == pytest.approx(1)
    assert season.sums[-1] == pytest.approx(1)
    assert all(day.weekday() < 5 and start <= day <= end for day in season.days)


@settings(max_examples=100)
@given(unit=st.floats(0.000001, 0.999999), last=st.booleans())
def test_the_second_of_a_day_inverts_the_hour_weights(unit: float, last: bool) -> None:
    hours = seasons.LAST_DAY_HOURS if last else seasons.OTHER_DAY_HOURS
    second = seasons.second_of_day(unit, hours)
    before = sum(weight * max(0.0, min(1.0, (second / 3600 - a) / (b - a))) for a, b, weight in hours)
    assert before / sum(weight for _, _, weight in hours) == pytest.approx(unit, abs=1e-9)


def test_the_last_day_its_peak_hour_and_the_hole_fill_up_as_derived() -> None:
    last_day, peak, hole = [], [], []
    for seed in range(12):
        here = the_ground("severe", seed)
        each = [order for order in arrivals.arrivals(here) if order.day == END]
        hours = [local_datetime(order.at_us, here.sites[order.site].zone).hour for order in each]
        last_day.append(len(each))
        peak.append(hours.count(17))
        hole.append(sum(14 <= hour < 18 for hour in hours))
    assert mean(last_day) == pytest.approx(1_000, rel=0.06)
    assert mean(peak) == pytest.approx(92.5, rel=0.12)
    assert mean(hole) == pytest.approx(325, rel=0.08)


def test_batches_have_one_to_four_quotes_and_one_point_six_on_average() -> None:
    leaders = Counter(arrivals.leader(5, number) for number in range(1, 20_001))
    assert max(leaders.values()) == arrivals.BATCH_MAX
    assert mean(leaders.values()) == pytest.approx(1.6, rel=0.02)


def test_a_batch_is_signed_within_ten_minutes_of_one_day_by_one_entity() -> None:
    here = the_ground("severe", 3, 800)
    orders = {order.number: order for order in arrivals.arrivals(here)}
    for order in orders.values():
        first = orders[arrivals.leader(here.draws.seed, order.number)]
        assert (first.day, first.site) == (order.day, order.site)
        assert 0 <= order.at_us - first.at_us < arrivals.BATCH_US


@pytest.mark.parametrize("average", [0.5, 7.0, 49.0, 400.0])
def test_the_count_of_orders_is_poisson(average: float) -> None:
    counts = [arrivals.poisson(average, Draws(1).unit("count", index)) for index in range(4_000)]
    spread = mean((count - average) ** 2 for count in counts)
    assert mean(counts) == pytest.approx(average, rel=0.05)
    assert spread == pytest.approx(average, rel=0.1)
