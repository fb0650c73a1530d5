"""Does the correct integration ever look broken? Short forms of the library's scenarios over many seeds.

    python -m benchmarks.false_alarms --seeds 500
    python -m benchmarks.false_alarms --seeds 10000 --scenario all
    python -m benchmarks.false_alarms --seeds 1000 --scenario drawn      # each seed draws a scenario of its own

Prints each verdict that is not "holds" (there should be none), the rate, and what was found per scenario. `all` deals
the seeds to every scenario of the library, and each variant of one, that the correct integration can be rehearsed in.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import cycle

import msgspec

from benchmarks.drawing import drawn
from contracts.checks.judge import judge
from contracts.checks.verdict import HOLDS
from scenarios.assertions import BASE
from scenarios.engines import unheard
from scenarios.language import Scenario
from scenarios.library import find, names
from scenarios.scale import short
from scenarios.timeline import build
from scenarios.variants import variant
from scenarios.words import REHEARSAL
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal

ALL, DRAWN = "all", "drawn"
_CHUNK, _TOLD_EVERY = 4, 100


class Played(msgspec.Struct, frozen=True):
    """One rehearsal: what was played, its verdict, the checks that do not hold, and what it cost."""

    scenario: str
    seed: int
    status: str
    checks: tuple[str, ...]
    cpu_seconds: float
    peak_megabytes: float


@cache
def named(name: str) -> Scenario:
    """Return what `SCENARIO` or `SCENARIO:VARIANT` means."""
    scenario, _, chosen = name.partition(":")
    return variant(find(scenario), chosen)


def playable() -> Iterator[str]:
    """Yield the name of each scenario and variant of the library that is a rehearsal of the correct integration."""
    for name in names():
        for each in (BASE, *find(name).variants):
            full = name if each == BASE else f"{name}:{each}"
            scenario = named(full)
            if not unheard(scenario, REHEARSAL) and scenario.integration.mutant == "none":
                yield full


def play(name: str, seed: int) -> Played:
    """Play and judge one seed of the short form of a scenario."""
    started = time.process_time()
    recorder = MemoryRecorder()
    Rehearsal(build(drawn(seed) if name == DRAWN else short(named(name)), seed), recorder).run(steps=1)
    verdict = judge(recorder.history())
    checks = (*verdict.broken_safety, *verdict.broken_liveness, *verdict.unknown)
    cpu_seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Played(name, seed, verdict.status, checks, cpu_seconds, peak)


def main(argv: list[str] | None = None) -> None:
    """Play and judge the seeds, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=500, help="how many rehearsals [500]")
    parser.add_argument("--first", type=int, default=1, help="the first seed; the next ones count up [1]")
    parser.add_argument("--scenario", default="quarter_end", help=f"NAME, NAME:VARIANT, {ALL} or {DRAWN} [quarter_end]")
    parser.add_argument("--processes", type=int, default=2, help="who share the seeds [2]")
    chosen = parser.parse_args(argv)
    dealt = cycle(tuple(playable()) if chosen.scenario == ALL else (chosen.scenario,))
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    tally = _Tally()
    with ProcessPoolExecutor(chosen.processes) as pool:
        for number, played in enumerate(pool.map(play, dealt, seeds, chunksize=_CHUNK), 1):
            tally.add(played)
            if played.status != HOLDS:
                print(f"{played.scenario}, seed {played.seed}: {played.status} {', '.join(played.checks)}", flush=True)
            if number % _TOLD_EVERY == 0 or number == chosen.seeds:
                print(tally.line(), flush=True)
    print(tally.table())


class _Tally:
    """What was found so far."""

    def __init__(self) -> None:
        self._found: dict[str, Counter[str]] = {}
        self._cpu_seconds = self._peak_megabytes = 0.0
        self._started = time.perf_counter()

    def add(self, played: Played) -> None:
        self._found.setdefault(played.scenario, Counter())[played.status] += 1
        self._cpu_seconds += played.cpu_seconds
        self._peak_megabytes = max(self._peak_megabytes, played.peak_megabytes)

    def line(self) -> str:
        """Return the counts of verdicts, the rate, and the memory of the largest process."""
        total = sum(self._found.values(), Counter[str]())
        minutes = (time.perf_counter() - self._started) / 60
        return (
            f"{total.total():,} seeds of {len(self._found)} scenarios (short forms): {_shown(total)}; "
            f"{self._cpu_seconds / total.total():.2f} CPU s each, {total.total() / minutes:,.0f} a minute, "
            f"{self._peak_megabytes:,.0f} MB at most"
        )

    def table(self) -> str:
        """Return a line for each scenario."""
        return "\n".join(f"  {name:<45} {_shown(found)}" for name, found in sorted(self._found.items()))


def _shown(found: Counter[str]) -> str:
    return ", ".join(f"{status} {number:,}" for status, number in sorted(found.items()))


if __name__ == "__main__":
    main()
