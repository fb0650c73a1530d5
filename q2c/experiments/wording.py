"""Wording: how measures, intervals and parameters of experiments are said to people."""

from __future__ import annotations

import math

from contracts.checks.sla import SLAS
from domain.currency import EXPONENTS
from q2c.report.names import system
from simulator.experiments.comparison import Compared
from simulator.experiments.conditions import Condition
from simulator.experiments.intervals import Interval
from simulator.experiments.metrics import Metric, metric_of
from web.words import count, duration

_TITLES = {sla.id: sla.title for sla in SLAS} | {"billed": "booked until in billing", "poll": "polling for changes"}
_VERDICTS = {"lower": "lower", "higher": "higher", "same": "the same in every replication", "undecided": "no winner"}
_NEARLY_ALL = 0.99
_MILLISECOND = 0.001
_HARDLY = 0.001
NO_LEVELS = (
    "No service level is told: only what was measured in every quarter is, and some had no order. Raise "
    "world.orders_per_quarter."
)


def label(name: str) -> str:
    """Return what a measure is, in words: "SLA-2 (order creation) in time"."""
    metric, of = metric_of(name), name.partition(" ")[2]
    if metric.of == "service level":
        of = service_level(of)
    elif metric.of == "system":
        of = resource(of)
    return metric.says.format(of=of)


def service_level(name: str) -> str:
    """Return a service level with its title: "SLA-2 (order creation)", "SLA-2 last days (order creation)"."""
    title = _TITLES.get(name.partition(" ")[0])
    return f"{name} ({title})" if title else name


def is_part(name: str) -> bool:
    """Tell whether a service level counts only a part of the quarter ("SLA-2 last days")."""
    return name.endswith(" last days")


def resource(name: str) -> str:
    """Return how people call a station."""
    return system(name)


def value(name: str, amount: float, currency: str = "") -> str:
    """Return a value of a measure in its unit."""
    metric = metric_of(name)
    if metric.unit == "share":
        return share(amount)
    if metric.unit == "seconds":
        return duration(round(amount * 1_000_000)) if amount >= _MILLISECOND else "0 s"
    if metric.unit == "minor":
        return money(amount, currency) + (" x days" if metric.name == "money_days" else "")
    return number(amount)


def share(amount: float) -> str:
    """Return a part of one as percent; all but one of a hundred with a second decimal, and 100 % only for all."""
    if 0 < amount < _HARDLY:
        return "< 0.1 %"
    if amount >= 1:
        return f"{amount * 100:.4g} %"
    digits = 2 if amount >= _NEARLY_ALL else 1
    return f"{math.floor(round(amount * 100 * 10**digits, 6)) / 10**digits:.{digits}f}".rstrip("0").rstrip(".") + " %"


def number(amount: float) -> str:
    """Return a count or a mean of counts: whole where it is whole or large, else with a decimal or two."""
    if amount == round(amount) or abs(amount) >= 1000:
        return count(round(amount))
    return f"{amount:,.1f}" if abs(amount) >= 10 else f"{amount:.2f}"


def money(minor: float, currency: str) -> str:
    """Return an amount in whole units of its currency."""
    return f"{minor / 10 ** EXPONENTS.get(currency, 2):,.0f} {currency or '?'}"


def spread(name: str, half_width: float, currency: str = "") -> str:
    """Return the half-width of an interval: points for shares, else as the measure's values are said."""
    if not math.isfinite(half_width):
        return "± ?"
    if metric_of(name).unit == "share":
        return f"± {_points(half_width)}"
    return f"± {value(name, half_width, currency)}"


def estimate(name: str, found: Interval, currency: str = "") -> str:
    """Return a mean with its half-width."""
    if found.half_width == 0:
        return value(name, found.mean, currency)
    return f"{value(name, found.mean, currency)} {spread(name, found.half_width, currency)}"


def change(name: str, found: Interval, currency: str = "") -> str:
    """Return a difference with its sign and its half-width."""
    if found.mean == 0 and found.half_width == 0:
        return "none"
    return f"{_signed(name, found.mean, currency)} {spread(name, found.half_width, currency)}"


def _signed(name: str, amount: float, currency: str) -> str:
    sign = "+" if amount >= 0 else "-"
    if metric_of(name).unit == "share":
        return f"{sign}{_points(abs(amount))}"
    return f"{sign}{value(name, abs(amount), currency)}"


def _points(part: float) -> str:
    """Return a part of one as percentage points, to two digits that mean something."""
    return f"{part * 100:.2g} points" if part < 0.1 else f"{part * 100:.1f} points"


def verdict(row: Compared) -> str:
    """Return what a comparison decides, in words."""
    text = _VERDICTS[row.verdict]
    if row.verdict != "undecided":
        return text
    if row.needed is None:
        return f"{text}; more replications would not settle it"
    return f"{text} after {count(row.difference.count)} replications; about {count(row.needed)} would settle it"


def short_verdict(row: Compared) -> str:
    """Return what a comparison decides, in a few words."""
    if row.verdict != "undecided":
        return _VERDICTS[row.verdict]
    return "no winner" if row.needed is None else f"no winner ({count(row.needed)} needed)"


def tone(metric: Metric, row: Compared) -> str:
    """Return whether a change is good or bad news; nothing where no direction is better, or none was found."""
    if row.verdict in ("same", "undecided") or not metric.better:
        return ""
    return "good" if (row.verdict == "higher") == (metric.better == "more") else "bad"


def bound(condition: Condition) -> str:
    """Return a condition in words: "SLA-2 (order creation) in time, at least 99 %"."""
    sign = "at least" if condition.at_least else "at most"
    return f"{label(condition.measure)}, {sign} {value(condition.measure, condition.bound)}"


def short_path(path: str) -> str:
    """Return the end of a parameter's name that a reader needs: `erp.slots` of `systems.erp.slots`."""
    return path.removeprefix("systems.").removeprefix("world.")
