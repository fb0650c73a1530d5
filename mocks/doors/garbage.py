"""The garbage collector of a server that holds a growing world."""

from __future__ import annotations

import gc

_THRESHOLDS = (50_000, 50, 1_000)


def settle_collector() -> None:
    """Leave everything loaded so far out of collections, and collect the old generation hardly ever.

    The default collector walks the whole world again and again: it sets the p99 of a mock server, and its rate falls
    with every object that is stored. Documents are values without cycles, so nothing piles up for want of it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
