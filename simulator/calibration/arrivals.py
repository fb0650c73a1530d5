"""Arrivals: how many lifecycles a quarter has, and how they spread over its weeks, last days and hours.

A log that covers the whole quarter gives weights of its own; one that covers less tells which preset is nearest, by the
likelihood of the weeks that it has, and how many orders that preset makes of a quarter.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from domain.calendar import local_datetime
from scenarios.company import Pattern
from scenarios.seasons import PATTERN_NAMES, WEEKS, Season, business_days, named, season

DAY = timedelta(days=1)
WHOLE_DAYS = 7
"""A log covers a quarter when it lacks less than so many days of it at either end."""


class Arrivals(msgspec.Struct, frozen=True, kw_only=True):
    """When lifecycles come.

    `count` were seen in the quarter from `start` to `end` (both included), of which the log covers `first` to `last`;
    `per_quarter` is how many a whole one has. `nearest` is the preset most like it, `apart` the share of orders that
    lie in other weeks than its. `own` are measured weights (None when less than the quarter is covered).
    `off_days` is the share that came on a weekend, which the season spreads over business days.
    """

    count: int
    per_quarter: int
    start: date
    end: date
    first: date
    last: date
    nearest: str
    apart: float
    own: Pattern | None
    off_days: float
    by_hour: tuple[int, ...]

    @property
    def season(self) -> Season:
        """Return how the orders spread over the quarter."""
        if self.own is None:
            return named(self.nearest, self.start, self.end)
        return season(self.start, self.end, self.own.weeks, self.own.last_week, self.own.last_day)


def quarter_of(day: date) -> tuple[date, date]:
    """Return the first and last day of the calendar quarter of a day."""
    month = 3 * ((day.month - 1) // 3) + 1
    after = date(day.year + (month == 10), month % 12 + 3 if month < 10 else 1, 1)
    return date(day.year, month, 1), after - DAY


def arrivals(
    begun_us: Sequence[int], zone: str, quarter: tuple[date, date] | None, covered_us: tuple[int, int]
) -> Arrivals:
    """Return when lifecycles come; raise ValueError when none began in the quarter.

    Without a `quarter` it is the calendar quarter in which most began; `covered_us` is the stretch that the log covers.
    """
    moments = [local_datetime(at_us, zone) for at_us in begun_us]
    if not moments:
        raise ValueError("found no lifecycle that began, expected some with a case or an order")
    start, end = quarter or Counter(quarter_of(each.date()) for each in moments).most_common(1)[0][0]
    inside = [each for each in moments if start <= each.date() <= end]
    if not inside:
        raise ValueError(f"found no lifecycle from {start} to {end}, expected some; the log begins {moments[0].date()}")
    edges = [local_datetime(at_us, zone).date() for at_us in covered_us]
    first, last = max(start, edges[0]), min(end, edges[1])
    days = Counter(each.date() for each in inside)
    nearest = min(PATTERN_NAMES, key=lambda name: _surprise(named(name, start, end), days, first, last))
    preset = named(nearest, start, end)
    share = preset.share(first, last)
    is_whole = first - start < timedelta(WHOLE_DAYS) and end - last < timedelta(WHOLE_DAYS)
    hours = Counter(each.hour for each in inside)
    return Arrivals(
        count=len(inside), per_quarter=max(1, len(inside) if is_whole else round(len(inside) / max(share, 1e-9))),
        start=start, end=end, first=first, last=last, nearest=nearest,
        apart=_apart(preset, days, start, end, first, last),
        own=_own(inside, days, start, end) if is_whole else None,
        off_days=sum(count for day, count in days.items() if day.weekday() >= 5) / len(inside),
        by_hour=tuple(hours[hour] for hour in range(24)),
    )  # fmt: skip


def week_of(day: date, start: date, end: date) -> int:
    """Return the week of the quarter, 0 to 12, counted back from its last day; the first takes the odd days."""
    assert start <= day <= end, f"{day} is not in the quarter"
    return max(0, WEEKS - 1 - (end - day).days // 7)


def _surprise(each: Season, days: Counter[date], first: date, last: date) -> float:
    """Return minus the log-likelihood of the days' counts under a season, given how many there were in all."""
    covered = each.share(first, last)
    shares = dict(zip(each.days, each.weights, strict=True))
    return -sum(
        count * math.log(max(shares[day], 1e-12) / max(covered, 1e-12)) for day, count in days.items() if day in shares
    )


def _apart(preset: Season, days: Counter[date], start: date, end: date, first: date, last: date) -> float:
    total = sum(days.values())
    covered = max(preset.share(first, last), 1e-12)
    seen, meant = [0.0] * WEEKS, [0.0] * WEEKS
    for day, count in days.items():
        seen[week_of(day, start, end)] += count / total
    for day, weight in zip(preset.days, preset.weights, strict=True):
        if first <= day <= last:
            meant[week_of(day, start, end)] += weight / covered
    return sum(abs(a - b) for a, b in zip(seen, meant, strict=True)) / 2


def _own(inside: Sequence[datetime], days: Counter[date], start: date, end: date) -> Pattern:
    weeks = [0.0] * WEEKS
    for day, count in days.items():
        weeks[week_of(day, start, end)] += count
    last_days = business_days(end - timedelta(days=6), end)
    last_week = [float(sum(days[day] for day in _with_weekend(each, end))) for each in last_days]
    last_day = Counter(each.hour for each in inside if each.date() == last_days[-1])
    return Pattern(
        weeks=percents(weeks),
        last_week=percents(last_week) if sum(last_week) else (20.0,) * 5,
        last_day=percents([float(last_day[hour]) for hour in range(24)]) if last_day else None,
    )


def _with_weekend(day: date, end: date) -> list[date]:
    """Return a business day and the weekend after it, whose orders count as its own."""
    found = [day]
    while found[-1] < end and (found[-1] + DAY).weekday() >= 5:
        found.append(found[-1] + DAY)
    return found


def percents(weights: Sequence[float]) -> tuple[float, ...]:
    """Return weights as percentages of two digits that add up to 100; the largest takes what rounding left over."""
    total = sum(weights)
    assert total > 0, "weights that are all nothing have no percentages"
    hundredths = [round(10_000 * weight / total) for weight in weights]
    hundredths[hundredths.index(max(hundredths))] += 10_000 - sum(hundredths)
    return tuple(each / 100 for each in hundredths)
