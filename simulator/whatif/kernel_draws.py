"""The draws of `draws`, compiled: the same arithmetic in the same order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from simulator.whatif.compiled import inlined, part
from simulator.whatif.draws import FIRST, GOLDEN, LONGEST, SECOND, STEP_BITS, TRY_BITS, UNIT

_GOLDEN, _FIRST, _SECOND = np.uint64(GOLDEN), np.uint64(FIRST), np.uint64(SECOND)
_1, _12, _27, _30, _31 = np.uint64(1), np.uint64(12), np.uint64(27), np.uint64(30), np.uint64(31)
FIXED, EXPONENTIAL, LOGNORMAL, GAMMA, WEIBULL, EMPIRICAL = range(6)


@inlined
def mix(word: Any) -> Any:
    """Return a scrambled 64-bit word."""
    word = (word ^ (word >> _30)) * _FIRST
    word = (word ^ (word >> _27)) * _SECOND
    return word ^ (word >> _31)


@inlined
def base_of(seed: Any, number: Any) -> Any:
    """Return the word that all draws of one lifecycle start from."""
    return np.int64(mix(mix(np.uint64(seed) * _GOLDEN + _1) + np.uint64(number) * _SECOND))


@inlined
def index_of(step: Any, attempt: Any, purpose: Any) -> Any:
    """Return the index of a draw among those of its lifecycle."""
    return (step << STEP_BITS) | (attempt << TRY_BITS) | purpose


@inlined
def unit(base: Any, index: Any) -> Any:
    """Return a number in the open interval (0, 1)."""
    return (np.float64(np.int64(mix(np.uint64(base) + np.uint64(index) * _GOLDEN) >> _12)) + 0.5) * UNIT


@inlined
def _central(r: Any) -> Any:
    above = ((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r
             + 4.5921953931549871457e4) * r + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
             + 1.3314166789178437745e2) * r + 3.3871328727963666080e0  # fmt: skip
    below = ((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r
             + 2.1213794301586595867e4) * r + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
             + 4.2313330701600911252e1) * r + 1.0  # fmt: skip
    return above / below


@part
def _middle(r: Any) -> Any:
    above = ((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
             + 1.27045825245236838258e0) * r + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
             + 4.63033784615654529590e0) * r + 1.42343711074968357734e0  # fmt: skip
    below = ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
             + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
             + 2.05319162663775882187e0) * r + 1.0  # fmt: skip
    return above / below


@part
def _tail(r: Any) -> Any:
    above = ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r
             + 2.65321895265761230930e-2) * r + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r
             + 5.46378491116411436990e0) * r + 6.65790464350110377720e0  # fmt: skip
    below = ((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r
             + 7.86869131145613259100e-4) * r + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r
             + 5.99832206555887937690e-1) * r + 1.0  # fmt: skip
    return above / below


@part
def _outer(share: Any, away: Any) -> Any:
    far = math.sqrt(-math.log(share if away < 0 else 1.0 - share))
    found = _middle(far - 1.6) if far <= 5.0 else _tail(far - 5.0)
    return -found if away < 0 else found


@inlined
def normal(share: Any) -> Any:
    """Return the standard normal deviate below which a share lies."""
    away = share - 0.5
    if abs(away) <= 0.425:
        return away * _central(0.180625 - away * away)
    return _outer(share, away)


@inlined
def rounded(value: Any) -> Any:
    """Return a duration in whole microseconds: rounded half up, at least 1, at most `LONGEST`."""
    return np.int64(math.floor(min(max(value, 1.0), LONGEST) + 0.5))


@part
def _gamma(base: Any, shape: Any) -> Any:
    boost, index = 1.0, 0
    if shape < 1.0:
        boost, index, shape = math.exp(math.log(unit(base, 0)) / shape), 1, shape + 1.0
    third = shape - 1.0 / 3.0
    scale = 1.0 / math.sqrt(9.0 * third)
    while True:
        deviate = normal(unit(base, index))
        cubed = 1.0 + scale * deviate
        index += 2
        if cubed > 0.0:
            cubed = cubed * cubed * cubed
            bound = 0.5 * deviate * deviate + third - third * cubed + third * math.log(cubed)
            if math.log(unit(base, index - 1)) < bound:
                return third * cubed * boost


@part
def _rare(kind: Any, scale: Any, shape: Any, from_: Any, until: Any, values: Any, base: Any, index: Any) -> Any:
    if kind == FIXED:
        return scale
    share = unit(base, index)
    if kind == EXPONENTIAL:
        return scale * -math.log(share)
    if kind == WEIBULL:
        return scale * math.exp(math.log(-math.log(share)) / shape)
    if kind == GAMMA:
        below = np.int64(mix(np.uint64(base) + np.uint64(index) * _GOLDEN))
        return scale * _gamma(below, shape)
    return np.float64(values[from_ + np.int64(share * (until - from_))])


@inlined
def drawn(dists: Any, values: Any, dist: Any, base: Any, index: Any) -> Any:
    """Return a duration of one of the model's distributions, in whole microseconds."""
    row = dists[dist]
    if row.kind == LOGNORMAL:
        return rounded(math.exp(row.mu + row.shape * normal(unit(base, index))))
    return rounded(_rare(row.kind, row.scale, row.shape, row.from_, row.until, values, base, index))
