"""Charts: lines, bars and spans over time or over names, as values that become plotly.js figures in the page.

Every chart comes with a summary in words and its numbers in a table, for those who do not see it. Colours are names of
the style sheet (`--series-1`), resolved in the browser, so that charts follow light, dark and print. Output is
deterministic: ids are the caller's, and nothing depends on the clock.

    Line, Bars   what is drawn (Fan: what many runs come to, as bands around the middle one)
    Band, Mark   windows and instants to show behind it, labelled by letters that the legend below explains
    Chart        all of it, with axes, summary and table
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from domain.calendar import SECOND_US
from web.blocks import Table
from web.words import moment

_NEAR = 0.022
"""Labels closer than this share of the axis become one label."""
_EDGE = 0.93
"""Labels beyond this share of the axis would be cut off on a narrow screen."""
_LEGEND_CHARACTERS = 110
"""About as many characters fit into a row of a legend."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity in equal steps of time from `start_us`. `tone` is a colour of the style sheet.

    `level` draws steps (a backlog); otherwise points are joined (a rate). `dashed` tells lines apart without colour.
    """

    name: str
    start_us: int
    step_us: int
    values: tuple[int | float, ...]
    tone: str
    filled: bool = False
    dashed: bool = False
    level: bool = False


class Bars(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity by name, drawn as horizontal bars; several of them are stacked. `pattern` tells them apart in grey."""

    name: str
    labels: tuple[str, ...]
    values: tuple[int | float, ...]
    tone: str
    pattern: str = ""


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity in equal steps of time, drawn as stacked columns."""

    name: str
    start_us: int
    step_us: int
    values: tuple[int | float, ...]
    tone: str
    pattern: str = ""


class Spans(msgspec.Struct, frozen=True, kw_only=True):
    """Spans of time in rows (a Gantt chart): (row, start, end) in microseconds UTC."""

    name: str
    spans: tuple[tuple[str, int, int], ...]
    tone: str
    pattern: str = ""


class Fan(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity over time in many runs: the middle one as a line, pairs of levels as bands, the widest pair first.

    `bands` are (name, lower values, upper values); all have the steps of `middle`.
    """

    name: str
    start_us: int
    step_us: int
    middle: tuple[float, ...]
    bands: tuple[tuple[str, tuple[float, ...], tuple[float, ...]], ...]
    tone: str
    dashed: bool = False


Trace = Line | Bars | Columns | Spans | Fan


class Band(msgspec.Struct, frozen=True):
    """A window of time shaded behind a chart; `text` says what it was."""

    start_us: int
    end_us: int
    text: str


