"""Proration: every day count of the specification, its worked examples, and the laws that hold for all."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import MONTHLY, QUARTERLY, Interval
from domain.proration import (
    POLICIES,
    Bounds,
    DayCount,
    ProrationPolicy,
    multiplier,
    prorate_minor,
    ratio,
    whole_months,
)
from domain.proration_lines import (
    capped_credit,
    change_lines,
    credit_minor,
    extension_charge,
    is_prorated,
    mixed_change,
    months_total,
    next_cycle_lines,
    recompute_both,
    reduction_credit,
    stub_ratios,
)

FEW = settings(max_examples=100)
YEAR = Interval(date(2026, 1, 1), date(2027, 1, 1))
LEFT = Interval(date(2026, 4, 16), date(2027, 1, 1))
DATES = st.dates(min_value=date(2000, 1, 1), max_value=date(2050, 12, 31))
PRICES = st.integers(min_value=0, max_value=10**9)
ADDITIVE = ("ACT_ACT", "ACT_365", "SECONDS", "MILLISECONDS", "MILLISECONDS_WHOLE_DAYS")


def month_from(day: date) -> Interval:
    return Interval(day, MONTHLY.boundary(day, 1))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("ACT_ACT", 512877), ("ZUORA_30_360", 510000), ("MONTHS_PLUS_DAYS", 509589), ("MONTHS_CEIL", 540000)],
)
def test_worked_example_a_adds_twenty_seats(policy: str, expected: int) -> None:
    assert LEFT.days == 260
    assert prorate_minor(720000, POLICIES[policy], LEFT, YEAR) == expected


def test_worked_example_a_by_the_month() -> None:
    shares = stub_ratios(LEFT, MONTHLY, date(2026, 5, 1))
    assert shares == [Fraction(15, 30), *[Fraction(1)] * 8]
    assert 60000 * sum(shares) == 510000


def test_worked_examples_b_to_e() -> None:
    assert credit_minor(360000, YEAR, date(2026, 4, 16)) == -256438
    swap = change_lines(1200000, YEAR, 1800000, YEAR, date(2026, 7, 1))
    assert (swap.credit_minor, swap.charge_minor, swap.net_minor) == (-604932, 907397, 302465)
    assert prorate_minor(600000, POLICIES["ACT_ACT"], Interval(date(2026, 7, 1), YEAR.end), YEAR) == 302466
    assert credit_minor(2400000, YEAR, date(2026, 10, 1)) == -604932
    leap = Interval(date(2027, 3, 1), date(2028, 3, 1))
    assert leap.days == 366
    assert credit_minor(1200000, leap, date(2028, 1, 15)) == -150820


def test_the_share_of_a_fixed_month_ignores_the_real_one() -> None:
    fixed = POLICIES["FIXED_30"]
    for start in (date(2023, 5, 23), date(2023, 2, 23), date(2024, 2, 23)):
        end = start.replace(month=start.month + 1, day=15)
        assert ratio(fixed, Interval(start, end), month_from(start)) == Fraction(22, 30)
        assert ratio(fixed, month_from(start), month_from(start)) == 1


def test_strict_30_360_makes_a_month_end_the_thirtieth() -> None:
    strict = POLICIES["ZUORA_30_360"]
    february = Interval.inclusive(date(2021, 2, 27), date(2021, 2, 28))
    assert ratio(strict, february, Interval(date(2021, 2, 1), date(2021, 3, 1))) == Fraction(4, 30)


def test_elapsed_time_sees_the_clock_change_and_days_do_not() -> None:
    october = Interval(date(2026, 10, 1), date(2026, 11, 1))
    week = Interval(date(2026, 10, 25), date(2026, 11, 1))
    seconds = ProrationPolicy(day_count=DayCount.SECONDS, zone="Europe/Berlin")
    assert ratio(POLICIES["ACT_ACT"], week, october) == Fraction(7, 31)
    assert ratio(seconds, week, october) == Fraction(7 * 24 + 1, 31 * 24 + 1)


def test_an_added_yearly_charge_counts_by_its_own_length() -> None:
    january = Interval(date(2025, 1, 1), date(2025, 1, 31))
    left = Interval(date(2025, 1, 16), january.end)
    yearly = ProrationPolicy(day_count=DayCount.OWN_CADENCE, nominal_days=365)
    monthly = ProrationPolicy(day_count=DayCount.OWN_CADENCE, nominal_days=30)
    assert ratio(yearly, left, january) == Fraction(15, 365)
    assert ratio(monthly, left, january) == Fraction(15, 30)


def test_no_proration_is_all_or_nothing() -> None:
    assert ratio(POLICIES["NONE"], LEFT, YEAR) == ratio(POLICIES["FULL"], LEFT, YEAR) == 1
    assert ratio(POLICIES["NEXT_CYCLE"], LEFT, YEAR) == 0
    assert next_cycle_lines().net_minor == 0
    assert ratio(POLICIES["NONE"], Interval(YEAR.start, YEAR.start), YEAR) == 0


def test_a_multiplier_is_rounded_before_any_price() -> None:
    term = Interval(date(2017, 1, 1), date(2017, 1, 1) + timedelta(days=830))
    assert multiplier(POLICIES["ACT_365"], term, term) == Fraction("2.2740")
    assert multiplier(POLICIES["MONTHS_CEIL"], Interval(date(2017, 1, 1), date(2019, 11, 20)), term) == Fraction(
        "2.9167"
    )
    assert whole_months(Interval.inclusive(date(2017, 1, 1), date(2018, 1, 10))) == (12, 10)


def test_stubs_use_the_length_of_their_own_period() -> None:
    shares = stub_ratios(Interval(date(2011, 1, 1), date(2011, 2, 27)), MONTHLY, date(2011, 1, 15))
    assert shares == [Fraction(14, 31), Fraction(1), Fraction(12, 28)]


def test_inclusive_ends_count_their_last_day() -> None:
    used = Bounds.INCLUSIVE.interval(date(2024, 5, 20), date(2024, 6, 20))
    full = Bounds.INCLUSIVE.interval(date(2024, 4, 15), date(2024, 7, 14))
    assert prorate_minor(91000, POLICIES["ACT_ACT_INCLUSIVE"], used, full) == 32000


def test_the_change_day_belongs_to_the_new_price_unless_the_policy_says_otherwise() -> None:
    month = Interval(date(2024, 1, 1), date(2024, 2, 1))
    old = ProrationPolicy(change_day_is_new=False)
    assert recompute_both(3100, 6200, month, date(2024, 1, 2)) == (100, 6000)
    assert recompute_both(3100, 6200, month, date(2024, 1, 2), old) == (200, 5800)
    assert change_lines(3100, month, 6200, month, date(2024, 2, 1)).net_minor == 0


def test_a_credit_never_exceeds_what_was_billed() -> None:
    assert capped_credit(-500, 400, 0) == -400
    assert capped_credit(-500, 1000, 700) == -300
    assert capped_credit(-500, 100, 700) == 0


def test_a_term_of_months_measures_its_stub_by_policy() -> None:
    term = Interval.inclusive(date(2021, 1, 1), date(2021, 3, 15))
    assert months_total(10000, term) == 24839
    assert months_total(10000, term, POLICIES["ZUORA_ACT_30"]) == 25000
    assert months_total(10000, Interval(date(2021, 1, 1), date(2021, 3, 1))) == 20000


def test_a_moved_billing_date_is_charged_or_credited_by_the_day() -> None:
    april = Interval(date(2026, 4, 1), date(2026, 5, 1))
    assert extension_charge(3000, april, 10) == 1000
    assert reduction_credit(3000, april, 10) == -1000


def test_a_set_of_changes_makes_one_line_per_price() -> None:
    january = Interval(date(2025, 1, 1), date(2025, 1, 31))
    lines = mixed_change([10000, 3000], [20000, 5000], january, date(2025, 1, 16), POLICIES["ACT_ACT"])
    assert lines == [-5000, -1500, 10000, 2500]
    assert not any(mixed_change([10000], [20000], january, january.end, POLICIES["ACT_ACT"]))


def test_one_time_and_arrears_charges_are_never_prorated() -> None:
    assert is_prorated(POLICIES["ACT_ACT"], recurring=True)
    assert not is_prorated(POLICIES["ACT_ACT"], recurring=False)
    assert not is_prorated(POLICIES["SECONDS"], recurring=True, in_advance=False)


@FEW
@given(DATES, st.integers(1, 400), st.data(), st.sampled_from(ADDITIVE))
def test_unrounded_shares_of_adjacent_parts_add_up(start: date, days: int, data: st.DataObject, name: str) -> None:
    full = Interval(start, start + timedelta(days=days))
    first, second = full.split(start + timedelta(days=data.draw(st.integers(0, days))))
    policy = POLICIES[name]
    assert ratio(policy, first, full) + ratio(policy, second, full) == ratio(policy, full, full)


@FEW
@given(DATES, st.data(), PRICES, st.sampled_from(sorted(POLICIES)))
def test_no_capped_policy_bills_more_than_the_full_price(
    start: date, data: st.DataObject, price: int, name: str
) -> None:
    full = Interval(start, QUARTERLY.boundary(start, 1))
    used = full.split(start + timedelta(days=data.draw(st.integers(0, full.days))))[0]
    policy = POLICIES[name]
    if policy.capped:
        assert 0 <= prorate_minor(price, policy, used, full) <= price


@FEW
@given(DATES, st.integers(0, 31), PRICES)
def test_a_credit_mirrors_its_charge_exactly(start: date, offset: int, price: int) -> None:
    full = month_from(start)
    day = min(start + timedelta(days=offset), full.end)
    lines = change_lines(price, full, price, full, day)
    assert lines.credit_minor == -lines.charge_minor
    assert lines.net_minor == 0


@FEW
@given(DATES, st.lists(PRICES, max_size=5), st.lists(PRICES, max_size=5))
def test_changes_of_one_day_net_the_same_in_any_order(start: date, old: list[int], new: list[int]) -> None:
    full, day = month_from(start), start + timedelta(days=9)
    net = sum(mixed_change(old, new, full, day, POLICIES["ACT_ACT"]))
    assert sum(mixed_change(old[::-1], sorted(new), full, day, POLICIES["ACT_ACT"])) == net


@FEW
@given(DATES, st.integers(1, 900))
def test_stub_shares_of_a_life_do_not_depend_on_where_it_is_cut(start: date, days: int) -> None:
    life = Interval(start, start + timedelta(days=days))
    cut = start + timedelta(days=days // 2)
    whole = sum(stub_ratios(life, MONTHLY, date(2010, 1, 31)))
    parts = [Interval(life.start, cut), Interval(cut, life.end)]
    assert sum(sum(stub_ratios(part, MONTHLY, date(2010, 1, 31))) for part in parts if part.days) == whole


def test_an_empty_period_has_no_shares() -> None:
    with pytest.raises(ValueError, match="empty"):
        ratio(POLICIES["ACT_ACT"], LEFT, Interval(date(2026, 1, 1), date(2026, 1, 1)))
