"""The ground of a hunt: what there is to strike in a scenario, known before a plan of faults is drawn for it."""

from __future__ import annotations

import msgspec

from contracts.checks.coverage import Called, Coverage, Told
from contracts.checks.pairs import Pair, Pairs
from domain.calendar import MINUTE_US
from domain.faults import CATALOGUE
from q2c.hunting.meetings import Meetings, Spot
from q2c.hunting.prospects import Prospects
from q2c.hunting.trial import Trial
from scenarios.timeline import Timeline


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """When faults may strike (instants, UTC), what is called and told, and how often the integration writes durably.

    `missed` are the pairs of operation and fault that no run has hit so far, and `unmet` the operations and faults that
    have not met at either try: plans aim at these first. `rare` are the operations and topics that few runs met, and
    `repeats` the runs that are worth playing again, in turn (None: a new one promises as much); `prospects` tells which
    seeds have business that few have.
    """

    start_us: int
    heal_us: int
    called: tuple[Called, ...] = ()
    told: tuple[Told, ...] = ()
    durable_writes: int = 0
    missed: tuple[Pair, ...] = ()
    unmet: frozenset[tuple[str, str, str]] = frozenset()
    rare: frozenset[Spot] = frozenset()
    repeats: tuple[Trial | None, ...] = ()
    prospects: Prospects = ()

    @property
    def minutes(self) -> int:
        """How long faults may strike."""
        return (self.heal_us - self.start_us) // MINUTE_US


def ground_of(timeline: Timeline) -> Ground:
    """Return the ground of a timeline of which no run is known yet."""
    return Ground(start_us=timeline.start_us, heal_us=timeline.heal_us)


def learned(ground: Ground, coverage: Coverage, pairs: Pairs, meetings: Meetings, prospects: Prospects) -> Ground:
    """Return the ground with what runs have shown of it, and timelines."""
    return msgspec.structs.replace(
        ground, called=coverage.called, told=coverage.told, durable_writes=coverage.durable_writes,
        missed=pairs.missed, unmet=pairs.unmet, rare=meetings.rare(),
        repeats=meetings.worth_playing_again(_lacking(pairs)), prospects=prospects,
    )  # fmt: skip


def _lacking(pairs: Pairs) -> list[Spot]:
    """Return the operations and topics that lack faults, as often as they lack them at any try; where none, at either.

    What needs more than a call to strike is no reason to call again.
    """
    missed = [pair for pair in pairs.missed if not CATALOGUE[pair.fault].is_conditional]
    unmet = sorted({pair.meeting for pair in missed} & pairs.unmet)
    return [(system, operation) for system, operation, _ in unmet] or [(each.system, each.operation) for each in missed]
