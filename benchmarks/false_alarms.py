"""Does the correct integration ever look broken? The short form of the demo's scenario over many seeds.

    python -m benchmarks.false_alarms --seeds 500

Prints each verdict that is not "holds" (there should be none), and the rate. Two processes share the seeds.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

PROCESSES = 2


def verdict_of(seed: int, scenario: str) -> tuple[int, str, tuple[str, ...], float]:
    """Return (seed, verdict, broken checks, CPU seconds) of one rehearsal."""
    from contracts.checks.judge import judge
    from scenarios.library import find
    from scenarios.scale import short
    from scenarios.timeline import build
    from simulator.recorder import MemoryRecorder
    from simulator.rehearsal import Rehearsal

    started = time.process_time()
    recorder = MemoryRecorder()
    Rehearsal(build(short(find(scenario)), seed), recorder).run(steps=1)
    verdict = judge(recorder.history())
    broken = tuple(result.check for result in verdict.results if result.status == "broken")
    return seed, verdict.status, broken, time.process_time() - started


def main(argv: list[str] | None = None) -> None:
    """Play and judge the seeds, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--scenario", default="quarter_end")
    chosen = parser.parse_args(argv)
    tally: Counter[str] = Counter()
    seconds = 0.0
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    with ProcessPoolExecutor(PROCESSES) as pool:
        for seed, status, broken, cpu in pool.map(partial(verdict_of, scenario=chosen.scenario), seeds, chunksize=4):
            tally[status] += 1
            seconds += cpu
            if status != "holds":
                print(f"seed {seed}: {status} {', '.join(broken)}", flush=True)
    counts = ", ".join(f"{status} {number}" for status, number in sorted(tally.items()))
    print(f"{chosen.seeds} seeds of {chosen.scenario} (short form): {counts}; {seconds / chosen.seeds:.2f} CPU s each")


if __name__ == "__main__":
    main()
