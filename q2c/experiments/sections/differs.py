"""Differs: the report of a comparison: what changed, who wins in what, and both over time."""

from __future__ import annotations

from collections.abc import Iterator

from q2c.experiments import wording
from q2c.experiments.sections.shared import close_range, comparison_table, fan_chart
from simulator.experiments.answers import Differs
from simulator.experiments.metrics import metric_of
from web.blocks import Block, Figure, Figures, Fold, Section, Table, Text, columns, row
from web.words import count

_CHARTS_MAX = 3
_FIGURES_MAX = 4


def figures(answer: Differs) -> Figures:
    """Return the differences that matter."""
    decided = [row for row in answer.compared if wording.tone(metric_of(row.measure), row)]
    shown = decided or [row for row in answer.compared if row.verdict != "same"]
    return Figures(tuple(
        Figure(
            label=wording.label(each.measure), value=wording.change(each.measure, each.difference, answer.currency),
            note=f"from {wording.value(each.measure, each.first.mean, answer.currency)} to "
                 f"{wording.value(each.measure, each.second.mean, answer.currency)}",
            tone=wording.tone(metric_of(each.measure), each),
        )
        for each in shown[:_FIGURES_MAX]
    ))  # fmt: skip


def sections(answer: Differs) -> Iterator[Section]:
    """Yield the parts of the report after its answer."""
    yield Section("changes", "What is different", (_changes(answer),))
    yield Section("measures", "Measure by measure", _measures(answer))
    yield from _over_time(answer)


def _changes(answer: Differs) -> Table:
    return Table(
        caption="Parameters that differ",
        columns=columns("parameter", "first", "second"),
        rows=tuple(row(*each) for each in answer.changes),
        empty="Both scenarios say the same.",
    )


def _measures(answer: Differs) -> tuple[Block, ...]:
    service = [row for row in answer.compared if metric_of(row.measure).of != "system"]
    systems = [row for row in answer.compared if metric_of(row.measure).of == "system"]
    gains = sorted(row.gain for row in answer.compared if row.gain is not None)
    note = (
        f"Differences are second minus first, over {count(answer.replications)} pairs of quarters with the same "
        "customers and the same luck, each with its 95 % interval. A winner is named only where the interval leaves "
        "zero out, after the number of measures has been allowed for (Holm; the measures that were asked for, or the "
        "main ones of the whole quarter, among themselves, all others among themselves)."
    )
    if gains:
        note += (
            f" Independent runs would need {wording.number(round(gains[len(gains) // 2]))} times as many replications "
            f"for the middle measure, {wording.number(round(gains[-1]))} times for the one that gains most."
        )
    sides = ("first", "second")
    return (
        comparison_table("Service levels, counts and money", service, answer.currency, sides),
        Fold("Systems and people", (comparison_table("Systems and people", systems, answer.currency, sides),)),
        Text(note),
    )


def _over_time(answer: Differs) -> Iterator[Section]:
    pairs = [
        (one, other)
        for one in answer.sides[0].fans
        for other in answer.sides[1].fans
        if (one.quantity, one.of) == (other.quantity, other.of) == ("waiting", one.of) and one.middle != other.middle
    ][:_CHARTS_MAX]
    charts = []
    for i, (one, other) in enumerate(pairs):
        range_us = close_range([one, other], (), ())
        charts.append(fan_chart(
            f"waiting-{i}", f"Waiting: {wording.service_level(one.of)}", "waiting",
            [("first", one), ("second", other)], range_us, (), (),
        ))  # fmt: skip
    if charts:
        yield Section("time", "Both over time", tuple(charts))
