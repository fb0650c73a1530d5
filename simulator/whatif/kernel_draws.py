"""The draws of `draws`, compiled: the same arithmetic in the same order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from simulator.whatif.compiled import inlined, part
from simulator.whatif.draws import (
    EDGES,
    FIRST,
    GOLDEN,
    HALF_WIDTH,
    LAST,
    LONGEST,
    RATIOS,
    SECOND,
    STEP_BITS,
    STRIPS,
    TRY_BITS,
    UNIT,
)

_GOLDEN, _FIRST, _SECOND = np.uint64(GOLDEN), np.uint64(FIRST), np.uint64(SECOND)
_1, _11, _12, _27, _30, _31 = (np.uint64(bits) for bits in (1, 11, 12, 27, 30, 31))
_LOWEST = np.uint64(STRIPS - 1)
_EDGES, _RATIOS = np.array(EDGES), np.array(RATIOS)
FIXED, EXPONENTIAL, LOGNORMAL, GAMMA, WEIBULL, EMPIRICAL, UNIFORM = range(7)


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
def word_of(base: Any, index: Any) -> Any:
    """Return the random word of an index."""
    return mix(np.uint64(base) + np.uint64(index) * _GOLDEN)


@inlined
def unit(base: Any, index: Any) -> Any:
    """Return a number in the open interval (0, 1)."""
    return (np.float64(np.int64(word_of(base, index) >> _12)) + 0.5) * UNIT


@inlined
def _strip_of(word: Any) -> Any:
    return np.int64(word & _LOWEST)


@inlined
def _across(word: Any) -> Any:
    return (np.float64(np.int64(word >> _11) - HALF_WIDTH) + 0.5) * UNIT


@inlined
def normal(word: Any) -> Any:
    """Return the standard normal deviate of a random word."""
    strip, across = _strip_of(word), _across(word)
    if abs(across) < _RATIOS[strip]:
        return across * _EDGES[strip]
    return _rare_normal(word, strip, across)


@part
def _rare_normal(word: Any, strip: Any, across: Any) -> Any:
    while abs(across) >= _RATIOS[strip]:
        if strip == 0:
            return math.copysign(_tail(word), across)
        deviate = across * _EDGES[strip]
        low = math.exp(-0.5 * (_EDGES[strip] * _EDGES[strip] - deviate * deviate))
        high = math.exp(-0.5 * (_EDGES[strip + 1] * _EDGES[strip + 1] - deviate * deviate))
        if high + unit(word, 1) * (low - high) < 1.0:
            return deviate
        word = word_of(word, 2)
        strip, across = _strip_of(word), _across(word)
    return across * _EDGES[strip]


@part
def _tail(word: Any) -> Any:
    index = 1
    while True:
        beyond, room = -math.log(unit(word, index)) / LAST, -math.log(unit(word, index + 1))
        if 2.0 * room >= beyond * beyond:
            return LAST + beyond
        index += 2


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
        deviate = normal(word_of(base, index))
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
    if kind == UNIFORM:
        return scale + shape * share
    if kind == GAMMA:
        return scale * _gamma(word_of(base, index), shape)
    return np.float64(values[from_ + np.int64(share * (until - from_))])


@inlined
def drawn(dists: Any, values: Any, dist: Any, base: Any, index: Any) -> Any:
    """Return a duration of one of the model's distributions, in whole microseconds."""
    row = dists[dist]
    if row.kind == LOGNORMAL:
        return rounded(math.exp(row.mu + row.shape * normal(word_of(base, index))))
    return rounded(_rare(row.kind, row.scale, row.shape, row.from_, row.until, values, base, index))
