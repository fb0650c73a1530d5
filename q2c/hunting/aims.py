"""Aims: faults at operations and topics, each at what no run has hit there yet, as many at one as fit together.

The runs of a hunt share what is missed without a word to each other: the turn of a run says where in the list of what
is missed it begins, and any few turns that follow each other are spread evenly over it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

import msgspec

from contracts.checks.coverage import FIRST, RETRY
from contracts.checks.pairs import Pair
from domain.draws import Draws
from domain.faults import CATALOGUE, Fault, Place
from q2c.hunting.ground import Ground
from q2c.hunting.meetings import Spot

SHARED, FOLLOWING = 3, 2
"""So many kinds share the first calls of an operation, and so many strike the next ones of each transaction.

Together they are fewer than the six attempts that the integration makes before it asks a person."""
FOLLOWING_RARE = 4
"""So many strike the next ones where few transactions call: there the first call has one kind to itself."""
STORM, LAG = "retry_storm", "stale_read"
"""Kinds that strike only what meets more than one call: many within a minute, or an answer that has changed."""
STAGES = (Place.NETWORK, Place.BEFORE, Place.AFTER)
LATE = STAGES.index(Place.AFTER)
STARTERS = ("reset_before", "error_before", "error_before")
"""By the stage of a fault that is aimed at a retry: what makes a call come again, so early that the fault waits."""
ACROSS, WITHIN = 40_503, 27_146
"""65536ths: of a turn that follows another, how far it is from it in the list of all that is missed, and at one spot.

Multiples of the golden ratio and of the square root of two leave no large gap, and do not keep step."""
_WHOLE = 65_536
_Item = TypeVar("_Item")


def in_turn(items: Sequence[_Item], turn: int, step: int) -> tuple[_Item, ...]:
    """Return items in their order, from that of a turn on and then from the first; `step` is ACROSS or WITHIN."""
    first = turn * step % _WHOLE * len(items) // _WHOLE
    return (*items[first:], *items[:first])


def missed_at(ground: Ground, kinds: Collection[str], turn: int) -> dict[Spot, list[Pair]]:
    """Return what was missed of these kinds at each operation and topic, what to aim at first first."""
    spots: dict[Spot, list[Pair]] = {}
    for pair in ground.missed:
        if pair.fault in kinds:
            spots.setdefault((pair.system, pair.operation), []).append(pair)
    return {spot: _ordered(ground, pairs, turn) for spot, pairs in spots.items()}


def _ordered(ground: Ground, pairs: Sequence[Pair], turn: int) -> list[Pair]:
    """Return pairs in the order of a turn, the kinds that have not met the operation at any try before all others."""
    staged = sorted(pairs, key=lambda pair: stage(pair.fault))
    unmet = [pair for pair in staged if pair.meeting in ground.unmet]
    others = [pair for pair in staged if pair.meeting not in ground.unmet]
    return [*in_turn(unmet, turn, WITHIN), *in_turn(others, turn, WITHIN)]


def aimed_at(pairs: Sequence[Pair], draws: Draws, is_rare: bool = False) -> Iterator[Fault]:
    """Yield the faults that strike one operation or topic: its first call in each transaction, and those after that.

    Of the pairs the first ones count that fit together. Several kinds share the first calls among the transactions,
    but for an operation that few call (`is_rare`); a call comes again because the one before it failed.
    """
    storm = next((pair for pair in pairs if pair.fault == STORM), None)
    if storm is not None:  # it has to see calls that others strike, so it comes first
        yield nth(storm, draws)
    lag = next((pair for pair in pairs[: SHARED + FOLLOWING] if pair.fault == LAG), None)
    if lag is not None:  # it seldom can strike, so it takes nobody's place
        yield nth(lag, draws)
    calm = [pair for pair in pairs if pair.fault not in (STORM, LAG)]
    calm = _until_done(calm) if is_rare else calm
    firsts = _firsts(calm, is_rare)
    following = _following(calm, firsts)[: FOLLOWING_RARE if is_rare else FOLLOWING]
    following.sort(key=lambda pair: stage(pair.fault))
    for i, pair in enumerate(firsts):
        yield nth(pair, draws, share_ppm=1_000_000 // (len(firsts) - i))
    if following and not firsts:
        starter = STARTERS[stage(following[0].fault)]
        yield Fault(kind=starter, system=following[0].system, operation=following[0].operation, nth=1)
    for pair in following:
        is_early = bool(firsts) and stage(pair.fault) < stage(firsts[0].fault)  # then it sees the first call pass by
        yield nth(pair, draws, turn=2 if is_early else 1)


def _until_done(pairs: list[Pair]) -> list[Pair]:
    """Return pairs of the first few kinds that strike before the work is done, then one late kind, and no others.

    A call that was answered too late may be done: nobody makes it again. A turn that begins with a late kind aims at
    late ones only, since all that come before may take longer than there is time for faults.
    """
    late = [pair for pair in pairs if stage(pair.fault) == LATE]
    if late[:1] == pairs[:1]:
        return late
    early = list(dict.fromkeys(pair.fault for pair in pairs if stage(pair.fault) < LATE))[: FOLLOWING_RARE + (not late)]
    chosen = {*early, *(pair.fault for pair in late[:1])}
    return [pair for pair in pairs if pair.fault in chosen]


def _firsts(pairs: Sequence[Pair], is_rare: bool) -> list[Pair]:
    """Return what strikes the first call of each transaction, all of one stage; one alone where few transactions call.

    That one is no late one: after it nobody calls again, so late ones share even there.
    """
    able = [pair for pair in pairs if pair.when != RETRY]
    if is_rare:  # whichever strikes earliest lets the others wait for the calls that follow
        able = sorted(able[: 1 + FOLLOWING_RARE], key=lambda pair: stage(pair.fault))
    if not able:
        return []
    reached = stage(able[0].fault)
    is_alone = is_rare and able[0].when == FIRST and reached < LATE
    return [pair for pair in able if stage(pair.fault) == reached][: 1 if is_alone else SHARED]


def _following(pairs: Sequence[Pair], firsts: Sequence[Pair]) -> list[Pair]:
    """Return what can strike a call that comes again: what does not strike the first one before what does."""
    taken = {pair.fault for pair in firsts}
    return sorted((pair for pair in pairs if pair.when == RETRY), key=lambda pair: pair.fault in taken)


def nth(pair: Pair, draws: Draws, turn: int = 1, share_ppm: int = 1_000_000) -> Fault:
    """Return the fault of a pair, for that opportunity of each transaction of those that no fault before it struck."""
    key = "aimed", pair.system, pair.operation
    fault = drawn(pair.fault, draws, key, pair.system, pair.operation, nth=turn, share_ppm=share_ppm)
    fault = msgspec.structs.replace(fault, factor=1.0)  # it stretches every call of a system, and several multiply
    if pair.fault == LAG:  # the longer it is, the more reads show it
        return msgspec.structs.replace(fault, seconds=CATALOGUE[LAG].range_of("wait")[1])
    if pair.fault == STORM:  # the fewer calls it takes, the more meet it
        return msgspec.structs.replace(fault, count=int(CATALOGUE[STORM].range_of("count")[0]))
    return fault


def stage(kind: str) -> int:
    """Return how far a call has come when a kind of fault strikes it; a message knows one stage only."""
    place = Place.BEFORE if kind == "brownout" else CATALOGUE[kind].place  # its errors come of the system
    return STAGES.index(place) if place in STAGES else 0


def drawn(
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
