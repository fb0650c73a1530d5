"""Explored: the reports of experiments over many points: sweeps, searches, optimisation, sensitivity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from q2c.experiments import wording
from q2c.experiments.sections.shared import TONES
from simulator.experiments.answers import (
    Broke,
    Optimise,
    Optimised,
    Point,
    Search,
    Sensitive,
    Sensitivity,
    Sweep,
    Swept,
)
from simulator.experiments.intervals import Interval
from simulator.experiments.metrics import metric_of
from simulator.experiments.optimise import Trial
from simulator.experiments.sensitivity import Ranked
from web.blocks import Block, Cell, Fold, Section, Table, Text, columns, row
from web.plots import Curve, Heat, Plot, Rule, Swings
from web.words import NOTHING, count

_PLOTS_MAX = 6
_ROWS_MAX = 500


def swept(question: Sweep, answer: Swept) -> Iterator[Section]:
    """Yield the parts of a sweep's report."""
    names = _shown(question, answer)
    plots: list[Block] = []
    for i, name in enumerate(names[:_PLOTS_MAX]):
        if len(question.axes) == 1:
            plots.append(_curve(question, answer, name, f"curve-{i}"))
        else:
            plots += _heats(question, answer, name, f"heat-{i}")
    yield Section("points", "Over the values", tuple(plots))
    yield Section("table", "Every point", (_points(question, answer, names),))


def _shown(question: Sweep, answer: Swept) -> list[str]:
    """Return the measures to draw: those asked for, else those that move and have a better direction."""
    if question.measures:
        return list(question.measures)
    ranges: dict[str, list[float]] = {}
    for point in answer.points:
        for each in point.estimates:
            ranges.setdefault(each.measure, []).append(each.interval.mean)
    moving = [name for name, means in ranges.items() if max(means) > min(means) and metric_of(name).better]
    return sorted(moving, key=lambda name: metric_of(name).of == "system")[:_PLOTS_MAX]


def _curve(question: Sweep, answer: Swept, name: str, key: str) -> Plot:
    axis = question.axes[0]
    numbers = {point.values[0]: axis.values.number(i) for i, point in enumerate(answer.points)}
    found = [(point.values[0], each) for point in answer.points if (each := _of(point, name)) is not None]
    is_numeric = any(number != i for i, number in enumerate(numbers.values())) or axis.values.count == 1
    scale = 100 if metric_of(name).unit == "share" else 1
    return Plot(
        id=key, title=wording.label(name), summary=_extremes(found, name, answer.currency),
        x_title=wording.short_path(axis.path), y_title=_unit(name, answer.currency),
        traces=(Curve(
            name="mean with its 95 % interval", x=tuple(numbers[value] for value, _ in found),
            y=tuple(each.mean * scale for _, each in found),
            half_widths=tuple(each.half_width * scale for _, each in found),
            tone="--series-1", names=() if is_numeric else tuple(value for value, _ in found),
        ),),
        table=Table(
            caption=wording.label(name), columns=columns(wording.short_path(axis.path), "#mean"),
            rows=tuple(row(value, wording.estimate(name, each, answer.currency)) for value, each in found),
        ),
    )  # fmt: skip


def _heats(question: Sweep, answer: Swept, name: str, key: str) -> Iterator[Plot]:
    """Yield a heat map of the first two axes for every combination of the others."""
    by_values = {point.values: _of(point, name) for point in answer.points}
    x, y = ([axis.values.text(i) for i in range(axis.values.count)] for axis in question.axes[:2])
    others = list(dict.fromkeys(point.values[2:] for point in answer.points))
    for number, rest in enumerate(others[:_PLOTS_MAX]):
        cells = [[by_values.get((a, b, *rest)) for a in x] for b in y]
        at = ", ".join(
            f"{wording.short_path(axis.path)} {value}" for axis, value in zip(question.axes[2:], rest, strict=True)
        )
        found = [(f"{a}, {b}", each) for a in x for b in y if (each := by_values.get((a, b, *rest))) is not None]
        yield Plot(
            id=f"{key}-{number}", title=wording.label(name) + (f" ({at})" if at else ""),
            summary=_extremes(found, name, answer.currency), x_title=wording.short_path(question.axes[0].path),
            y_title=wording.short_path(question.axes[1].path), height=150 + 42 * len(y),
            traces=(Heat(
                name=name, x=tuple(x), y=tuple(y), worst_low=metric_of(name).better == "more",
                values=tuple(tuple(None if each is None else each.mean for each in line) for line in cells),
                texts=tuple(
                    tuple("" if each is None else wording.value(name, each.mean, answer.currency) for each in line)
                    for line in cells
                ),
            ),),
            table=Table(
                caption=wording.label(name), columns=columns("at", "#mean"),
                rows=tuple(row(value, wording.estimate(name, each, answer.currency)) for value, each in found),
            ),
        )  # fmt: skip


