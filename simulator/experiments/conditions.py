"""Conditions: what a measure has to be, `SLA-2 >= 99%`, and how surely replications say that it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from simulator.experiments.intervals import Interval, interval

Judgement = Literal["kept", "broken", "undecided"]
_CONDITION = re.compile(r"([\w.\-]+(?: [\w.\-]+)*)\s*(>=|<=)\s*(-?\d+(?:\.\d+)?)\s*(%|ms|s|min|m|h|d)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}


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


def parsed(text: str) -> Condition:
    """Return the condition written in a text; raise ValueError that says what was expected."""
    found = _CONDITION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"found {text!r}, expected MEASURE >= BOUND or MEASURE <= BOUND, such as 'SLA-2 >= 99%'")
    measure, sign, number, unit = found.groups()
    bound = float(number) / 100 if unit == "%" else float(number) * _SECONDS.get(unit or "", 1.0)
    return Condition(measure=measure, at_least=sign == ">=", bound=bound, text=text.strip())


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
