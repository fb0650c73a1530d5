"""The report answers first, reads without eyes, needs no network, and is equal for equal histories."""

from __future__ import annotations

import re
import time

import pytest

from q2c.report.gathered import Gathered
from q2c.report.page import html_of, page_of
from q2c.report.sections.answer import cost_sentences
from tests.contracts.checks.build import clean
from tests.q2c.report.examples import broken, gathered, hostile, troubled
from tests.web.pages import Outline
from web.blocks import Fold, Table

HOSTILE = "</script><img src=x onerror=alert(1)>"
_MAKERS = (troubled, broken, lambda: hostile(HOSTILE), lambda: gathered([], faults=()))


@pytest.fixture(params=range(len(_MAKERS)))
def report(request: pytest.FixtureRequest) -> Gathered:
    """Several runs, an empty one among them."""
    return _MAKERS[request.param]()


def test_a_report_is_sound_accessible_and_offline(report: Gathered) -> None:
    outline = Outline(html_of(report))
    assert outline.unclosed == []
    assert all(address.startswith("#") for address in outline.loaded)
    assert outline.headings.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(outline.headings, outline.headings[1:], strict=False))
    assert outline.count("table") == outline.count("caption") > 0
    assert all(attributes.get("scope") for tag, attributes in outline.tags if tag == "th")
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.count("img") == 0


def test_hostile_names_are_text_wherever_they_are_shown() -> None:
    page = html_of(hostile(HOSTILE))
    assert Outline(page).text.count(HOSTILE) > 5
    assert HOSTILE not in page


def test_the_first_thing_a_report_says_is_the_verdict() -> None:
    text = Outline(html_of(broken())).text
    assert text.index("BROKEN: Do not go live like this") < text.rindex("Load and cut-off")
    assert "One order per quote" in text
    titles = [section.title for section in page_of(broken()).sections]
    assert titles[:2] == ["Verdict", "What broke, and how"]


def test_rules_that_hold_are_folded_away_and_broken_ones_are_in_sight() -> None:
    rules = next(section for section in page_of(broken()).sections if section.id == "checks")
    tables = [block for block in rules.blocks if isinstance(block, Table)]
    folds = [block.title for block in rules.blocks if isinstance(block, Fold)]
    assert [table.caption for table in tables] == ["Rules that do not hold"]
    assert "S1 One order per quote" in [row[0].text for row in tables[0].rows]
    assert [title.rpartition(" (")[0] for title in folds[:2]] == ["Rules that hold", "Rules not judged"]


def test_a_report_names_the_cut_off_in_local_time_and_the_windows() -> None:
    text = Outline(html_of(troubled())).text
    assert "Fri 1 Jan 00:00 New York" in text
    assert "billing is down, Wed 2 Dec 15:10 to 15:16 UTC" in text
    assert "latency times 8" in text


def test_equal_histories_give_equal_reports() -> None:
    assert html_of(troubled()) == html_of(troubled())


def test_a_run_without_trouble_has_nothing_to_tell_of_it() -> None:
    page = page_of(gathered(clean()))
    assert "broken" not in [section.id for section in page.sections]
    text = Outline(html_of(gathered(clean()))).text
    assert "No fault was planned" in text
    assert "Nobody had to handle an exception." in text


def test_a_black_box_tells_nothing_of_its_cases() -> None:
    text = Outline(html_of(gathered(clean(), inside=False))).text
    assert "this one is a black box" in text


def test_a_report_says_nothing_of_the_clock_or_the_machine() -> None:
    page = re.sub(r"<script>.*?</script>", "", html_of(troubled()), flags=re.S)
    assert time.strftime("%Y-%m-%d") not in page
    assert "/home/" not in page


def test_trouble_that_was_planned_and_never_struck_is_told_beside_the_verdict() -> None:
    told = cost_sentences(troubled())
    assert "Not exercised, because it was planned and never struck: refused (billing) and brownout (tax)." in told
    assert not any("Not exercised" in sentence for sentence in cost_sentences(gathered(clean())))


def test_every_service_level_says_what_starts_and_stops_its_clock() -> None:
    text = Outline(html_of(gathered(clean()))).text
    assert "quote accepted to order booked" in text
    assert "subscription active to first invoice" in text
