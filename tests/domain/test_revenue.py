"""Revenue schedules: exact sums, published examples, modifications that leave the past alone."""

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import Interval, tiles
from domain.revenue import (
    Slice,
    allocate_by_price,
    catch_up,
    daily,
    daily_by_month,
    end_of,
    even_periods,
    milestones,
    monthly_tenths,
    months_of,
    period_rate,
    prorate_first_and_last,
    prospective,
    ramp,
    recognised_by,
    tenth_months,
)

FEW = settings(max_examples=100)
AMOUNTS = st.integers(-(10**10), 10**10)
STARTS = st.dates(min_value=date(2000, 1, 1), max_value=date(2040, 1, 1))
METHODS = [daily_by_month, monthly_tenths, prorate_first_and_last, period_rate]


def term_of(start: date, days: int) -> Interval:
    return Interval(start, start + timedelta(days=days))


def test_daily_straight_line_puts_the_residual_last() -> None:
    slices = daily_by_month(10000, Interval.inclusive(date(2019, 1, 10), date(2019, 3, 15)))
    assert [(part.posted_on, part.amount_minor) for part in slices] == [
        (date(2019, 1, 31), 3385),
        (date(2019, 2, 28), 4308),
        (date(2019, 3, 15), 2307),
    ]


def test_monthly_schedules_count_months_of_one_decimal() -> None:
    term = Interval.inclusive(date(2019, 1, 16), date(2019, 3, 31))
    assert tenth_months(term) == Fraction(5, 2)
    assert [part.amount_minor for part in monthly_tenths(5000000, term)] == [1000000, 2000000, 2000000]


def test_a_partial_month_counts_as_an_even_period() -> None:
    assert even_periods(40000, 5) == (8000,) * 5
    assert even_periods(10000, 3) == (3333, 3333, 3334)


def test_a_transaction_price_follows_stand_alone_prices() -> None:
    assert allocate_by_price(12000000, [100000, 30000, 20000]) == (8000000, 2400000, 1600000)


def test_a_ramp_is_spread_straight() -> None:
    assert ramp([1000000, 1200000, 1400000]) == (1200000,) * 3
    assert milestones(1000, [1, 1, 1]) == (334, 333, 333)


@FEW
@given(AMOUNTS, STARTS, st.integers(2, 1200), st.sampled_from(METHODS))
def test_every_schedule_sums_to_its_price_and_tiles_its_term(
    total: int, start: date, days: int, method: Callable[[int, Interval], list[Slice]]
) -> None:
    term = term_of(start, days)
    slices = method(total, term)
    assert sum(part.amount_minor for part in slices) == total
    assert tiles([part.days for part in slices], term)
    assert recognised_by(slices, term.last_day) == total
    assert end_of(slices) == term.end


@FEW
@given(AMOUNTS, STARTS, st.integers(1, 1200))
def test_a_schedule_of_a_credit_mirrors_that_of_its_charge(total: int, start: date, days: int) -> None:
    term = term_of(start, days)
    mirrored = [-part.amount_minor for part in daily_by_month(total, term)]
    assert [part.amount_minor for part in daily_by_month(-total, term)] == mirrored


@FEW
@given(st.integers(0, 10**9), st.integers(-(10**6), 10**9), STARTS, st.integers(3, 700), st.data())
def test_a_prospective_change_keeps_what_was_earned(
    total: int, change: int, start: date, days: int, data: st.DataObject
) -> None:
    term = term_of(start, days)
    slices = daily_by_month(total, term)
    day = start + timedelta(days=data.draw(st.integers(0, days - 1)))
    replanned = prospective(slices, day, change)
    assert sum(part.amount_minor for part in replanned) == total + change
    assert tiles([part.days for part in replanned], term)
    earlier = [part for part in slices if part.days.end <= day]
    assert replanned[: len(earlier)] == earlier


def test_a_catch_up_books_the_past_at_once() -> None:
    term = Interval(date(2026, 1, 1), date(2026, 5, 1))
    slices = daily_by_month(12000, term)
    adjustment, rest = catch_up(slices, date(2026, 3, 1), 24000)
    earned = recognised_by(slices, date(2026, 2, 28))
    assert adjustment == earned
    assert earned + adjustment + sum(part.amount_minor for part in rest) == 24000


def test_schedules_without_time_are_refused() -> None:
    day = date(2026, 1, 1)
    with pytest.raises(ValueError, match="at least one"):
        daily(100, [])
    with pytest.raises(ValueError, match="at least one"):
        even_periods(100, 0)
    with pytest.raises(ValueError, match="at least one day"):
        period_rate(100, Interval(day, day))
    with pytest.raises(ValueError, match="nothing is left"):
        prospective(daily_by_month(100, term_of(day, 10)), date(2026, 2, 1), 5)


def test_a_term_is_cut_at_month_ends() -> None:
    parts = months_of(Interval(date(2026, 1, 31), date(2026, 3, 2)))
    assert [part.days for part in parts] == [1, 28, 1]
