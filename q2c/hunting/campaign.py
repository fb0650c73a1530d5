"""The campaign: trial after trial, until a budget is spent or a rule is broken. It is a function of its base seed.

Trials come in generations. What generation k covered steers the plans of generation k+1, never those of its own: so the
trials are the same, in the same order, whoever plays them and however many do. Trial 0 is calm, to learn what there is
to strike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cached_property

import msgspec

from contracts.checks.coverage import Coverage
from contracts.checks.gathering import Gathering
from contracts.checks.pairs import Pairs, pairs_of
from contracts.checks.verdict import HOLDS
from domain.draws import Draws
from domain.faults import CATALOGUE
from q2c.hunting.ground import Ground, ground_of, learned
from q2c.hunting.meetings import Meetings
from q2c.hunting.plans import again, directed, plan
from q2c.hunting.prospects import Prospects, prospects
from q2c.hunting.swarm import kinds_on
from q2c.hunting.trial import Found, Trial, attempt_encoded, decode, encode, timeline_of
from simulator.experiments.executors import Executor, Replicate, Task

GENERATIONS = (1, 15, *[16] * 10, 32, 64, 128)
"""How many trials each generation has; the last figure is that of all later ones. Small ones soon learn more."""

DRAWN_EVERY = 3
"""One trial in so many is drawn, the others are directed: they aim at whatever no run has hit yet."""
PROSPECTED = 0.75
"""Part of the directed trials on new ground whose seed has business that few seeds have."""


class Quarry(msgspec.Struct, frozen=True, kw_only=True):
    """What is hunted in: a scenario (its text), the base seed, a mutant or a target (or none), the kinds of fault."""

    scenario: str
    seed: int
    mutant: str = ""
    target: str = ""
    kinds: tuple[str, ...] = tuple(CATALOGUE)


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """When a campaign ends: after so many runs, after so many seconds (0: no limit), or at the first broken rule."""

    runs: int = 0
    seconds: float = 0.0
    keeps_going: bool = False


class Catch(msgspec.Struct, frozen=True, kw_only=True):
    """A trial by its number, and what came of it."""

    number: int
    trial: Trial
    found: Found


class Reached(msgspec.Struct, frozen=True):
    """How far a campaign was after a generation: runs, CPU seconds, and pairs hit of those possible.

    `either` counts operations and faults that met at any try, `hit` first tries and retries apart.
    """

    runs: int
    cpu_seconds: float
    either: int
    either_possible: int
    hit: int
    possible: int


def trial_of(quarry: Quarry, ground: Ground, number: int) -> Trial:
    """Return the trial of a number; `ground` is what the generations before its own have shown."""
    draws = Draws(quarry.seed).under("hunt", number)
    is_directed, turn = number % DRAWN_EVERY > 0, number - number // DRAWN_EVERY  # the turns of directed trials count
    known = ground.repeats[turn % len(ground.repeats)] if is_directed and ground.repeats else None
    if known is not None:
        return msgspec.structs.replace(known, faults=again(ground, draws, turn, known.faults or ()))
    planned = directed if is_directed else plan
    faults = planned(ground, draws, kinds_on(draws, quarry.kinds), turn) if number else ()
    return Trial(
        scenario=quarry.scenario, seed=_seed(ground, draws, is_directed), faults=faults, mutant=quarry.mutant,
        target=quarry.target,
    )  # fmt: skip


def _seed(ground: Ground, draws: Draws, is_directed: bool) -> int:
    """Return the seed of a run; a part of the directed ones have business that few seeds have."""
    if is_directed and ground.prospects and draws.chance(PROSPECTED, "is a prospect"):
        return draws.choose(draws.choose(ground.prospects, "business"), "prospect")
    return draws.whole(0, 2**31 - 1, "seed")


def generations() -> Iterator[range]:
    """Yield the numbers of the trials of each generation, for ever."""
    first = 0
    sizes = iter(GENERATIONS)
    size = 0
    while True:
        size = next(sizes, size)
        yield range(first, first + size)
        first += size


class Campaign:
    """A hunt under way. `catches` are the trials that broke a rule, by number; `coverage` is what all have covered.

    `course` tells how far it was after each generation. `stuck` are the numbers of trials that could not be played to
    their end, with the reason; `printed` holds what the program of a target printed in trials that it broke or got
    stuck in, by their numbers; `planned` are the kinds of fault that were in some plan; `proved` counts the runs with
    faults of which every rule was judged and held; `under_way` counts the trials of the generation at work that are
    done. `attempt` plays a trial, both encoded, wherever the executor has it played.
    """

    def __init__(
        self, quarry: Quarry, budget: Budget, executor: Executor,
        progress: Callable[[Campaign], None] = lambda _: None, clock: Callable[[], float] = time.perf_counter,
        attempt: Replicate = attempt_encoded,
    ) -> None:  # fmt: skip
        self.quarry, self.budget = quarry, budget
        self._executor, self._progress, self._clock, self._attempt = executor, progress, clock, attempt
        self._started = clock()
        self._gathering, self._meetings = Gathering(), Meetings()
        self._ground = ground_of(timeline_of(Trial(scenario=quarry.scenario, seed=quarry.seed)))
        self.catches: list[Catch] = []
        self.course: list[Reached] = []
        self.runs = 0
        self.lifecycles = 0
        self.hours = 0.0
        self.cpu_seconds = 0.0
        self.proved = 0
        self.statuses: dict[str, int] = {}
        self.unknown: dict[str, int] = {}
        self.stuck: list[tuple[int, str]] = []
        self.printed: dict[int, str] = {}
        self.planned: set[str] = set()
        self.under_way = 0

    @property
    def seconds(self) -> float:
        """How long it has been going."""
        return self._clock() - self._started

    @property
    def coverage(self) -> Coverage:
        """What all trials have covered together."""
        return self._gathering.coverage

    @property
    def pairs(self) -> Pairs:
        """Which pairs of operation and fault the trials have hit."""
        return pairs_of(self.coverage, self.quarry.kinds)

    @cached_property
    def _prospects(self) -> Prospects:
        return prospects(self.quarry.scenario, Draws(self.quarry.seed).under("hunt"))

    def run(self) -> None:
        """Play trials until the campaign is over. KeyboardInterrupt passes through; what was found is kept."""
        for numbers in generations():
            self._play(numbers)
            coverage, pairs = self.coverage, self.pairs
            self.course.append(Reached(self.runs, self.cpu_seconds, *pairs.either, pairs.hit, len(pairs.hits)))
            if self._is_over(numbers.stop):
                return
            seeds = self._prospects if numbers.start else ()  # whoever plays few runs need not wait for them
            self._ground = learned(self._ground, coverage, pairs, self._meetings, seeds)

    def _is_over(self, number: int) -> bool:
        budget = self.budget
        return (
            bool(self.stuck and self.stuck[0][0] == 0)  # where not even the calm run can be played, none can
            or bool(self.catches and not budget.keeps_going)
            or bool(budget.runs and number >= budget.runs)
            or bool(budget.seconds and self.seconds >= budget.seconds)
        )

    def _play(self, numbers: range) -> None:
        """Play a generation; after a catch nothing more is begun, and what came later than the catch is forgotten."""
        waiting: dict[int, Trial] = {}
        done: dict[int, Found] = {}
        try:
            for task, result in self._executor.run(self._attempt, self._tasks(numbers, waiting, done)):
                done[task.seed] = decode(result)
                self.under_way = len(done)
                self._progress(self)
        finally:
            self.under_way = 0
            last = self._last(done)
            for number in sorted(done):
                if last is None or number <= last:
                    self._keep(number, waiting[number], done[number])

    def _tasks(self, numbers: range, waiting: dict[int, Trial], done: dict[int, Found]) -> Iterator[Task]:
        for number in numbers:
            if (number and self._is_over(number)) or self._last(done) is not None:
                return
            trial = waiting[number] = trial_of(self.quarry, self._ground, number)
            yield Task(digest="", model=encode(trial), seed=number)

    def _last(self, done: dict[int, Found]) -> int | None:
        """Return the number of the first trial that broke a rule, when that ends the campaign."""
        broken = [number for number, found in done.items() if found.broken]
        return min(broken) if broken and not self.budget.keeps_going else None

    def _keep(self, number: int, trial: Trial, found: Found) -> None:
        self._gathering.add(found.coverage)
        self._meetings.add(trial, found.coverage)
        self.runs += 1
        self.planned.update(fault.kind for fault in trial.faults or ())
        if found.printed:
            self.printed[number] = found.printed
        if found.trouble:
            self.stuck.append((number, found.trouble))
        self.lifecycles += found.lifecycles
        self.hours += found.hours
        self.cpu_seconds += found.cpu_seconds
        self.statuses[found.status] = self.statuses.get(found.status, 0) + 1
        self.proved += found.status == HOLDS and bool(trial.faults)
        for check in found.unknown:
            self.unknown[check] = self.unknown.get(check, 0) + 1
        if found.broken:
            self.catches.append(Catch(number=number, trial=trial, found=found))
