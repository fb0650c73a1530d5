"""The matrix: every operation with every kind of fault, at the first try and at a retry; what was never hit shows.

One table for each system: a row for each kind, a column for each operation or topic. A cell says how often the fault
struck at the first try and at a retry, as "3 / 1"; a pair that was possible and never hit is marked.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from contracts.checks.coverage import FIRST, MESSAGE, RETRY, Coverage
from contracts.checks.pairs import Pair, Pairs
from domain.faults import CATALOGUE
from q2c.report.names import operation, system
from web.blocks import Cell, Table, columns, row
from web.words import NOTHING, count

NEVER = "0"


def hit_of(pairs: Pairs) -> str:
    """Return how many pairs were hit, in a sentence."""
    possible = len(pairs.hits)
    share = f" ({pairs.hit / possible:.1%})" if possible else ""
    return f"{count(pairs.hit)} of {count(possible)} pairs of operation and fault were hit{share}."


def tables(pairs: Pairs) -> Iterator[Table]:
    """Yield a table for each system that could be struck."""
    hits = dict(pairs.hits)
    for name, group in groupby(hits, key=lambda pair: pair.system):
        yield _table(name, list(group), hits)


def _table(name: str, pairs: list[Pair], hits: dict[Pair, int]) -> Table:
    calls = sorted({pair.operation for pair in pairs if pair.when != MESSAGE})
    topics = sorted({pair.operation for pair in pairs if pair.when == MESSAGE})
    kinds = sorted({pair.fault for pair in pairs}, key=lambda kind: (CATALOGUE[kind].number, kind))
    places = (*((each, False) for each in calls), *((each, True) for each in topics))
    return Table(
        caption=f"{system(name)}: first try / retry, or messages",
        columns=columns(
            "fault", *(f"#{operation(each)}{' (message)' if is_topic else ''}" for each, is_topic in places)
        ),
        rows=tuple(
            row(kind.replace("_", " "), *(_cell(name, each, kind, is_topic, hits) for each, is_topic in places))
            for kind in kinds
        ),
    )


def _cell(name: str, place: str, kind: str, is_topic: bool, hits: dict[Pair, int]) -> Cell:
    when = (MESSAGE,) if is_topic else (FIRST, RETRY)
    found = [hits.get(Pair(name, place, kind, each)) for each in when]
    if None in found:
        return Cell(NOTHING)
    text = " / ".join(count(each) if each else NEVER for each in found if each is not None)
    return Cell(text, "" if all(found) else "warn")


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
