"""Fitting: which lognormal, gamma or Weibull distribution durations come from, by maximum likelihood.

A call that was given up after its timeout took at least so long: it adds the probability of that, not of its duration
(right-censoring). Leaving such calls out, or taking the timeout for their duration, makes every fit too fast. The three
families have two parameters each, so the likelihood alone decides among them (as Akaike's criterion does).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import numpy as np
from scipy import optimize, special

Family = Literal["lognormal", "gamma", "weibull"]
FAMILIES: tuple[Family, ...] = ("lognormal", "gamma", "weibull")
MINIMUM = 10
"""Fewer finished durations than these make no fit."""
_CONFIDENCE = 0.95
_TINY_SECONDS = 1e-6
Array = np.ndarray[Any, np.dtype[np.float64]]


class Curve(msgspec.Struct, frozen=True):
    """A distribution of durations in seconds.

    `scale` is the median of a lognormal one and the scale of the others; `shape` the sigma of a lognormal one and the
    shape of the others.
    """

    family: Family
    scale: float
    shape: float

    def quantiles(self, shares: Array) -> Array:
        """Return the durations that shares of all stay below, in seconds."""
        if self.family == "lognormal":
            found: Array = self.scale * np.exp(self.shape * special.ndtri(shares))
        elif self.family == "gamma":
            found = self.scale * special.gammaincinv(self.shape, shares)
        else:
            found = self.scale * (-np.log1p(-shares)) ** (1 / self.shape)
        return found

    def quantile(self, share: float) -> float:
        """Return the duration that a share of all stays below, in seconds."""
        return float(self.quantiles(np.array([share]))[0])

    def distribution(self, seconds: Array) -> Array:
        """Return the share that stays below each duration."""
        if self.family == "lognormal":
            found: Array = special.ndtr(np.log(seconds / self.scale) / self.shape)
        elif self.family == "gamma":
            found = special.gammainc(self.shape, seconds / self.scale)
        else:
            found = -np.expm1(-((seconds / self.scale) ** self.shape))
        return found

    def density(self, seconds: Array) -> Array:
        """Return the density at each duration."""
        found: Array = np.exp(_log_density(self.family, seconds, self.scale, self.shape))
        return found

    @property
    def mean(self) -> float:
        """Return the mean in seconds."""
        if self.family == "lognormal":
            return self.scale * math.exp(self.shape * self.shape / 2)
        return self.scale * (self.shape if self.family == "gamma" else math.gamma(1 + 1 / self.shape))


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """A fitted distribution: its curve, with 95% intervals of scale and shape.

    `count` durations were finished, `censored` given up. `aic` is Akaike's criterion; the smallest is the best.
    """

    curve: Curve
    scale_low: float
    scale_high: float
    shape_low: float
    shape_high: float
    count: int
    censored: int
    aic: float

    @property
    def family(self) -> Family:
        """Return the family of the curve."""
        return self.curve.family


def fit(family: Family, finished: Sequence[float], censored: Sequence[float] = ()) -> Fit:
    """Return the most likely distribution of a family for durations in seconds; raise ValueError for too few of them.

    `censored` are lower bounds: so long was waited in vain.
    """
    done, cut = usable(finished), usable(censored)
    if len(done) < MINIMUM or float(done.min()) == float(done.max()):
        found = f"{len(done)} finished durations" if len(done) < MINIMUM else f"{len(done)} equal durations"
        raise ValueError(f"found {found}, expected at least {MINIMUM} that are not all the same")
    theta = likeliest(family, done, cut)
    spread = _standard_errors(family, theta, done, cut) * float(special.ndtri((1 + _CONFIDENCE) / 2))
    (scale, shape), (low, lowest), (high, highest) = np.exp([theta, theta - spread, theta + spread]).tolist()
    return Fit(
        curve=Curve(family, scale, shape), scale_low=low, scale_high=high, shape_low=lowest, shape_high=highest,
        count=len(done), censored=len(cut), aic=4 + 2 * float(_negative(family, theta, done, cut)),
    )  # fmt: skip


def best(finished: Sequence[float], censored: Sequence[float] = ()) -> tuple[Fit, ...]:
    """Return the fits of all families, the best one first; raise ValueError for too few durations."""
    return tuple(sorted((fit(family, finished, censored) for family in FAMILIES), key=lambda each: each.aic))


def usable(seconds: Sequence[float]) -> Array:
    """Return durations as numbers to compute with; those of no time at all take a microsecond."""
    return np.maximum(np.asarray(seconds, dtype=np.float64), _TINY_SECONDS)


def likeliest(family: Family, done: Array, cut: Array, start: Array | None = None) -> Array:
    """Return (log scale, log shape) of the most likely distribution; `start` is where to begin to search.

    Weibull's is the root of one equation, whatever is censored; so are the others' when nothing is. Only a censored
    lognormal or gamma distribution has to be searched for.
    """
    if family == "weibull":
        return _weibull(done, cut)
    if not len(cut):
        return _uncensored(family, done)
    found = optimize.minimize(
        lambda theta: _negative(family, theta, done, cut),
        _uncensored(family, np.concatenate([done, cut])) if start is None else start,
        method="Nelder-Mead",
        options={"xatol": 1e-5, "fatol": 1e-6, "maxiter": 2_000},
    )
    theta: Array = found.x
    return theta


def _uncensored(family: Family, done: Array) -> Array:
    logs = np.log(done)
    centre = float(logs.mean())
    if family == "lognormal":
        return np.array([centre, math.log(max(float(logs.std()), 1e-9))])
    gap = max(math.log(float(done.mean())) - centre, 1e-9)
    shape = (3 - gap + math.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
    for _ in range(12):  # Newton in 1 / shape, which converges from this start for every gap
        slope = 1 / shape - float(special.polygamma(1, shape))
        step = (math.log(shape) - float(special.digamma(shape)) - gap) / (shape * shape * slope)
        shape = 1 / (1 / shape + step)
        if abs(step * shape) < 1e-12:
            break
    return np.array([math.log(float(done.mean()) / shape), math.log(shape)])


def _weibull(done: Array, cut: Array) -> Array:
    logs = np.log(np.concatenate([done, cut]))
    centre, top = float(np.log(done).mean()), float(logs.max())

    def excess(log_shape: float) -> float:
        weights = np.exp(math.exp(log_shape) * (logs - top))
        return float((weights * logs).sum() / weights.sum()) - math.exp(-log_shape) - centre

    log_shape = float(optimize.brentq(excess, -8.0, 8.0, xtol=1e-10))
    shape = math.exp(log_shape)
    total = float(np.exp(shape * (logs - top)).sum())
    return np.array([top + math.log(total / len(done)) / shape, log_shape])


def _negative(family: Family, theta: Array, done: Array, cut: Array) -> float:
    """Return minus the log-likelihood at (log scale, log shape): densities of the done, survival of the cut off."""
    if not np.all(np.abs(theta) < 40):
        return math.inf
    scale, shape = math.exp(theta[0]), math.exp(theta[1])
    total = float(_log_density(family, done, scale, shape).sum())
    if len(cut):
        total += float(_log_survival(family, cut, scale, shape).sum())
    return -total if math.isfinite(total) else math.inf


def _log_density(family: Family, x: Array, scale: float, shape: float) -> Array:
    logs = np.log(x)
    if family == "lognormal":
        z = (logs - math.log(scale)) / shape
        return -0.5 * z * z - logs - math.log(shape * math.sqrt(2 * math.pi))
    if family == "gamma":
        return (shape - 1) * logs - x / scale - shape * math.log(scale) - float(special.gammaln(shape))
    ratio = logs - math.log(scale)
    return math.log(shape / scale) + (shape - 1) * ratio - np.exp(shape * ratio)


def _log_survival(family: Family, x: Array, scale: float, shape: float) -> Array:
    if family == "lognormal":
        found: Array = special.log_ndtr((math.log(scale) - np.log(x)) / shape)
    elif family == "gamma":
        with np.errstate(divide="ignore"):
            found = np.log(special.gammaincc(shape, x / scale))
    else:
        found = -((x / scale) ** shape)
    return found


def _standard_errors(family: Family, theta: Array, done: Array, cut: Array) -> Array:
    """Return the standard errors of (log scale, log shape) from the curvature of the likelihood at its peak."""
    step = 1e-4
    curvature = np.empty((2, 2))
    for row in range(2):
        for column in range(2):
            value = 0.0
            for one in (1, -1):
                for other in (1, -1):
                    moved = theta.copy()
                    moved[row] += one * step
                    moved[column] += other * step
                    value += one * other * _negative(family, moved, done, cut)
            curvature[row, column] = value / (4 * step * step)
    try:
        found: Array = np.sqrt(np.maximum(np.diag(np.linalg.inv(curvature)), 0.0))
    except np.linalg.LinAlgError:
        return np.full(2, math.inf)
    return found
