"""Search: the smallest (or largest) value of a parameter that keeps a condition, by bisection over common seeds.

Bisection believes that more of the parameter never makes the measure worse. The answer is checked at both neighbours,
with their own replications; when they contradict the belief the answer says so instead of pretending.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from simulator.experiments.conditions import Condition, Judged, judge
from simulator.experiments.replications import Laboratory, Model, Rule, Sample

ModelAt = Callable[[int], Model]
"""From the index of a value to the model that has it."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One value that was tried."""

    index: int
    value: str
    judged: Judged


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The break point: the outermost value that surely keeps the condition (None: none does), and all that was tried.

    `neighbour` is the next value on the other side, the first that does not surely keep it (None: every value does).
    `is_sharp` says that the neighbour surely breaks the condition; otherwise more replications might move the answer.
    `is_monotone` says that nothing that was tried contradicts the belief that more is never worse.
    """

    value: str | None
    neighbour: str | None
    is_sharp: bool
    is_monotone: bool
    tried: tuple[Tried, ...]


def break_point(
    laboratory: Laboratory, model_at: ModelAt, texts: Sequence[str], condition: Condition, rule: Rule, smallest: bool
) -> Found:
    """Return where a condition begins (`smallest`) or ceases to be kept along ascending values."""
    assert texts, "a search needs a value"
    tries: dict[int, Judged] = {}

    def keeps(position: int) -> bool:
        """Tell of a position counted from the side that breaks the condition."""
        index = position if smallest else len(texts) - 1 - position
        if index not in tries:
            tries[index] = _settled(laboratory, model_at(index), condition, rule)
        return tries[index].judgement == "kept"

    low, high = -1, len(texts)  # low does not keep it, high does; both ends are beliefs until tried
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if keeps(middle) else (middle, high)
    for position in (high, high + 1, low, low - 1):
        if 0 <= position < len(texts):
            keeps(position)
    return _found(texts, tries, high, smallest)


def _settled(laboratory: Laboratory, model: Model, condition: Condition, rule: Rule) -> Judged:
    """Return the judgement on one model, with as many replications as it takes to be sure, or the most there may be."""

    def undecided(samples: Mapping[str, Sample]) -> list[str]:
        return [
            name
            for name, sample in samples.items()
            if judge(condition, values_of(sample, condition), rule.per_look).judgement == "undecided"
        ]

    sample = laboratory.until({"": model}, rule, undecided)[""]
    return judge(condition, values_of(sample, condition), rule.per_look)


def values_of(sample: Sample, condition: Condition) -> list[float]:
    """Return the figures of a condition; raise ValueError when a replication has no case of it."""
    if condition.measure not in sample.names:
        raise ValueError(f"{condition.measure} has no case in some replications, so nothing can be said about it")
    return sample.values(condition.measure)


def _found(texts: Sequence[str], tries: dict[int, Judged], high: int, smallest: bool) -> Found:
    def at(position: int) -> int:
        return position if smallest else len(texts) - 1 - position

    value = texts[at(high)] if high < len(texts) else None
    neighbour = at(high - 1) if high > 0 else None
    kept = [position for position in range(len(texts)) if _is(tries, at(position), "kept")]
    broken = [position for position in range(len(texts)) if _is(tries, at(position), "broken")]
    return Found(
        value=value, neighbour=None if neighbour is None else texts[neighbour],
        is_sharp=neighbour is not None and _is(tries, neighbour, "broken"),
        is_monotone=not kept or not broken or max(broken) < min(kept),
        tried=tuple(Tried(index=i, value=texts[i], judged=judged) for i, judged in sorted(tries.items())),
    )  # fmt: skip


def _is(tries: dict[int, Judged], index: int, judgement: str) -> bool:
    return index in tries and tries[index].judgement == judgement
