"""Fiscal quarters and business days: which quarter a day belongs to, and which days people work.

A fiscal calendar is either by calendar months or 4-4-5: weeks of seven days in groups of 4, 4 and 5, where a
53rd week, when the year has one, belongs to the last month.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import Enum

import msgspec

from domain.calendar import DAY, Interval, add_months, midnight_us

_NO_HOLIDAYS: frozenset[date] = frozenset()
_WEEKS_BEFORE_PERIOD = (0, 4, 8, 13, 17, 21, 26, 30, 34, 39, 43, 47)


class FiscalKind(Enum):
    """How a legal entity divides its year."""

    CALENDAR = "calendar"
    WEEKS_4_4_5 = "4-4-5"


class FiscalCalendar(msgspec.Struct, frozen=True, gc=False):
    """A fiscal year that begins in `first_month`; a 4-4-5 year begins on `week_start` (Monday is 0).

    A 4-4-5 year starts on the `week_start` nearest to the first of `first_month`. The year is numbered by the
    calendar year in which it begins.
    """

    kind: FiscalKind = FiscalKind.CALENDAR
    first_month: int = 1
    week_start: int = 0

    def year_start(self, year: int) -> date:
        """Return the first day of a fiscal year."""
        first = date(year, self.first_month, 1)
        if self.kind is FiscalKind.CALENDAR:
            return first
        back = (first.weekday() - self.week_start) % 7
        return first - timedelta(days=back) if back <= 3 else first + timedelta(days=7 - back)

    def year_of(self, day: date) -> int:
        """Return the number of the fiscal year that holds `day`."""
        for year in (day.year + 1, day.year):
            if self.year_start(year) <= day:
                return year
        return day.year - 1

    def period_start(self, year: int, number: int) -> date:
        """Return the first day of the `number`-th period (1 to 12; 13 is next year's first)."""
        if not 1 <= number <= 13:
            raise ValueError(f"fiscal period {number} does not exist: expected 1 to 12")
        if number == 13:
            return self.year_start(year + 1)
        if self.kind is FiscalKind.CALENDAR:
            return add_months(self.year_start(year), number - 1)
        return self.year_start(year) + timedelta(weeks=_WEEKS_BEFORE_PERIOD[number - 1])

    def quarter(self, day: date) -> "FiscalQuarter":
        """Return the fiscal quarter that holds `day`."""
        year = self.year_of(day)
        number = max(n for n in range(1, 5) if self.period_start(year, 3 * n - 2) <= day)
        days = Interval(self.period_start(year, 3 * number - 2), self.period_start(year, 3 * number + 1))
        return FiscalQuarter(year, number, days)

    def period(self, day: date) -> Interval:
        """Return the fiscal month that holds `day`."""
        year = self.year_of(day)
        number = max(n for n in range(1, 13) if self.period_start(year, n) <= day)
        return Interval(self.period_start(year, number), self.period_start(year, number + 1))


class FiscalQuarter(msgspec.Struct, frozen=True, gc=False):
    """A quarter of a fiscal year with its days."""

    year: int
    number: int
    days: Interval

    def cutoff_us(self, zone: str) -> int:
        """Return the local midnight that ends the quarter in the entity's zone."""
        return midnight_us(self.days.end, zone)


def is_business_day(day: date, holidays: frozenset[date] = _NO_HOLIDAYS) -> bool:
    """Tell whether `day` is Monday to Friday and no holiday."""
    return day.weekday() < 5 and day not in holidays


def _walk(day: date, step: timedelta, holidays: frozenset[date]) -> Iterator[date]:
    while True:
        day += step
        if is_business_day(day, holidays):
            yield day


def add_business_days(day: date, count: int, holidays: frozenset[date] = _NO_HOLIDAYS) -> date:
    """Move `count` business days on (or back when negative); zero returns the day itself."""
    walk = _walk(day, DAY if count > 0 else -DAY, holidays)
    for _ in range(abs(count)):
        day = next(walk)
    return day


def business_days(days: Interval, holidays: frozenset[date] = _NO_HOLIDAYS) -> list[date]:
    """Return the business days inside an interval, in order."""
    every = (days.start + timedelta(days=offset) for offset in range(days.days))
    return [day for day in every if is_business_day(day, holidays)]


def last_business_days(days: Interval, count: int, holidays: frozenset[date] = _NO_HOLIDAYS) -> list[date]:
    """Return the last `count` business days of an interval, e.g. the three of a quarter's end."""
    return business_days(days, holidays)[-count:] if count else []