class Mark(msgspec.Struct, frozen=True):
    """An instant marked by a dashed line with a short label."""

    at_us: int
    label: str


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A chart. `range_us` limits a time axis; `height` is in pixels."""

    block: ClassVar[str] = "chart"
    id: str
    title: str
    summary: str
    traces: tuple[Trace, ...]
    x_title: str
    y_title: str
    table: Table
    bands: tuple[Band, ...] = ()
    marks: tuple[Mark, ...] = ()
    range_us: tuple[int, int] | None = None
    y_format: str = ",d"
    height: int = 340

    @property
    def legend(self) -> tuple[tuple[str, str], ...]:
        """The bands as (letter, what it was), in order of time."""
        return tuple((letter(i), band.text) for i, band in enumerate(self.shown_bands))

    @property
    def shown_bands(self) -> tuple[Band, ...]:
        """The bands within the range, in order of time."""
        bands = sorted(self.bands, key=lambda band: (band.start_us, band.end_us, band.text))
        if self.range_us is None:
            return tuple(bands)
        first, last = self.range_us
        return tuple(band for band in bands if band.end_us > first and band.start_us < last)

    @property
    def specification(self) -> dict[str, Any]:
        """The figure in the terms of plotly.js; strings that start with "--" are colours of the style sheet."""
        return {"data": [drawn for trace in self.traces for drawn in _drawn(trace)], "layout": _layout(self)}


def letter(index: int) -> str:
    """Return the label of the n-th band: A to Z, then A2, B2, ..."""
    round_, place = divmod(index, len(_LETTERS))
    return _LETTERS[place] + (str(round_ + 1) if round_ else "")


def iso(at_us: int) -> str:
    """Return an instant as plotly.js takes it: UTC without a zone."""
    return f"{moment(at_us):%Y-%m-%d %H:%M:%S}"


def _drawn(trace: Trace) -> list[dict[str, Any]]:
    return _fan(trace) if isinstance(trace, Fan) else [_trace(trace)]


def _fan(fan: Fan) -> list[dict[str, Any]]:
    """Return a fan as edges with the room between each pair filled, and the middle on top."""
    place = {"type": "scatter", "mode": "lines", "x0": iso(fan.start_us), "dx": fan.step_us // 1000}
    drawn: list[dict[str, Any]] = []
    for name, lower, upper in fan.bands:
        edge = {"color": fan.tone, "width": 0}
        drawn.append(place | {"y": lower, "line": edge, "showlegend": False, "hoverinfo": "skip"})
        drawn.append(
            place | {"y": upper, "line": edge, "name": f"{fan.name}, {name}", "fill": "tonexty",
                     "fillcolor": f"{fan.tone}-soft", "showlegend": False, "hoverinfo": "skip"}
        )  # fmt: skip
    line = {"color": fan.tone, "width": 2, "dash": "dash" if fan.dashed else "solid"}
    hover = "%{y:,.3~f}<extra>%{fullData.name}</extra>"
    return [*drawn, place | {"y": fan.middle, "line": line, "name": fan.name, "hovertemplate": hover}]


def _trace(trace: Line | Bars | Columns | Spans) -> dict[str, Any]:
    if isinstance(trace, Line):
        return _line(trace)
    if isinstance(trace, Columns):
        return _columns(trace)
    if isinstance(trace, Spans):
        return _spans(trace)
    return {
        "type": "bar", "orientation": "h", "name": trace.name, "x": trace.values, "y": trace.labels,
        "marker": _marker(trace.tone, trace.pattern), "hovertemplate": "%{y}: %{x:,}<extra>%{fullData.name}</extra>",
    }  # fmt: skip


def _line(line: Line) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "type": "scatter", "mode": "lines", "name": line.name, "x0": iso(line.start_us), "dx": line.step_us // 1000,
        "y": line.values, "line": {"color": line.tone, "width": 2, "dash": "dash" if line.dashed else "solid"},
        "hovertemplate": "%{y:,}<extra>%{fullData.name}</extra>",
    }  # fmt: skip
    if line.level:
        drawn["line"]["shape"] = "hv"
    if line.filled:
        drawn |= {"fill": "tozeroy", "fillcolor": f"{line.tone}-soft"}
    return drawn


def _columns(columns: Columns) -> dict[str, Any]:
    return {
        "type": "bar", "name": columns.name, "x0": iso(columns.start_us), "dx": columns.step_us // 1000,
        "y": columns.values, "offset": 0, "width": columns.step_us // 1000,
        "marker": _marker(columns.tone, columns.pattern), "hovertemplate": "%{y:,}<extra>%{fullData.name}</extra>",
    }  # fmt: skip


def _spans(spans: Spans) -> dict[str, Any]:
    return {
        "type": "bar", "orientation": "h", "name": spans.name, "y": [row for row, _, _ in spans.spans],
        "base": [iso(start_us) for _, start_us, _ in spans.spans],
        "x": [(end_us - start_us) // 1000 for _, start_us, end_us in spans.spans],
        "marker": _marker(spans.tone, spans.pattern), "width": 0.6,
        "hovertemplate": "%{y}<br>from %{base|%d %b %H:%M} to %{x|%d %b %H:%M}<extra>%{fullData.name}</extra>",
    }  # fmt: skip


def _marker(tone: str, pattern: str) -> dict[str, Any]:
    marker: dict[str, Any] = {"color": tone, "line": {"width": 0}}
    if pattern:
        marker["pattern"] = {
            "shape": pattern,
            "fgcolor": "--surface",
            "fillmode": "overlay",
            "size": 6,
            "solidity": 0.3,
        }
    return marker


def _layout(chart: Chart) -> dict[str, Any]:
    is_timed = any(not isinstance(trace, Bars) for trace in chart.traces)
    is_named = any(isinstance(trace, (Bars, Spans)) for trace in chart.traces)
    axis = {
        "gridcolor": "--grid", "linecolor": "--line", "zeroline": False, "automargin": True,
        "tickfont": {"color": "--muted"},
    }  # fmt: skip
    x_axis: dict[str, Any] = {**axis, "title": _title(chart.x_title), "showgrid": not is_timed or is_named}
    if is_timed:
        x_axis |= {"type": "date", "hoverformat": "%a %d %b %Y %H:%M UTC", "ticks": "outside", "tickcolor": "--line"}
    else:
        x_axis |= {"rangemode": "tozero", "tickformat": ",d"}
    y_axis: dict[str, Any] = {**axis, "title": _title(chart.y_title)}
    y_axis |= {"autorange": "reversed", "showgrid": False, "type": "category"} if is_named else {}
    y_axis |= {} if is_named else {"rangemode": "tozero", "tickformat": chart.y_format}
    first, last = range_of(chart)
    if is_timed:
        x_axis["range"] = [iso(first), iso(last)]
    return {
        "height": chart.height, "barmode": "overlay" if _is_gantt(chart) else "stack", "bargap": 0.25,
        "hovermode": "closest" if is_named else "x unified", "dragmode": False,
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "--ink"},
        "hoverlabel": {"bgcolor": "--surface", "bordercolor": "--line", "font": {"color": "--ink"}},
        "margin": {"l": 56, "r": 16, "t": _top(chart), "b": _bottom(chart)},
        "showlegend": len(chart.traces) > 1,
        "legend": {
            "orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "traceorder": "normal",
        },
        "xaxis": x_axis, "yaxis": y_axis,
        "shapes": [*map(_shape, chart.shown_bands), *(_rule(mark) for mark in _inside(chart))],
        "annotations": [*_band_labels(chart, first, last), *_mark_labels(chart, first, last)],
    }  # fmt: skip


def _is_gantt(chart: Chart) -> bool:
    return all(isinstance(trace, Spans) for trace in chart.traces)


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "font": {"color": "--muted", "size": 12}, "standoff": 10}


def _top(chart: Chart) -> int:
    return 12 + 20 * bool(chart.bands) + 18 * bool(chart.marks)


def _bottom(chart: Chart) -> int:
    """Return the room below a chart: for the axis with its title, and for the rows of the legend."""
    names = [each["name"] for trace in chart.traces for each in _drawn(trace) if each.get("showlegend", True)]
    rows = -(-sum(len(name) + 8 for name in names) // _LEGEND_CHARACTERS)
    return 66 + 22 * rows * (len(names) > 1)


def range_of(chart: Chart) -> tuple[int, int]:
    """Return the first and last instant of a chart's time axis."""
    if chart.range_us is not None:
        return chart.range_us
    edges: list[int] = []
    for trace in chart.traces:
        if isinstance(trace, (Line, Columns)):
            edges += (trace.start_us, trace.start_us + trace.step_us * len(trace.values))
        elif isinstance(trace, Fan):
            edges += (trace.start_us, trace.start_us + trace.step_us * len(trace.middle))
        elif isinstance(trace, Spans):
            edges += [edge for _, start_us, end_us in trace.spans for edge in (start_us, end_us)]
    return (min(edges), max(edges)) if edges else (0, SECOND_US)


