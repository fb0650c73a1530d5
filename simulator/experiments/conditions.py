"""Conditions: what a measure has to be, `SLA-2 >= 99%`, and how surely replications say that it is."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from simulator.experiments.intervals import Interval, interval
from simulator.experiments.metrics import METRICS, resolved

Judgement = Literal["kept", "broken", "undecided"]
_CONDITION = re.compile(r"([\w.\-]+(?: [\w.\-]+)*)\s*([<>=]{1,2})\s*(-?\d+(?:\.\d+)?)\s*(%|ms|s|min|m|h|d)?")
_SIGNS = (">=", "<=")
_TIMES = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_UNITS: dict[str, dict[str, float]] = {
    "share": {"": 1.0, "%": 0.01},
    "seconds": _TIMES,
    "count": {"": 1.0}, "minor": {"": 1.0}, "any": {"%": 0.01, **_TIMES},
}  # fmt: skip
"""How bounds may be written, by the unit of the measure."""
_EXPECTED: dict[str, str] = {
    "share": "a share, expected 0% to 100%", "seconds": "a time, expected a duration such as 5m",
    "count": "a count, expected a number of 0 or more", "minor": "an amount, expected minor units of 0 or more",
    "any": "a measure, expected a number of 0 or more",
}  # fmt: skip


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """A measure and the bound it keeps: at least or at most. Shares are parts of one, durations are seconds."""

    measure: str
    at_least: bool
    bound: float
    text: str

    def kept_by(self, value: float) -> bool:
        """Tell whether a value keeps the bound."""
        return value >= self.bound if self.at_least else value <= self.bound

    def judged(self, found: Interval) -> Judgement:
        """Return whether the mean surely keeps the bound, surely breaks it, or is not known well enough to say.

        A bound that is met exactly is kept.
        """
        if self.kept_by(found.low) and self.kept_by(found.high):
            return "kept"
        if not self.kept_by(found.low) and not self.kept_by(found.high):
            return "broken"
        return "undecided"


def parsed(text: str, names: Iterable[str] | None = None) -> Condition:
    """Return the condition written in a text; raise ValueError that says what was expected.

    `names` are the figures that there are: of those the measure may be named as a person thinks of it.
    """
    found = _CONDITION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"found {text!r}, expected MEASURE >= BOUND or MEASURE <= BOUND, such as 'SLA-2 >= 99%'")
    said, sign, number, suffix = found[1], found[2], float(found[3]), found[4] or ""
    measure = said if names is None else resolved(names, said)
    unit, wrong = _unit_of(measure), []
    bound = number * _UNITS[unit].get(suffix, math.nan)
    if sign not in _SIGNS:
        wrong.append(f"{sign} is not one of {', '.join(_SIGNS)}")
    if not 0 <= bound <= (1 if unit == "share" else math.inf):
        wrong.append(f"{said} is {_EXPECTED[unit]}")
        if unit == "share" and not suffix and 1 < number <= 100:
            wrong.append(f"add the unit: {found[3]}%")
    if wrong:
        raise ValueError(f"{text.strip()!r}: {'; '.join(wrong)}")
    return Condition(measure=measure, at_least=sign == ">=", bound=bound, text=text.strip())


def _unit_of(measure: str) -> str:
    """Return the unit of a measure; one of one's own is what its bound is."""
    metric = METRICS.get(measure.partition(" ")[0])
    return metric.unit if metric else "any"


def share(text: str) -> float | None:
    """Return a share written as `5%` or 0.05; None for what is no number."""
    try:
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return None


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A condition on one sample: the interval of the mean, the judgement, and in how many replications it was kept."""

    condition: Condition
    interval: Interval
    judgement: Judgement
    kept: int
    count: int


def judge(condition: Condition, values: Sequence[float], confidence: float) -> Judged:
    """Return what replications say about a condition."""
    found = interval(values, confidence)
    return Judged(
        condition=condition, interval=found, judgement=condition.judged(found),
        kept=sum(condition.kept_by(value) for value in values), count=len(values),
    )  # fmt: skip
