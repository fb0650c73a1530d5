"""Shared: what reports of all experiments show alike: estimates, comparisons, series over time, parameters."""

from __future__ import annotations

from collections.abc import Sequence

from domain.calendar import DAY_US, HOUR_US
from q2c.experiments import wording
from simulator.experiments.answers import Span
from simulator.experiments.comparison import Compared
from simulator.experiments.fans import LEVELS, Fan
from simulator.experiments.metrics import metric_of
from simulator.whatif.model import Parameter
from web import charts
from web.blocks import Block, Cell, Table, columns, row
from web.charts import Band, Chart, Mark
from web.words import NOTHING, between, count, day, instant

TONES = ("--series-1", "--series-2", "--series-3", "--series-4", "--series-6", "--series-5")
_SOURCES = {"published": "published figure", "estimate": "estimate", "derived": "derived", "yours": "this scenario"}
_SOURCE_TONES = {"estimate": "warn", "yours": "good"}
_BEFORE_US, _AFTER_US = 3 * DAY_US, 3 * DAY_US


def comparison_table(caption: str, compared: Sequence[Compared], currency: str, sides: tuple[str, str]) -> Table:
    """Return paired differences, those that decide something first."""
    rows = sorted(compared, key=lambda row: row.verdict in ("same", "undecided"))
    return Table(
        caption=caption,
        columns=columns("measure", f"#{sides[0]}", f"#{sides[1]}", "#difference", "verdict"),
        rows=tuple(_compared(each, currency) for each in rows),
        empty="Nothing can be compared.",
    )


def _compared(each: Compared, currency: str) -> tuple[Cell, ...]:
    metric = metric_of(each.measure)
    return row(
        wording.label(each.measure), wording.estimate(each.measure, each.first, currency),
        wording.estimate(each.measure, each.second, currency), wording.change(each.measure, each.difference, currency),
        Cell(wording.verdict(each), wording.tone(metric, each)),
    )  # fmt: skip


def parameters_table(parameters: Sequence[Parameter]) -> Table:
    """Return what the model was made of, each figure with where it comes from."""
    return Table(
        caption="Figures of the model and where they come from",
        columns=columns("parameter", "value", "source"),
        rows=tuple(
            row(each.name, each.value, Cell(_SOURCES[each.source], _SOURCE_TONES.get(each.source, "")))
            for each in parameters
        ),
        empty="The model names none.",
    )


def bands(spans: Sequence[Span]) -> tuple[Band, ...]:
    """Return the planned windows as bands of a chart."""
    return tuple(
        Band(each.from_us, each.until_us, f"{wording.resource(each.station)} is {each.kind}, "
             f"{between(each.from_us, each.until_us)}")
        for each in spans
    )  # fmt: skip


def marks(cut_offs: Sequence[tuple[str, int]]) -> tuple[Mark, ...]:
    """Return the cut-offs as marks of a chart, each with its entity."""
    return tuple(Mark(at_us, entity) for entity, at_us in cut_offs)


def close_range(fans: Sequence[Fan], spans: Sequence[Span], cut_offs: Sequence[tuple[str, int]]) -> tuple[int, int]:
    """Return the days that matter: around the cut-offs and the windows; all of them when there are neither."""
    ends = [at_us for _, at_us in cut_offs]
    edges = [at for span in spans for at in (span.from_us, span.until_us)] + ends
    first = min(fan.start_us for fan in fans)
    last = max(fan.start_us + fan.step_us * len(fan.middle) for fan in fans)
    if not edges:
        return first, last
    centre = ends or edges
    return max(first, min(centre) - _BEFORE_US), min(last, max(centre) + _AFTER_US)


