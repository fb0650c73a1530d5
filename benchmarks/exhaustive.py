"""Every point of the canonical flows: `python -m benchmarks.exhaustive [FLOW ...] [--every N] [--mode MODE]`.

Prints for each flow how many deaths, pairs of deaths and faults were played, what came of them, and what they cost.
The quick form, without arguments, plays every 50th point; `--every 1` plays them all.
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import islice

from q2c.hunting.canonical import FLOWS
from q2c.hunting.exhaustive import BAD, MODES, points_of, run
from simulator.experiments.executors import local


def main() -> None:
    """Play and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("flows", nargs="*", metavar="FLOW", help="canonical flows; all by default")
    parser.add_argument("--every", type=int, default=50, help="play every Nth point [50]")
    parser.add_argument("--mode", action="append", choices=sorted(MODES), help="only these modes")
    parser.add_argument("--workers", type=int, help="processes; all cores by default")
    asked = parser.parse_args()
    executor, total = local(False, asked.workers), Counter[str]()
    try:
        for flow in asked.flows or [each.name for each in FLOWS]:
            for mode in asked.mode or MODES:
                points = list(islice(points_of([flow], [mode]), 0, None, asked.every))
                tally = run(points, executor)
                came = Counter({status: tally.total(status) for _, _, status in tally.counts})
                total.update(came)
                said = ", ".join(f"{count} {status}" for status, count in sorted(came.items()))
                print(f"{flow} {mode}: {said}; {tally.cpu_seconds:.1f} CPU s, {tally.seconds:.1f} s", flush=True)
                for each in tally.findings:
                    checks = " ".join(each.outcome.checks)
                    print(f"  {each.outcome.status} {checks} {each.point.what}: {each.outcome.sentence}")
    finally:
        executor.close()
    findings = sum(count for status, count in total.items() if status in BAD)
    print(f"{sum(total.values())} points, {findings} findings")


if __name__ == "__main__":
    main()
