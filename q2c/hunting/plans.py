"""Plans: the faults of one run of a hunt, drawn for the ground they strike.

A plan has faults that are *aimed* at pairs which no run has hit yet, *stray* ones that strike a share of what they
meet, *windows* in which a system is down, slow or in maintenance, and deaths of the integration's process. All of it
ends at healing, and it is no more than a correct integration bears: it must come to rest in the time it is granted.

A *directed* plan aims at every operation and topic at once; a run that met what few runs meet is played *again*, with
that aimed at. The others aim at a few, so that what a run meets is not only what no run has met before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from contracts.checks.coverage import FIRST
from contracts.checks.pairs import CALLS, Pair, why_not_call, why_not_message
from domain.calendar import MINUTE_US
from domain.draws import Draws
from domain.faults import CATALOGUE, Fault, Place
from q2c.hunting.aims import aimed_at, drawn, missed_at, nth
from q2c.hunting.ground import Ground
from q2c.hunting.meetings import Spot

AIMED_MAX = 10
"""So many operations and topics are aimed at in a run that is not directed."""
PROVOKED = 0.5
"""Part of the operations at which nothing is missed that are struck all the same in a directed run."""
STRAYS_MAX = 6
WINDOWS_MAX = 2
DEATHS_MAX = 3
WINDOWS = ("refused", "black_hole", "brownout", "maintenance")
"""Kinds that strike a whole system for a while."""
SHARES_PPM = {"everything": (1_000, 10_000), "system": (5_000, 40_000), "operation": (50_000, 300_000)}
"""Scope of a stray fault -> lowest and highest share of what it strikes."""


def plan(ground: Ground, draws: Draws, kinds: frozenset[str], turn: int) -> tuple[Fault, ...]:
    """Return the faults of one run with these kinds on; `draws` and `turn` are the run's own.

    The first fault of a plan that matches strikes, so those aimed at single calls come before those that strike shares.
    """
    order, missed = sorted(kinds), missed_at(ground, kinds, turn)
    chosen = sorted(missed, key=lambda spot: draws.unit("aimed", *spot))[:AIMED_MAX]
    return (
        *_aimed(ground, draws, {spot: missed[spot] for spot in chosen}),
        *_fateful(ground, draws, order),
        *_strays(ground, draws, [kind for kind in order if CATALOGUE[kind].place is not Place.PROCESS]),
    )


def directed(ground: Ground, draws: Draws, kinds: frozenset[str], turn: int) -> tuple[Fault, ...]:
    """Return the faults of one run that aims at all that was missed: at kinds that are off where only those are."""
    missed = {**missed_at(ground, CATALOGUE, turn), **missed_at(ground, kinds, turn)}
    aimed = tuple(_aimed(ground, draws, missed))
    return (*aimed, *_provoked(ground, draws, kinds, missed), *_fateful(ground, draws, sorted(kinds)))


def again(ground: Ground, draws: Draws, turn: int, known: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Return the faults of a known run, and those that aim at what was missed.

    The latter take the places of what was aimed at the same, or come last: so none of the others has other luck. Which
    kinds hide others in such a run is drawn already, so all kinds are aimed.
    """
    faults = list(known)
    places: dict[Spot, list[int]] = {}
    for i, fault in enumerate(known):
        if fault.nth:
            places.setdefault((fault.system, fault.operation), []).append(i)
    for fault in _aimed(ground, draws, missed_at(ground, CATALOGUE, turn)):
        free = places.get((fault.system, fault.operation))
        if free:
            faults[free.pop(0)] = fault
        else:
            faults.append(fault)
    return tuple(faults)


def _aimed(ground: Ground, draws: Draws, missed: Mapping[Spot, Sequence[Pair]]) -> Iterator[Fault]:
    for spot, pairs in missed.items():
        yield from aimed_at(pairs, draws, is_rare=spot in ground.rare)


