"""Plans: the faults of one run of a hunt, drawn for the ground they strike.

A plan has faults that are *aimed* at pairs which no run has hit yet, *stray* ones that strike a share of what they
meet, *windows* in which a system is down, slow or in maintenance, and deaths of the integration's process. All of it
ends at healing, and it is no more than a correct integration bears: it must come to rest in the time it is granted.

A *directed* plan aims at every operation and topic at once; a run that met what few runs meet is played *again*, with
that aimed at. The others aim at a few, so that what a run meets is not only what no run has met before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec

from contracts.checks.coverage import FIRST, RETRY
from contracts.checks.pairs import CALLS, Pair, why_not_call, why_not_message
from domain.draws import Draws
from domain.faults import CATALOGUE, Fault, Place
from q2c.hunting.ground import MINUTE_US, Ground
from q2c.hunting.meetings import Spot

AIMED_MAX = 10
"""So many operations and topics are aimed at in a run that is not directed."""
FIRSTS_MAX, RETRIES_MAX = 3, 2
"""So many kinds share the first calls of an operation, and so many strike the next ones of each transaction.

Together they are fewer than the six attempts that the integration makes before it asks a person."""
PROVOKED = 0.5
"""Part of the operations at which nothing is missed that are struck all the same in a directed run."""
STRAYS_MAX = 6
WINDOWS_MAX = 2
DEATHS_MAX = 3
WINDOWS = ("refused", "black_hole", "brownout", "maintenance")
"""Kinds that strike a whole system for a while."""
STORM, LAG = "retry_storm", "stale_read"
"""Kinds that strike only what meets more than one call: many within a minute, or an answer that has changed."""
STAGES = (Place.NETWORK, Place.BEFORE, Place.AFTER)
STARTERS = ("reset_before", "error_before", "error_before")
"""By the stage of a fault that is aimed at a retry: what makes a call come again, so early that the fault waits."""
SHARES_PPM = {"everything": (1_000, 10_000), "system": (5_000, 40_000), "operation": (50_000, 300_000)}
"""Scope of a stray fault -> lowest and highest share of what it strikes."""


def plan(ground: Ground, draws: Draws, kinds: frozenset[str]) -> tuple[Fault, ...]:
    """Return the faults of one run with these kinds on; `draws` are the run's own.

    The first fault of a plan that matches strikes, so those aimed at single calls come before those that strike shares.
    """
    order = sorted(kinds)
    return (
        *_aimed(ground, draws, kinds, AIMED_MAX),
        *_fateful(ground, draws, order),
        *_strays(ground, draws, [kind for kind in order if CATALOGUE[kind].place is not Place.PROCESS]),
    )


def directed(ground: Ground, draws: Draws, kinds: frozenset[str]) -> tuple[Fault, ...]:
    """Return the faults of one run that aims at all that was missed, as far as these kinds are on."""
    aimed = tuple(_aimed(ground, draws, kinds, len(ground.missed)))
    spots = {(fault.system, fault.operation) for fault in aimed}
    return (*aimed, *_provoked(ground, draws, kinds, spots), *_fateful(ground, draws, sorted(kinds)))


def again(ground: Ground, draws: Draws, kinds: frozenset[str], known: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Return the faults of a known run, and those that aim at what was missed.

    The latter take the places of what was aimed at the same, or come last: so none of the others has other luck.
    """
    faults = list(known)
    places: dict[Spot, list[int]] = {}
    for i, fault in enumerate(known):
        if fault.nth:
            places.setdefault((fault.system, fault.operation), []).append(i)
    for fault in _aimed(ground, draws, kinds, len(ground.missed)):
        free = places.get((fault.system, fault.operation))
        if free:
            faults[free.pop(0)] = fault
        else:
            faults.append(fault)
    return tuple(faults)


def _aimed(ground: Ground, draws: Draws, kinds: frozenset[str], spots_max: int) -> Iterator[Fault]:
    able = [pair for pair in ground.missed if pair.fault in kinds]
    spots: dict[Spot, list[Pair]] = {}
    for pair in sorted(able, key=lambda pair: draws.unit("aimed", *msgspec.structs.astuple(pair))):
        spots.setdefault((pair.system, pair.operation), []).append(pair)
    for pairs in list(spots.values())[:spots_max]:
        yield from aimed_at(sorted(pairs, key=lambda pair: pair.meeting not in ground.unmet), draws)


