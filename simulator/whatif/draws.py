"""Keyed random numbers for the engines: a draw is a function of the seed, the lifecycle and what the draw is for.

Plain Python here; `kernel_draws` is the same arithmetic compiled. Both use the same C library for exp, log and sqrt and
round to whole microseconds, so a draw is the same in both. Source of the mixer: splitmix64 (Steele, Lea, Flood 2014);
of normal deviates: the ziggurat (Marsaglia and Tsang 2000) with the tables of Doornik (2005).
"""

from __future__ import annotations

import math
from itertools import pairwise

from simulator.whatif.durations import Duration

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
FIRST = 0xBF58476D1CE4E5B9
SECOND = 0x94D049BB133111EB
HALF_WIDTH = 1 << 52
UNIT = 1.0 / HALF_WIDTH
LONGEST = 9.0e15
"""No duration is longer (in microseconds); a float holds it exactly."""

SERVICE, BACKOFF, LUCK, SHARE, INVALID, OUTSIDE, OUTSIDE_SHARE, AUTOMATIC, AMOUNT = range(9)
"""Purposes of draws."""
STEP_BITS, TRY_BITS = 24, 4
STREAM_BITS = 40
ARRIVAL = 1 << 60
INCIDENT = 1 << 61
"""Lifecycles are numbered below these; what is drawn for streams and stations has numbers above."""

STRIPS, LAST, AREA = 256, 3.6541528853610088, 0.00492867323399
"""The ziggurat: so many strips of the same area; the lowest ends here and has the tail beyond."""


def _edges() -> tuple[float, ...]:
    """Return how far each strip reaches, from the lowest (as wide as its area with the tail is high) to the peak."""
    edges = [AREA / math.exp(-0.5 * LAST * LAST), LAST]
    while len(edges) < STRIPS:
        height = AREA / edges[-1] + math.exp(-0.5 * edges[-1] * edges[-1])
        edges.append(math.sqrt(-2.0 * math.log(height)))
    return (*edges, 0.0)


EDGES = _edges()
RATIOS = tuple(above / below for below, above in pairwise(EDGES))
"""The part of each strip that lies below the curve in its whole height."""


def mix(word: int) -> int:
    """Return a scrambled 64-bit word."""
    word = ((word ^ (word >> 30)) * FIRST) & MASK
    word = ((word ^ (word >> 27)) * SECOND) & MASK
    return word ^ (word >> 31)


def base_of(seed: int, number: int) -> int:
    """Return the word that all draws of one lifecycle (or stream, or station) start from."""
    return mix((mix((seed * GOLDEN + 1) & MASK) + number * SECOND) & MASK)


def index_of(step: int, attempt: int, purpose: int) -> int:
    """Return the index of a draw among those of its lifecycle."""
    return (step << STEP_BITS) | (attempt << TRY_BITS) | purpose


def word_of(base: int, index: int) -> int:
    """Return the random word of an index."""
    return mix((base + index * GOLDEN) & MASK)


def unit(base: int, index: int) -> float:
    """Return a number in the open interval (0, 1)."""
    return ((word_of(base, index) >> 12) + 0.5) * UNIT


def _across(word: int) -> float:
    """Return a number in (-1, 1) from the upper bits of a word; the lowest eight choose the strip."""
    return ((word >> 11) - HALF_WIDTH + 0.5) * UNIT


def normal(word: int) -> float:
    """Return the standard normal deviate of a random word."""
    strip, across = word & (STRIPS - 1), _across(word)
    if abs(across) < RATIOS[strip]:
        return across * EDGES[strip]
    return _rare_normal(word, strip, across)


def _rare_normal(word: int, strip: int, across: float) -> float:
    """Return the deviate of a word beside the curve (1 in 80), from as many words below it as it takes."""
    while abs(across) >= RATIOS[strip]:
        if strip == 0:
            return math.copysign(_tail(word), across)
        deviate = across * EDGES[strip]
        low = math.exp(-0.5 * (EDGES[strip] * EDGES[strip] - deviate * deviate))
        high = math.exp(-0.5 * (EDGES[strip + 1] * EDGES[strip + 1] - deviate * deviate))
        if high + unit(word, 1) * (low - high) < 1.0:
            return deviate
        word = word_of(word, 2)
        strip, across = word & (STRIPS - 1), _across(word)
    return across * EDGES[strip]


def _tail(word: int) -> float:
    """Return how far out a deviate of the tail lies (Marsaglia 1964)."""
    index = 1
    while True:
        beyond, room = -math.log(unit(word, index)) / LAST, -math.log(unit(word, index + 1))
        if 2.0 * room >= beyond * beyond:
            return LAST + beyond
        index += 2


def rounded(value: float) -> int:
    """Return a duration in whole microseconds: rounded half up, at least 1, at most `LONGEST`."""
    return math.floor(min(max(value, 1.0), LONGEST) + 0.5)


def gamma(base: int, shape: float) -> float:
    """Return a gamma variate of scale 1 (Marsaglia and Tsang 2000), from as many draws below `base` as it takes."""
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


def drawn(duration: Duration, base: int, index: int) -> int:
    """Return a duration in whole microseconds."""
    kind = duration.kind
    if kind == "fixed":
        return rounded(duration.scale)
    if kind == "lognormal":
        return rounded(math.exp(math.log(duration.scale) + duration.shape * normal(word_of(base, index))))
    share = unit(base, index)
    if kind == "exponential":
        return rounded(duration.scale * -math.log(share))
    if kind == "weibull":
        return rounded(duration.scale * math.exp(math.log(-math.log(share)) / duration.shape))
    if kind == "uniform":
        return rounded(duration.scale + duration.shape * share)
    if kind == "gamma":
        return rounded(duration.scale * gamma(word_of(base, index), duration.shape))
    return rounded(float(duration.values[int(share * len(duration.values))]))
