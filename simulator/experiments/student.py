"""Student's t distribution: what a mean of few observations is worth.

Written here so that the experiments need no numeric library; the tests hold it against one to eleven digits.
"""

from __future__ import annotations

import math
from functools import lru_cache

_STEPS_MAX = 500
_TINY = 1e-300
_CLOSE = 1e-15


def cumulative(t: float, freedom: int) -> float:
    """Return the probability that a t variate with so many degrees of freedom is at most `t`."""
    assert freedom >= 1, "a t distribution has at least one degree of freedom"
    upper = 0.5 * _incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)
    return upper if t < 0 else 1 - upper


def both_sides(t: float, freedom: int) -> float:
    """Return the probability that a t variate lies at least as far from zero as `t`: the p-value of a t statistic."""
    assert freedom >= 1, "a t distribution has at least one degree of freedom"
    if math.isinf(t):
        return 0.0
    return _incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)


@lru_cache(maxsize=4096)
def quantile(probability: float, freedom: int) -> float:
    """Return the value that a t variate does not exceed with a probability in (0, 1)."""
    assert 0 < probability < 1, "a quantile is asked for a probability between 0 and 1"
    if probability < 0.5:
        return -quantile(1 - probability, freedom)
    low, high = 0.0, 1.0
    while cumulative(high, freedom) < probability:
        low, high = high, high * 2
    while (middle := (low + high) / 2) not in (low, high):  # until floats end
        if cumulative(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return high


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of the incomplete beta function, by Lentz's method."""
    ratio, below = 1.0, 1 / _safe(1 - (a + b) * x / (a + 1))
    found = below
    for step in range(1, _STEPS_MAX):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        for part in (even, odd):
            below = 1 / _safe(1 + part * below)
            ratio = _safe(1 + part / ratio)
            found *= ratio * below
        if abs(ratio * below - 1) < _CLOSE:
            break
    return found


def _safe(number: float) -> float:
    return number if abs(number) > _TINY else _TINY
