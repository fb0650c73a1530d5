"""Pairs: every operation with every kind of fault that can strike it, and which of them were hit.

A pair is (system, operation, fault, first try or retry); a message is a pair of its topic and a fault. What cannot
occur is no pair, and is listed with its reason: a figure "hit N of M" counts only what could have been hit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from contracts.checks.coverage import FIRST, MESSAGE, RETRY, Called, Cell, Coverage
from contracts.checks.exercise import NEEDS_KEY
from domain.faults import CATALOGUE, Place

CALLS = frozenset({Place.NETWORK, Place.BEFORE, Place.AFTER})
"""Places at which a fault strikes a call of the integration."""


class Pair(msgspec.Struct, frozen=True, order=True, gc=False):
    """An operation (or a topic) and a kind of fault that can strike it, at the first try, a retry or a message."""

    system: str
    operation: str
    fault: str
    when: str


class Impossible(msgspec.Struct, frozen=True, gc=False):
    """A kind of fault that cannot strike an operation, and why."""

    system: str
    operation: str
    fault: str
    reason: str


class Pairs(msgspec.Struct, frozen=True, kw_only=True):
    """The pairs of a run or a hunt: how often each was hit (0: never), and what is none. Both are sorted."""

    hits: tuple[tuple[Pair, int], ...]
    impossible: tuple[Impossible, ...]

    @property
    def hit(self) -> int:
        """How many pairs were hit at least once."""
        return sum(1 for _, count in self.hits if count)

    @property
    def missed(self) -> tuple[Pair, ...]:
        """The pairs that were never hit."""
        return tuple(pair for pair, count in self.hits if not count)


def pairs_of(coverage: Coverage, kinds: Collection[str] = tuple(CATALOGUE)) -> Pairs:
    """Return the pairs of what was called and told with some kinds of fault (by default all of the catalogue)."""
    counted = _counted(coverage.cells)
    hits: dict[Pair, int] = {}
    impossible = []
    for kind in sorted(set(kinds) & set(CATALOGUE)):
        for called in coverage.called:
            reason = why_not(kind, called)
            if reason:
                impossible.append(Impossible(called.system, called.operation, kind, reason))
            elif CATALOGUE[kind].place in CALLS:
                for when in (FIRST, RETRY):
                    hits[Pair(called.system, called.operation, kind, when)] = 0
        for told in coverage.told if CATALOGUE[kind].place is Place.WEBHOOK else ():
            hits[Pair(told.system, told.topic, kind, MESSAGE)] = 0
    hits |= {pair: count for pair, count in counted.items() if pair in hits}
    return Pairs(hits=tuple(sorted(hits.items())), impossible=tuple(impossible))


def why_not(kind: str, called: Called) -> str:
    """Return why a kind of fault cannot strike an operation; empty when it can, or when it strikes no calls at all."""
    if kind in NEEDS_KEY and not called.keyed:
        return "it carries no idempotency key"
    if kind == "maintenance" and not called.writes:
        return "maintenance refuses writes only"
    return ""


def _counted(cells: Iterable[Cell]) -> dict[Pair, int]:
    return {Pair(cell.system, cell.operation, cell.fault, cell.when): cell.hits for cell in cells}
