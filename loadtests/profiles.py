"""Profiles: the five loads that are made from any scenario's timeline, each a timeline of its own.

steady    lifecycles at the mean rate of the quarter, evenly spaced
peak      the hour of the last day in which most is signed, at its own instants
invoices  the first minutes of a month where most subscribers are: all of them are invoiced, and nobody acts
storm     steady, and copies of messages that were delivered already, 20 at a time
break     lifecycles in steps of rising load; `loadtests.knee` says which step comes next
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Final, cast

import msgspec

from domain.acts import Act
from domain.calendar import add_months, midnight_us
from scenarios.moments import moments, season_of
from scenarios.timeline import Acts, Fallout, Timeline
from simulator.replay.excerpt import NEED_PEOPLE, UNMAPPED, excerpt

HOUR_US: Final = 3_600_000_000
PROFILES: Final = ("steady", "peak", "invoices", "storm", "break")
_SIGNED, _SEEDED = "accept_quote", "seed_subscription"
_BEFORE_MONTH_US = 5_000_000
HELD: Final = "credit_hold"
"""A cause for which an order waits until somebody releases it, hours later."""


class Life(msgspec.Struct, frozen=True):
    """One lifecycle: when its customer signs, and its acts in order of time."""

    txn: str
    signed_us: int
    acts: tuple[Act, ...]


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """Something that is due so many seconds of the wall after the start; without an act it is a stroke of the storm."""

    at_seconds: float
    act: Act | None = None


class Span(msgspec.Struct, frozen=True):
    """How long a profile lasts on the wall, how fast business time runs, and how long all may take to come to rest."""

    seconds: float
    speed: float
    rest_seconds: float = 60.0

    @property
    def business_us(self) -> int:
        """How much business time it covers."""
        return round(self.seconds * self.speed * 1e6)

    @property
    def rest_us(self) -> int:
        """The business time that passes while all comes to rest."""
        return round(self.rest_seconds * self.speed * 1e6)


class _Listed:
    """Acts that are made once and looked at often; what goes wrong with them is what the scenario says."""

    def __init__(self, acts: Iterable[Act], timeline: Timeline) -> None:
        self._acts = tuple(acts)
        played = {act.txn for act in self._acts}
        self._fallout = tuple(each for each in timeline.fallout() if each.txn in played)

    def __len__(self) -> int:
        return len(self._acts)

    def __iter__(self) -> Iterator[Act]:
        return iter(self._acts)

    def fallout(self) -> Iterator[Fallout]:
        """Yield what the scenario itself makes go wrong."""
        return iter(self._fallout)


def _listed(acts: Iterable[Act], timeline: Timeline) -> Acts:
    return cast(Acts, _Listed(acts, timeline))


def profiled(timeline: Timeline, profile: str, span: Span) -> Timeline:
    """Return the part of a timeline that a profile plays; raise ValueError when the timeline has nothing for it."""
    assert profile in PROFILES, f"no profile {profile}"
    timeline = dataclasses.replace(timeline, acts=_listed(timeline.acts, timeline))
    if profile == "peak":
        start_us = busiest(timeline, span.business_us)
        return excerpt(timeline, start_us, start_us + span.business_us, span.rest_us)
    if profile == "invoices":
        return _month_start(timeline, span)
    signed = lives(timeline)
    if not signed:
        raise ValueError(f"nobody signs anything in {timeline.scenario.name}: there is nothing to play")
    start_us = busiest(timeline, span.business_us)
    if profile == "break":
        chosen = [(_unsigned(life), start_us + 1) for life in signed]
        calm = dataclasses.replace(timeline, faults=())
        return _retimed(calm, chosen, start_us, start_us + span.business_us, span)
    return _retimed(timeline, _evenly(timeline, signed, start_us, span), start_us, start_us + span.business_us, span)


def lives(timeline: Timeline, without: Collection[str] = ()) -> list[Life]:
    """Return the lifecycles that are signed, by the instant of the signature.

    Those that only people of the integration can decide are left out, as in a replay; and those with causes `without`.
    """
    causes = NEED_PEOPLE | {UNMAPPED, *without}
    undecided = {fallout.txn for fallout in timeline.fallout() if fallout.cause in causes}
    acts: dict[str, list[Act]] = {}
    signed: dict[str, int] = {}
    for act in timeline.acts:
        if act.txn and act.at_us > timeline.start_us:
            acts.setdefault(act.txn, []).append(act)
            if act.action == _SIGNED:
                signed[act.txn] = act.at_us
    found = [Life(txn, at_us, tuple(acts[txn])) for txn, at_us in signed.items() if txn not in undecided]
    return sorted(found, key=lambda life: (life.signed_us, life.txn))


def busiest(timeline: Timeline, span_us: int) -> int:
    """Return where the span of the last day begins in which most is signed; the day's own end bounds it."""
    last_us = max(timeline.heal_us - span_us, timeline.start_us)
    day_us = max(timeline.heal_us - 24 * HOUR_US, timeline.start_us)
    instants = [life.signed_us for life in lives(timeline)]
    starts = [at_us for at_us in instants if day_us <= at_us <= last_us]
    if not starts:
        return last_us
    counts = {at_us: bisect_left(instants, at_us + span_us) - bisect_left(instants, at_us) for at_us in starts}
    return max(starts, key=lambda at_us: counts[at_us]) - 1  # just before the first of them


