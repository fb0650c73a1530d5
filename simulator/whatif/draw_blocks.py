"""Draws of many lifecycles at once, for the SimPy engine: exactly those of `draws`, computed with NumPy.

NumPy's exp and log may differ from the C library's in the last digits. A duration is rounded to whole microseconds, so
that matters only next to a half; what comes that near is drawn again one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulator.whatif import draws
from simulator.whatif.durations import Duration

Words = npt.NDArray[np.uint64]
Reals = npt.NDArray[np.float64]
KINDS = ("fixed", "exponential", "lognormal")
"""What can be drawn in blocks; other kinds are drawn one by one."""
_NEAR = 1e-12
_NEAR_US = 1e-9
_EDGES, _RATIOS = np.array(draws.EDGES), np.array(draws.RATIOS)
_GOLDEN, _FIRST, _SECOND = np.uint64(draws.GOLDEN), np.uint64(draws.FIRST), np.uint64(draws.SECOND)


def _mix(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))


def bases(seed: int, first: int, count: int) -> Words:
    """Return the words that the draws of lifecycles start from, of so many numbers in a row."""
    start = np.uint64(draws.mix((seed * draws.GOLDEN + 1) & draws.MASK))
    numbers = np.arange(first, first + count, dtype=np.uint64)
    return _mix(start + numbers * _SECOND)


def _words(bases: Words, index: int) -> Words:
    """Return the random words of one index below many bases."""
    return _mix(bases + np.uint64((index * draws.GOLDEN) & draws.MASK))


def _units(words: Words) -> Reals:
    """Return the numbers in (0, 1) of random words."""
    units: Reals = ((words >> np.uint64(12)).astype(np.float64) + 0.5) * draws.UNIT
    return units


def counted(base: int, first: int, count: int, bits: int) -> list[float]:
    """Return numbers in (0, 1) below one base, of so many indices in a row that lie `bits` bits apart."""
    indices = np.arange(first, first + count, dtype=np.uint64) << np.uint64(bits)
    listed: list[float] = _units(_mix(np.uint64(base) + indices * _GOLDEN)).tolist()
    return listed


def normals(words: Words) -> Reals:
    """Return the standard normal deviates of random words."""
    strips = (words & np.uint64(draws.STRIPS - 1)).astype(np.intp)
    across = ((words >> np.uint64(11)).astype(np.int64) - draws.HALF_WIDTH + 0.5) * draws.UNIT
    found: Reals = across * _EDGES[strips]
    for place in np.flatnonzero(np.abs(across) >= _RATIOS[strips]):
        found[place] = draws.normal(int(words[place]))
    return found


def durations(duration: Duration, words: Words, index: int) -> npt.NDArray[np.int64]:
    """Return one draw of a duration below each base, in whole microseconds."""
    if duration.kind == "fixed":
        return np.full(len(words), draws.rounded(duration.scale), np.int64)
    below = _words(words, index)
    if duration.kind == "lognormal":
        exact = np.exp(np.log(duration.scale) + duration.shape * normals(below))
    else:
        exact = duration.scale * -np.log(_units(below))
    shifted = np.clip(exact, 1.0, draws.LONGEST) + 0.5
    whole = np.floor(shifted)
    inside = shifted - whole
    near = _NEAR * exact + _NEAR_US
    for place in np.flatnonzero((inside < near) | (inside > 1.0 - near)):
        whole[place] = draws.drawn(duration, int(words[place]), index)
    rounded: npt.NDArray[np.int64] = whole.astype(np.int64)
    return rounded


def rows(words: Words, wide: int, steps: Sequence[tuple[int, Duration]]) -> list[list[int]]:
    """Return for each lifecycle the service times of the first attempts of its steps, by the steps' numbers."""
    table = np.zeros((len(words), wide), np.int64)
    for number, duration in steps:
        table[:, number] = durations(duration, words, draws.index_of(number, 1, draws.SERVICE))
    listed: list[list[int]] = table.tolist()
    return listed
