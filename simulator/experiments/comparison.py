"""Comparison: two models under the same seeds, measure by measure, with a winner only where the intervals allow one.

Pairs make what both models share cancel out: the difference is known with a fraction of the replications that two
independent experiments would need. `gain` says how small that fraction was, measured on the same replications.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from simulator.experiments.intervals import Interval, difference, holm, interval, needed, p_value
from simulator.experiments.replications import Enough, Rule, Sample

Verdict = Literal["lower", "higher", "same", "undecided"]
"""How the second model's measure lies to the first one's: `same` when equal in every single replication."""


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of two models: each one's mean, the paired difference (second minus first) and what it decides.

    `p` is adjusted for the number of measures (Holm). `needed` is the number of replications that would take zero out
    of the interval if the difference is what it looks like (None: already decided, or no number would).
    `gain` is how many times fewer replications the pairs need than independent ones, None where it cannot be told.
    """

    measure: str
    first: Interval
    second: Interval
    difference: Interval
    p: float
    verdict: Verdict
    needed: int | None
    gain: float | None


def compared(
    first: Sample, second: Sample, measures: Sequence[str], confidence: float, chief: Collection[str] = ()
) -> tuple[Compared, ...]:
    """Return the comparison of two samples of equal length on the measures that both have."""
    return compared_all([(first, second)], measures, confidence, chief)[0]


def compared_all(
    pairs: Sequence[tuple[Sample, Sample]], measures: Sequence[str], confidence: float, chief: Collection[str] = ()
) -> tuple[tuple[Compared, ...], ...]:
    """Return the comparisons of many pairs.

    What is compared is one family: the more there is of it, the more a single one has to show. The `chief` measures
    are a family of their own, so that what was asked for does not pay for what is shown beside it.
    """
    found: list[list[tuple[str, tuple[Interval, Interval], Interval]]] = []
    for first, second in pairs:
        assert first.count == second.count, "a pair has two sides"
        common = set(first.names) & set(second.names)
        found.append([_pair(first, second, name, confidence) for name in measures if name in common])
    families = {
        is_chief: iter(holm([p_value(each[2]) for rows in found for each in rows if (each[0] in chief) == is_chief]))
        for is_chief in (True, False)
    }
    return tuple(tuple(_one(*each, next(families[each[0] in chief])) for each in rows) for rows in found)


def _pair(
    first: Sample, second: Sample, name: str, confidence: float
) -> tuple[str, tuple[Interval, Interval], Interval]:
    one, other = first.values(name), second.values(name)
    sides = interval(one, confidence), interval(other, confidence)
    return name, sides, difference(one, other, confidence)


def _one(name: str, sides: tuple[Interval, Interval], found: Interval, p: float) -> Compared:
    verdict = _verdict(found, p)
    more = _needed(found, p) if verdict == "undecided" else None
    return Compared(
        measure=name, first=sides[0], second=sides[1], difference=found, p=p, verdict=verdict, needed=more,
        gain=_gain(sides, found),
    )  # fmt: skip


def _verdict(found: Interval, p: float) -> Verdict:
    """Return what a difference decides: nothing when its interval, or the number of measures, leaves zero possible."""
    if found.deviation == 0 and found.mean == 0:
        return "same"
    if found.spans_zero or p > 1 - found.confidence:
        return "undecided"
    return "higher" if found.mean > 0 else "lower"


def _needed(found: Interval, p: float) -> int | None:
    """Return how many replications would decide, at the confidence that a measure among so many has to have."""
    raw = p_value(found)
    share = raw / p if p else 1.0
    stricter = msgspec.structs.replace(found, confidence=1 - (1 - found.confidence) * min(1.0, share))
    enough = needed(stricter, abs(found.mean))
    return None if enough is None else max(enough, found.count + 1)


def _gain(sides: tuple[Interval, Interval], found: Interval) -> float | None:
    independent = sides[0].deviation ** 2 + sides[1].deviation ** 2
    if not independent or not found.deviation:
        return None
    return independent / found.deviation**2


def precise_pairs(pairs: Iterable[tuple[str, str]], targets: Mapping[str, bool], rule: Rule) -> Enough:
    """Return who still needs replications: both sides of a pair whose difference is not known well enough.

    `targets` says of each measure whether it is a share. A difference is measured against the first side's mean. That
    it excludes zero is never a reason to stop: who stops at the first significant look finds winners everywhere.
    """
    chosen = list(pairs)

    def wanting(samples: Mapping[str, Sample]) -> set[str]:
        found: set[str] = set()
        for first, second in chosen:
            if first in samples and second in samples:
                for name, is_share in targets.items():
                    if not _is_precise(samples[first], samples[second], name, is_share, rule):
                        found |= {first, second}
        return found

    return wanting


def _is_precise(first: Sample, second: Sample, name: str, is_share: bool, rule: Rule) -> bool:
    if name not in first.names or name not in second.names:
        return True  # nothing to measure: more of it would not help
    found = difference(first.values(name), second.values(name), rule.confidence)
    scale = abs(math.fsum(first.values(name)) / first.count)
    return found.half_width <= (rule.points if is_share else rule.relative * scale)


def precise_means(targets: Mapping[str, bool], rule: Rule) -> Enough:
    """Return who still needs replications: models with a mean that is not known well enough."""

    def wanting(samples: Mapping[str, Sample]) -> set[str]:
        return {
            key
            for key, sample in samples.items()
            for name, is_share in targets.items()
            if name in sample.names and not rule.is_precise(interval(sample.values(name), rule.confidence), is_share)
        }

    return wanting
