"""How far a hunt gets in a minute, how fast it is, and whether the correct integration is ever accused.

    python -m benchmarks.hunting --seconds 60                    pairs hit, runs and virtual hours a minute
    python -m benchmarks.hunting --runs 300 --seeds 3            pairs hit after so many runs, for three base seeds
    python -m benchmarks.hunting --lifecycles 30 --seconds 60    the same with about so many lifecycles in each run
    python -m benchmarks.hunting --runs 10000                    false alarms of the correct integration

All processors share the runs. Trials that broke a rule are written to `runs/`, as those of `q2c hunt` are. Pairs are
counted as operation and fault at either try, and with first tries and retries apart; what cannot be hit is counted
beside them, by its reason in `hunt.json`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from q2c import run_folder
from q2c.hunting import keeping
from q2c.hunting.campaign import Budget, Campaign, Quarry, Reached
from q2c.hunting.document import Document
from scenarios.language import Scenario
from scenarios.library import find
from scenarios.loader import dump
from scenarios.scale import scaled
from scenarios.timeline import expected_lifecycles
from simulator.experiments.executors import local


def main(argv: list[str] | None = None) -> None:
    """Hunt, and print what was covered, how fast it was, and what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="hunting_ground")
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="hunt with so many base seeds, from --seed on")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--lifecycles", type=int, default=0, help="scale the scenario to about so many")
    chosen = parser.parse_args(argv)
    scenario = _sized(find(chosen.scenario), chosen.lifecycles)
    seconds = chosen.seconds or (0.0 if chosen.runs else 60.0)
    budget = Budget(runs=chosen.runs, seconds=seconds, keeps_going=True)
    for seed in range(chosen.seed, chosen.seed + chosen.seeds):
        print(f"base seed {seed}\n{_told(hunted(scenario, budget, seed, chosen.workers))}", flush=True)


def hunted(scenario: Scenario, budget: Budget, seed: int, workers: int | None) -> Document:
    """Return the document of a hunt; it is kept in a folder when it caught something."""
    executor = local(compiled=False, workers=workers)
    try:
        campaign = Campaign(Quarry(scenario=dump(scenario), seed=seed), budget, executor)
        campaign.run()
        seconds = campaign.seconds
    finally:
        executor.close()
    folder = run_folder.create(Path("runs"), f"hunt-{scenario.name}", seed)
    caught = keeping.caught(folder.path, campaign, shrinks=False)
    return keeping.write(folder, campaign, scenario, "", caught, executor.name, seconds, interrupted=False)


def _sized(scenario: Scenario, lifecycles: int) -> Scenario:
    """Return a scenario with about so many lifecycles in all; orders and subscriptions keep their proportion."""
    if not lifecycles:
        return scenario
    factor = lifecycles / expected_lifecycles(scenario)
    subscriptions = round(scenario.world.live_subscriptions * factor)
    orders = expected_lifecycles(
        scenario.model_copy(update={"world": scenario.world.model_copy(update={"live_subscriptions": 0})})
    )
    return scaled(scenario, orders=round(orders * factor), subscriptions=subscriptions)


def _reached(reached: Reached) -> str:
    return (
        f"after {reached.runs:5,} runs, {reached.cpu_seconds:7.1f} CPU s: {reached.either:,} of "
        f"{reached.either_possible:,} pairs ({_share(reached.either, reached.either_possible)}), {reached.hit:,} of "
        f"{reached.possible:,} with first tries and retries apart ({_share(reached.hit, reached.possible)})"
    )


def _share(part: int, whole: int) -> str:
    return f"{part / max(1, whole):.1%}"


def _told(document: Document) -> str:
    effort = document.effort
    statuses = ", ".join(f"{status} {count:,}" for status, count in effort.statuses.items())
    lines = [
        f"{effort.runs:,} runs of {document.scenario} in {effort.wall_seconds:,.1f} s by {effort.executor}: {statuses}",
        f"{len(document.pairs.impossible):,} operations and faults cannot meet, and are not counted",
        *(_reached(each) for each in document.course),
        f"{effort.lifecycles / max(1, effort.runs):.1f} lifecycles a run, "
        f"{effort.cpu_seconds / max(1, effort.runs):.3f} "
        f"CPU seconds a run, {effort.runs_a_second:.1f} runs a second",
        f"{effort.virtual_hours_a_wall_minute:,.0f} virtual hours a minute of the wall, "
        f"{effort.virtual_hours * 60 / max(effort.cpu_seconds, 1e-9):,.0f} a minute of one processor",
    ]
    for each in document.caught:
        lines += [f"run {each.number}: {broken.check} {broken.sentence} ({each.folder})" for broken in each.broken]
    lines += [f"run {each.number} could not be played: {each.trouble}" for each in document.stuck]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
