"""The matrix: every operation with every kind of fault, at the first try and at a retry; what was never hit shows.

One grid for each system, and one for the messages of all: a row for each kind, a column for each operation or topic. A
mark has a sign for the first try and one for a retry. A table beside the grids has a row for each operation, and names
what never struck it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from contracts.checks.coverage import FIRST, MESSAGE, RETRY, Coverage
from contracts.checks.pairs import Pair, Pairs
from domain.faults import CATALOGUE, Place
from q2c.report.names import operation, system
from web.blocks import Cell, Grid, Mark, Table, columns, row
from web.words import NOTHING, count, listed

KEY = (
    "A mark has a sign for the first try of a call and one for a retry: ● the fault struck there, ○ it could have and "
    "never did. Nothing stands where it cannot strike. Messages have one sign. The pointer shows how often."
)
HIT, NEVER = "●", "○"
NAMED_MAX = 8
"""So many faults that never struck an operation are named."""
_PLACES = {
    Place.NETWORK: "on the way to the system",
    Place.BEFORE: "in the system, before it commits",
    Place.AFTER: "in the system, after it has committed",
    Place.WEBHOOK: "on the way of a message",
}
_TRIES = {FIRST: "at first", RETRY: "again", MESSAGE: ""}
Spot = tuple[str, str]
Hits = dict[Pair, int]


def hit_of(pairs: Pairs) -> str:
    """Return how many pairs were hit, in a sentence."""
    hit, possible = pairs.either
    share = f" ({hit / possible:.1%})" if possible else ""
    return (
        f"{count(hit)} of {count(possible)} pairs of operation and fault were hit{share}; {count(pairs.hit)} of "
        f"{count(len(pairs.hits))} where first tries and retries are counted apart."
    )


def missed_of(pairs: Pairs) -> str:
    """Return what of the missed is less likely than the rest, in a sentence; empty where nothing is."""
    missed = [fault for _, _, fault in pairs.unmet if CATALOGUE[fault].is_conditional]
    if not missed:
        return ""
    kinds = listed(sorted({_fault(fault) for fault in missed}))
    return (
        f"{count(len(missed))} of the {count(len(pairs.unmet))} that never met are of kinds that need more than a call "
        f"to strike, such as an answer that has changed since: {kinds}."
    )


def grids(pairs: Pairs) -> Iterator[Grid]:
    """Yield a grid for the calls of each system that could be struck, and one for the messages of all."""
    hits = dict(pairs.hits)
    for name, group in groupby((pair for pair in hits if pair.when != MESSAGE), key=lambda pair: pair.system):
        spots = sorted({(pair.system, pair.operation) for pair in group})
        yield _grid(f"Calls of {system(name)}", [operation(each) for _, each in spots], spots, (FIRST, RETRY), hits)
    topics = sorted({(pair.system, pair.operation) for pair in hits if pair.when == MESSAGE})
    if topics:
        titles = [f"{system(sender)}: {operation(each)}" for sender, each in topics]
        yield _grid("Messages", titles, topics, (MESSAGE,), hits)


def _grid(caption: str, titles: Sequence[str], spots: Sequence[Spot], tries: tuple[str, ...], hits: Hits) -> Grid:
    able = {pair.fault for pair in hits if (pair.system, pair.operation) in spots and pair.when in tries}
    ordered = sorted(able, key=lambda kind: (CATALOGUE[kind].number, kind))
    groups = []
    for place, title in _PLACES.items():
        kinds = [kind for kind in ordered if CATALOGUE[kind].place is place]
        rows = tuple((_fault(kind), tuple(_mark(spot, kind, tries, hits) for spot in spots)) for kind in kinds)
        groups += [(title, rows)] if rows else []
    return Grid(caption=caption, corner="fault", columns=tuple(titles), groups=tuple(groups))


def _mark(spot: Spot, kind: str, tries: tuple[str, ...], hits: Hits) -> Mark:
    found = [(each, hits.get(Pair(*spot, kind, each))) for each in tries]
    known = [(each, number) for each, number in found if number is not None]
    signs = "".join(HIT if number else NEVER for _, number in known)
    words = ", ".join(f"{count(number)} {_TRIES[each]}".rstrip() for each, number in known)
    struck = [number for _, number in known if number]
    tone = "" if not known or 0 < len(struck) < len(known) else "good" if struck else "warn"
    return Mark(signs, tone, words)


def operations(pairs: Pairs) -> Table:
    """Return a row for each operation and topic: how many faults struck it, and which that could have never did."""
    hits = dict(pairs.hits)
    return Table(
        caption="Faults that struck, by operation and topic",
        columns=columns("operation or topic", "#at first", "#again", "never struck it"),
        rows=tuple(
            row(f"{system(spot[0])} {operation(spot[1])}", *_row(list(group), hits))
            for spot, group in groupby(hits, key=lambda pair: (pair.system, pair.operation))
        ),
        empty="Nothing was called.",
    )  # fmt: skip


def _row(pairs: list[Pair], hits: Hits) -> tuple[Cell, Cell, Cell]:
    struck = {pair.fault for pair in pairs if hits[pair]}
    missed = sorted({pair.fault for pair in pairs} - struck)
    more = f" and {len(missed) - NAMED_MAX} more" if len(missed) > NAMED_MAX else ""
    said = ", ".join(_fault(each) for each in missed[:NAMED_MAX]) + more
    return (
        _part([hits[pair] for pair in pairs if pair.when in (FIRST, MESSAGE)]),
        _part([hits[pair] for pair in pairs if pair.when == RETRY]),
        Cell(said or NOTHING),
    )


def _part(hits: list[int]) -> Cell:
    struck = sum(1 for number in hits if number)
    return Cell(f"{struck} of {len(hits)}", "" if struck == len(hits) else "warn") if hits else Cell(NOTHING)


def _fault(kind: str) -> str:
    return f"{CATALOGUE[kind].number} {kind.replace('_', ' ')}"


def impossible(pairs: Pairs) -> Table:
    """Return what is no pair, by kind of fault and reason: how many operations it cannot strike."""
    found: dict[tuple[str, str], int] = {}
    for each in pairs.impossible:
        found[each.fault, each.reason] = found.get((each.fault, each.reason), 0) + 1
    return Table(
        caption="What cannot happen, and is not counted", columns=columns("fault", "why", "#operations and topics"),
        rows=tuple(row(kind.replace("_", " "), why, count(number)) for (kind, why), number in sorted(found.items())),
        empty="Every fault can strike every operation.",
    )  # fmt: skip


def states(coverage: Coverage) -> Table:
    """Return the states of every chart that were visited, and those that were not."""
    return Table(
        caption="States visited, by chart and system", columns=columns("chart", "system", "visited", "not visited"),
        rows=tuple(
            row(each.chart.replace("_", " "), system(each.system), ", ".join(each.visited), ", ".join(each.missed))
            for each in coverage.states
            if each.visited
        ),
    )  # fmt: skip


def reasons(coverage: Coverage) -> Table:
    """Return the reasons for which people were asked, and how often."""
    return Table(
        caption="Exception reasons raised", columns=columns("reason", "#cases"),
        rows=tuple(row(code, count(number)) for code, number in coverage.reasons),
        empty="Nobody was asked.",
    )  # fmt: skip
