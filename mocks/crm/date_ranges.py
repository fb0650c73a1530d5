"""Date literals of SOQL: what TODAY, LAST_N_DAYS:n and the like mean at an instant (UTC, weeks from Sunday)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from domain.calendar import DAY_US

Span = tuple[date, date]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def days_of(name: str, count: int, now_us: int) -> Span:
    """Return the first day of a literal and the day after its last; the count is one the grammar allows."""
    return _RANGES[name]((_EPOCH + timedelta(microseconds=now_us)).date(), count)


def midnight_us(day: date) -> int:
    """Return the instant at which a day begins, in microseconds UTC."""
    return (day - _EPOCH.date()).days * DAY_US


def _days(first: int, after: int) -> Callable[[date, int], Span]:
    return lambda today, _: (today + timedelta(days=first), today + timedelta(days=after))


def _month(today: date, step: int) -> date:
    months = today.year * 12 + today.month - 1 + step
    return date(months // 12, months % 12 + 1, 1)


def _weeks(step: int) -> Callable[[date, int], Span]:
    def span(today: date, _count: int) -> Span:
        sunday = today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=step)
        return sunday, sunday + timedelta(weeks=1)

    return span


def _months(length: int, step: int) -> Callable[[date, int], Span]:
    """Return calendar periods of so many months: 1, 3 (quarters) or 12."""

    def span(today: date, _count: int) -> Span:
        start = date(today.year, (today.month - 1) // length * length + 1, 1)
        return _month(start, step * length), _month(start, (step + 1) * length)

    return span


_RANGES: dict[str, Callable[[date, int], Span]] = {
    "TODAY": _days(0, 1),
    "YESTERDAY": _days(-1, 0),
    "TOMORROW": _days(1, 2),
    "LAST_90_DAYS": _days(-90, 1),
    "NEXT_90_DAYS": _days(1, 91),
    "LAST_N_DAYS": lambda today, count: (today - timedelta(days=count), today + timedelta(days=1)),
    "NEXT_N_DAYS": lambda today, count: (today + timedelta(days=1), today + timedelta(days=count + 1)),
    "N_DAYS_AGO": lambda today, count: (today - timedelta(days=count), today - timedelta(days=count - 1)),
    "LAST_N_WEEKS": lambda today, count: (_weeks(-count)(today, 0)[0], _weeks(0)(today, 0)[0]),
    "NEXT_N_WEEKS": lambda today, count: (_weeks(1)(today, 0)[0], _weeks(count + 1)(today, 0)[0]),
    "LAST_N_MONTHS": lambda today, count: (_month(today, -count), _month(today, 0)),
    "NEXT_N_MONTHS": lambda today, count: (_month(today, 1), _month(today, count + 1)),
    "LAST_N_YEARS": lambda today, count: (date(today.year - count, 1, 1), date(today.year, 1, 1)),
    "NEXT_N_YEARS": lambda today, count: (date(today.year + 1, 1, 1), date(today.year + count + 1, 1, 1)),
    **{f"{when}_WEEK": _weeks(step) for when, step in (("LAST", -1), ("THIS", 0), ("NEXT", 1))},
    **{
        f"{when}_{name}": _months(length, step)
        for when, step in (("LAST", -1), ("THIS", 0), ("NEXT", 1))
        for name, length in (("MONTH", 1), ("QUARTER", 3), ("YEAR", 12))
    },
}
