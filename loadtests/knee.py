"""The knee: the load at which a service level breaks, found by doubling and bisection over steps, with its confidence.

Each step is measured as often as it takes to say with confidence whether its share within the target is high enough
(Wilson's interval of a share; the doubt is divided by the number of looks). A step that stays undecided decides
nothing, and a knee without a decided step on either side is unknown: no figure is better than a wrong one. Lifecycles
of one step wait for each other, so the confidence is that of these steps, not of every afternoon like them: measure
again on another day before you bet on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Final, Literal

import msgspec

CONFIDENCE: Final = 0.95
REPEATS_MAX: Final = 4
Decision = Literal["holds", "breaks", "undecided"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One measured step: lifecycles a second, how many of how many were within the target, and if it was as asked."""

    rate: float
    within: int
    count: int
    kept: bool = True


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Where to look: first and highest rate, the share (percent) that must be within the target, and how exactly."""

    first_rate: float
    highest_rate: float
    percent: float
    tolerance: float = 0.15
    steps_max: int = 24


class Knee(msgspec.Struct, frozen=True, kw_only=True):
    """What is known: the level holds at `low` and breaks at `high` (lifecycles a second; 0: not seen), and how surely.

    `status` is found, above (it held at the highest rate), below (it broke at the first) or unknown.
    """

    status: Literal["found", "above", "below", "unknown"]
    low: float
    high: float
    confidence: float
    sentence: str
    steps: tuple[Step, ...] = ()


def interval(within: int, count: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return Wilson's interval of a share; (0, 1) of nothing."""
    if not count:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p, n = within / count, count
    centre, spread = p + z * z / (2 * n), z * ((p * (1 - p) + z * z / (4 * n)) / n) ** 0.5
    low, high = (centre - spread) / (1 + z * z / n), (centre + spread) / (1 + z * z / n)
    return max(0.0, min(low, p)), min(1.0, max(high, p))


def decided(steps: Sequence[Step], rate: float, percent: float) -> Decision:
    """Return what the measurements of one rate say together; those that were not offered as asked say nothing."""
    chosen = [step for step in steps if step.rate == rate and step.kept]
    within, count = sum(step.within for step in chosen), sum(step.count for step in chosen)
    low, high = interval(within, count, 1 - (1 - CONFIDENCE) / REPEATS_MAX)
    target = percent / 100
    if count and high < target:
        return "breaks"
    return "holds" if count and low >= target else "undecided"


def next_rate(steps: Sequence[Step], search: Search) -> float | None:
    """Return the rate to measure next, or None when no more is to be learned."""
    if not steps:
        return search.first_rate
    if len(steps) >= search.steps_max:
        return None
    latest = steps[-1].rate
    repeats = sum(1 for step in steps if step.rate == latest)
    if decided(steps, latest, search.percent) == "undecided":
        return latest if repeats < REPEATS_MAX else None
    low, high = _bounds(steps, search)
    if low >= high > 0:
        return None  # it broke where less had broken it already: the figures contradict each other
    if not high:
        return min(low * 2, search.highest_rate) if low < search.highest_rate else None
    if not low or high / low <= 1 + search.tolerance:
        return None
    return round(math.sqrt(low * high), 3)


def knee(steps: Sequence[Step], search: Search) -> Knee:
    """Return what the measurements say."""
    low, high = _bounds(steps, search)
    last = decided(steps, steps[-1].rate, search.percent) if steps else "undecided"
    status, sentence = _said(low, high, last, search)
    sure = CONFIDENCE if status != "unknown" else 0.0
    return Knee(status=status, low=low, high=high, confidence=sure, sentence=sentence, steps=tuple(steps))


def _bounds(steps: Sequence[Step], search: Search) -> tuple[float, float]:
    """Return the highest rate that holds and the lowest that breaks; 0 for none."""
    rates = {step.rate for step in steps}
    decisions = {rate: decided(steps, rate, search.percent) for rate in rates}
    low = max((rate for rate in rates if decisions[rate] == "holds"), default=0.0)
    high = min((rate for rate in rates if decisions[rate] == "breaks"), default=0.0)
    return low, high


def _said(
    low: float, high: float, last: Decision, search: Search
) -> tuple[Literal["found", "above", "below", "unknown"], str]:
    if low and high and low < high:
        exact = high / low <= 1 + search.tolerance
        more = "" if exact else f"; steps between were not decided ({last})" if last == "undecided" else "; bounds only"
        return "found", f"it holds at {low:g} and breaks at {high:g} lifecycles a second{more}"
    if low and high:
        return "unknown", f"it broke at {high:g} and held at {low:g}: the measurements contradict each other"
    if low and low >= search.highest_rate:
        return "above", f"it still holds at {low:g} lifecycles a second, the highest that was tried"
    if high and high <= search.first_rate:
        return "below", f"it breaks at {high:g} lifecycles a second already, the lowest that was tried"
    if not low and not high:
        return "unknown", f"no step could be decided with {CONFIDENCE:.0%} confidence; make them longer"
    tried = f"it holds at {low:g}" if low else f"it breaks at {high:g}"
    return "unknown", f"{tried}, and no step on the other side could be decided with {CONFIDENCE:.0%} confidence"
