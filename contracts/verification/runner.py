"""The runner: suites side by side, each in a thread, their tallies in the order in which they were given.

Suites wait for servers and child processes most of the time; one that computes for long brings processes of its own.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from contracts.findings import Suite, Tally

Told = Callable[[str, int, int], None]
"""Told of a suite's progress: its name, how many things are done, of how many (0: not known)."""


def run(suites: Sequence[Suite], told: Told, at_once: int = 2) -> tuple[Tally, ...]:
    """Run suites and return their tallies; one that fails of a mistake of ours says so and does not end the others."""
    if not suites:
        return ()
    with ThreadPoolExecutor(max_workers=max(1, at_once), thread_name_prefix="suite") as pool:
        pending = [pool.submit(_run, suite, told) for suite in suites]
        return tuple(each.result() for each in pending)


def _run(suite: Suite, told: Told) -> Tally:
    started = time.perf_counter()
    try:
        tally = suite.run(lambda done, total: told(suite.name, done, total))
    except Exception as mistake:
        last = traceback.extract_tb(mistake.__traceback__)[-1]
        where = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
        sentence = f"{type(mistake).__name__} in {where}: {mistake}. This is a mistake of q2c; please report it."
        tally = Tally(suite=suite.name, checked=0, could_not_run=sentence)
    return msgspec.structs.replace(tally, seconds=time.perf_counter() - started)