def _provoked(ground: Ground, draws: Draws, kinds: frozenset[str], spots: Collection[Spot]) -> Iterator[Fault]:
    """Yield faults at operations that are not aimed at: some calls are made only where another one has failed."""
    calls = [kind for kind in sorted(kinds) if CATALOGUE[kind].place in CALLS and kind not in WINDOWS]
    for called in ground.called:
        spot = called.system, called.operation
        able = [kind for kind in calls if not why_not_call(kind, called)]
        if able and spot not in spots and draws.chance(PROVOKED, "provoked", *spot):
            yield nth(Pair(*spot, draws.choose(able, "provoked", *spot, "kind"), FIRST), draws)


def _fateful(ground: Ground, draws: Draws, kinds: Sequence[str]) -> Iterator[Fault]:
    """Yield what befalls the integration's process, and what befalls whole systems for a while."""
    yield from _deaths(ground, draws, [kind for kind in kinds if CATALOGUE[kind].place is Place.PROCESS])
    yield from _windows(ground, draws, [kind for kind in WINDOWS if kind in kinds])


def _deaths(ground: Ground, draws: Draws, kinds: Sequence[str]) -> Iterator[Fault]:
    """Yield what happens to the integration's own process: at a durable write, or else within a window."""
    for i in range(draws.whole(0, DEATHS_MAX, "deaths") if kinds else 0):
        kind = draws.choose(kinds, "death", i, "kind")
        fault = drawn(kind, draws, ("death", i))
        if "count" not in CATALOGUE[kind].words:
            yield _within(ground, draws, fault, 1, 60, ("death", i))
        elif ground.durable_writes:
            yield msgspec.structs.replace(fault, count=draws.whole(1, ground.durable_writes, "death", i, "write"))


def _windows(ground: Ground, draws: Draws, kinds: Sequence[str]) -> Iterator[Fault]:
    systems = sorted({called.system for called in ground.called})
    for i in range(draws.whole(0, WINDOWS_MAX, "windows") if kinds and systems else 0):
        kind, system = draws.choose(kinds, "window", i, "kind"), draws.choose(systems, "window", i, "system")
        share_ppm = draws.whole(50_000, 400_000, "window", i, "share") if kind == "brownout" else 1_000_000
        fault = drawn(kind, draws, ("window", i), system, share_ppm=share_ppm)
        yield _within(ground, draws, fault, 5, 240, ("window", i))


def _strays(ground: Ground, draws: Draws, kinds: Sequence[str]) -> Iterator[Fault]:
    loose = [kind for kind in kinds if kind not in WINDOWS]
    for i in range(draws.whole(0, STRAYS_MAX, "strays") if loose else 0):
        kind = draws.choose(loose, "stray", i, "kind")
        places = _places(ground, kind)
        if not places:
            continue
        system, operation = draws.choose(places, "stray", i, "place")
        scope = draws.choose(("everything", "system", "operation"), "stray", i, "scope")
        share_ppm = draws.whole(*SHARES_PPM[scope], "stray", i, "share")
        yield drawn(
            kind, draws, ("stray", i), system if scope != "everything" else "",
            operation if scope == "operation" else "", share_ppm=share_ppm,
        )  # fmt: skip


def _places(ground: Ground, kind: str) -> list[tuple[str, str]]:
    """Return the operations or topics that a kind can strike."""
    if CATALOGUE[kind].place in CALLS:
        return [(each.system, each.operation) for each in ground.called if not why_not_call(kind, each)]
    return [(each.system, each.topic) for each in ground.told if not why_not_message(kind, each)]


def _within(
    ground: Ground, draws: Draws, fault: Fault, low: int, high: int, key: tuple[str | int, ...]
) -> Fault:  # fmt: skip
    """Return a fault in a window of `low` to `high` minutes that lies before healing."""
    lasts = min(draws.whole(low, high, *key, "minutes"), ground.minutes)
    begins = draws.whole(0, ground.minutes - lasts, *key, "begins")
    start_us = ground.start_us + begins * MINUTE_US
    return msgspec.structs.replace(fault, start_us=start_us, end_us=start_us + lasts * MINUTE_US)
