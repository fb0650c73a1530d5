"""Plans: the faults of one run of a hunt, drawn for the ground they strike.

A plan has faults that are *aimed* at pairs which no run has hit yet, *stray* ones that strike a share of what they
meet, *windows* in which a system is down, slow or in maintenance, and deaths of the integration's process. All of it
ends at healing, and it is no more than a correct integration bears: it must come to rest in the time it is granted.

A *directed* plan aims at every operation and topic at once, and has nothing that would hide what it aims at: no strays,
no windows. The others aim at a few, so that what a run meets is not only what no run has met before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from contracts.checks.coverage import FIRST, MESSAGE, RETRY
from contracts.checks.pairs import CALLS, Pair, why_not_call, why_not_message
from domain.draws import Draws
from domain.faults import CATALOGUE, Fault, Place
from q2c.hunting.ground import MINUTE_US, Ground

AIMED_MAX = 10
"""So many operations and topics are aimed at in a run that is not directed."""
RETRIES_MAX = 3
"""So many calls in a row are struck after the first one: the integration makes six before it asks a person."""
STRAYS_MAX = 6
WINDOWS_MAX = 2
DEATHS_MAX = 3
WINDOWS = ("refused", "black_hole", "brownout", "maintenance")
"""Kinds that strike a whole system for a while."""
STAGES = (Place.NETWORK, Place.BEFORE, Place.AFTER)
STARTERS = ("reset_before", "error_before", "error_before")
"""By the stage of a fault that is aimed at a retry: what makes a call come again, so early that the fault waits."""
SHARES_PPM = {"everything": (1_000, 10_000), "system": (5_000, 40_000), "operation": (50_000, 300_000)}
"""Scope of a stray fault -> lowest and highest share of what it strikes."""


def directed(ground: Ground, draws: Draws, kinds: frozenset[str]) -> tuple[Fault, ...]:
    """Return the faults of one run that aims at all that was missed, as far as these kinds are on."""
    deadly = [kind for kind in sorted(kinds) if CATALOGUE[kind].place is Place.PROCESS]
    return (*_aimed(ground, draws, kinds, len(ground.missed)), *_deaths(ground, draws, deadly))


def plan(ground: Ground, draws: Draws, kinds: frozenset[str]) -> tuple[Fault, ...]:
    """Return the faults of one run with these kinds on; `draws` are the run's own.

    The first fault of a plan that matches strikes, so those aimed at single calls come before those that strike shares.
    """
    order = sorted(kinds)
    return (
        *_aimed(ground, draws, kinds, AIMED_MAX),
        *_deaths(ground, draws, [kind for kind in order if CATALOGUE[kind].place is Place.PROCESS]),
        *_windows(ground, draws, [kind for kind in WINDOWS if kind in kinds]),
        *_strays(ground, draws, [kind for kind in order if CATALOGUE[kind].place is not Place.PROCESS]),
    )


def _aimed(ground: Ground, draws: Draws, kinds: frozenset[str], places_max: int) -> Iterator[Fault]:
    able = [pair for pair in ground.missed if pair.fault in kinds]
    places: dict[tuple[str, str], list[Pair]] = {}
    for pair in sorted(able, key=lambda pair: draws.unit("aimed", *msgspec.structs.astuple(pair))):
        places.setdefault((pair.system, pair.operation), []).append(pair)
    for pairs in list(places.values())[:places_max]:
        yield from aimed_at(pairs, draws)


def aimed_at(pairs: Sequence[Pair], draws: Draws) -> Iterator[Fault]:
    """Yield the faults that strike one operation or topic: its first call in each transaction, and those after that.

    Of the pairs the first ones count that fit together: a call comes again because the one before it failed.
    """
    first = next((pair for pair in pairs if pair.when in (FIRST, MESSAGE)), None)
    able = [pair for pair in pairs if pair.when == RETRY and (first is None or _precedes(first, pair))]
    again = sorted(able[:RETRIES_MAX], key=lambda pair: _stage(pair.fault))
    if first is not None:
        yield _nth(first, draws)
    elif again:
        earliest = again[0]
        yield Fault(kind=STARTERS[_stage(earliest.fault)], system=earliest.system, operation=earliest.operation, nth=1)
    yield from (_nth(pair, draws) for pair in again)


def _nth(pair: Pair, draws: Draws) -> Fault:
    """Return the fault of a pair, for the first opportunity of each transaction that no fault before it has struck."""
    drawn = _drawn(pair.fault, draws, ("aimed", pair.system, pair.operation), pair.system, pair.operation, nth=1)
    slowest, _ = CATALOGUE[pair.fault].range_of("factor")
    return msgspec.structs.replace(drawn, factor=slowest or 1.0)  # a factor stretches every call, not only the nth


def _precedes(one: Pair, other: Pair) -> bool:
    """Tell whether a call that one pair's fault strikes is never seen by the other's, whose turn is the next call."""
    return _stage(one.fault) <= _stage(other.fault)


def _stage(kind: str) -> int:
    """Return how far a call has come when a kind of fault strikes it."""
    return STAGES.index(Place.BEFORE if kind == "brownout" else CATALOGUE[kind].place)  # its errors come of the system


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
