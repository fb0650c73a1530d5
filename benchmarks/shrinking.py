"""How small mutants' catches become, and what that takes: `python -m benchmarks.shrinking [--drawn] [MUTANT ...]`.

Each mutant is hunted on its own ground; the first trial in which a check meant for it breaks is shrunk. With --drawn it
is hunted as strangers are: `q2c hunt` in the hunting ground, and the first rule that breaks. The aims are 2 lifecycles
and 2 faults or fewer, within 5 seconds, for 95 % of the mutants.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence

import msgspec

from q2c.hunting.campaign import Budget, Campaign, Quarry
from q2c.hunting.shrinking import Shrunk, shrink
from q2c.hunting.trial import Trial
from scenarios.library import find
from scenarios.loader import dump
from simulator.experiments.executors import Serial
from tests.mutants.catalogue import MUTANTS, named
from tests.mutants.killing import hunt
from tests.mutants.mutant import Mutant

LIFECYCLES_AIM, FAULTS_AIM, SECONDS_AIM, SHARE_AIM = 2, 2, 5.0, 0.95
SPARED = 60.0
"""CPU seconds that a search may take here, so that what it would find in the end is seen as well."""
RUNS_DRAWN = 64


def on_its_ground(mutant: Mutant) -> tuple[Trial, str] | None:
    """Return the first trial that breaks a check meant for a mutant, and the check; None for one that survives."""
    kill = hunt(mutant)
    if not kill.by:
        return None
    return Trial(scenario=mutant.ground.text, seed=kill.runs, mutant=mutant.name), kill.by[0]


def drawn(mutant: Mutant) -> tuple[Trial, str] | None:
    """Return the first trial of a hunt that breaks a rule, and the rule; None when there is none in so many runs."""
    scenario = find("hunting_ground")
    quarry = Quarry(scenario=dump(scenario), seed=scenario.seed, mutant=mutant.name)
    campaign = Campaign(quarry, Budget(runs=RUNS_DRAWN), Serial())
    campaign.run()
    for catch in campaign.catches:
        return catch.trial, catch.found.broken[0].check
    return None


def rows(mutants: Sequence[Mutant], caught: Callable[[Mutant], tuple[Trial, str] | None]) -> Iterator[Shrunk]:
    """Yield the shrunk catch of each mutant, and print its row."""
    for mutant in mutants:
        catch = caught(mutant)
        if catch is None:
            print(f"{mutant.name:44} survives", flush=True)
            continue
        small = shrink(*catch, seconds=SPARED)
        before, after = (tuple(msgspec.structs.astuple(size)) for size in (small.before, small.after))
        took = f"{small.attempts:3} attempts {small.seconds:5.1f} CPU s"
        print(f"{mutant.name:44} {small.check:4} {before!s:14} -> {after!s:12} {took}", flush=True)
        yield small


def main(names: Sequence[str]) -> None:
    """Shrink and print."""
    print("mutant, check, (lifecycles, faults, subscriptions) before and after, what it took with the first look")
    is_drawn, chosen = "--drawn" in names, [named(name) for name in names if name != "--drawn"]
    found = list(rows(chosen or MUTANTS, drawn if is_drawn else on_its_ground))
    few = [each for each in found if each.after.lifecycles <= LIFECYCLES_AIM and each.after.faults <= FAULTS_AIM]
    quick = [each for each in few if each.seconds <= SECONDS_AIM]
    print(f"{len(few)} of {len(found)} at {LIFECYCLES_AIM} lifecycles and {FAULTS_AIM} faults or fewer, ", end="")
    print(f"{len(quick)} of them within {SECONDS_AIM:g} s; the aim is {SHARE_AIM:.0%}")


if __name__ == "__main__":
    main(sys.argv[1:])
