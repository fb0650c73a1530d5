"""Pictures are made from the tables, and the committed ones are what the tables give today."""

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from domain.charts import CHARTS, INVOICE, QUOTE, Chart
from domain.charts.layout import label_width, layout, ranks
from domain.charts.picture import main, mermaid, page, pictures, table
from domain.charts.svg import describe, svg

COMMITTED = Path(__file__).parents[3] / "docs" / "charts"
EVERY_CHART = pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS.keys())
SVG = "{http://www.w3.org/2000/svg}"


def test_the_committed_pictures_equal_what_the_tables_generate() -> None:
    drawn = pictures(CHARTS)
    committed = {path.name: path.read_text(encoding="utf-8") for path in COMMITTED.iterdir()}
    stale = sorted(name for name in drawn.keys() | committed.keys() if drawn.get(name) != committed.get(name))
    assert not stale, "run: python -m domain.charts.picture docs/charts"


@EVERY_CHART
def test_a_picture_names_every_state_and_trigger_once_per_place(chart: Chart) -> None:
    texts = [node.text for node in ElementTree.fromstring(svg(chart)).iter(f"{SVG}text")]
    assert set(chart.states) <= set(texts)
    assert {row.trigger for row in chart.transitions} <= set(texts)


@EVERY_CHART
def test_a_picture_reads_aloud(chart: Chart) -> None:
    root = ElementTree.fromstring(svg(chart))
    assert root.get("role") == "img"
    named = [root.find(f"{SVG}{part}") for part in ("title", "desc")]
    assert root.get("aria-labelledby") == " ".join(node.get("id", "") for node in named if node is not None)
    assert root.findtext(f"{SVG}desc") == describe(chart)
    assert all(f"{row.source} to {row.target} by {row.trigger}" in describe(chart) for row in chart.transitions)


@EVERY_CHART
def test_a_picture_needs_nothing_from_outside(chart: Chart) -> None:
    assert not re.search(r"href|url\(|<script|<image|@import", svg(chart))


@EVERY_CHART
def test_boxes_of_a_row_and_labels_below_a_box_do_not_overlap(chart: Chart) -> None:
    plan = layout(chart)
    for row in {node.row for node in plan.nodes}:
        spans = sorted((plan.left[n.key], plan.left[n.key] + plan.width[n.key]) for n in plan.nodes if n.row == row)
        assert all(one[1] <= two[0] for one, two in pairwise(spans))
    for node in plan.nodes:
        labels = sorted((x, port.label) for port, x in plan.port_x.items() if port.node == node.key and port.label)
        assert all(one[0] + label_width(one[1]) <= two[0] + 0.2 for one, two in pairwise(labels))


@EVERY_CHART
def test_a_state_without_exits_stands_below_all_that_lead_to_it(chart: Chart) -> None:
    row = ranks(chart)
    for step in chart.transitions:
        if chart.is_final(step.target):
            assert row[step.source] < row[step.target]


def test_mermaid_lists_every_transition_between_start_and_end() -> None:
    lines = mermaid(QUOTE).splitlines()
    assert lines[:2] == ["stateDiagram-v2", "    [*] --> draft"]
    assert "    draft --> submitted : submit" in lines
    assert len(lines) == 2 + len(QUOTE.transitions) + len(QUOTE.terminal)


def test_the_table_marks_what_ends_and_what_may_be_reopened() -> None:
    text = table(INVOICE)
    assert "| posted | paid (T*) | `pay` | balance = 0 | `payment.applied` |" in text
    assert "voided (T)" in text


def test_the_page_says_what_was_read_into_the_text() -> None:
    text = page(CHARTS.values())
    assert all(note in text for chart in CHARTS.values() for note in chart.notes)


def test_the_command_writes_every_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "charts")]) == 0
    assert {path.name for path in (tmp_path / "charts").iterdir()} == pictures(CHARTS).keys()
    assert "19 charts" in capsys.readouterr().out


def test_the_command_asks_for_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
