"""The ground of a hunt: what there is to strike in a scenario, known before a plan of faults is drawn for it."""

from __future__ import annotations

import msgspec

from contracts.checks.coverage import Called, Coverage, Told
from contracts.checks.pairs import Pair, Pairs
from q2c.hunting.meetings import Meeting, Meetings, Spot
from q2c.hunting.prospects import Prospects
from scenarios.timeline import Timeline

MINUTE_US = 60_000_000


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """When faults may strike (instants, UTC), what is called and told, and how often the integration writes durably.

    `missed` are the pairs of operation and fault that no run has hit so far, and `unmet` the operations and faults that
    have not met at either try: plans aim at these first. `met` tells of each operation and topic who met it,
    `rare` which seeds have business that few have.
    """

    start_us: int
    heal_us: int
    called: tuple[Called, ...] = ()
    told: tuple[Told, ...] = ()
    durable_writes: int = 0
    missed: tuple[Pair, ...] = ()
    unmet: frozenset[tuple[str, str, str]] = frozenset()
    met: dict[Spot, Meeting] = {}
    rare: Prospects = ()

    @property
    def minutes(self) -> int:
        """How long faults may strike."""
        return (self.heal_us - self.start_us) // MINUTE_US


def ground_of(timeline: Timeline) -> Ground:
    """Return the ground of a timeline of which no run is known yet."""
    return Ground(start_us=timeline.start_us, heal_us=timeline.heal_us)


def learned(ground: Ground, coverage: Coverage, pairs: Pairs, meetings: Meetings, rare: Prospects) -> Ground:
    """Return the ground with what runs have shown of it, and timelines."""
    return msgspec.structs.replace(
        ground, called=coverage.called, told=coverage.told, durable_writes=coverage.durable_writes,
        missed=pairs.missed, unmet=pairs.unmet, met=meetings.known(), rare=rare,
    )  # fmt: skip
