"""Calendars: half-open intervals, clamped months, local days across clock changes, fiscal quarters."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import (
    ANNUAL,
    CADENCES,
    MONTHLY,
    QUARTERLY,
    WEEKLY,
    Cadence,
    Interval,
    UnknownZone,
    add_months,
    instant_us,
    local_date,
    local_datetime,
    midnight_us,
    periods,
    tiles,
    utc_midnight_us,
    utc_text,
)
from domain.fiscal import (
    FiscalCalendar,
    FiscalKind,
    add_business_days,
    business_days,
    is_business_day,
    last_business_days,
)

DATES = st.dates(min_value=date(1990, 1, 1), max_value=date(2060, 12, 31))
ZONES = st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"])
FEW = settings(max_examples=100)


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2025, 12, 15), 1, date(2026, 1, 15)),
    ],
)
def test_months_clamp_to_the_end_and_return_to_the_anchor(anchor: date, months: int, expected: date) -> None:
    assert add_months(anchor, months) == expected


def test_a_clamped_date_remembers_its_anchor_day() -> None:
    assert add_months(date(2026, 2, 28), 1, 31) == date(2026, 3, 31)


@FEW
@given(DATES, DATES, st.sampled_from(list(CADENCES.values())), st.integers(min_value=0, max_value=200))
def test_periods_tile_and_hold_the_days_asked_for(anchor: date, start: date, cadence: Cadence, length: int) -> None:
    life = Interval(start, start + timedelta(days=length))
    found = list(periods(life, cadence, anchor))
    assert (len(found) == 0) == (length == 0)
    if found:
        assert tiles(found, Interval(found[0].start, found[-1].end))
        assert found[0].start <= start < found[0].end
        assert found[-1].start < life.end <= found[-1].end
        assert cadence.period(anchor, start) == found[0]


def test_a_gap_or_an_overlap_is_no_tiling() -> None:
    whole = Interval(date(2026, 1, 1), date(2026, 2, 1))
    left, right = whole.split(date(2026, 1, 10))
    assert tiles([left, right], whole)
    assert not tiles([left, Interval(date(2026, 1, 11), whole.end)], whole)
    assert not tiles([left], whole)
    assert not tiles([], whole)


def test_intervals_meet_contain_and_intersect() -> None:
    january = Interval.inclusive(date(2026, 1, 1), date(2026, 1, 31))
    february = Interval(date(2026, 2, 1), date(2026, 3, 1))
    assert (january.days, january.last_day) == (31, date(2026, 1, 31))
    assert january.meets(february)
    assert january.intersection(february) is None
    assert date(2026, 2, 1) not in january
    assert january.covers(Interval(date(2026, 1, 5), date(2026, 2, 1)))
    with pytest.raises(ValueError, match="before its start"):
        Interval(date(2026, 2, 1), date(2026, 1, 1))
    with pytest.raises(ValueError, match="outside"):
        january.split(date(2026, 3, 1))


def test_a_quarter_and_a_week_are_as_long_as_they_are() -> None:
    assert QUARTERLY.period(date(2012, 5, 1), date(2012, 5, 12)).days == 92
    assert WEEKLY.period(date(2026, 1, 5), date(2026, 1, 11)) == Interval(date(2026, 1, 5), date(2026, 1, 12))
    assert ANNUAL.boundary(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert MONTHLY.boundary(date(2026, 1, 31), 1) == date(2026, 2, 28)


@FEW
@given(st.integers(min_value=-(10**15), max_value=2 * 10**15), ZONES)
def test_the_cached_local_date_is_the_real_one(at_us: int, zone: str) -> None:
    assert local_date(at_us, zone) == local_datetime(at_us, zone).date()


def test_a_day_may_come_back_a_minute_after_it_began() -> None:
    seen = [instant_us(datetime(2010, 11, 7, 2, minute, tzinfo=UTC)) for minute in (29, 30, 31)]
    assert [local_date(at_us, "America/St_Johns").day for at_us in seen] == [6, 7, 6]


@FEW
@given(DATES, ZONES)
def test_midnight_is_the_first_instant_of_its_day(day: date, zone: str) -> None:
    start = midnight_us(day, zone)
    assert local_date(start, zone) == day
    assert local_date(start - 1, zone) == day - timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 3, 29), "Europe/Berlin", 23),
        (date(2026, 10, 25), "Europe/Berlin", 25),
        (date(2026, 3, 8), "America/New_York", 23),
        (date(2017, 10, 15), "America/Sao_Paulo", 23),
    ],
)
def test_clock_changes_make_days_shorter_or_longer(day: date, zone: str, hours: int) -> None:
    length = midnight_us(day + timedelta(days=1), zone) - midnight_us(day, zone)
    assert length == hours * 3_600_000_000


def test_instants_need_a_zone() -> None:
    assert instant_us(datetime(1970, 1, 2, tzinfo=UTC)) == utc_midnight_us(date(1970, 1, 2)) == 86_400_000_000
    with pytest.raises(ValueError, match="no time zone"):
        instant_us(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(UnknownZone, match="IANA"):
        local_date(0, "Mars/Olympus")


def test_calendar_quarters_cut_off_at_local_midnight() -> None:
    quarter = FiscalCalendar().quarter(date(2026, 12, 31))
    assert (quarter.year, quarter.number, quarter.days.end) == (2026, 4, date(2027, 1, 1))
    assert quarter.cutoff_us("Asia/Tokyo") < quarter.cutoff_us("America/New_York")
    assert FiscalCalendar(first_month=2).quarter(date(2026, 1, 31)).number == 4


def test_quarters_of_4_4_5_have_thirteen_weeks() -> None:
    fiscal = FiscalCalendar(kind=FiscalKind.WEEKS_4_4_5)
    quarter = fiscal.quarter(date(2026, 5, 20))
    assert quarter.days.days == 91
    assert quarter.days.start.weekday() == 0
    months = [fiscal.period(fiscal.period_start(2026, number)).days for number in range(1, 4)]
    assert months == [28, 28, 35]


@FEW
@given(DATES, st.sampled_from(list(FiscalKind)), st.integers(min_value=1, max_value=12))
def test_every_day_lies_in_its_fiscal_quarter_and_month(day: date, kind: FiscalKind, first: int) -> None:
    fiscal = FiscalCalendar(kind=kind, first_month=first)
    assert day in fiscal.quarter(day).days
    assert day in fiscal.period(day)
    assert fiscal.quarter(day).days.covers(fiscal.period(day))


def test_business_days_skip_weekends_and_holidays() -> None:
    christmas = frozenset([date(2026, 12, 25)])
    assert not is_business_day(date(2026, 12, 25), christmas)
    assert add_business_days(date(2026, 12, 24), 1, christmas) == date(2026, 12, 28)
    assert add_business_days(date(2026, 12, 28), -1) == date(2026, 12, 25)
    quarter = FiscalCalendar().quarter(date(2026, 12, 1)).days
    assert last_business_days(quarter, 3) == [date(2026, 12, 29), date(2026, 12, 30), date(2026, 12, 31)]
    assert len(business_days(Interval(date(2026, 12, 1), date(2027, 1, 1)), christmas)) == 22


def test_a_unix_time_is_written_as_utc_to_the_second() -> None:
    for at_seconds in (0, 86_399, 86_400, 1_798_761_598, 4_102_444_800, -1):
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at_seconds)
        assert f"{utc_text(at_seconds)}+00:00" == moment.isoformat(timespec="seconds")
