"""Keyed random numbers for the engines: a draw is a function of the seed, the lifecycle and what the draw is for.

Plain Python here; `kernel_draws` is the same arithmetic compiled. Both use the same C library for exp, log and sqrt and
round to whole microseconds, so a draw is the same in both. Source of the mixer: splitmix64 (Steele, Lea, Flood 2014);
of the inverse normal: algorithm AS 241, PPND16 (Wichura 1988).
"""

from __future__ import annotations

import math

from simulator.whatif.durations import Duration

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
FIRST = 0xBF58476D1CE4E5B9
SECOND = 0x94D049BB133111EB
UNIT = 1.0 / 4503599627370496.0
LONGEST = 9.0e15
"""No duration is longer (in microseconds); a float holds it exactly."""

SERVICE, BACKOFF, LUCK, SHARE, INVALID, OUTSIDE, OUTSIDE_SHARE, AUTOMATIC, AMOUNT = range(9)
"""Purposes of draws."""
STEP_BITS, TRY_BITS = 24, 4
STREAM_BITS = 40
ARRIVAL = 1 << 60
INCIDENT = 1 << 61
"""Lifecycles are numbered below these; what is drawn for streams and stations has numbers above."""

CENTRAL_TOP = (
    2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
    1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0,
)  # fmt: skip
CENTRAL_LOW = (
    5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
    5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0,
)  # fmt: skip
MIDDLE_TOP = (
    7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
    3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0,
)  # fmt: skip
MIDDLE_LOW = (
    1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
    6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0,
)  # fmt: skip
TAIL_TOP = (
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
    2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0,
)  # fmt: skip
TAIL_LOW = (
    2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
    1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0,
)  # fmt: skip


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


def unit(base: int, index: int) -> float:
    """Return a number in the open interval (0, 1)."""
    return ((mix((base + index * GOLDEN) & MASK) >> 12) + 0.5) * UNIT


def _ratio(top: tuple[float, ...], low: tuple[float, ...], at: float) -> float:
    above, below = top[0], low[0]
    for more_above, more_below in zip(top[1:], low[1:], strict=True):
        above, below = above * at + more_above, below * at + more_below
    return above / below


def normal(share: float) -> float:
    """Return the standard normal deviate below which a share lies."""
    away = share - 0.5
    if abs(away) <= 0.425:
        return away * _ratio(CENTRAL_TOP, CENTRAL_LOW, 0.180625 - away * away)
    far = math.sqrt(-math.log(share if away < 0 else 1.0 - share))
    is_middle = far <= 5.0
    found = _ratio(MIDDLE_TOP, MIDDLE_LOW, far - 1.6) if is_middle else _ratio(TAIL_TOP, TAIL_LOW, far - 5.0)
    return -found if away < 0 else found


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
        deviate = normal(unit(base, index))
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
    share = unit(base, index)
    if kind == "lognormal":
        return rounded(math.exp(math.log(duration.scale) + duration.shape * normal(share)))
    if kind == "exponential":
        return rounded(duration.scale * -math.log(share))
    if kind == "weibull":
        return rounded(duration.scale * math.exp(math.log(-math.log(share)) / duration.shape))
    if kind == "gamma":
        return rounded(duration.scale * gamma(mix((base + index * GOLDEN) & MASK), duration.shape))
    return rounded(float(duration.values[int(share * len(duration.values))]))
