"""The garbage collector of a process that holds a growing world."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_OLD = (10, 10_000)  # the generations above the young one


@contextmanager
def patient_collector(young: int = 20_000) -> Iterator[None]:
    """Collect the old generation hardly ever, and the young one only when it has grown so much, for a while.

    The default collector walks the whole world again and again: the more is stored, the dearer is every step. Documents
    are values without cycles, so nothing piles up for want of it.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(young, *_OLD)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


@contextmanager
def settled_collector() -> Iterator[None]:
    """Be a patient collector for a server: it leaves everything loaded so far out, and its young ones stay small.

    A walk through the whole world would set the p99 of a mock server. The young ones are all walked in a few
    milliseconds, while every request waits.
    """
    gc.collect()
    gc.freeze()
    try:
        with patient_collector(young=1_000):
            yield
    finally:
        gc.unfreeze()