def aimed_at(pairs: Sequence[Pair], draws: Draws) -> Iterator[Fault]:
    """Yield the faults that strike one operation or topic: its first call in each transaction, and those after that.

    Of the pairs the first ones count that fit together. Several kinds share the first calls among the transactions; a
    call comes again because the one before it failed.
    """
    storm = next((pair for pair in pairs if pair.fault == STORM), None)
    if storm is not None:  # it has to see calls that others strike, so it comes first
        yield _nth(storm, draws)
    calm = [pair for pair in pairs if pair.fault != STORM]
    firsts = [pair for pair in calm if pair.when != RETRY]
    firsts = [pair for pair in firsts if _stage(pair.fault) == _stage(firsts[0].fault)][:FIRSTS_MAX]
    able = [pair for pair in calm if pair.when == RETRY and (not firsts or _precedes(firsts[0], pair))]
    retries = sorted(able[:RETRIES_MAX], key=lambda pair: _stage(pair.fault))
    for i, pair in enumerate(firsts):
        yield _nth(pair, draws, 1_000_000 // (len(firsts) - i))
    if retries and not firsts:
        earliest = retries[0]
        yield Fault(kind=STARTERS[_stage(earliest.fault)], system=earliest.system, operation=earliest.operation, nth=1)
    yield from (_nth(pair, draws) for pair in retries)


def _nth(pair: Pair, draws: Draws, share_ppm: int = 1_000_000) -> Fault:
    """Return the fault of a pair, for the first opportunity of each transaction that no fault before it has struck."""
    key = "aimed", pair.system, pair.operation
    drawn = _drawn(pair.fault, draws, key, pair.system, pair.operation, nth=1, share_ppm=share_ppm)
    drawn = msgspec.structs.replace(drawn, factor=1.0)  # it stretches every call of a system, and several multiply
    if pair.fault == LAG:  # the longer it is, the more reads show it
        return msgspec.structs.replace(drawn, seconds=CATALOGUE[LAG].range_of("wait")[1])
    if pair.fault == STORM:  # the fewer calls it takes, the more meet it
        return msgspec.structs.replace(drawn, count=int(CATALOGUE[STORM].range_of("count")[0]))
    return drawn


def _precedes(one: Pair, other: Pair) -> bool:
    """Tell whether a call that one pair's fault strikes is never seen by the other's, whose turn is the next call."""
    return _stage(one.fault) <= _stage(other.fault)


def _stage(kind: str) -> int:
    """Return how far a call has come when a kind of fault strikes it; a message knows one stage only."""
    place = Place.BEFORE if kind == "brownout" else CATALOGUE[kind].place  # its errors come of the system
    return STAGES.index(place) if place in STAGES else 0


def _provoked(ground: Ground, draws: Draws, kinds: frozenset[str], spots: Collection[Spot]) -> Iterator[Fault]:
    """Yield faults at operations that are not aimed at: some calls are made only where another one has failed."""
    calls = [kind for kind in sorted(kinds) if CATALOGUE[kind].place in CALLS and kind not in WINDOWS]
    for called in ground.called:
        spot = called.system, called.operation
        able = [kind for kind in calls if not why_not_call(kind, called)]
        if able and spot not in spots and draws.chance(PROVOKED, "provoked", *spot):
            yield _nth(Pair(*spot, draws.choose(able, "provoked", *spot, "kind"), FIRST), draws)


def _fateful(ground: Ground, draws: Draws, kinds: Sequence[str]) -> Iterator[Fault]:
    """Yield what befalls the integration's process, and what befalls whole systems for a while."""
    yield from _deaths(ground, draws, [kind for kind in kinds if CATALOGUE[kind].place is Place.PROCESS])
    yield from _windows(ground, draws, [kind for kind in WINDOWS if kind in kinds])


def _deaths(ground: Ground, draws: Draws, kinds: Sequence[str]) -> Iterator[Fault]:
    """Yield what happens to the integration's own process: at a durable write, or else within a window."""
    for i in range(draws.whole(0, DEATHS_MAX, "deaths") if kinds else 0):
        kind = draws.choose(kinds, "death", i, "kind")
        drawn = _drawn(kind, draws, ("death", i))
        if "count" not in CATALOGUE[kind].words:
            yield _within(ground, draws, drawn, 1, 60, ("death", i))
        elif ground.durable_writes:
            yield msgspec.structs.replace(drawn, count=draws.whole(1, ground.durable_writes, "death", i, "write"))


def _windows(ground: Ground, draws: Draws, kinds: Sequence[str]) -> Iterator[Fault]:
    systems = sorted({called.system for called in ground.called})
    for i in range(draws.whole(0, WINDOWS_MAX, "windows") if kinds and systems else 0):
        kind, system = draws.choose(kinds, "window", i, "kind"), draws.choose(systems, "window", i, "system")
        share_ppm = draws.whole(50_000, 400_000, "window", i, "share") if kind == "brownout" else 1_000_000
        drawn = _drawn(kind, draws, ("window", i), system, share_ppm=share_ppm)
        yield _within(ground, draws, drawn, 5, 240, ("window", i))


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
        yield _drawn(
            kind, draws, ("stray", i), system if scope != "everything" else "",
            operation if scope == "operation" else "", share_ppm=share_ppm,
        )  # fmt: skip


def _places(ground: Ground, kind: str) -> list[tuple[str, str]]:
    """Return the operations or topics that a kind can strike."""
    if CATALOGUE[kind].place in CALLS:
        return [(each.system, each.operation) for each in ground.called if not why_not_call(kind, each)]
    return [(each.system, each.topic) for each in ground.told if not why_not_message(kind, each)]


def _drawn(
    kind: str, draws: Draws, key: tuple[str | int, ...], system: str = "", operation: str = "", *,
    share_ppm: int = 1_000_000, nth: int = 0,
) -> Fault:  # fmt: skip
    """Return a fault with its kind's own parameters drawn from what a right integration bears."""
    own = {each.word: draws.whole(int(each.low), int(each.high), *key, kind, each.word)
           for each in CATALOGUE[kind].parameters}  # fmt: skip
    return Fault(
        kind=kind, system=system, operation=operation, share_ppm=share_ppm, nth=nth,
        seconds=float(own.get("wait", 0)), count=own.get("count", 0), factor=float(own.get("factor", 1)),
    )  # fmt: skip


def _within(
    ground: Ground, draws: Draws, fault: Fault, low: int, high: int, key: tuple[str | int, ...]
) -> Fault:  # fmt: skip
    """Return a fault in a window of `low` to `high` minutes that lies before healing."""
    lasts = min(draws.whole(low, high, *key, "minutes"), ground.minutes)
    begins = draws.whole(0, ground.minutes - lasts, *key, "begins")
    start_us = ground.start_us + begins * MINUTE_US
    return msgspec.structs.replace(fault, start_us=start_us, end_us=start_us + lasts * MINUTE_US)
