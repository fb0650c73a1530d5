"""What a paired comparison costs against independent runs of an idiomatic SimPy model, for the same interval.

    python -m benchmarks.compare                 # two more billing slots, on the reference network
    python -m benchmarks.compare --share 1000    # the idiomatic model gets a thousand times our CPU time

The question is local: what do two more billing slots do to the mean latency? Ours: pairs of replications of the kernel
on common random numbers. Theirs: the idiomatic SimPy model, each run with a seed of its own, both sides in turns, until
it has used `--share` times our CPU time. Both intervals are measured in this run; nothing is multiplied together. If
ours is the narrower one, theirs needs more than `--share` times the CPU time for it (how much more follows from its
half-width, which shrinks with the square root of the time). CPU seconds; the kernel is compiled before.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence

import msgspec

from benchmarks.whatif import idiomatic, network
from simulator.experiments.comparison import compared
from simulator.experiments.intervals import Interval, interval
from simulator.experiments.playing import keeping_measures, packed, read_measures
from simulator.experiments.replications import Laboratory, Sample
from simulator.experiments.student import quantile

BEFORE, AFTER = 12, 14
MEASURE = "mean latency"


class Reached(msgspec.Struct, frozen=True):
    """A difference in seconds with the half-width of its 95 % interval, and what it cost."""

    mean: float
    half_width: float
    cpu_seconds: float
    runs: int


def paired(seconds: float, pairs: int, seed: int) -> Reached:
    """Return the difference by pairs on common random numbers."""
    samples = [Sample(packed(network(seconds, slots))) for slots in (BEFORE, AFTER)]
    laboratory = Laboratory(replicate=keeping_measures("kernel"), read=read_measures, seed=seed)
    started = time.process_time()
    laboratory.extend(samples, pairs)
    (row,) = compared(samples[0], samples[1], [MEASURE], 0.95)
    return Reached(row.difference.mean, row.difference.half_width, time.process_time() - started, 2 * pairs)


def independent(seconds: float, cpu_seconds: float, seed: int) -> Reached:
    """Return the difference by independent idiomatic runs, for so much CPU time, at least two a side."""
    sides: tuple[list[float], list[float]] = ([], [])
    started = time.process_time()
    while time.process_time() - started < cpu_seconds or len(sides[0]) < 2:
        for side, slots in zip(sides, (BEFORE, AFTER), strict=True):
            latencies = idiomatic(seed + 2 * len(side) + (slots == AFTER), seconds, slots)
            side.append(math.fsum(latencies) / len(latencies))
    spent = time.process_time() - started
    found = welch(interval(sides[0]), interval(sides[1]))
    return Reached(interval(sides[1]).mean - interval(sides[0]).mean, found, spent, len(sides[0]) + len(sides[1]))


def welch(one: Interval, other: Interval) -> float:
    """Return the half-width of the difference of two independent means (Welch)."""
    variances = [each.deviation**2 / each.count for each in (one, other)]
    freedom = sum(variances) ** 2 / sum(
        v**2 / (each.count - 1) for v, each in zip(variances, (one, other), strict=True)
    )
    return quantile(0.975, max(1, int(freedom))) * math.sqrt(sum(variances))


def show(ours: Reached, theirs: Reached) -> None:
    """Print both, and what follows."""
    for name, each in (("pairs on the kernel", ours), ("independent SimPy", theirs)):
        print(f"{name:22} {each.mean * 1000:+9.2f} ms ± {each.half_width * 1000:8.3f} ms  {each.runs:5} runs  "
              f"{each.cpu_seconds:8.2f} CPU s")  # fmt: skip
    spent, wider = theirs.cpu_seconds / ours.cpu_seconds, theirs.half_width / ours.half_width
    print(f"SimPy had {spent:,.0f} times the CPU time and its interval is {wider:,.1f} times as wide: "
          f"for ours it would need {spent * wider**2:,.0f} times")  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1800.0, help="arrivals of the network")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--share", type=float, default=1000.0, help="CPU time of the idiomatic model, times ours")
    parser.add_argument("--seed", type=int, default=1000)
    said = parser.parse_args(arguments)
    paired(60.0, 2, said.seed)  # compiled
    ours = paired(said.seconds, said.pairs, said.seed)
    show(ours, independent(said.seconds, said.share * ours.cpu_seconds, said.seed))


if __name__ == "__main__":
    main()