def mean_rate(timeline: Timeline) -> float:
    """Return the mean rate of the quarter: orders a second of business time."""
    quarter = timeline.scenario.world.quarter
    seconds = ((quarter.end - quarter.start).days + 1) * 86_400
    share = season_of(timeline.scenario).share(timeline.first_day, timeline.last_day)
    rehearsed = sum(1 for act in timeline.acts if act.action == _SIGNED and act.at_us > timeline.start_us)
    return rehearsed / share / seconds if share else 0.0


def offered(timeline: Timeline, speed: float) -> tuple[Arrival, ...]:
    """Return what a profile's timeline lets people do, by the second of the wall."""
    start_us, end_us = timeline.start_us, timeline.heal_us
    acts = sorted((act for act in timeline.acts if start_us < act.at_us <= end_us), key=lambda act: act.at_us)
    return tuple(Arrival((act.at_us - start_us) / speed / 1e6, act) for act in acts)


def strokes(seconds: float, rate: float) -> tuple[Arrival, ...]:
    """Return the strokes of a storm: `rate` a second, evenly spaced."""
    return tuple(Arrival((number + 0.5) / rate) for number in range(round(seconds * rate)))


def merged(*streams: Sequence[Arrival]) -> tuple[Arrival, ...]:
    """Return arrivals of several streams by their instants."""
    return tuple(sorted((each for stream in streams for each in stream), key=lambda each: each.at_seconds))


def stepped(supply: Sequence[Life], rate: float, seconds: float, speed: float) -> tuple[Arrival, ...]:
    """Return a step: as many lifecycles as fit at a rate, evenly spaced, each with what follows its signature in time.

    Fewer when the supply ends; whoever measures counts what was offered.
    """
    found: list[Arrival] = []
    for number, life in enumerate(supply[: round(rate * seconds)]):
        due = (number + 0.5) / rate
        for act in life.acts:
            at_seconds = due + (act.at_us - life.signed_us) / speed / 1e6
            if act.at_us >= life.signed_us and at_seconds <= seconds:
                found.append(Arrival(at_seconds, act))
    return merged(found)


def share(arrivals: Sequence[Arrival], index: int, count: int) -> tuple[Arrival, ...]:
    """Return the arrivals that one of several drivers offers; together the drivers offer each exactly once."""
    assert 0 <= index < count
    return tuple(arrivals[index::count])


