"""Pairs: every operation with every kind of fault that can strike it, and which of them were hit.

A pair is (system, operation, fault, first try or retry); a message is a pair of its topic and a fault. What cannot
occur is no pair, and is listed with its reason: a figure "hit N of M" counts only what could have been hit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec

from contracts.checks.coverage import FIRST, MESSAGE, RETRY, Called, Cell, Coverage, Told
from domain.faults import CATALOGUE, Place, Reach

CALLS = frozenset({Place.NETWORK, Place.BEFORE, Place.AFTER})
"""Places at which a fault strikes a call of the integration."""
_CALLS = {
    "writes": "it strikes writes only",
    "reads": "it strikes reads only",
    "keyed": "it strikes calls with an idempotency key only",
}


class Pair(msgspec.Struct, frozen=True, order=True, gc=False):
    """An operation (or a topic) and a kind of fault that can strike it, at the first try, a retry or a message."""

    system: str
    operation: str
    fault: str
    when: str

    @property
    def meeting(self) -> tuple[str, str, str]:
        """The operation and the fault, at whichever try."""
        return self.system, self.operation, self.fault


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
    def either(self) -> tuple[int, int]:
        """How many operations and faults met at all, at a first try or a retry, and how many could have."""
        able = {pair.meeting for pair, _ in self.hits}
        return len(able) - len(self.unmet), len(able)

    @property
    def unmet(self) -> frozenset[tuple[str, str, str]]:
        """The operations and faults (system, operation, kind) that could have met and never did."""
        missed = {pair.meeting for pair, count in self.hits if not count}
        return frozenset(missed - {pair.meeting for pair, count in self.hits if count})

    @property
    def missed(self) -> tuple[Pair, ...]:
        """The pairs that were never hit."""
        return tuple(pair for pair, count in self.hits if not count)


def pairs_of(coverage: Coverage, kinds: Collection[str] = tuple(CATALOGUE)) -> Pairs:
    """Return the pairs of what was called and told with some kinds of fault (by default all of the catalogue)."""
    hits: dict[Pair, int] = {}
    impossible: list[Impossible] = []
    for kind in sorted(set(kinds) & set(CATALOGUE)):
        for system, operation, when, reason in _places(kind, coverage):
            if reason:
                impossible.append(Impossible(system, operation, kind, reason))
            else:
                hits |= {Pair(system, operation, kind, each): 0 for each in when}
    hits |= {pair: count for pair, count in _counted(coverage.cells).items() if pair in hits}
    return Pairs(hits=tuple(sorted(hits.items())), impossible=tuple(impossible))


def _places(kind: str, coverage: Coverage) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """Yield (system, operation or topic, when it can strike there, why it cannot) for a kind of fault."""
    place = CATALOGUE[kind].place
    if place in CALLS:
        for called in coverage.called:
            yield called.system, called.operation, (FIRST, RETRY), why_not_call(kind, called)
    elif place is Place.WEBHOOK:
        for told in coverage.told:
            yield told.system, told.topic, (MESSAGE,), why_not_message(kind, told)


def why_not_call(kind: str, called: Called) -> str:
    """Return why a kind of fault cannot strike an operation; empty when it can."""
    reach = CATALOGUE[kind].reach
    if reach.covers(called.system, called.operation, write=called.writes, keyed=called.keyed):
        return ""
    return _elsewhere(reach, called.system, called.operation) or _CALLS[reach.calls]


def why_not_message(kind: str, told: Told) -> str:
    """Return why a kind of fault cannot strike the messages about a topic; empty when it can."""
    return _elsewhere(CATALOGUE[kind].reach, told.system, told.topic)


def _elsewhere(reach: Reach, system: str, operation: str) -> str:
    if reach.systems and system not in reach.systems:
        return f"it strikes {', '.join(reach.systems)} only"
    if reach.operations and f"{system}.{operation}" not in reach.operations:
        return f"it strikes {', '.join(reach.operations)} only"
    if f"{system}.{operation}" in reach.never:
        return f"it strikes anything but {', '.join(reach.never)}"
    return ""


def _counted(cells: Iterable[Cell]) -> dict[Pair, int]:
    return {Pair(cell.system, cell.operation, cell.fault, cell.when): cell.hits for cell in cells}
