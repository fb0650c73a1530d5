"""The reports of experiments in a real browser: charts are drawn, all can read, nothing leaves, data stays text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from q2c.experiments.page import html_of
from simulator.experiments.answers import Experiment
from tests.browser.looks import CONTRAST, HEADINGS, NAMELESS, UNTITLED
from tests.q2c.experiments.examples import HOSTILE, every_kind, experiment, happened

KINDS = [pytest.param(each, id=type(each.question).__name__) for each in every_kind()]
DRAWN = """
() => [...document.querySelectorAll("script[data-chart]")].filter((source) => {
  const place = document.getElementById(source.dataset.chart);
  return place.clientWidth && !place.querySelector("svg .plot, svg.main-svg");
}).map((source) => source.dataset.chart)
"""
"""Charts in sight that were not drawn."""
PAINTED = """
() => [...document.querySelectorAll(".chart svg [style]")].filter((node) => node.getAttribute("style").includes("--"))
  .map((node) => node.outerHTML.slice(0, 120))
"""
"""Parts of charts whose colour is still the name of a colour."""


class Visit:
    """One look at a report: what the browser complained about, and whom it asked."""

    def __init__(self, chromium: Any, folder: Path, shown: Experiment, **options: Any) -> None:
        path = folder / "report.html"
        path.write_text(html_of(shown), encoding="utf-8")
        self.context = chromium.new_context(**options)
        self.context.set_default_timeout(120_000)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.add(request.url))
        self.page.goto(path.as_uri())
        self.own = {path.as_uri()}


@pytest.mark.parametrize("shown", KINDS)
def test_a_report_is_drawn_and_read_in_light_in_dark_and_on_a_telephone(
    chromium: Any, tmp_path: Path, shown: Experiment
) -> None:
    visit = Visit(chromium, tmp_path, shown, viewport={"width": 1280, "height": 800})
    for fold in visit.page.locator("details.fold > summary").all():
        fold.click()
    visit.page.wait_for_function(f"() => ({DRAWN})().length === 0")
    assert visit.page.evaluate(PAINTED) == []
    for question in (NAMELESS, HEADINGS, UNTITLED):
        assert visit.page.evaluate(question) == []
    for scheme in ("light", "dark"):
        visit.page.emulate_media(color_scheme=scheme)
        assert visit.page.evaluate(CONTRAST) >= 4.5, scheme
    visit.page.set_viewport_size({"width": 380, "height": 800})
    narrow = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    visit.page.wait_for_function(narrow)  # charts follow the screen a moment later
    assert visit.complaints == []
    assert visit.asked == visit.own
    visit.context.close()


def test_the_answer_is_in_sight_and_hostile_names_stay_text_in_charts_too(chromium: Any, tmp_path: Path) -> None:
    cost = msgspec.structs.replace(happened().costs[0], trouble=HOSTILE)
    visit = Visit(chromium, tmp_path, experiment(happened(costs=(cost,))), viewport={"width": 1280, "height": 800})
    box = visit.page.locator("#answer .figures").bounding_box()
    assert box["y"] + box["height"] < 800
    visit.page.wait_for_function(f"() => ({DRAWN})().length === 0")
    assert visit.page.evaluate("window.hit") is None
    assert HOSTILE in visit.page.inner_text("#faults")
    visit.context.close()


def test_paper_shows_what_is_folded_away_on_the_screen(chromium: Any, tmp_path: Path) -> None:
    visit = Visit(chromium, tmp_path, experiment(happened()), viewport={"width": 1280, "height": 800})
    count_open = "() => document.querySelectorAll('details.fold[open]').length"
    folds = visit.page.locator("details.fold").count()
    visit.page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert visit.page.evaluate(count_open) == folds > 0
    visit.page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert visit.page.evaluate(count_open) == 0
    visit.context.close()
