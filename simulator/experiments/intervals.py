"""Intervals: how well the mean of independent replications is known, alone and as the difference of pairs.

An observation is what one whole replication says (its mean, its 95th percentile, its count). Lifecycles within a
replication wait for each other and are never pooled: a hundred thousand of them are still one observation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import msgspec

from simulator.experiments.student import both_sides, quantile

CONFIDENCE = 0.95
REPLICATIONS_MAX = 1_000_000


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A mean with the interval that covers the true one in `confidence` of all experiments (Student's t).

    `half_width` is infinite for a single observation: one replication says nothing about its own chance.
    """

    mean: float
    half_width: float
    deviation: float
    count: int
    confidence: float = CONFIDENCE

    @property
    def low(self) -> float:
        """The lower end."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """The upper end."""
        return self.mean + self.half_width

    @property
    def relative(self) -> float:
        """The half-width as a part of the mean; 0 when all observations agree, infinite around zero."""
        if self.half_width == 0:
            return 0.0
        return self.half_width / abs(self.mean) if self.mean else math.inf

    @property
    def spans_zero(self) -> bool:
        """Whether zero lies within; a difference like that decides nothing."""
        return self.low <= 0 <= self.high


def interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of the mean of independent observations."""
    assert values, "an interval needs an observation"
    count = len(values)
    mean = math.fsum(values) / count
    if min(values) == max(values):  # exact: a mean of equal numbers must not differ from them in its last digit
        mean, deviation = values[0], 0.0
    else:
        deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    if count == 1:
        return Interval(mean=mean, half_width=math.inf, deviation=0.0, count=1, confidence=confidence)
    half_width = quantile((1 + confidence) / 2, count - 1) * deviation / math.sqrt(count)
    return Interval(mean=mean, half_width=half_width, deviation=deviation, count=count, confidence=confidence)


def difference(first: Sequence[float], second: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of `second - first`, seed by seed."""
    return interval([b - a for a, b in zip(first, second, strict=True)], confidence)


def p_value(found: Interval) -> float:
    """Return the probability of a mean at least as far from zero when the true one is zero (two-sided t test)."""
    if found.deviation == 0:
        return 1.0 if found.mean == 0 or found.count == 1 else 0.0
    return both_sides(found.mean * math.sqrt(found.count) / found.deviation, found.count - 1)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values adjusted for being many (Holm): among all of them the chance of one false alarm stays bounded."""
    order = sorted(range(len(p_values)), key=lambda i: (p_values[i], i))
    adjusted, largest = [1.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return tuple(adjusted)


def needed(found: Interval, half_width: float) -> int | None:
    """Return how many replications in all would bring the half-width down to so much; None when no number would.

    Nobody plays more than REPLICATIONS_MAX: a difference that asks for more is mostly the rounding of floats. The
    deviation is taken as it was found; the t quantile of the answer is that of the answer's own count.
    """
    if found.deviation == 0:
        return found.count
    if half_width <= 0 or found.count < 2:
        return None
    side = (1 + found.confidence) / 2
    if NormalDist().inv_cdf(side) * found.deviation > half_width * math.sqrt(REPLICATIONS_MAX):
        return None
    count = max(2, math.ceil((NormalDist().inv_cdf(side) * found.deviation / half_width) ** 2))
    while quantile(side, count - 1) * found.deviation / math.sqrt(count) > half_width:
        count += max(1, count // 50)
    return count
