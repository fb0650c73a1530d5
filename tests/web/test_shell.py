"""A page is one file that needs nothing else, reads well without eyes, and shows hostile names as what they are."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from typing import Any

import pytest

from domain.calendar import SECOND_US
from tests.web.pages import Outline
from web.blocks import Cell, Figure, Figures, Fold, Group, Items, Section, Step, Story, Table, Text, columns, row
from web.charts import Band, Bars, Chart, Columns, Line, Mark, Spans
from web.embedding import chart_library
from web.shell import Page, render

HOSTILE = "</script><img src=x onerror=alert(1)>\"' & <b>"
HOUR_US = 3600 * SECOND_US


def _table(caption: str = "Rows") -> Table:
    return Table(
        caption=caption, columns=columns("name", "#count"), rows=(row(HOSTILE, "1"), row("b", Cell("2", "bad")))
    )


def _chart(key: str = "load", **more: object) -> Chart:
    line = Line(name=HOSTILE, start_us=0, step_us=HOUR_US, values=(1, 2, 3), tone="--series-1", filled=True, level=True)
    values: dict[str, object] = {
        "id": key, "title": HOSTILE, "summary": HOSTILE, "traces": (line,), "x_title": "time", "y_title": "n",
        "table": _table(), "bands": (Band(HOUR_US, 2 * HOUR_US, HOSTILE),), "marks": (Mark(HOUR_US, HOSTILE),), **more,
    }  # fmt: skip
    return Chart(**values)  # type: ignore[arg-type]


def _page(*blocks: Any) -> Page:
    everything = blocks or (
        Text(HOSTILE, "bad"),
        Figures((Figure(label=HOSTILE, value=HOSTILE, note=HOSTILE, tone="good"),)),
        Items((HOSTILE,)),
        _table(HOSTILE),
        Table(caption="Empty", columns=columns("a"), rows=(), empty=HOSTILE),
        _chart(),
        Group(HOSTILE, (Text("inside"), Fold(HOSTILE, (_chart("folded"),)))),
        Story(title=HOSTILE, sentence=HOSTILE, steps=(Step("now", HOSTILE),), more=HOSTILE),
    )
    return Page(
        title=HOSTILE, kind=HOSTILE, lede=HOSTILE, sections=(Section("one", HOSTILE, everything),), footer=HOSTILE
    )


def test_a_page_asks_for_nothing_from_anywhere() -> None:
    outline = Outline(render(_page()))
    assert {address for address in outline.loaded if not address.startswith("#")} == set()
    assert {"link", "iframe", "img", "object", "embed", "base"}.isdisjoint(tag for tag, _ in outline.tags)
    own = "".join(text for text in outline.scripts if "Plotly.react" in text)
    assert not re.search(r"https?:|fetch\(|XMLHttpRequest|import\s*\(|@import", own)


def test_the_policy_of_a_page_allows_its_own_programs_and_no_request() -> None:
    page = render(_page())
    outline = Outline(page)
    policy = next(a["content"] for t, a in outline.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "script-src 'unsafe-inline'" not in policy
    programs = re.findall(r"<script>(.*?)</script>", page, flags=re.S)
    assert len(programs) == 2
    packed = next(text for text in outline.scripts if text.startswith("H4sI"))
    library = gzip.decompress(base64.b64decode(packed)).decode()
    assert library == chart_library()
    for program in [*programs, library]:
        digest = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_a_hostile_name_is_shown_as_text_everywhere() -> None:
    page = render(_page())
    outline = Outline(page)
    assert outline.unclosed == []
    assert outline.count("img") == 0
    assert outline.count("b") == 2  # the letters of the two charts' bands
    assert outline.text.count(HOSTILE) >= 15
    assert "onerror=alert(1)>" not in page


def test_the_figures_inside_a_page_are_whole_json() -> None:
    outline = Outline(render(_page()))
    figures = [json.loads(text) for text in outline.scripts if text.startswith("{")]
    assert [figure["data"][0]["name"] for figure in figures] == [HOSTILE, HOSTILE]


def test_headings_are_in_order_and_ids_differ() -> None:
    outline = Outline(render(_page()))
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(outline.headings, outline.headings[1:], strict=False))
    assert len(outline.ids) == len(set(outline.ids))
    targets = [address[1:] for address in outline.loaded if address.startswith("#")]
    assert set(targets) <= set(outline.ids)


def test_tables_have_captions_and_headers_with_a_scope() -> None:
    outline = Outline(render(_page()))
    assert outline.count("table") == outline.count("caption") == 3
    assert all(attributes.get("scope") in ("row", "col") for tag, attributes in outline.tags if tag == "th")
    assert outline.count("th") == 3 * (2 + 2)


def test_charts_say_their_summary_and_their_numbers() -> None:
    outline = Outline(render(_page(_chart())))
    images = [attributes for _, attributes in outline.tags if attributes.get("role") == "img"]
    assert [
        image["aria-describedby"] in outline.ids and image["aria-labelledby"] in outline.ids for image in images
    ] == [True]
    assert outline.count("details") == 1


def test_a_page_has_landmarks_a_language_and_a_way_past_its_navigation() -> None:
    outline = Outline(render(_page()))
    for landmark in ("header", "nav", "main", "footer"):
        assert outline.count(landmark) == 1
    assert ("html", {"lang": "en"}) in outline.tags
    first_link = next(attributes for tag, attributes in outline.tags if tag == "a")
    assert first_link == {"class": "skip", "href": "#main"}


def test_equal_pages_are_equal_to_the_last_byte_and_carry_the_library_once() -> None:
    page = render(_page())
    assert page == render(_page())
    assert page.count("plotly.js v") == 1
    assert len(page) < 2_500_000


def test_a_page_without_charts_carries_no_program() -> None:
    outline = Outline(render(_page(Text("hello"))))
    assert outline.count("script") == 0
    assert any("script-src 'none'" in attributes.get("content", "") for _, attributes in outline.tags)


def test_two_charts_of_one_name_are_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="two charts"):
        render(_page(_chart(), _chart()))


def test_a_row_that_does_not_fit_its_columns_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="2 columns"):
        Table(caption="t", columns=columns("a", "b"), rows=(row("1"),))


def test_every_kind_of_trace_can_be_drawn() -> None:
    traces = (
        Bars(name="bars", labels=("a", "b"), values=(1, 2), tone="--series-1", pattern="/"),
        Columns(name="columns", start_us=0, step_us=HOUR_US, values=(1, 2), tone="--series-2"),
        Spans(name="spans", spans=(("erp", 0, HOUR_US),), tone="--bad"),
    )
    page = render(_page(*(_chart(f"chart{i}", traces=(trace,), bands=(), marks=()) for i, trace in enumerate(traces))))
    figures = [json.loads(text) for text in Outline(page).scripts if text.startswith("{")]
    assert [figure["data"][0]["type"] for figure in figures] == ["bar", "bar", "bar"]
    assert figures[2]["data"][0]["base"] == ["1970-01-01 00:00:00"]
    assert figures[2]["data"][0]["x"] == [HOUR_US // 1000]
