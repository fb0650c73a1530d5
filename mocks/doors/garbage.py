"""The garbage collector of a server that holds a growing world."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLDS = (1_000, 10, 10_000)


@contextmanager
def settled_collector() -> Iterator[None]:
    """Leave everything loaded so far out of collections, and collect the old generation hardly ever, for a while.

    The default collector walks the whole world again and again: it sets the p99 of a mock server, and its rate falls
    with every object that is stored. Documents are values without cycles, so nothing piles up for want of it. The young
    ones stay small: all of them are walked in a few milliseconds, while every request waits.
    """
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
