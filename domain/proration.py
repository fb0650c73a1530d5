"""Proration says which share of a full period's price a used part of it costs, exactly, by a named policy.

Every convention that a platform uses is a `ProrationPolicy` value; `ratio` turns a policy and two half-open intervals
into a Fraction, and rounding happens once, in `prorate_minor`. Oracle cases: P01-P30.
"""

from collections.abc import Callable
from datetime import date
from enum import Enum
from fractions import Fraction

import msgspec

from domain.calendar import Interval, add_months, days_in_month, is_month_end, midnight_us
from domain.rounding import Rounding, round_ratio, round_to_digits


class DayCount(Enum):
    """How the share of a period is measured."""

    ACT_ACT = "ACT_ACT"
    FIXED_N = "FIXED_N"
    ACT_30 = "ACT_30"
    STRICT_30_360 = "STRICT_30_360"
    SECONDS = "SECONDS"
    MILLISECONDS = "MILLISECONDS"
    ACT_365 = "ACT_365"
    MONTHS_CEIL = "MONTHS_CEIL"
    MONTHS_PLUS_DAYS = "MONTHS_PLUS_DAYS"
    OWN_CADENCE = "OWN_CADENCE"
    NONE = "NONE"
    FULL = "FULL"
    NEXT_CYCLE = "NEXT_CYCLE"


class Bounds(Enum):
    """How a vendor writes the end of an interval: the first day outside, or the last day inside."""

    HALF_OPEN = "half_open"
    INCLUSIVE = "inclusive"

    def interval(self, start: date, end: date) -> Interval:
        """Read a written pair of dates as a half-open interval."""
        return Interval.inclusive(start, end) if self is Bounds.INCLUSIVE else Interval(start, end)


