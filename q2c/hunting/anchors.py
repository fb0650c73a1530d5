"""Anchors: the deaths of a plan held at the write of the flow they struck, whatever the neighbours write.

A crash names a durable write by its number in the whole run. A lifecycle less moves that number, so before a smaller
trial is played it is played once without deaths, to see which number the same write has there: that of the same flow of
the same transaction, or, when that is left out, the first one that is no earlier.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from domain.faults import CATALOGUE, Fault, Place
from q2c.hunting.trial import Trial
from q2c.hunting.writes import DurableWrite, writes_of

_Who = tuple[str, str, int]


class Anchors(msgspec.Struct, frozen=True):
    """Where each death of a plan belongs: durable write -> (which write of which flow, its instant).

    `alike` is what a trial plays besides faults: where that is the same, the numbers are as well.
    """

    places: dict[int, tuple[_Who, int]] = {}
    alike: tuple[str, frozenset[str]] = ("", frozenset())

    def moved(self, trial: Trial) -> Trial:
        """Return a trial whose deaths come at the same writes of the same flows; as it is when there are none."""
        plan = trial.faults or ()
        if not self.places or not any(map(is_death, plan)) or (trial.scenario, trial.without) == self.alike:
            return trial
        there = _writes(msgspec.structs.replace(trial, faults=tuple(fault for fault in plan if not is_death(fault))))
        return msgspec.structs.replace(trial, faults=tuple(self._moved(fault, there) for fault in plan))

    def quote_of(self, death: Fault) -> str:
        """Return the quote at whose write a death struck; empty when that belongs to none."""
        place = self.places.get(death.count)
        return place[0][1].partition(".")[0] if place is not None else ""

    def _moved(self, fault: Fault, there: _Writes) -> Fault:
        place = self.places.get(fault.count)
        if not is_death(fault) or place is None:
            return fault
        who, at_us = place
        number = there.numbers.get(who) or bisect_left(there.instants, at_us) + 1
        return msgspec.structs.replace(fault, count=number)


class _Writes(msgspec.Struct, frozen=True):
    """The durable writes of a run: their numbers by who wrote, and their instants in order."""

    numbers: dict[_Who, int]
    instants: list[int]


def anchors_of(trial: Trial) -> Anchors:
    """Return where the deaths of a trial's plan strike; without deaths nothing needs to be played.

    The journal of a program of somebody else's cannot be read: its deaths stay at the numbers that they have.
    """
    counts = {fault.count for fault in trial.faults or () if is_death(fault)}
    if trial.target or not counts:
        return Anchors()
    writes = writes_of(trial)
    told = zip(_told(writes), writes, strict=True)
    places = {each.number: (who, each.at_us) for who, each in told if each.number in counts}
    return Anchors(places, (trial.scenario, trial.without))


@lru_cache(8)
def _writes(undisturbed: Trial) -> _Writes:
    """Return the writes of a run without deaths; plans that differ in deaths only share them."""
    writes = writes_of(undisturbed)
    numbers = {who: each.number for who, each in zip(_told(writes), writes, strict=True)}
    return _Writes(numbers, [each.at_us for each in writes])


def _told(writes: Iterable[DurableWrite]) -> list[_Who]:
    """Return who wrote each write: flow by name and transaction (ids may count through a run), and how many before."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for each in writes:
        flow = each.name, each.txn or each.flow
        seen[flow] += 1
        found.append((*flow, seen[flow]))
    return found


def is_death(fault: Fault) -> bool:
    """Tell whether a fault strikes the integration's own process."""
    return CATALOGUE[fault.kind].place is Place.PROCESS
