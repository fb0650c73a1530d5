"""Optimisation: the cheapest values of some parameters that surely keep all conditions, under a stated cost.

Optuna proposes (ask), common random numbers answer (tell). The proposals follow from the seed alone, and every point is
judged on the same replications, so the same question gives the same answer. Few points are all tried; the answer is
then the best there is. Otherwise it is the best of those tried, and it says how many that were. The luckiest of many is
not surely good, so each of N points is judged with an Nth of the doubt (Bonferroni).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product

import msgspec

from simulator.experiments.conditions import Condition, Judged, judge
from simulator.experiments.replications import Laboratory, Model, Rule, Sample
from simulator.experiments.search import values_of
from simulator.experiments.sweeps import Axis, points_of

ModelOf = Callable[[Mapping[str, str]], Model]
"""From the values of the parameters (by full name) to the model that has them."""
_TERM = re.compile(r"\s*(?P<sign>[+-])?\s*(?:(?P<factor>\d+(?:\.\d+)?)\s*\*?\s*)?(?P<path>[A-Za-z_][\w.\[\]]*)?\s*")
_PENALTY = 1e6
Point = tuple[int, ...]
"""The index of a value on each axis."""


class Term(msgspec.Struct, frozen=True):
    """A factor times a parameter (by full name), or a constant without one."""

    factor: float
    path: str


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One point that was tried: its values, its cost, and what its replications say about each condition."""

    number: int
    settings: dict[str, str]
    cost: float
    judged: tuple[Judged, ...]

    @property
    def is_feasible(self) -> bool:
        """Whether every condition is surely kept."""
        return all(each.judgement == "kept" for each in self.judged)


class Optimum(msgspec.Struct, frozen=True, kw_only=True):
    """The cheapest point that surely keeps every condition (None: none of those tried does), and all that were tried.

    `is_exhaustive` says that every point was tried.
    """

    best: Trial | None
    trials: tuple[Trial, ...]
    points: int
    is_exhaustive: bool


def cost_of(text: str, resolve: Callable[[str], str]) -> tuple[Term, ...]:
    """Return a cost such as `12*erp.slots + 300*clerks + 50`; raise ValueError that says what was expected."""
    at, terms = 0, list[Term]()
    while at < len(text):
        found = _TERM.match(text, at)
        if (
            found is None
            or found.end() == at
            or not (found["factor"] or found["path"])
            or (terms and not found["sign"])
        ):
            raise ValueError(f"found {text!r}, expected a sum such as 12*erp.slots + 300*people.clerks")
        factor = float(found["factor"] or 1) * (-1 if found["sign"] == "-" else 1)
        terms.append(Term(factor, resolve(found["path"]) if found["path"] else ""))
        at = found.end()
    if not any(term.path for term in terms):
        raise ValueError(f"found the cost {text!r}, expected one that names a parameter that is varied")
    return tuple(terms)


def cost_at(terms: Sequence[Term], numbers: Mapping[str, float]) -> float:
    """Return what a point costs, given its values as numbers."""
    return sum(term.factor * (numbers[term.path] if term.path else 1.0) for term in terms)


def optimum(
    laboratory: Laboratory, model_of: ModelOf, axes: Sequence[Axis], terms: Sequence[Term],
    conditions: Sequence[Condition], rule: Rule, trials: int,
) -> Optimum:  # fmt: skip
    """Return the cheapest point of the axes that surely keeps the conditions, trying at most so many."""
    points = points_of(axes)
    sure = 1 - (1 - rule.per_look) / max(1, min(points, trials))
    tried: dict[Point, Trial] = {}

    def answer(point: Point) -> Trial:
        if point not in tried:
            tried[point] = _trial(laboratory, model_of, axes, terms, conditions, rule, sure, point, len(tried))
        return tried[point]

    if points <= trials:
        for point in product(*(range(axis.values.count) for axis in axes)):
            answer(point)
    else:
        _explore(laboratory.seed, axes, answer, trials)
    found = tuple(tried.values())
    best = min((each for each in found if each.is_feasible), key=lambda each: (each.cost, each.number), default=None)
    return Optimum(best=best, trials=found, points=points, is_exhaustive=len(found) == points)


def _explore(seed: int, axes: Sequence[Axis], answer: Callable[[Point], Trial], trials: int) -> None:
    """Let Optuna's sampler (TPE) propose points and learn from what they cost; a broken condition costs far more."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="minimize", sampler=optuna.samplers.TPESampler(seed=seed % 2**32))
    for _ in range(trials):
        asked = study.ask()
        trial = answer(tuple(asked.suggest_int(axis.path, 0, axis.values.count - 1) for axis in axes))
        study.tell(asked, trial.cost + _PENALTY * sum(max(0.0, _violation(each)) for each in trial.judged))


def _trial(
    laboratory: Laboratory, model_of: ModelOf, axes: Sequence[Axis], terms: Sequence[Term],
    conditions: Sequence[Condition], rule: Rule, sure: float, point: Point, number: int,
) -> Trial:  # fmt: skip
    settings = {axis.path: axis.values.text(i) for axis, i in zip(axes, point, strict=True)}
    numbers = {axis.path: axis.values.number(i) for axis, i in zip(axes, point, strict=True)}

    def undecided(samples: Mapping[str, Sample]) -> list[str]:
        judged = [judge(each, values_of(samples[""], each), sure) for each in conditions]
        if any(each.judgement == "broken" for each in judged):
            return []  # it is out, whatever the others say
        return [""] if any(each.judgement == "undecided" for each in judged) else []

    sample = laboratory.until({"": model_of(settings)}, rule, undecided)[""]
    return Trial(
        number=number, settings=settings, cost=cost_at(terms, numbers),
        judged=tuple(judge(each, values_of(sample, each), sure) for each in conditions),
    )  # fmt: skip


def _violation(judged: Judged) -> float:
    """Return by how much the sure end of an interval misses its bound, as a part of it; negative when it keeps it."""
    condition, found = judged.condition, judged.interval
    missed = condition.bound - found.low if condition.at_least else found.high - condition.bound
    return missed / (abs(condition.bound) or 1.0)