class ProrationPolicy(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A vendor's whole convention as data.

    `month_days` is N of FIXED_N; `term_months` and `basis_days` are the default term of a CPQ price;
    `whole_days` widens instants to local days (Chargebee's second mode); `nominal_days` is the fixed length of an
    added charge's own period for OWN_CADENCE; `change_day_is_new` gives the change day to the new price (0.5).
    """

    day_count: DayCount = DayCount.ACT_ACT
    bounds: Bounds = Bounds.HALF_OPEN
    rounding: Rounding = Rounding.HALF_UP
    month_days: int = 30
    term_months: int = 12
    basis_days: int = 365
    nominal_days: int = 30
    whole_days: bool = False
    change_day_is_new: bool = True
    capped: bool = True
    zone: str = "UTC"


_INCLUSIVE = Bounds.INCLUSIVE

POLICIES: dict[str, ProrationPolicy] = {
    "ACT_ACT": ProrationPolicy(),
    "ACT_ACT_INCLUSIVE": ProrationPolicy(bounds=_INCLUSIVE),
    "FIXED_30": ProrationPolicy(day_count=DayCount.FIXED_N, month_days=30),
    "ZUORA_ACTUAL": ProrationPolicy(bounds=_INCLUSIVE),
    "ZUORA_ACT_30": ProrationPolicy(day_count=DayCount.ACT_30, bounds=_INCLUSIVE),
    "ZUORA_30_360": ProrationPolicy(day_count=DayCount.STRICT_30_360, bounds=_INCLUSIVE),
    "SECONDS": ProrationPolicy(day_count=DayCount.SECONDS),
    "MILLISECONDS": ProrationPolicy(day_count=DayCount.MILLISECONDS),
    "MILLISECONDS_WHOLE_DAYS": ProrationPolicy(day_count=DayCount.MILLISECONDS, whole_days=True),
    "ACT_365": ProrationPolicy(day_count=DayCount.ACT_365, bounds=_INCLUSIVE, capped=False),
    "MONTHS_CEIL": ProrationPolicy(day_count=DayCount.MONTHS_CEIL, bounds=_INCLUSIVE, capped=False),
    "MONTHS_PLUS_DAYS": ProrationPolicy(day_count=DayCount.MONTHS_PLUS_DAYS, bounds=_INCLUSIVE, capped=False),
    "OWN_CADENCE": ProrationPolicy(day_count=DayCount.OWN_CADENCE),
    "NONE": ProrationPolicy(day_count=DayCount.NONE),
    "FULL": ProrationPolicy(day_count=DayCount.FULL),
    "NEXT_CYCLE": ProrationPolicy(day_count=DayCount.NEXT_CYCLE),
}
"""The conventions under the names that configuration uses."""

NOMINAL_DAYS: dict[str, int] = {"month": 30, "quarter": 91, "half_year": 182, "year": 365}
"""Nominal length of a charge's own period for OWN_CADENCE (Meteroid)."""

PER_MONTH_DAY = Fraction(12, 365)
"""One leftover day in months, for MONTHS_PLUS_DAYS (the vendor publishes no constant)."""


def whole_months(used: Interval) -> tuple[int, int]:
    """Return whole months counted from the start and the days left over."""
    months = (used.end.year - used.start.year) * 12 + used.end.month - used.start.month
    if add_months(used.start, months) > used.end:
        months -= 1
    return months, (used.end - add_months(used.start, months)).days


def months_in(full: Interval) -> int:
    """Return how many months a full period has, at least one (a week counts as one for 30-day policies)."""
    return max(1, whole_months(full)[0])


def grid_months(used: Interval, full: Interval) -> tuple[int, int]:
    """Return whole months and leftover days, counted on the full period's own month boundaries.

    A co-termed addition has its stub in front and whole months up to the common end (worked example A).
    """
    if used.end != full.end or used.start == full.start:
        return whole_months(used)
    months = 0
    while add_months(used.end, -(months + 1)) >= used.start:
        months += 1
    return months, (add_months(used.end, -months) - used.start).days


def fixed_days(used: Interval, month_days: int) -> int:
    """Return days as if every month that the interval crosses had `month_days` (Kill Bill's fixed proration)."""
    days, month = used.days, used.start.replace(day=1)
    while (month.year, month.month) < (used.end.year, used.end.month):
        days -= days_in_month(month.year, month.month) - month_days
        month = add_months(month, 1)
    return days


def strict_30_360_days(used: Interval) -> int:
    """Return days of 30-day months with both ends counted; a last day at its month's end counts as the 30th."""
    first, last = used.start, used.last_day
    last_number = 30 if is_month_end(last) else last.day
    return 360 * (last.year - first.year) + 30 * (last.month - first.month) + last_number - first.day + 1


def span_ratio(used_us: tuple[int, int], full_us: tuple[int, int], tick_us: int = 1_000_000) -> Fraction:
    """Return the share of an instant interval in another, both measured in whole ticks of `tick_us`."""
    used = used_us[1] // tick_us - used_us[0] // tick_us
    full = full_us[1] // tick_us - full_us[0] // tick_us
    if full <= 0:
        raise ValueError(f"full period {full_us} holds no whole tick of {tick_us} microseconds")
    return Fraction(used, full)


def _elapsed_ratio(policy: ProrationPolicy, used: Interval, full: Interval) -> Fraction:
    if policy.whole_days:
        return Fraction(used.days, full.days)
    tick = 1_000_000 if policy.day_count is DayCount.SECONDS else 1_000
    used_us, full_us = (
        (midnight_us(days.start, policy.zone), midnight_us(days.end, policy.zone)) for days in (used, full)
    )
    return span_ratio(used_us, full_us, tick)


def _months_ratio(policy: ProrationPolicy, used: Interval, full: Interval) -> Fraction:
    if policy.day_count is DayCount.MONTHS_CEIL:
        months, left = whole_months(used)
        return Fraction(months + (left > 0), policy.term_months)
    months, left = grid_months(used, full)
    return (months + left * PER_MONTH_DAY) / policy.term_months


def _thirty_day_ratio(policy: ProrationPolicy, used: Interval, full: Interval) -> Fraction:
    months = months_in(full)
    if policy.day_count is DayCount.FIXED_N:
        return Fraction(fixed_days(used, policy.month_days), policy.month_days * months)
    days = strict_30_360_days(used) if policy.day_count is DayCount.STRICT_30_360 else used.days
    return Fraction(days, 30 * months)


def _own_cadence_ratio(policy: ProrationPolicy, used: Interval, full: Interval) -> Fraction:
    if abs(full.days - policy.nominal_days) * 4 <= policy.nominal_days:
        return Fraction(used.days, full.days)
    return Fraction(used.days, policy.nominal_days)


_Measure = Callable[[ProrationPolicy, Interval, Interval], Fraction]

_MEASURES: dict[DayCount, _Measure] = {
    DayCount.ACT_ACT: lambda policy, used, full: Fraction(used.days, full.days),
    DayCount.FIXED_N: _thirty_day_ratio,
    DayCount.ACT_30: _thirty_day_ratio,
    DayCount.STRICT_30_360: _thirty_day_ratio,
    DayCount.SECONDS: _elapsed_ratio,
    DayCount.MILLISECONDS: _elapsed_ratio,
    DayCount.ACT_365: lambda policy, used, full: Fraction(used.days, policy.basis_days),
    DayCount.MONTHS_CEIL: _months_ratio,
    DayCount.MONTHS_PLUS_DAYS: _months_ratio,
    DayCount.OWN_CADENCE: _own_cadence_ratio,
    DayCount.NONE: lambda policy, used, full: Fraction(1),
    DayCount.FULL: lambda policy, used, full: Fraction(1),
    DayCount.NEXT_CYCLE: lambda policy, used, full: Fraction(0),
}


def ratio(policy: ProrationPolicy, used: Interval, full: Interval) -> Fraction:
    """Return the exact share of the full period's price that the used days cost.

    `full` is the period the stub belongs to (28 days for a February stub). A capped policy never exceeds one.
    An empty used interval costs nothing under every policy, NONE and FULL included.
    """
    if used.days == 0:
        return Fraction(0)
    if full.days == 0:
        raise ValueError(f"full period [{full.start}, {full.end}) is empty: nothing can be a share of it")
    share = _MEASURES[policy.day_count](policy, used, full)
    return min(share, Fraction(1)) if policy.capped else share


def prorate_minor(price_minor: int, policy: ProrationPolicy, used: Interval, full: Interval) -> int:
    """Return the price of the used days in minor units, rounded once."""
    return round_ratio(price_minor * ratio(policy, used, full), policy.rounding)


def multiplier(policy: ProrationPolicy, used: Interval, full: Interval, digits: int = 4) -> Fraction:
    """Return a CPQ prorate multiplier: the ratio rounded to `digits` decimals before any price (P30)."""
    return round_to_digits(ratio(policy, used, full), digits, policy.rounding)
