"""Warm-up: where a series has forgotten how it began. For questions about a steady state only.

A quarter is a terminating study: it starts as quarters start, and nothing of it is cut off. Only somebody who asks how
a system behaves for ever at one load removes the beginning, and this is where.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

BATCH = 5


def mser5(series: Sequence[float]) -> int:
    """Return how many leading observations to leave out, by MSER-5; raise ValueError when the series is too short.

    MSER (White, 1997) cuts where the standard error of what is left is smallest; MSER-5 first averages batches of five.
    A cut in the second half says that the series never settles: then ValueError, too.
    """
    batches = [math.fsum(series[i : i + BATCH]) / BATCH for i in range(0, len(series) - BATCH + 1, BATCH)]
    if len(batches) < 2 * BATCH:
        raise ValueError(f"{len(series)} observations are too few to find a warm-up; expected {2 * BATCH * BATCH}")
    middle = math.fsum(batches) / len(batches)
    best, best_error = 0, math.inf
    total, squares = 0.0, 0.0
    for cut in range(len(batches) - 1, -1, -1):
        total += batches[cut] - middle
        squares += (batches[cut] - middle) ** 2
        left = len(batches) - cut
        error = max(0.0, squares - total * total / left) / (left * left)
        if left >= BATCH and error <= best_error:
            best, best_error = cut, error
    if best > len(batches) // 2:
        raise ValueError(
            f"the series does not settle within {len(series)} observations; make it longer, or ask about a quarter"
        )
    return best * BATCH