def _shape(band: Band) -> dict[str, Any]:
    return {
        "type": "rect", "layer": "below", "xref": "x", "yref": "paper", "x0": iso(band.start_us),
        "x1": iso(band.end_us), "y0": 0, "y1": 1, "fillcolor": "--band", "line": {"width": 1, "color": "--band-line"},
    }  # fmt: skip


def _rule(mark: Mark) -> dict[str, Any]:
    return {
        "type": "line", "xref": "x", "yref": "paper", "x0": iso(mark.at_us), "x1": iso(mark.at_us), "y0": 0, "y1": 1,
        "line": {"width": 1, "color": "--muted", "dash": "dot"},
    }  # fmt: skip


def _inside(chart: Chart) -> list[Mark]:
    first, last = range_of(chart)
    return sorted((mark for mark in chart.marks if first <= mark.at_us <= last), key=lambda mark: mark.at_us)


def _band_labels(chart: Chart, first: int, last: int) -> list[dict[str, Any]]:
    middles = [
        ((max(band.start_us, first) + min(band.end_us, last)) // 2, letter(i))
        for i, band in enumerate(chart.shown_bands)
    ]
    return [_label(at_us, text, 2, "--bad", (first, last)) for at_us, text in merged(middles, last - first)]


def _mark_labels(chart: Chart, first: int, last: int) -> list[dict[str, Any]]:
    points = [(mark.at_us, mark.label) for mark in _inside(chart)]
    shift = 20 if chart.shown_bands else 2
    return [_label(at_us, text, shift, "--muted", (first, last)) for at_us, text in merged(points, last - first)]


def _label(at_us: int, text: str, shift: int, colour: str, range_us: tuple[int, int]) -> dict[str, Any]:
    """Return a label above the plot; one near the right edge ends at its place, so that it stays in sight."""
    is_last = at_us > range_us[0] + (range_us[1] - range_us[0]) * _EDGE
    return {
        "xref": "x", "yref": "paper", "x": iso(at_us), "y": 1, "yshift": shift, "yanchor": "bottom", "text": text,
        "showarrow": False, "xanchor": "right" if is_last and len(text) > 2 else "center",
        "font": {"color": colour, "size": 12},
    }  # fmt: skip


def merged(labels: Sequence[tuple[int, str]], span_us: int) -> list[tuple[int, str]]:
    """Join the labels that would touch each other, so that none lies over another."""
    groups: list[list[tuple[int, str]]] = []
    for at_us, text in sorted(labels):
        room = span_us * _NEAR * (1 + sum(len(other) for _, other in groups[-1]) / 4) if groups else 0
        if groups and at_us - groups[-1][-1][0] < room:
            groups[-1].append((at_us, text))
        else:
            groups.append([(at_us, text)])
    return [((group[0][0] + group[-1][0]) // 2, ", ".join(text for _, text in group)) for group in groups]
