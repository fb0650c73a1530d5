"""Recipes for local time: days left in a local calendar period, usage by local month, days across clock changes."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from domain.calendar import Cadence, Interval, Unit, instant_us, local_date, midnight_us
from domain.oracle.facts import Facts, share
from domain.oracle.measures import PRICE, edge_us, policy_of, price_of
from domain.oracle.periods import cadence_of, calendar_period, explicit_period
from domain.oracle.recipe import Recipe, named
from domain.proration import ratio

_AT = ("at", "instant", "started_at", "start_at", "subscribed_at", "time", "timestamp")
_POINTS = ("points", "usage", "events", "timestamps", "usage_points")


def _local(facts: Facts, value: Any, name: str) -> date:
    moment: datetime = facts.as_moment(value, name)
    return local_date(instant_us(moment), facts.zone) if moment.tzinfo else moment.date()


def _rest_of_period(facts: Facts) -> Mapping[str, Any]:
    key = facts.key(*_AT)
    assert key is not None, "suits() has seen the instant"
    day = _local(facts, facts.inputs[key], key)
    written = explicit_period(facts)
    if written is not None:
        period = facts.as_interval(written, "period")
    else:
        period = calendar_period(cadence_of(facts) or Cadence(Unit.MONTH), day)
    if day not in period:
        raise facts.wrong(f"local day {day} lies outside the period {period.start} to {period.end}")
    left = Interval(day, period.end)
    portion = ratio(policy_of(facts), left, period)
    outputs = named(
        {
            "days billable_days days_left": left.days,
            "period_days": period.days,
            "local_date business_date date": day.isoformat(),
            "ratio": share(portion),
        }
    )
    if facts.has_amount(*PRICE):
        outputs = named({"amount charge": facts.money(price_of(facts) * portion)}) | outputs
    return outputs


def _by_month(facts: Facts) -> Mapping[str, Any]:
    counts: Counter[str] = Counter()
    by_day: Counter[str] = Counter()
    for point in facts.raw(*_POINTS):
        value, quantity = _point(facts, point)
        day = _local(facts, value, "point")
        for name in {day.strftime("%B").lower(), day.strftime("%b").lower(), day.strftime("%Y-%m")}:
            counts[name] += quantity
        by_day[day.isoformat()] += quantity
    months = sorted(name for name in counts if name[0].isdigit())
    totals = {"month total per_month bucket count": [counts[month] for month in months]}
    return named(totals) | dict(by_day) | dict(counts)


def _point(facts: Facts, point: Any) -> tuple[Any, int]:
    if isinstance(point, Mapping):
        inner = Facts(facts.case_id, point, facts.policy)
        quantity = inner.whole("qty", "quantity", "value") if inner.has("qty", "quantity", "value") else 1
        return inner.raw(*_AT), quantity
    if isinstance(point, list) and len(point) == 2:
        return point[0], int(facts.as_number(point[1], "quantity"))
    return point, 1


def _span(facts: Facts) -> tuple[Any, Any] | None:
    """Return the written ends of the interval that is measured: from/to, or the period."""
    written = explicit_period(facts)
    start, end = facts.key("from", "start"), facts.key("to", "end", "to_inclusive", "end_inclusive")
    if start and end:
        return facts.inputs[start], facts.inputs[end]
    return facts.pair(written, "period") if written is not None else None


def _elapsed(facts: Facts) -> Mapping[str, Any]:
    ends = _span(facts)
    assert ends is not None, "suits() has seen the interval"
    used = facts.used() or facts.as_interval(list(ends), "period")
    start_us, end_us = edge_us(facts, ends[0], "from"), edge_us(facts, ends[1], "to", is_end=True)
    if len(str(ends[1])) == 10:
        end_us = midnight_us(used.end, facts.zone)
    seconds = Fraction(end_us - start_us, 1_000_000)
    return named(
        {
            "days local_days calendar_days period_days": used.days,
            "hours elapsed_hours": share(seconds / 3600),
            "seconds elapsed_seconds": share(seconds),
            "local_start": used.start.isoformat(),
            "local_end": used.end.isoformat(),
        }
    )


def _local_dates(facts: Facts) -> Mapping[str, Any]:
    key = facts.key(*_AT)
    assert key is not None, "suits() has seen the instant"
    return named({"local_date business_date date": _local(facts, facts.inputs[key], key).isoformat()})


def _has_points(facts: Facts) -> bool:
    return isinstance(facts.inputs.get(facts.key(*_POINTS) or ""), list)


RECIPES = (
    Recipe("usage by local month", _has_points, _by_month, whole=True),
    Recipe(
        "rest of a local period",
        lambda f: f.has(*_AT) and (cadence_of(f) is not None or explicit_period(f) is not None),
        _rest_of_period,
    ),
    Recipe("local date", lambda f: f.has(*_AT), _local_dates),
    Recipe("elapsed local time", lambda f: _span(f) is not None, _elapsed),
)