def fan_trace(fan: Fan, name: str, tone: str, range_us: tuple[int, int], dashed: bool = False) -> charts.Fan:
    """Return a fan within a range of time as it is drawn."""
    start, end = _indices(fan, range_us)
    by_level = dict(zip(LEVELS, (values[start:end] for values in fan.rows), strict=True))
    return charts.Fan(
        name=name, start_us=fan.start_us + start * fan.step_us, step_us=fan.step_us, middle=by_level[0.5], tone=tone,
        dashed=dashed,
        bands=(("9 runs in 10", by_level[0.05], by_level[0.95]), ("5 runs in 10", by_level[0.25], by_level[0.75])),
    )  # fmt: skip


def fan_chart(
    key: str, title: str, unit: str, drawn: Sequence[tuple[str, Fan]], range_us: tuple[int, int],
    shaded: tuple[Band, ...], cut_offs: tuple[Mark, ...], percent: bool = False,
) -> Chart:  # fmt: skip
    """Return fans over time, a tone each; `percent` for parts of one."""
    traces = tuple(
        fan_trace(fan, name, TONES[i % len(TONES)], range_us, dashed=bool(i % 2)) for i, (name, fan) in enumerate(drawn)
    )
    return Chart(
        id=key, title=title, summary=_summary(drawn, range_us, percent), x_title="time (UTC)", y_title=unit,
        traces=traces, table=_by_day(drawn, range_us, percent), bands=shaded, marks=cut_offs, range_us=range_us,
        y_format=",.0%" if percent else ",.3~f",
    )  # fmt: skip


def _summary(drawn: Sequence[tuple[str, Fan]], range_us: tuple[int, int], percent: bool) -> str:
    said = []
    for name, fan in drawn:
        start, end = _indices(fan, range_us)
        middle, top = fan.middle[start:end], fan.top[start:end]
        if not top or not max(top):
            continue
        at_us = fan.start_us + (start + top.index(max(top))) * fan.step_us
        said.append(f"{name}: at most {_amount(max(middle), percent)} in the middle run, {_amount(max(top), percent)} "
                    f"in one of twenty ({instant(at_us)})")  # fmt: skip
    return "; ".join(said) + "." if said else "Nothing to see in this range."


def _by_day(drawn: Sequence[tuple[str, Fan]], range_us: tuple[int, int], percent: bool) -> Table:
    titles = [f"#{name}, {which}" for name, _ in drawn for which in ("middle run", "one run in twenty")]
    found: dict[int, list[float]] = {}
    for i, (_, fan) in enumerate(drawn):
        start, end = _indices(fan, range_us)
        for step in range(start, end):
            cells = found.setdefault((fan.start_us + step * fan.step_us) // DAY_US, [0.0] * (2 * len(drawn)))
            cells[2 * i] = max(cells[2 * i], fan.middle[step])
            cells[2 * i + 1] = max(cells[2 * i + 1], fan.top[step])
    return Table(
        caption="Highest level of each day (UTC)",
        columns=columns("day", *titles),
        rows=tuple(
            row(day(number * DAY_US), *(_amount(value, percent) for value in cells))
            for number, cells in sorted(found.items())
        ),
    )


def _amount(value: float, percent: bool) -> str:
    return wording.share(value) if percent else wording.number(round(value, 2))


def _indices(fan: Fan, range_us: tuple[int, int]) -> tuple[int, int]:
    start = max(0, (range_us[0] - fan.start_us) // fan.step_us)
    end = min(len(fan.middle), -(-(range_us[1] - fan.start_us) // fan.step_us))
    return start, max(start, end)


def effort_rows(parts: Sequence[tuple[str, str]]) -> Block:
    """Return how an experiment was made, as a table."""
    return Table(
        caption="How this was made", columns=columns("what", "value"), rows=tuple(row(*each) for each in parts)
    )


def hours(at_us: int) -> str:
    """Return an instant, or a dash for none."""
    return instant(at_us) if at_us else NOTHING


def of_all(part: int, whole: int) -> str:
    """Return "3 of 20"."""
    return f"{count(part)} of {count(whole)}"


__all__ = [
    "HOUR_US", "TONES", "bands", "close_range", "comparison_table", "effort_rows", "fan_chart", "hours", "marks",
    "of_all", "parameters_table",
]  # fmt: skip
