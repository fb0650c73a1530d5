"""Keyed random numbers: each draw is a function of the seed and of what it is for, not of what was drawn before.

Two runs that differ in one lifecycle agree in all others; dropping a fault from a plan moves no other draw. That
is what makes runs comparable (common random numbers), shrinkable and independent of hash seeds and Python versions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")
_inverse_normal = NormalDist().inv_cdf
_P95_DEVIATIONS = 1.6448536269514722


class Draws:
    """A source of draws for one seed. Keys are strings or integers; equal keys give equal draws."""

    __slots__ = ("_keyed", "seed")

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._keyed = blake2b(digest_size=7, key=str(seed).encode())  # never updated itself, only copies of it

    def under(self, *prefix: str | int) -> Draws:
        """Return the draws whose keys begin so: `under("a").unit("b")` is `unit("a", "b")`, at less cost."""
        below = Draws(self.seed)
        below._keyed = self._keyed.copy()
        below._keyed.update("".join([f"{part}\x1f" for part in prefix]).encode())
        return below

    def unit(self, *key: str | int) -> float:
        """Return a number in the open interval (0, 1)."""
        drawn = self._keyed.copy()
        drawn.update("\x1f".join(map(str, key)).encode())
        return ((int.from_bytes(drawn.digest(), "big") >> 3) + 0.5) / 9007199254740992.0

    def chance(self, share: float, *key: str | int) -> bool:
        """Return whether an event of probability `share` happens."""
        return self.unit(*key) < share

    def whole(self, low: int, high: int, *key: str | int) -> int:
        """Return an integer from low to high, both included."""
        return low + int(self.unit(*key) * (high - low + 1))

    def choose(self, options: Sequence[T], *key: str | int) -> T:
        """Return one of the options, each as likely as the others."""
        return options[int(self.unit(*key) * len(options))]

    def weighted(self, options: Sequence[tuple[T, float]], *key: str | int) -> T:
        """Return one of (option, weight); weights need not add up to one."""
        rest = self.unit(*key) * sum(weight for _, weight in options)
        for option, weight in options:
            rest -= weight
            if rest < 0:
                return option
        return options[-1][0]

    def exponential(self, mean: float, *key: str | int) -> float:
        """Return an exponential variate."""
        return -mean * math.log(self.unit(*key))

    def lognormal(self, median: float, p95: float, *key: str | int) -> float:
        """Return a lognormal variate given its median and its 95th percentile, in their unit."""
        return median * math.exp(_sigma(median, p95) * _inverse_normal(self.unit(*key)))


@lru_cache(maxsize=1024)
def _sigma(median: float, p95: float) -> float:
    return math.log(p95 / median) / _P95_DEVIATIONS
