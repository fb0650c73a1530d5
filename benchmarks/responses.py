"""How long the changed answers take: `python -m benchmarks.responses`. The aim is 10 seconds on 2 cores.

Every case of every reader and list of the reference integration, and every mutant of a reader. CPU seconds stand beside
the wall clock, for other people's work makes the wall slow.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from contracts.responses.mutants import broken, killed
from contracts.responses.suite import reference


def measured(name: str, work: Callable[[], str]) -> None:
    """Print what some work did and what it took."""
    began, cpu = time.perf_counter(), time.process_time()
    told = work()
    print(f"{name:26} {told:40} {time.perf_counter() - began:5.1f} s {time.process_time() - cpu:5.1f} s of CPU")


def _reference() -> str:
    tally = reference().run(lambda _done, _total: None)
    return f"{tally.checked} cases, {len(tally.findings)} findings"


def _mutants() -> str:
    kills = killed()
    return f"{sum(kill.is_as_meant for kill in kills)} of {len(kills)} killed as meant"


def main() -> None:
    """Measure and print."""
    load = os.getloadavg()[0]
    measured("reference integration", _reference)
    measured("tolerant reader, pairs too", lambda: f"{len(broken('', pairs=True))} findings")
    measured("mutants of a reader", _mutants)
    print(f"load {load:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} CPUs")


if __name__ == "__main__":
    main()
