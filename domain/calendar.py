"""The calendar knows local dates, half-open intervals and the places where local time is not simple.

Contract dates are local calendar dates of the selling entity; instants are integer microseconds since the Unix epoch
(UTC). Intervals are half-open `[start, end)`; vendors with an inclusive end map onto them by one day. Short months
clamp the anchor day and return to it later.
"""

import calendar as _calendar
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

DAY = timedelta(days=1)
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
"""Elapsed time. A local day may be an hour shorter or longer."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_QUARTER_HOUR_US = 900 * SECOND_US
_ODD_CHANGES_END_US = 15_340 * 86_400 * SECOND_US  # 1 January 2012


class UnknownZone(ValueError):
    """A name is not in the IANA time zone database."""


class Interval(msgspec.Struct, frozen=True, order=True, gc=False):
    """Local dates from `start` up to, but not including, `end`; may be empty, never negative."""

    start: date
    end: date

    def __post_init__(self) -> None:
        """Refuse an interval that ends before it starts."""
        if self.end < self.start:
            raise ValueError(f"interval ends on {self.end}, before its start {self.start}")

    @classmethod
    def inclusive(cls, first: date, last: date) -> "Interval":
        """Make an interval from a first and a last day that both count."""
        return cls(first, last + DAY)

    @property
    def days(self) -> int:
        """Return the number of calendar days."""
        return self.end.toordinal() - self.start.toordinal()

    @property
    def last_day(self) -> date:
        """Return the last day that counts (the inclusive end)."""
        return self.end - DAY

    def __contains__(self, day: date) -> bool:
        """Tell whether a day lies inside."""
        return self.start <= day < self.end

    def covers(self, other: "Interval") -> bool:
        """Tell whether another interval lies wholly inside."""
        return self.start <= other.start and other.end <= self.end

    def intersection(self, other: "Interval") -> "Interval | None":
        """Return the shared days, or None when there are none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Interval(start, end) if start < end else None

    def split(self, day: date) -> "tuple[Interval, Interval]":
        """Cut into the days before `day` and the days from it; raise ValueError when it lies outside."""
        if not self.start <= day <= self.end:
            raise ValueError(f"cannot split [{self.start}, {self.end}) on {day}: it lies outside")
        return Interval(self.start, day), Interval(day, self.end)

    def meets(self, other: "Interval") -> bool:
        """Tell whether the other interval starts exactly where this one ends."""
        return self.end == other.start


def tiles(parts: Sequence[Interval], whole: Interval) -> bool:
    """Tell whether `parts`, in order, cover `whole` with no gap and no overlap (I-09)."""
    if not parts:
        return whole.days == 0
    joined = all(left.meets(right) for left, right in pairwise(parts))
    return joined and parts[0].start == whole.start and parts[-1].end == whole.end


def days_in_month(year: int, month: int) -> int:
    """Return 28 to 31."""
    return _calendar.monthrange(year, month)[1]


def is_month_end(day: date) -> bool:
    """Tell whether `day` is the last one of its month."""
    return day.day == days_in_month(day.year, day.month)


def month_of(day: date) -> Interval:
    """Return the calendar month that holds `day`."""
    first = day.replace(day=1)
    return Interval(first, add_months(first, 1))


def clamped(year: int, month: int, day_of_month: int) -> date:
    """Return the day of that month, or the month's last day when the month is too short."""
    return date(year, month, min(day_of_month, days_in_month(year, month)))


