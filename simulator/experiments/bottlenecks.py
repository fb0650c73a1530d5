"""Bottlenecks: how busy each resource is, what waits for it, what saturates first, and what outages leave behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

import msgspec

from domain.calendar import SECOND_US
from simulator.experiments.intervals import Interval, interval
from simulator.whatif.outcome import OutageOutcome, Outcome, StationOutcome

SATURATED = 0.95
"""A resource that is in use for more than this part of a bucket is saturated: what comes next waits."""


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """One station: its use over the run and in the busiest bucket, its queue, its waits, and what it refused.

    `slots` is False for one that never makes anybody wait. `saturated` counts the replications in which it was, at
    first at `saturated_us` (the median of them).
    """

    station: str
    slots: bool
    utilisation: Interval
    busiest: Interval
    busiest_us: int
    queue: Interval
    wait_seconds: Interval
    longest_wait_seconds: Interval
    calls: Interval
    refused: Interval
    saturated: int
    saturated_us: int
    first: int


class Aftermath(msgspec.Struct, frozen=True, kw_only=True):
    """One outage that strikes every replication: whom it struck, what waited at most, how long until it was drained.

    `never` counts the replications in which somebody was never served; the drain of the others is in seconds after its
    end (None when there are fewer than two others).
    """

    station: str
    from_us: int
    until_us: int
    kind: str
    struck: Interval
    peak: Interval
    drain_seconds: Interval | None
    never: int
    count: int


def resources(outcomes: Sequence[Outcome], confidence: float) -> tuple[Resource, ...]:
    """Return the resources, the first to saturate first, then the busiest."""
    first = [_first(outcome) for outcome in outcomes]
    found = [_resource(outcomes, i, first, confidence) for i in range(len(outcomes[0].stations))]
    return tuple(sorted(found, key=lambda each: (-each.first, -each.saturated, -each.busiest.mean, each.station)))


def aftermaths(outcomes: Sequence[Outcome], confidence: float) -> tuple[Aftermath, ...]:
    """Return the outages that all replications share, in order of time; drawn ones are every run's own."""
    found: dict[tuple[int, int, str, str], list[OutageOutcome]] = {}
    for outcome in outcomes:
        for each in outcome.outages:
            found.setdefault((each.from_us, each.until_us, each.station, each.kind), []).append(each)
    shared = [group for _, group in sorted(found.items()) if len(group) == len(outcomes)]
    return tuple(_aftermath(group, outcomes[0].origin_us, confidence) for group in shared)


def _resource(outcomes: Sequence[Outcome], index: int, first: Sequence[int | None], confidence: float) -> Resource:
    rows = [outcome.stations[index] for outcome in outcomes]
    used = [row.utilisation for row in rows]
    mean_use = [sum(values) / len(values) for values in zip(*used, strict=True)]
    busiest = max(range(len(mean_use)), key=lambda i: (mean_use[i], -i), default=0)
    when = [at for row in rows if (at := _saturated_at(row)) is not None]
    origin_us, bucket_us = outcomes[0].origin_us, outcomes[0].bucket_us
    return Resource(
        station=rows[0].name, slots=any(rows[0].slots_us),
        utilisation=interval([_use(row) for row in rows], confidence),
        busiest=interval([max(values, default=0.0) for values in used], confidence),
        busiest_us=origin_us + busiest * bucket_us,
        queue=interval([max(row.series["queue_max"], default=0) for row in rows], confidence),
        wait_seconds=interval([row.wait_mean_us / SECOND_US for row in rows], confidence),
        longest_wait_seconds=interval([row.wait_longest_us / SECOND_US for row in rows], confidence),
        calls=interval([row.counts["calls"] for row in rows], confidence),
        refused=interval([row.counts["refused"] for row in rows], confidence),
        saturated=len(when), saturated_us=origin_us + int(median(when)) * bucket_us if when else 0,
        first=sum(each == index for each in first),
    )  # fmt: skip


def _first(outcome: Outcome) -> int | None:
    """Return which station of a run saturates first, None when none does."""
    at = [(bucket, i) for i, row in enumerate(outcome.stations) if (bucket := _saturated_at(row)) is not None]
    return min(at)[1] if at else None


def _saturated_at(row: StationOutcome) -> int | None:
    """Return the first bucket in which a station is saturated and something waits for it."""
    pairs: Iterator[tuple[float, int]] = zip(row.utilisation, row.series["queue_max"], strict=True)
    return next((i for i, (use, queue) in enumerate(pairs) if use >= SATURATED and queue), None)


def _use(row: StationOutcome) -> float:
    slots_us = sum(row.slots_us)
    return row.busy_us / slots_us if slots_us else 0.0


def _aftermath(group: Sequence[OutageOutcome], origin_us: int, confidence: float) -> Aftermath:
    drains = [each.drain_us for each in group]
    known = [drain / SECOND_US for drain in drains if drain is not None]
    return Aftermath(
        station=group[0].station, from_us=origin_us + group[0].from_us, until_us=origin_us + group[0].until_us,
        kind=group[0].kind, struck=interval([each.struck for each in group], confidence),
        peak=interval([each.peak for each in group], confidence),
        drain_seconds=interval(known, confidence) if len(known) > 1 else None,
        never=len(drains) - len(known), count=len(group),
    )  # fmt: skip
