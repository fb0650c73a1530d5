"""Seasonality: when in a quarter orders arrive. The presets are data [P/E]; the arithmetic is exact enough to invert.

A quarter is cut into 13 weeks counted back from its last day (week 1 takes the odd days). The weights of the last week
go to its five business days, those of the others are spread over business days evenly; nobody signs on a weekend.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

WEEKS = 13

WEEK_WEIGHTS: dict[str, tuple[float, ...]] = {
    "linear": (7.5, 7.5, 8, 8, 8, 8, 8, 8, 7, 7, 7, 7, 9),
    "mild": (4, 5, 5.5, 7.5, 5, 6, 6.5, 9.5, 4.5, 5, 5.5, 9, 27),
    "severe": (2.5, 3, 3, 4.5, 3.5, 4.5, 5, 9, 4, 5, 6, 10, 40),
    "extreme": (1.2, 1.4, 1.4, 2, 1.8, 2, 2.2, 3, 2.5, 2.5, 3, 7, 70),
    "larkin": (0.72, 0.84, 0.84, 1.2, 1.08, 1.2, 1.32, 1.8, 1.5, 1.5, 1.8, 4.2, 82),
}
"""Percent of the quarter's orders per week; each row adds up to 100."""

LAST_WEEK_WEIGHTS: dict[str, tuple[float, ...]] = {
    "linear": (20, 20, 20, 20, 20),
    "mild": (8, 12, 16, 24, 40),
    "severe": (6, 9, 13, 22, 50),
    "extreme": (4, 6, 10, 20, 60),
    "larkin": (1.0, 1.5, 2.3, 3.7, 91.5),
}
"""Percent of the last week's orders per business day [E]."""

PATTERN_NAMES: tuple[str, ...] = tuple(WEEK_WEIGHTS)

LAST_DAY_HOURS = ((0, 8, 4.0), (8, 12, 16.0), (12, 16, 28.0), (16, 20, 37.0), (20, 24, 15.0))
"""(from hour, to hour, percent) of the last day, local to the entity [E]."""
OTHER_DAY_HOURS = ((0, 8, 2.0), (8, 12, 38.0), (12, 16, 38.0), (16, 20, 19.0), (20, 24, 3.0))
"""The same for every other day [E]."""


def business_days(first: date, last: date) -> list[date]:
    """Return the days from Monday to Friday between two days, both included."""
    days = (first + timedelta(days=index) for index in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def second_of_day(unit: float, hours: Sequence[tuple[int, int, float]]) -> float:
    """Return the second of the day at which the share `unit` of a day's orders has arrived."""
    rest = unit * sum(weight for _, _, weight in hours)
    for start, end, weight in hours:
        if rest < weight:
            return 3600 * (start + (end - start) * rest / weight)
        rest -= weight
    return 86_399.0


@dataclass(frozen=True)
class Season:
    """How a quarter's orders spread over its business days: weights and their running sum (1 at the end)."""

    days: tuple[date, ...]
    weights: tuple[float, ...]
    sums: tuple[float, ...]
    last_day_hours: tuple[tuple[int, int, float], ...] = LAST_DAY_HOURS

    @property
    def last_day(self) -> date:
        """Return the last business day, the one of the spike."""
        return self.days[-1]

    def share(self, first: date, last: date) -> float:
        """Return the part of the quarter's orders that arrives between two days, both included."""
        return sum(weight for day, weight in zip(self.days, self.weights, strict=True) if first <= day <= last)

    def day(self, unit: float) -> date:
        """Return the day by which the share `unit` of the quarter's orders has arrived."""
        return self.days[min(bisect_right(self.sums, unit), len(self.days) - 1)]

    def hours(self, day: date) -> tuple[tuple[int, int, float], ...]:
        """Return the hour weights of a day."""
        return self.last_day_hours if day == self.last_day else OTHER_DAY_HOURS

    def expected(self, orders: float, day: date, from_hour: float = 0, to_hour: float = 24) -> float:
        """Return how many of a quarter's `orders` arrive on a day between two local hours."""
        hours = self.hours(day)
        part = sum(
            weight * max(0.0, min(to_hour, end) - max(from_hour, start)) / (end - start) for start, end, weight in hours
        )
        return orders * self.share(day, day) * part / sum(weight for _, _, weight in hours)


def season(
    start: date, end: date, weeks: Sequence[float], last_week: Sequence[float], last_day: Sequence[float] | None = None
) -> Season:
    """Return the spread of orders over a quarter from its first to its last day, both included.

    `last_day` gives the last day 24 hour weights of its own.
    """
    assert len(weeks) == WEEKS, f"{WEEKS} weeks, not {len(weeks)}"
    weights: dict[date, float] = {}
    for number in range(1, WEEKS + 1):
        last = end - timedelta(days=7 * (WEEKS - number))
        first = start if number == 1 else last - timedelta(days=6)
        days = business_days(first, last)
        parts = last_week if number == WEEKS else [100 / len(days)] * len(days)
        for day, part in zip(days, parts, strict=True):
            weights[day] = weeks[number - 1] * part
    total = sum(weights.values())
    shares = [weight / total for weight in weights.values()]
    hours = tuple((hour, hour + 1, weight) for hour, weight in enumerate(last_day)) if last_day else LAST_DAY_HOURS
    return Season(tuple(weights), tuple(shares), tuple(accumulate(shares)), hours)


def named(pattern: str, start: date, end: date) -> Season:
    """Return the spread of a preset over a quarter."""
    return season(start, end, WEEK_WEIGHTS[pattern], LAST_WEEK_WEIGHTS[pattern])