def _of(point: Point, name: str) -> Interval | None:
    return next((each.interval for each in point.estimates if each.measure == name), None)


def _extremes(found: Sequence[tuple[str, Interval]], name: str, currency: str) -> str:
    if not found:
        return "No point has this measure."
    low, high = min(found, key=lambda pair: pair[1].mean), max(found, key=lambda pair: pair[1].mean)
    return (
        f"From {wording.estimate(name, low[1], currency)} at {low[0]} to "
        f"{wording.estimate(name, high[1], currency)} at {high[0]}."
    )


def _unit(name: str, currency: str) -> str:
    return {"share": "%", "seconds": "seconds", "count": "", "minor": f"minor units of {currency}"}[
        metric_of(name).unit
    ]


def _points(question: Sweep, answer: Swept, names: Sequence[str]) -> Table:
    titles = [wording.short_path(axis.path) for axis in question.axes]
    return Table(
        caption=f"The first {count(_ROWS_MAX)} points; all {count(len(answer.points))} are in results.csv"
        if len(answer.points) > _ROWS_MAX
        else "Every point",
        columns=columns(*titles, "#replications", *(f"#{wording.label(name)}" for name in names), "not played because"),
        rows=tuple(_point(point, names, answer) for point in answer.points[:_ROWS_MAX]),
    )


def _point(point: Point, names: Sequence[str], answer: Swept) -> tuple[Cell, ...]:
    is_now = point.values == answer.now
    cells = [_of(point, name) for name in names]
    said = [
        NOTHING if each is None else wording.estimate(name, each, answer.currency)
        for name, each in zip(names, cells, strict=True)
    ]
    first = f"{point.values[0]} (now)" if is_now else point.values[0]
    return row(first, *point.values[1:], count(point.replications), *said, Cell(point.refused))


def broke(question: Search, answer: Broke) -> Iterator[Section]:
    """Yield the parts of a search's report."""
    condition, name = question.condition, question.condition.measure
    scale = 100 if metric_of(name).unit == "share" else 1
    tried = answer.found.tried
    numbers = [question.axis.values.number(each.index) for each in tried]
    plot = Plot(
        id="search", title=f"{wording.label(name)}, where it was tried",
        summary="; ".join(f"{each.value}: {wording.estimate(name, each.judged.interval)}" for each in tried) + ".",
        x_title=wording.short_path(question.axis.path), y_title=_unit(name, ""),
        traces=(Curve(
            name="mean with its interval", x=tuple(numbers), tone="--series-1",
            y=tuple(each.judged.interval.mean * scale for each in tried),
            half_widths=tuple(each.judged.interval.half_width * scale for each in tried),
        ),),
        rules=(Rule(condition.bound * scale, wording.bound(condition)),),
        table=Table(
            caption="Values tried",
            columns=columns(wording.short_path(question.axis.path), "#mean", "#kept in", "verdict"),
            rows=tuple(
                row(each.value, wording.estimate(name, each.judged.interval),
                    f"{count(each.judged.kept)} of {count(each.judged.count)}",
                    Cell(each.judged.judgement, {"kept": "good", "broken": "bad"}.get(each.judged.judgement, "warn")))
                for each in tried
            ),
        ),
    )  # fmt: skip
    note = (
        "The search halves the range on the same seeds, believing that more is never worse, and then plays both "
        f"neighbours of the answer. The scenario itself says {answer.now}. A value counts as surely kept when the "
        "whole interval keeps the bound; the intervals allow for how often they were looked at."
    )
    yield Section("tried", "What was tried", (plot, plot.table, Text(note)))


def optimised(question: Optimise, answer: Optimised) -> Iterator[Section]:
    """Yield the parts of an optimisation's report."""
    found = answer.optimum
    paths = [axis.path for axis in question.axes]
    ranked = sorted(found.trials, key=lambda trial: (not trial.is_feasible, trial.cost, trial.number))
    table = Table(
        caption=f"{count(len(found.trials))} of {count(found.points)} points tried, the cheapest that keep all first",
        columns=columns(*(wording.short_path(path) for path in paths), "#cost",
                        *(f"#{wording.label(each.measure)}" for each in question.conditions), "verdict"),
        rows=tuple(_trial(trial, paths) for trial in ranked[:_ROWS_MAX]),
    )  # fmt: skip
    note = f"Cost: {question.cost_text}. Conditions: {'; '.join(map(wording.bound, question.conditions))}."
    yield Section("points", "Cost against what is kept", (_front(answer), Text(note)))
    yield Section("table", "Every point tried", (table,))


