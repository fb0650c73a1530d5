"""Killing: how many runs, and how many CPU seconds, it takes until a check that is meant for it notices a mutant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from q2c.hunting.trial import Trial, attempt
from simulator.experiments.executors import Executor, Task
from tests.mutants.catalogue import named
from tests.mutants.mutant import Mutant

SECONDS_MAX = 60.0
"""A mutant that lives longer than so many CPU seconds survives."""


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a mutant, after so many runs and CPU seconds (playing and judging) in all of them.

    `by` are the checks meant for it that noticed it in the last run (none: it survives), `also` those that noticed it
    though they are not.
    """

    mutant: str
    by: tuple[str, ...]
    also: tuple[str, ...]
    runs: int
    cpu_seconds: float


def hunt(mutant: Mutant, seconds: float = SECONDS_MAX, first_seed: int = 1) -> Kill:
    """Play the ground of a mutant with one seed after another until a check meant for it breaks, or time is up."""
    spent, seed = 0.0, first_seed
    while True:
        found = attempt(Trial(scenario=mutant.ground.text, seed=seed, mutant=mutant.name))
        spent += found.cpu_seconds
        by = tuple(check for check in mutant.caught_by if check in found.checks)
        if by or spent >= seconds:
            break
        seed += 1
    also = tuple(sorted(found.checks - set(mutant.caught_by)))
    return Kill(
        mutant=mutant.name, by=by, also=also, runs=seed - first_seed + 1, cpu_seconds=spent
    )  # fmt: skip


def kills(mutants: Iterable[Mutant], seconds: float, seed: int, executor: Executor) -> Iterator[Kill]:
    """Hunt mutants wherever an executor computes; yield what became of each as it is known."""
    tasks = (
        Task(digest=mutant.name, model=msgspec.json.encode([mutant.name, seconds]), seed=seed) for mutant in mutants
    )
    for _, found in executor.run(hunt_encoded, tasks):
        yield msgspec.json.decode(found, type=Kill)


def hunt_encoded(asked: bytes, first_seed: int) -> bytes:
    """Hunt one mutant (encoded: name, seconds) and return its Kill, encoded: the form in which executors pass it on."""
    name, seconds = msgspec.json.decode(asked)
    return msgspec.json.encode(hunt(named(name), seconds, first_seed))
