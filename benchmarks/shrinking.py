"""How small mutants' catches become, and what that takes: `python -m benchmarks.shrinking [MUTANT ...]`.

Each mutant is hunted on its own ground; the first trial in which a check meant for it breaks is shrunk. The aims are
2 lifecycles and 2 faults or fewer, within 5 seconds, for 95 % of the mutants.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import msgspec

from q2c.hunting.shrinking import Shrunk, shrink
from q2c.hunting.trial import Trial
from tests.mutants.catalogue import MUTANTS, named
from tests.mutants.killing import hunt
from tests.mutants.mutant import Mutant

LIFECYCLES_AIM, FAULTS_AIM, SECONDS_AIM, SHARE_AIM = 2, 2, 5.0, 0.95
SPARED = 60.0
"""CPU seconds that a search may take here, so that what it would find in the end is seen as well."""


def shrunk(mutant: Mutant) -> Shrunk | None:
    """Return the shrunk first catch of a mutant; None for one that survives."""
    kill = hunt(mutant)
    if not kill.by:
        return None
    trial = Trial(scenario=mutant.ground.text, seed=kill.runs, mutant=mutant.name)
    return shrink(trial, kill.by[0], seconds=SPARED)


def rows(mutants: Sequence[Mutant]) -> Iterator[tuple[str, Shrunk]]:
    """Yield each mutant's name with its shrunk catch, and print the row."""
    for mutant in mutants:
        small = shrunk(mutant)
        if small is None:
            print(f"{mutant.name:44} survives its ground", flush=True)
            continue
        before, after = (tuple(msgspec.structs.astuple(size)) for size in (small.before, small.after))
        took = f"{small.attempts:3} attempts {small.seconds:5.1f} CPU s"
        print(f"{mutant.name:44} {small.check:4} {before!s:14} -> {after!s:12} {took}", flush=True)
        yield mutant.name, small


def main(names: Sequence[str]) -> None:
    """Shrink and print."""
    print("mutant, check, (lifecycles, faults, subscriptions) before and after, what it took")
    found = [small for _, small in rows([named(name) for name in names] or MUTANTS)]
    few = [each for each in found if each.after.lifecycles <= LIFECYCLES_AIM and each.after.faults <= FAULTS_AIM]
    quick = [each for each in few if each.seconds <= SECONDS_AIM]
    print(f"{len(few)} of {len(found)} at {LIFECYCLES_AIM} lifecycles and {FAULTS_AIM} faults or fewer, ", end="")
    print(f"{len(quick)} of them within {SECONDS_AIM:g} s; the aim is {SHARE_AIM:.0%}")


if __name__ == "__main__":
    main(sys.argv[1:])