def _front(answer: Optimised) -> Plot:
    trials = sorted(answer.optimum.trials, key=lambda trial: trial.cost)
    groups = [("keeps everything", "--series-3", [t for t in trials if t.is_feasible], False),
              ("does not", "--series-6", [t for t in trials if not t.is_feasible], True)]  # fmt: skip
    first = trials[0].judged[0].condition
    scale = 100 if metric_of(first.measure).unit == "share" else 1
    return Plot(
        id="front", title=f"{wording.label(first.measure)} against cost",
        summary=f"{count(len(groups[0][2]))} of {count(len(trials))} points keep everything.",
        x_title="cost", y_title=_unit(first.measure, ""), rules=(Rule(first.bound * scale, wording.bound(first)),),
        traces=tuple(
            Curve(
                name=name, x=tuple(t.cost for t in group), y=tuple(t.judged[0].interval.mean * scale for t in group),
                half_widths=tuple(t.judged[0].interval.half_width * scale for t in group), tone=tone, dashed=dashed,
            )
            for name, tone, group, dashed in groups
            if group
        ),
        table=Table(
            caption="Cost and the first condition", columns=columns("#cost", "#mean"),
            rows=tuple(row(f"{t.cost:,.6g}", wording.estimate(first.measure, t.judged[0].interval)) for t in trials),
        ),
    )  # fmt: skip


def _trial(trial: Trial, paths: Sequence[str]) -> tuple[Cell, ...]:
    said = [wording.estimate(each.condition.measure, each.interval) for each in trial.judged]
    verdict = Cell("keeps everything", "good") if trial.is_feasible else Cell("does not surely keep", "bad")
    return (*row(*(trial.settings[path] for path in paths), f"{trial.cost:,.6g}", *said), verdict)


def sensitive(question: Sensitivity, answer: Sensitive) -> Iterator[Section]:
    """Yield the parts of a sensitivity's report."""
    blocks: list[Block] = []
    for i, ranked in enumerate(answer.ranked):
        if ranked.varies:
            blocks.append(_tornado(question, ranked, f"effects-{i}"))
        else:
            blocks.append(Text(f"{wording.label(ranked.measure)}: none of the parameters moves it."))
    meaning = (
        "Strength is how much the measure moves on average when one parameter moves between its bounds, whatever the "
        "others are (Morris, mean absolute elementary effect)."
        if question.method == "morris"
        else "Strength is the share of the measure's variance that a parameter takes part in (Sobol, total index); "
        "alone is what it explains by itself. Totals add up to more than one where parameters work together."
    )
    bounds = Table(
        caption="Between which bounds",
        columns=columns("parameter", "from", "to"),
        rows=tuple(row(a.path, a.values.text(0), a.values.text(a.values.count - 1)) for a in question.axes),
    )
    yield Section("effects", "What moves what", (*blocks, Text(meaning), Fold("Bounds", (bounds,))))


def _tornado(question: Sensitivity, ranked: Ranked, key: str) -> Plot:
    is_share = metric_of(ranked.measure).unit == "share"
    scale = 100 if question.method == "sobol" or is_share else 1
    unit = (
        "% of the variance"
        if question.method == "sobol"
        else "percentage points"
        if is_share
        else metric_of(ranked.measure).unit
    )
    labels = tuple(wording.short_path(each.path) for each in ranked.effects)
    signs = [-1 if (each.direction or 0) < 0 else 1 for each in ranked.effects]
    return Plot(
        id=key, title=f"{wording.label(ranked.measure)}: strength of each parameter ({unit})",
        summary="; ".join(f"{label} {each.strength * scale:.3g} ± {each.half_width * scale:.2g}"
                          for label, each in list(zip(labels, ranked.effects, strict=True))[:4]) + ".",
        x_title=unit, y_title="", height=120 + 30 * len(labels),
        traces=(Swings(
            name="strength", labels=labels, tone=TONES[0],
            values=tuple(each.strength * scale * sign for each, sign in zip(ranked.effects, signs, strict=True)),
            half_widths=tuple(each.half_width * scale for each in ranked.effects),
        ),),
        table=Table(
            caption="Effects", columns=columns("parameter", "#strength", "#half-width", "#alone or spread"),
            rows=tuple(
                row(label, f"{each.strength * scale:.4g}", f"{each.half_width * scale:.2g}",
                    f"{(each.alone if each.alone is not None else each.spread or 0.0) * scale:.4g}")
                for label, each in zip(labels, ranked.effects, strict=True)
            ),
        ),
    )  # fmt: skip
