"""How long something takes: the distributions a model may use, as plain values in microseconds."""

from __future__ import annotations

import math
from typing import Literal, Self

import msgspec

P95_DEVIATIONS = 1.6448536269514722
Kind = Literal["fixed", "exponential", "lognormal", "gamma", "weibull", "empirical", "uniform"]
KINDS: tuple[Kind, ...] = ("fixed", "exponential", "lognormal", "gamma", "weibull", "empirical", "uniform")
"""The kinds in the order of their codes in the compiled tables."""

_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


def evenly(place: int) -> float:
    """Return a part of one: those of the first places lie as evenly as can be, however many places there are."""
    return place * _GOLDEN % 1.0


class Duration(msgspec.Struct, frozen=True, gc=False):
    """A distribution of durations in whole microseconds (at least one).

    `scale` is the value of a fixed one, the mean of an exponential one, the median of a lognormal one, the scale of a
    gamma or Weibull one, the least of a uniform one. `shape` is the sigma of a lognormal one, the shape of a gamma or
    Weibull one, the width of a uniform one. An empirical one draws each of its `values` equally often.
    """

    kind: Kind
    scale: float = 0.0
    shape: float = 0.0
    values: tuple[int, ...] = ()

    @classmethod
    def fixed(cls, us: int) -> Self:
        """Return a duration that is always the same."""
        return cls("fixed", float(us))

    @classmethod
    def exponential(cls, mean_us: float) -> Self:
        """Return an exponential duration."""
        return cls("exponential", float(mean_us))

    @classmethod
    def lognormal(cls, median_us: float, p95_us: float) -> Self:
        """Return a lognormal duration by its median and its 95th percentile."""
        if p95_us == median_us:
            return cls.fixed(round(median_us))
        return cls("lognormal", float(median_us), math.log(p95_us / median_us) / P95_DEVIATIONS)

    @classmethod
    def lognormal_mean(cls, mean_us: float, variation: float) -> Self:
        """Return a lognormal duration by its mean and its coefficient of variation."""
        variance = math.log(1.0 + variation * variation)
        return cls("lognormal", mean_us * math.exp(-variance / 2.0), math.sqrt(variance))

    @classmethod
    def gamma(cls, mean_us: float, variation: float) -> Self:
        """Return a gamma duration by its mean and its coefficient of variation."""
        return cls("gamma", mean_us * variation * variation, 1.0 / (variation * variation))

    @classmethod
    def weibull(cls, scale_us: float, shape: float) -> Self:
        """Return a Weibull duration by its scale and shape."""
        return cls("weibull", float(scale_us), float(shape))

    @classmethod
    def uniform(cls, low_us: int, high_us: int) -> Self:
        """Return a duration of which every length between two is as likely."""
        return cls("uniform", float(low_us), float(high_us - low_us))

    @classmethod
    def by_quantiles(cls, kind: str, median_us: float, p95_us: float) -> Self:
        """Return the lognormal, gamma or Weibull duration that has this median and this 95th percentile."""
        if kind == "lognormal" or p95_us <= median_us:
            return cls.lognormal(median_us, p95_us)
        if kind == "weibull":
            shape = math.log(math.log(20.0) / math.log(2.0)) / math.log(p95_us / median_us)
            return cls("weibull", median_us / math.log(2.0) ** (1.0 / shape), shape)
        from scipy.special import gammaincinv

        low, high = math.log(0.01), math.log(10_000.0)
        for _ in range(80):  # the more shape, the nearer lie the two
            middle = math.exp((low + high) / 2)
            ratio = float(gammaincinv(middle, 0.95)) / max(float(gammaincinv(middle, 0.5)), 1e-300)
            low, high = ((low + high) / 2, high) if ratio > p95_us / median_us else (low, (low + high) / 2)
        return cls("gamma", median_us / float(gammaincinv(middle, 0.5)), middle)

    @classmethod
    def empirical(cls, values_us: tuple[int, ...]) -> Self:
        """Return a duration drawn from measured ones."""
        return cls("empirical", values=tuple(values_us))

    @property
    def mean_us(self) -> float:
        """Return the mean."""
        if self.kind == "lognormal":
            return self.scale * math.exp(self.shape * self.shape / 2.0)
        if self.kind == "gamma":
            return self.scale * self.shape
        if self.kind == "weibull":
            return self.scale * math.gamma(1.0 + 1.0 / self.shape)
        if self.kind == "uniform":
            return self.scale + self.shape / 2.0
        return sum(self.values) / len(self.values) if self.kind == "empirical" else self.scale

    @property
    def variation(self) -> float:
        """Return the coefficient of variation: the standard deviation as a part of the mean."""
        if self.kind == "lognormal":
            return math.sqrt(math.exp(self.shape * self.shape) - 1.0)
        if self.kind == "gamma":
            return 1.0 / math.sqrt(self.shape)
        if self.kind == "weibull":
            first, second = math.gamma(1.0 + 1.0 / self.shape), math.gamma(1.0 + 2.0 / self.shape)
            return math.sqrt(second - first * first) / first
        if self.kind == "uniform":
            return self.shape / math.sqrt(12.0) / self.mean_us
        if self.kind == "empirical":
            mean = self.mean_us
            return math.sqrt(sum((value - mean) ** 2 for value in self.values) / len(self.values)) / mean
        return 1.0 if self.kind == "exponential" else 0.0

    def problem(self) -> str:
        """Return what is impossible about it, or nothing."""
        if self.kind == "empirical":
            bad = not self.values or min(self.values) < 0
            return "an empirical duration needs values, none of them negative" if bad else ""
        if not (math.isfinite(self.scale) and math.isfinite(self.shape)):
            return f"a {self.kind} duration has finite parameters, not scale {self.scale} and shape {self.shape}"
        if self.scale < 0 or (self.scale == 0 and self.kind not in ("fixed", "uniform")):
            return f"a {self.kind} duration of {self.scale / 1e6:g} s is impossible: it must be above 0"
        if self.kind == "uniform" and self.shape < 0:
            return f"a uniform duration that is {-self.shape / 1e6:g} s longer at least than at most is impossible"
        if self.kind in ("lognormal", "gamma", "weibull") and self.shape <= 0:
            return (
                f"a {self.kind} duration with shape {self.shape:g} is impossible: its shape must be above 0 "
                "(a 95th percentile above the median, a variation above 0)"
            )
        return ""
