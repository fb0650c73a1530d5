"""How near the what-if model is to rehearsals of the same scenario: every service level, pooled, with intervals.

    python -m benchmarks.whatif_near quarter_end --seeds 1-18 --keep runs/near
    python -m benchmarks.whatif_near benchmarks/many_mistakes.yaml --seeds 1-60 --keep runs/near

A rehearsal of 1,500 orders costs some twenty CPU seconds, and its clocks are kept, a small file a seed: only seeds that
are missing are played, one after the other. A clock counts from its start to its stop; one that never stopped does not.
Brackets are 95 % intervals: a bootstrap over whole rehearsals, because the clocks of one wait for each other.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from contracts.checks import sla as levels
from contracts.checks.facts import Facts
from scenarios.language import Scenario
from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import build
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal
from simulator.whatif import engine, translation
from simulator.whatif.rows import Collected

LAST = " last days"
CLOCKS = {
    "SLA-2": levels._bookings,
    "SLA-4": levels._postings,
    "SLA-5": levels._cash,
    "SLA-6": levels._mirrors,
    "SLA-8": levels._cases,
}
"""The service levels of both engines, and what yields their clocks."""
SHARES = (0.5, 0.95)
RESAMPLES = 1_000

Clocks = dict[str, list[float]]
"""Durations in seconds by service level, once of the whole run and once (` last days`) of its last three days."""


def rehearsed(scenario: Scenario, seed: int) -> Clocks:
    """Play one rehearsal and return its clocks."""
    recorder = MemoryRecorder()
    Rehearsal(build(scenario, seed), recorder).run(steps=1)
    facts = Facts(recorder.history())
    days = levels.last_days(facts)
    found: Clocks = {}
    for name, clocks in CLOCKS.items():
        for clock in clocks(facts):
            if clock.stop_us is not None:
                seconds = (clock.stop_us - clock.start_us) / 1e6
                found.setdefault(name, []).append(seconds)
                if levels.column_of(facts, clock, days) != levels.NORMAL:
                    found.setdefault(name + LAST, []).append(seconds)
    return found


def kept(scenario: Scenario, seeds: range, folder: Path) -> Iterator[Clocks]:
    """Yield the clocks of each seed, played now if they are not in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        path = folder / f"{scenario.name}-{seed}.json"
        if not path.exists():
            path.write_text(json.dumps(rehearsed(scenario, seed)))
            print(f"rehearsed seed {seed}", flush=True)
        yield json.loads(path.read_text())


def modelled(scenario: Scenario, runs: int) -> list[Clocks]:
    """Return the clocks of so many runs of the model."""
    model = translation.translate(scenario)
    names = [sla.name for sla in model.slas]
    found: list[Clocks] = []
    for seed in range(runs):
        rows, clocks = Collected(), dict[str, list[float]]()
        engine.simulate(model, seed, rows=rows, runs=runs)
        for number, name in enumerate(names):
            clocks.setdefault(name, []).extend((rows.rows[rows.rows[:, 1] == number][:, 3] / 1e6).tolist())
        found.append(clocks)
    return found


def quantile(values: np.ndarray, share: float) -> float:
    """Return a quantile by nearest rank, as verdicts do."""
    return float(np.quantile(values, share, method="inverted_cdf"))


def interval(runs: list[np.ndarray], share: float) -> tuple[float, float]:
    """Return the 95 % interval of a pooled quantile: whole runs are drawn again."""
    draws = np.random.default_rng(1).integers(0, len(runs), (RESAMPLES, len(runs)))
    again = [quantile(np.concatenate([runs[place] for place in drawn]), share) for drawn in draws]
    return float(np.quantile(again, 0.025)), float(np.quantile(again, 0.975))


def rows(real: list[Clocks], model: list[Clocks]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield f"{'service level':16} {'clocks':>7}  share {'rehearsed':>10} {'95 % interval':>19} {'model':>9} {'off':>7}"
    for name in [name + suffix for name in CLOCKS for suffix in ("", LAST)]:
        runs = [np.array(each.get(name, [])) for each in real]
        own = np.concatenate([np.array(each.get(name, [])) for each in model])
        pooled = np.concatenate(runs)
        for share in SHARES if pooled.size and own.size else ():
            said, found, (low, high) = quantile(pooled, share), quantile(own, share), interval(runs, share)
            yield (
                f"{name:16} {pooled.size / len(runs):>7.1f}  p{share * 100:<4.0f} {said:>10.2f} "
                f"[{low:>8.2f}, {high:>8.2f}] {found:>9.2f} {found / said - 1:>+7.1%}"
            )


def main(argv: list[str] | None = None) -> None:
    """Play what is missing and print the table (seconds)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario")
    parser.add_argument("--seeds", default="1-18", help="first-last")
    parser.add_argument("--runs", type=int, default=300, help="of the model")
    parser.add_argument("--orders", type=int, default=1_500)
    parser.add_argument("--subscriptions", type=int, default=200)
    parser.add_argument("--keep", type=Path, required=True, help="folder of the clocks of rehearsals")
    chosen = parser.parse_args(argv)
    first, _, last = chosen.seeds.partition("-")
    scenario = scaled(find(chosen.scenario), chosen.orders, chosen.subscriptions)
    real = list(kept(scenario, range(int(first), int(last or first) + 1), chosen.keep))
    print(f"{scenario.name}: {len(real)} rehearsals, {chosen.runs} runs of the model, seconds")
    for line in rows(real, modelled(scenario, chosen.runs)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
