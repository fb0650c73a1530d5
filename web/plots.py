"""Plots: charts whose axes are numbers or names instead of time: curves, bars from a middle, heat maps.

They are blocks like the charts over time and go through the same template: title, summary in words, picture, numbers in
a table. Colours are names of the style sheet.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from web.blocks import Table


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity against a number, with the half-width of each value's interval; `names` label the values instead."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    half_widths: tuple[float, ...]
    tone: str
    dashed: bool = False
    names: tuple[str, ...] = ()


class Swings(msgspec.Struct, frozen=True, kw_only=True):
    """Bars to both sides of a middle, one a row (a tornado): what moves a quantity up or down, with half-widths."""

    name: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    half_widths: tuple[float, ...]
    tone: str
    pattern: str = ""


class Heat(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity by two parameters: a row of values for each y; `texts` are what stands in the cells.

    None is a cell without a value. More is darker; `worst_low` turns that round where less is worse.
    """

    name: str
    x: tuple[str, ...]
    y: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    texts: tuple[tuple[str, ...], ...]
    worst_low: bool = False


Trace = Curve | Swings | Heat


class Rule(msgspec.Struct, frozen=True):
    """A straight line across the plot at a value of the y axis (or of the x axis): a bound, or where things are now."""

    at: float
    label: str
    upright: bool = False


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """A plot. `y_format` and `x_format` are how plotly.js writes numbers on the axes."""

    block: ClassVar[str] = "chart"
    id: str
    title: str
    summary: str
    traces: tuple[Trace, ...]
    x_title: str
    y_title: str
    table: Table
    rules: tuple[Rule, ...] = ()
    x_format: str = ""
    y_format: str = ""
    height: int = 340

    @property
    def legend(self) -> tuple[tuple[str, str], ...]:
        """Nothing: a plot shades no windows of time."""
        return ()

    @property
    def specification(self) -> dict[str, Any]:
        """The figure in the terms of plotly.js; strings that start with "--" are colours of the style sheet."""
        return {"data": [_drawn(trace) for trace in self.traces], "layout": _layout(self)}


def _drawn(trace: Trace) -> dict[str, Any]:
    if isinstance(trace, Curve):
        return _curve(trace)
    return _swings(trace) if isinstance(trace, Swings) else _heat(trace)


def _curve(curve: Curve) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines+markers", "name": curve.name, "x": curve.names or curve.x, "y": curve.y,
        "line": {"color": curve.tone, "width": 2, "dash": "dash" if curve.dashed else "solid"},
        "marker": {"size": 7, "symbol": "diamond" if curve.dashed else "circle", "color": curve.tone},
        "error_y": {"type": "data", "array": curve.half_widths, "color": curve.tone, "thickness": 1.5, "width": 4},
    }  # fmt: skip


def _swings(swings: Swings) -> dict[str, Any]:
    marker: dict[str, Any] = {"color": swings.tone, "line": {"width": 0}}
    if swings.pattern:
        marker["pattern"] = {"shape": swings.pattern, "fgcolor": "--surface", "fillmode": "overlay", "size": 6}
    return {
        "type": "bar", "orientation": "h", "name": swings.name, "x": swings.values, "y": swings.labels,
        "marker": marker, "hovertemplate": "%{y}: %{x:,.4~g}<extra>%{fullData.name}</extra>",
        "error_x": {"type": "data", "array": swings.half_widths, "color": "--muted", "thickness": 1.5, "width": 4},
    }  # fmt: skip


def _heat(heat: Heat) -> dict[str, Any]:
    pale, full = ("--heat-high", "--heat-low") if heat.worst_low else ("--heat-low", "--heat-high")
    return {
        "type": "heatmap", "name": heat.name, "x": heat.x, "y": heat.y, "z": heat.values, "text": heat.texts,
        "texttemplate": "%{text}", "hoverongaps": False, "xgap": 2, "ygap": 2, "showscale": False,
        "colorscale": [[0, pale], [1, full]], "textfont": {"color": "--ink", "size": 13},
        "hovertemplate": "%{x}, %{y}: %{text}<extra></extra>",
    }  # fmt: skip


def _layout(plot: Plot) -> dict[str, Any]:
    is_rows = any(isinstance(trace, Swings) for trace in plot.traces)
    is_heat = any(isinstance(trace, Heat) for trace in plot.traces)
    is_named = is_heat or any(isinstance(trace, Curve) and trace.names for trace in plot.traces)
    axis = {
        "gridcolor": "--grid", "linecolor": "--line", "automargin": True, "tickfont": {"color": "--muted"},
        "zerolinecolor": "--muted", "zeroline": is_rows,
    }  # fmt: skip
    x_axis: dict[str, Any] = {**axis, "title": _title(plot.x_title), "tickformat": plot.x_format}
    y_axis: dict[str, Any] = {**axis, "title": _title(plot.y_title), "tickformat": plot.y_format}
    if is_named:
        x_axis |= {"type": "category"}
    if is_rows or is_heat:
        y_axis |= {"type": "category", "showgrid": False}
    if is_rows:
        y_axis |= {"autorange": "reversed"}
    else:
        x_axis |= {"showgrid": False}
    many = len(plot.traces) > 1
    return {
        "height": plot.height, "barmode": "overlay", "bargap": 0.3, "dragmode": False, "hovermode": "closest",
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "--ink"},
        "hoverlabel": {"bgcolor": "--surface", "bordercolor": "--line", "font": {"color": "--ink"}},
        "margin": {"l": 56, "r": 20, "t": 30 if plot.rules else 14, "b": 92 if many else 66},
        "showlegend": many,
        "legend": {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom"},
        "xaxis": x_axis, "yaxis": y_axis,
        "shapes": [_rule(rule) for rule in plot.rules],
        "annotations": [_rule_label(rule) for rule in plot.rules],
    }  # fmt: skip


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "font": {"color": "--muted", "size": 12}, "standoff": 10}


def _rule(rule: Rule) -> dict[str, Any]:
    across = {"xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": rule.at, "y1": rule.at}
    upright = {"xref": "x", "yref": "paper", "x0": rule.at, "x1": rule.at, "y0": 0, "y1": 1}
    line = {"width": 1, "color": "--bad", "dash": "dot"}
    return {"type": "line", "line": line, **(upright if rule.upright else across)}


def _rule_label(rule: Rule) -> dict[str, Any]:
    across = {"xref": "paper", "yref": "y", "x": 1, "y": rule.at, "xanchor": "right", "yanchor": "bottom"}
    upright = {"xref": "x", "yref": "paper", "x": rule.at, "y": 1, "xanchor": "center", "yanchor": "bottom"}
    font = {"color": "--bad", "size": 12}
    return {"text": rule.label, "showarrow": False, "font": font, **(upright if rule.upright else across)}
