"""How long `q2c verify` takes for this project: `python -m benchmarks.verify [--only NAME]`.

The aim is under 120 s on two cores for all, 25 s for conformance and matrices. Prints each suite with its wall clock,
and the CPU seconds of all processes, for other people's work makes the wall slow. Judges nothing.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

from contracts.verification import assembly, choosing, configuration, runner

ROOT = Path(__file__).parents[1]


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], help="tables, or parts of the names of suites")
    chosen = configuration.read(ROOT / "q2c.toml")
    names = parser.parse_args(argv).only
    began, cpu = time.perf_counter(), cpu_seconds()
    with tempfile.TemporaryDirectory() as scratch:
        planned = list(enumerate(assembly.planned(chosen, ROOT, Path(scratch))))
        some = choosing.named(planned, names)
        tallies = runner.run_planned(chosen, ROOT, Path(scratch), some, lambda *_: None, {})
    wall, cpu = time.perf_counter() - began, cpu_seconds() - cpu
    for tally in sorted(tallies, key=lambda tally: -tally.seconds):
        print(f"{tally.seconds:7.1f} s  {tally.checked:6,} checked  {tally.outcome:<13} {tally.suite}")
    load = os.getloadavg()[0]
    print(
        f"{len(tallies)} suites: {wall:.1f} s at a load of {load:.1f}; {cpu:.1f} s of CPU, {cpu / 2:.1f} s on each core"
    )


if __name__ == "__main__":
    main()