def _evenly(timeline: Timeline, signed: Sequence[Life], start_us: int, span: Span) -> list[tuple[Life, int]]:
    """Return the lifecycles nearest to the start, as many as the mean rate gives, and when each is to be signed."""
    count = min(len(signed), max(1, round(mean_rate(timeline) * span.business_us / 1e6)))
    nearest = sorted(signed, key=lambda life: (abs(life.signed_us - start_us), life.txn))[:count]
    nearest.sort(key=lambda life: life.signed_us)
    return [(life, start_us + span.business_us * (2 * index + 1) // (2 * count)) for index, life in enumerate(nearest)]


def _unsigned(life: Life) -> Life:
    """Return a lifecycle up to its signature: its quote is approved, and waits for the step that it is part of."""
    return Life(life.txn, life.signed_us, tuple(act for act in life.acts if act.at_us < life.signed_us))


def _month_start(timeline: Timeline, span: Span) -> Timeline:
    """Return the moment when a month begins where most subscribers are: those are due then, and nobody acts."""
    first, zones = timeline.cutoff_date.replace(day=1), moments(timeline.scenario).zones
    living = Counter(zones[act.arguments["entity"]] for act in timeline.acts if act.action == _SEEDED)
    if not living:
        raise ValueError(f"{timeline.scenario.name} has no live subscriptions to invoice: raise --subscriptions")
    (zone, _), *_ = living.most_common()
    acts = [
        _due(act, first) if act.action == _SEEDED and zones[act.arguments["entity"]] == zone else act
        for act in timeline.acts
    ]
    start_us = midnight_us(first, zone) - _BEFORE_MONTH_US
    due = dataclasses.replace(timeline, acts=_listed(acts, timeline))
    return _retimed(due, [], start_us, start_us + span.business_us, span)


def _due(seeded: Act, first: date) -> Act:
    """Return a live subscription with a period that ends on the first of a month, and two that follow."""
    said = seeded.arguments
    months = max(item["months"] for item in said["items"])
    start, term_end = add_months(first, -months), add_months(first, 2 * months)
    items = [{**item, "start": start.isoformat()} for item in said["items"]]
    dates = {"start": start.isoformat(), "billed_to": first.isoformat(), "term_end": term_end.isoformat()}
    return msgspec.structs.replace(seeded, arguments={**said, **dates, "items": items})


def _retimed(
    timeline: Timeline, chosen: Sequence[tuple[Life, int]], start_us: int, end_us: int, span: Span
) -> Timeline:
    """Return a timeline of some lifecycles, each moved so that its customer signs at an instant.

    What comes before the start is done when the load begins, and so is whatever founds the company.
    """
    moved = list(_moved(chosen))
    early = sorted((act for act in moved if act.at_us <= start_us), key=lambda act: act.at_us)
    late = sorted((act for act in moved if act.at_us > start_us), key=lambda act: act.at_us)
    founding = [*_founding(timeline), *early]
    acts = [msgspec.structs.replace(act, at_us=min(act.at_us, start_us)) for act in founding] + late
    return dataclasses.replace(
        timeline, start_us=start_us, heal_us=end_us, horizon_us=end_us + span.rest_us, lifecycles=len(chosen),
        settle_seconds=min(timeline.settle_seconds, span.rest_us // 1_000_000), acts=_listed(acts, timeline),
    )  # fmt: skip


def _founding(timeline: Timeline) -> Iterator[Act]:
    """Yield what founds the company, with all customers that there will ever be."""
    for act in timeline.acts:
        if act.at_us <= timeline.start_us or (not act.txn and act.action.startswith("create_")):
            yield act


def _moved(chosen: Sequence[tuple[Life, int]]) -> Iterator[Act]:
    for life, signed_us in chosen:
        for act in life.acts:
            yield msgspec.structs.replace(act, at_us=signed_us + act.at_us - life.signed_us)
