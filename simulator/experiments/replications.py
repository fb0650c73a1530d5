"""Replications: the same models under the same seeds, until what is asked for is known well enough.

The n-th replication of every model has the same seed: with keyed draws that gives two scenarios the same customers, the
same latencies and the same luck wherever they do the same (common random numbers). How many replications are made is
decided at fixed numbers of them only, on all of them, so that a result never depends on who was done first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from simulator.experiments.executors import Executor, Replicate, Serial, Task
from simulator.experiments.intervals import CONFIDENCE, Interval
from simulator.experiments.store import Store

MINIMUM = 10
GROWTH_PERCENT = 25
Observed = Mapping[str, float]
"""What one replication says, by the name of the measure; a measure without any case is left out."""
Enough = Callable[[Mapping[str, "Sample"]], Iterable[str]]
"""From the samples of all models to the names of those that need more replications."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """When there are enough replications: half-widths at most `relative` of the mean, shares within `points`.

    At least `minimum` (below ten, a deviation is a guess), at most `maximum`, which is said before the run starts.
    """

    relative: float = 0.05
    points: float = 0.005
    minimum: int = MINIMUM
    maximum: int = 200
    confidence: float = CONFIDENCE

    def __post_init__(self) -> None:
        assert 2 <= self.minimum <= self.maximum, "from two replications on there is an interval"

    def is_precise(self, found: Interval, is_share: bool) -> bool:
        """Tell whether a mean is known well enough."""
        return found.half_width <= (self.points if is_share else self.relative * abs(found.mean))

    @property
    def per_look(self) -> float:
        """The confidence of each look where a decision ends the run, so that all looks together keep what is said.

        Whoever looks again and again until an interval leaves a bound alone is wrong more often than one look says;
        Bonferroni over the looks that there may be makes up for that.
        """
        looks, count = 1, self.minimum
        while count < self.maximum:
            count, looks = self.next_count(count), looks + 1
        return 1 - (1 - self.confidence) / looks

    def next_count(self, count: int) -> int:
        """Return the number of replications at which to look again."""
        if count < self.minimum:
            return self.minimum
        return min(self.maximum, count + max(2, count * GROWTH_PERCENT // 100))


@dataclass(frozen=True)
class Model:
    """A model as the experiments know it: its digest and its encoded form."""

    digest: str
    body: bytes


@dataclass
class Sample:
    """What the replications of one model said, in order of their number."""

    model: Model
    observed: list[Observed] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many replications there are."""
        return len(self.observed)

    @property
    def names(self) -> tuple[str, ...]:
        """The measures that every replication has."""
        if not self.observed:
            return ()
        return tuple(name for name in self.observed[0] if all(name in each for each in self.observed))

    def values(self, name: str) -> list[float]:
        """Return one measure, replication by replication."""
        return [each[name] for each in self.observed]


class Progress(msgspec.Struct, frozen=True):
    """How far a run is: replications done and to be done (as known now), and those found in the store."""

    done: int
    total: int
    found: int


def nothing_to_tell(progress: Progress) -> None:
    """Take news of progress and tell nobody."""


@dataclass
class Laboratory:
    """Where experiments are made: how a replication is computed and read, by whom, and where it is kept."""

    replicate: Replicate
    read: Callable[[bytes], Observed]
    seed: int
    executor: Executor = field(default_factory=Serial)
    store: Store = field(default_factory=Store)
    progress: Callable[[Progress], None] = nothing_to_tell
    made: int = 0
    found: int = 0
    forgetful: bool = False
    """Whether what is kept of a replication is dropped from memory once it is read (large sweeps)."""

    def until(self, models: Mapping[str, Model], rule: Rule, enough: Enough) -> dict[str, Sample]:
        """Return a sample of each model, all with enough replications or with the most there may be."""
        samples = {name: Sample(model) for name, model in models.items()}
        short = list(models)
        while short:
            target = rule.next_count(min(samples[name].count for name in short))
            self.extend([samples[name] for name in short], target)
            wanting = set(enough({name: samples[name] for name in short}))
            short = [name for name in short if name in wanting and samples[name].count < rule.maximum]
        return samples

    def extend(self, samples: Sequence[Sample], count: int) -> None:
        """Bring samples to so many replications, computing what the store does not have."""
        wanted = [(sample, number) for sample in samples for number in range(sample.count, count)]
        missing: dict[tuple[str, int], Task] = {}
        read: dict[tuple[str, int], Observed] = {}
        for sample, number in wanted:
            key = (sample.model.digest, seed_of(self.seed, number))
            if key in read or key in missing:
                continue
            kept = self.store.of(key[0]).get(key[1])
            if kept is not None:
                read[key] = self.read(kept)
                self.found += 1
            else:
                missing[key] = Task(digest=key[0], model=sample.model.body, seed=key[1])
        read.update(self._computed(list(missing.values()), len(read)))
        for sample, number in wanted:
            sample.observed.append(read[(sample.model.digest, seed_of(self.seed, number))])
        if self.forgetful:
            for sample in samples:
                self.store.forget(sample.model.digest)

    def _computed(self, tasks: Sequence[Task], found: int) -> Iterator[tuple[tuple[str, int], Observed]]:
        """Yield what tasks come to, kept as soon as they are done."""
        total = len(tasks) + found
        self.progress(Progress(found, total, found))
        for done, (task, kept) in enumerate(self.executor.run(self.replicate, tasks), found + 1):
            self.store.put(task.digest, task.seed, kept)
            self.made += 1
            self.progress(Progress(done, total, found))
            yield (task.digest, task.seed), self.read(kept)


def seed_of(base: int, number: int) -> int:
    """Return the seed of the n-th replication, the same for every model; the first one is the base itself."""
    if number == 0:
        return base
    drawn = blake2b(f"{base}/{number}".encode(), digest_size=8).digest()
    return int.from_bytes(drawn, "big") >> 1
