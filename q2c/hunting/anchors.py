"""Anchors: the deaths of a plan held at the write of the flow they struck, whatever the neighbours write.

A crash names a durable write by its number in the whole run. A lifecycle less moves that number, so before a smaller
trial is played it is played once without deaths, to see which number the same write of the same flow has there.
"""

from __future__ import annotations

import msgspec

from domain.faults import CATALOGUE, Fault, Place
from q2c.hunting.trial import Trial
from q2c.hunting.writes import writes_of


class Anchors(msgspec.Struct, frozen=True):
    """Where each death of a plan belongs: durable write -> (flow, place in the flow)."""

    places: dict[int, tuple[str, int]] = {}

    def moved(self, trial: Trial) -> Trial:
        """Return a trial whose deaths come at the same places of the same flows; as it is when there are none."""
        plan = trial.faults or ()
        if not self.places or not any(map(is_death, plan)):
            return trial
        undisturbed = msgspec.structs.replace(trial, faults=tuple(fault for fault in plan if not is_death(fault)))
        numbers = {(each.flow, each.place): each.number for each in writes_of(undisturbed)}
        return msgspec.structs.replace(trial, faults=tuple(self._moved(fault, numbers) for fault in plan))

    def _moved(self, fault: Fault, numbers: dict[tuple[str, int], int]) -> Fault:
        place = self.places.get(fault.count)
        if not is_death(fault) or place is None:
            return fault
        return msgspec.structs.replace(fault, count=numbers.get(place, fault.count))


def anchors_of(trial: Trial) -> Anchors:
    """Return where the deaths of a trial's plan strike; without deaths nothing needs to be played.

    The journal of a program of somebody else's cannot be read: its deaths stay at the numbers that they have.
    """
    if trial.target:
        return Anchors()
    counts = {fault.count for fault in trial.faults or () if is_death(fault)}
    if not counts:
        return Anchors()
    return Anchors({each.number: (each.flow, each.place) for each in writes_of(trial) if each.number in counts})


def is_death(fault: Fault) -> bool:
    """Tell whether a fault strikes the integration's own process."""
    return CATALOGUE[fault.kind].place is Place.PROCESS
