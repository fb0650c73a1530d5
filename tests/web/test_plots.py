"""Plots without time: what is drawn is what is said, and colours stay names of the style sheet."""

from __future__ import annotations

import json

from web.blocks import Section, Table, columns
from web.charts import Chart
from web.charts import Fan as TimeFan
from web.plots import Curve, Heat, Plot, Rule, Swings, Trace
from web.shell import Page, render

TABLE = Table(caption="c", columns=columns("a"), rows=())


def _plot(trace: Trace, **more: object) -> Plot:
    values: dict[str, object] = {
        "id": "p", "title": "t", "summary": "s", "x_title": "x", "y_title": "y", "traces": (trace,), "table": TABLE,
        **more,
    }  # fmt: skip
    return Plot(**values)  # type: ignore[arg-type]


def test_a_curve_shows_its_intervals_and_the_bound_it_is_held_against() -> None:
    curve = Curve(name="kept", x=(5.0, 7.0), y=(0.9, 0.99), half_widths=(0.01, 0.002), tone="--series-1")
    figure = _plot(curve, rules=(Rule(0.95, "95 %"),)).specification
    assert figure["data"][0]["error_y"]["array"] == (0.01, 0.002)
    assert figure["layout"]["shapes"][0]["y0"] == 0.95
    assert figure["layout"]["annotations"][0]["text"] == "95 %"


def test_a_tornado_keeps_the_order_of_its_rows() -> None:
    swings = Swings(name="n", labels=("a", "b"), values=(3.0, -1.0), half_widths=(0.1, 0.2), tone="--series-1")
    layout = _plot(swings).specification["layout"]
    assert layout["yaxis"]["autorange"] == "reversed"
    assert layout["xaxis"]["zeroline"]


def test_a_heat_map_says_its_values_and_leaves_gaps_where_nothing_was_played() -> None:
    heat = Heat(name="n", x=("1", "2"), y=("a",), values=((0.5, None),), texts=(("50 %", "unstable"),), worst_low=True)
    (drawn,) = _plot(heat).specification["data"]
    assert json.loads(json.dumps(drawn["z"])) == [[0.5, None]]
    assert drawn["colorscale"] == [[0, "--heat-high"], [1, "--heat-low"]]


def test_a_fan_is_drawn_from_its_widest_band_to_its_middle() -> None:
    fan = TimeFan(
        name="waiting", start_us=0, step_us=3_600_000_000, middle=(1.0, 2.0), tone="--series-1",
        bands=(("9 in 10", (0.0, 1.0), (3.0, 4.0)), ("half", (0.5, 1.5), (1.5, 2.5))),
    )  # fmt: skip
    chart = Chart(id="f", title="t", summary="s", x_title="x", y_title="y", table=TABLE, traces=(fan,))
    drawn = chart.specification["data"]
    assert [each["y"] for each in drawn] == [(0.0, 1.0), (3.0, 4.0), (0.5, 1.5), (1.5, 2.5), (1.0, 2.0)]
    assert [each.get("fill") for each in drawn] == [None, "tonexty", None, "tonexty", None]
    assert [each["name"] for each in drawn if each.get("showlegend", True)] == ["waiting"]


def test_a_page_with_plots_brings_the_library_and_nothing_from_elsewhere() -> None:
    curve = Curve(name="</script>", x=(1.0,), y=(1.0,), half_widths=(0.0,), tone="--series-1")
    page = Page(title="t", kind="k", sections=(Section("s", "S", (_plot(curve),)),))
    html = render(page)
    assert html.count("data-chart=") >= 1
    assert "</script>" not in html.partition('data-chart="chart-p">')[2].partition("</script>")[0]
    assert "Plotly" in html
