"""The full period that a used part belongs to: given, or found from a frequency, a bill cycle day and the words."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from domain.calendar import Cadence, Interval, Unit, month_of
from domain.oracle.facts import Facts
from domain.oracle.recipe import Recipe, named
from domain.proration_lines import anchor_from

_PERIOD_KEYS = ("period", "full_period", "billing_period", "service_period", "cycle", "term")
_CADENCE_KEYS = ("period", "full_period", "billing_period", "frequency", "cadence", "interval", "every")
_BILL_DAY = ("bcd", "bill_cycle_day", "anchor_day", "billing_day", "billing_anchor_day")
_MONDAY = date(1970, 1, 5)


def explicit_period(facts: Facts, *first: str) -> Any:
    """Return the written pair of a full period, or None."""
    for key in (*first, *_PERIOD_KEYS):
        value = facts.inputs.get(key)
        if value is not None and facts.pair(value, key) is not None:
            return value
    start, end = facts.key("period_start"), facts.key("period_end", "period_end_inclusive")
    return [facts.inputs[start], facts.inputs[end]] if start and end else None


def cadence_of(facts: Facts, *keys: str) -> Cadence | None:
    """Return the billing frequency that a word in the inputs names."""
    return facts.cadence(*(keys or _CADENCE_KEYS))


def bill_cycle_day(facts: Facts) -> int | None:
    """Return the day of month on which the account is billed, 1 to 31, or None."""
    if not facts.has(*_BILL_DAY):
        return None
    day = facts.whole(*_BILL_DAY)
    if not 1 <= day <= 31:
        raise facts.wrong(f"bill cycle day is {day}", "1 to 31")
    return day


def calendar_period(cadence: Cadence, day: date) -> Interval:
    """Return the calendar week (Monday first), month, quarter or year that holds a day."""
    anchor = _MONDAY if cadence.unit is Unit.WEEK else date(1970, 1, 1)
    return cadence.period(anchor, day)


def full_period(facts: Facts, used: Interval) -> Interval:
    """Return the full period of a used part.

    In order: the given pair; the grid of a bill cycle day or anchor date; calendar periods when the word says so;
    the calendar month when no frequency is named; otherwise a period that starts with the used part, or ends
    with it when the case calls it a leading stub.
    """
    written = explicit_period(facts)
    if written is not None:
        return facts.as_interval(written, "period")
    named_cadence = cadence_of(facts)
    cadence = named_cadence or Cadence(Unit.MONTH)
    bill_day = bill_cycle_day(facts)
    if bill_day is not None:
        return cadence.period(anchor_from(used.start, bill_day), used.start, bill_day)
    if facts.has("anchor", "anchor_date", "billing_anchor"):
        return cadence.period(facts.day("anchor", "anchor_date", "billing_anchor"), used.start)
    if any("calendar" in str(facts.inputs.get(key)) for key in _CADENCE_KEYS):
        return calendar_period(cadence, used.start)
    if named_cadence is None and month_of(used.start).covers(used):
        return month_of(used.start)
    if _ends_with_use(facts):
        return Interval(cadence.boundary(used.end, -1), used.end)
    return Interval(used.start, cadence.boundary(used.start, 1))


def _ends_with_use(facts: Facts) -> bool:
    if facts.has("period_ends_at"):
        return True
    if facts.has("period_starts_at"):
        return facts.raw("period_starts_at") in ("to", "end")
    return facts.says("leading", "before first", "first partial")


_MOST = 1200
_COUNT = ("count", "periods", "cycles", "months", "n_periods", "steps", "number_of_periods")
_STARTS = ("anchor", "anchor_date", "start", "start_date", "from", "first", "billing_anchor", "subscription_start")


def _edges(facts: Facts, cadence: Cadence) -> list[date]:
    start = facts.day(*_STARTS)
    bill_day = bill_cycle_day(facts) or start.day
    first = anchor_from(start, bill_day) if cadence.unit is Unit.MONTH else start
    used = facts.used()
    if used is not None:
        return [edge for step in range(_MOST) if (edge := cadence.boundary(first, step, bill_day)) <= used.end]
    count = facts.whole(*_COUNT) if facts.has(*_COUNT) else facts.length
    if not 0 < count <= _MOST:
        raise facts.wrong(f"{count} billing dates asked for", f"1 to {_MOST}")
    return [cadence.boundary(first, step, bill_day) for step in range(count + 1)]


def _dates(facts: Facts) -> Mapping[str, Any]:
    edges = _edges(facts, cadence_of(facts) or Cadence(Unit.MONTH))
    text = [edge.isoformat() for edge in edges]
    closed = facts.policy.get("interval") == "inclusive"
    ends = [(edge - timedelta(days=1)).isoformat() for edge in edges[1:]] if closed else text[1:]
    by_shape = not facts.has(*_COUNT) and facts.used() is None
    return named(
        {
            "next_date billing_date bill_date renewal next_billing_date": text[1:],
            "boundary edge date": text[:-1] if by_shape else text,
            "start period_start": text[:-1],
            "end period_end": ends,
            "period interval": [list(pair) for pair in zip(text[:-1], ends, strict=True)],
            "days period_days": [(b - a).days for a, b in pairwise(edges)],
        }
    )


def _wants_dates(facts: Facts) -> bool:
    counted = any(isinstance(facts.inputs.get(key), int) for key in _COUNT) or facts.length > 1
    return facts.has(*_STARTS) and (counted or facts.used() is not None) and explicit_period(facts) is None


RECIPES = (Recipe("billing dates", _wants_dates, _dates),)
