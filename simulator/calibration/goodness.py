"""Goodness of fit: how far a fitted distribution is from what was measured, and whether chance explains the distance.

The measured distribution is the Kaplan-Meier estimate, which knows that a call given up after ten seconds took longer
than ten seconds; without censoring it is the usual step function. Kolmogorov and Smirnov take the largest distance,
Anderson and Darling the squared distance with weight in the tails, up to the last finished duration. As the parameters
were fitted to the same durations, tables of either statistic would call every fit good: p is the share of
samples, drawn from the fit, censored alike and fitted anew, that lie further from their own fit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np

from simulator.calibration.fitting import MINIMUM, Array, Curve, Fit, fit, likeliest, usable

RESAMPLES = 99
SAMPLE_MAX = 250
"""A resample is of at most so many durations; the statistics of the fit itself use all."""


class Goodness(msgspec.Struct, frozen=True, kw_only=True):
    """Distance of a fit: `ks` and `ad` are the statistics, `ks_p` and `ad_p` how probable a greater one is by chance.

    p was made with samples of `sampled` durations: with many more than that every family fails in the end, and what
    counts is how large the distance is.
    """

    ks: float
    ad: float
    ks_p: float
    ad_p: float
    sampled: int

    @property
    def is_plausible(self) -> bool:
        """Whether chance explains the distance (p of both at least 5%)."""
        return min(self.ks_p, self.ad_p) >= 0.05


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The Kaplan-Meier estimate: at each finished duration (seconds), the share of calls that take at most so long."""

    seconds: tuple[float, ...]
    below: tuple[float, ...]

    def quantile(self, share: float) -> float | None:
        """Return the duration that a share of all stays below; None beyond what was finished."""
        at = int(np.searchsorted(np.asarray(self.below), share))
        return self.seconds[at] if at < len(self.seconds) else None


def measured(finished: Sequence[float], censored: Sequence[float] = ()) -> Measured:
    """Return the Kaplan-Meier estimate of the distribution of durations."""
    done = np.sort(np.asarray(finished, dtype=np.float64))
    cut = np.sort(np.asarray(censored, dtype=np.float64))
    seconds, ended = np.unique(done, return_counts=True)
    at_risk = len(done) - np.searchsorted(done, seconds) + len(cut) - np.searchsorted(cut, seconds)
    below = 1.0 - np.cumprod(1.0 - ended / at_risk)
    return Measured(seconds=tuple(seconds.tolist()), below=tuple(below.tolist()))


def goodness(found: Fit, finished: Sequence[float], censored: Sequence[float] = ()) -> Goodness:
    """Return how well a fit agrees with the durations (seconds) it was fitted to."""
    ks, ad = _distances(found.curve, finished, censored)
    done, cut = _thinned(finished, censored)
    small = found if len(done) == len(finished) else fit(found.family, done, cut)
    own_ks, own_ad = _distances(small.curve, done, cut)
    size, timeout = len(done) + len(cut), min(cut, default=math.inf)
    others = [_resampled(small, size, timeout, number) for number in range(RESAMPLES)]
    share = 1 / (RESAMPLES + 1)
    return Goodness(
        ks=ks,
        ad=ad,
        ks_p=share * (1 + sum(other >= own_ks for other, _ in others)),
        ad_p=share * (1 + sum(other >= own_ad for _, other in others)),
        sampled=size,
    )


def _distances(found: Curve, finished: Sequence[float], censored: Sequence[float]) -> tuple[float, float]:
    steps = measured(finished, censored)
    fitted = np.clip(found.distribution(np.asarray(steps.seconds)), 1e-12, 1 - 1e-12)
    below = np.asarray(steps.below)
    before = np.concatenate([[0.0], below[:-1]])
    ks = float(max(np.abs(below - fitted).max(), np.abs(fitted - before).max()))
    ends, levels = (fitted, before) if censored else (np.append(fitted, 1 - 1e-12), np.append(before, 1.0))
    starts = np.concatenate([[1e-12], ends[:-1]])
    ad = (len(finished) + len(censored)) * float((_weighed(levels, ends) - _weighed(levels, starts)).sum())
    return ks, ad


def _weighed(level: Array, u: Array) -> Array:
    """Return the integral of (level - u)^2 / (u (1 - u)) over u, at u."""
    return level * level * np.log(u) - (1 - level) ** 2 * np.log1p(-u) - u


def _thinned(finished: Sequence[float], censored: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return every so-manieth duration, in order of size, when there are too many to draw anew a hundred times."""
    step = math.ceil((len(finished) + len(censored)) / SAMPLE_MAX)
    if step == 1:
        return list(finished), list(censored)
    return sorted(finished)[step // 2 :: step], sorted(censored)[step // 2 :: step]


def _resampled(found: Fit, size: int, timeout: float, number: int) -> tuple[float, float]:
    """Return the distances of a sample of the fit from its own fit; longer durations than the timeout are given up."""
    drawn = found.curve.quantiles(np.random.Generator(np.random.PCG64(number)).random(size))
    done = drawn[drawn <= timeout]
    if len(done) < MINIMUM:
        return math.inf, math.inf  # such a sample decides nothing, so it counts for the fit
    cut = np.full(size - len(done), timeout if size > len(done) else 0.0)
    start = np.log([found.curve.scale, found.curve.shape])
    scale, shape = np.exp(likeliest(found.family, usable(done.tolist()), cut, start)).tolist()
    return _distances(Curve(found.family, scale, shape), done.tolist(), cut.tolist())