def add_months(anchor: date, months: int, anchor_day: int | None = None) -> date:
    """Move whole months from `anchor`, clamping `anchor_day` (default: the anchor's own day) to the month's end.

    31 Jan + 1 is 28 Feb and + 2 is 31 Mar; 29 Feb + 12 is 28 Feb. Always step from the anchor, never from a
    clamped result, or the day drifts.
    """
    index = anchor.year * 12 + anchor.month - 1 + months
    return clamped(index // 12, index % 12 + 1, anchor.day if anchor_day is None else anchor_day)


class Unit(Enum):
    """The step of a billing cadence."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Cadence(msgspec.Struct, frozen=True, gc=False):
    """A billing frequency: every `count` days, weeks or months."""

    unit: Unit
    count: int = 1

    def boundary(self, anchor: date, steps: int, anchor_day: int | None = None) -> date:
        """Return the `steps`-th period boundary counted from the anchor (negative: before it)."""
        if self.unit is Unit.MONTH:
            return add_months(anchor, steps * self.count, anchor_day)
        size = self.count * (7 if self.unit is Unit.WEEK else 1)
        return anchor + timedelta(days=steps * size)

    def steps_to(self, anchor: date, day: date, anchor_day: int | None = None) -> int:
        """Return the number of the period that holds `day`: boundary(n) <= day < boundary(n + 1)."""
        if self.unit is Unit.MONTH:
            steps = ((day.year - anchor.year) * 12 + day.month - anchor.month) // self.count
            return steps - (self.boundary(anchor, steps, anchor_day) > day)
        return (day - anchor).days // (self.count * (7 if self.unit is Unit.WEEK else 1))

    def period(self, anchor: date, day: date, anchor_day: int | None = None) -> Interval:
        """Return the full billing period that holds `day`."""
        steps = self.steps_to(anchor, day, anchor_day)
        return Interval(self.boundary(anchor, steps, anchor_day), self.boundary(anchor, steps + 1, anchor_day))


DAILY = Cadence(Unit.DAY)
WEEKLY = Cadence(Unit.WEEK)
MONTHLY = Cadence(Unit.MONTH)
QUARTERLY = Cadence(Unit.MONTH, 3)
SEMIANNUAL = Cadence(Unit.MONTH, 6)
ANNUAL = Cadence(Unit.MONTH, 12)

CADENCES: dict[str, Cadence] = {
    "day": DAILY,
    "week": WEEKLY,
    "month": MONTHLY,
    "quarter": QUARTERLY,
    "half_year": SEMIANNUAL,
    "year": ANNUAL,
}


def periods(life: Interval, cadence: Cadence, anchor: date, anchor_day: int | None = None) -> Iterator[Interval]:
    """Yield the full billing periods that touch `life`; the first and last may reach outside it (stubs)."""
    if life.days == 0:
        return
    steps = cadence.steps_to(anchor, life.start, anchor_day)
    start = cadence.boundary(anchor, steps, anchor_day)
    while start < life.end:
        steps += 1
        end = cadence.boundary(anchor, steps, anchor_day)
        yield Interval(start, end)
        start = end


@lru_cache(maxsize=512)
def zone_named(zone: str) -> ZoneInfo:
    """Return an IANA zone; raise UnknownZone when there is none of that name."""
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        message = f"unknown time zone {zone!r}: expected an IANA name such as 'America/New_York'"
        raise UnknownZone(message) from None


def local_datetime(at_us: int, zone: str) -> datetime:
    """Return the wall-clock time of an instant in a zone."""
    return (_EPOCH + timedelta(microseconds=at_us)).astimezone(zone_named(zone))


@lru_cache(maxsize=131_072)
def _date_of_quarter_hour(bucket: int, zone: str) -> date:
    return local_datetime(bucket * _QUARTER_HOUR_US, zone).date()


def local_date(at_us: int, zone: str) -> date:
    """Return the local calendar date of an instant; about a microsecond when the quarter-hour was seen before.

    Since 2012 a local day has changed only on the edge of a quarter-hour of UTC. Until then Newfoundland changed its
    clocks a minute after midnight.
    """
    if at_us < _ODD_CHANGES_END_US:
        return local_datetime(at_us, zone).date()
    return _date_of_quarter_hour(at_us // _QUARTER_HOUR_US, zone)


@lru_cache(maxsize=4_096)
def midnight_us(day: date, zone: str) -> int:
    """Return the instant at which the local day starts; where midnight is skipped, the first instant after it."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone_named(zone))
    return instant_us(start)


def instant_us(moment: datetime) -> int:
    """Return an aware datetime as microseconds since the epoch; raise ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone: expected an offset or Z")
    apart = moment - _EPOCH
    return (apart.days * 86_400 + apart.seconds) * SECOND_US + apart.microseconds


@lru_cache(maxsize=1_024)
def utc_text(at_seconds: int) -> str:
    """Return a Unix time as ISO 8601 in UTC without an offset, such as 2026-12-31T23:59:58."""
    days, second = divmod(at_seconds, 86_400)
    hour, second = divmod(second, 3600)
    return f"{_utc_day_text(days)}T{hour:02d}:{second // 60:02d}:{second % 60:02d}"


@lru_cache(maxsize=4_096)
def _utc_day_text(days: int) -> str:
    return date.fromordinal(_EPOCH_DAY + days).isoformat()


def utc_midnight_us(day: date) -> int:
    """Return midnight UTC that begins `day`."""
    return (day.toordinal() - _EPOCH_DAY) * 86_400 * SECOND_US
