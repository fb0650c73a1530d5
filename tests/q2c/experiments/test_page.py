"""The report of an experiment answers first, reads without eyes, needs no network, and is equal for equal ones."""

from __future__ import annotations

import msgspec
import pytest

from q2c.experiments.page import html_of, page_of
from simulator.experiments.answers import Experiment, Happened
from simulator.whatif.model import Parameter
from tests.q2c.experiments.examples import HOSTILE, every_kind, experiment, happened
from tests.web.pages import Outline

KINDS = [pytest.param(each, id=type(each.question).__name__) for each in every_kind()]


@pytest.mark.parametrize("example", KINDS)
def test_a_report_is_sound_accessible_and_offline(example: Experiment) -> None:
    page = html_of(example)
    outline = Outline(page)
    assert outline.unclosed == []
    assert all(address.startswith("#") for address in outline.loaded)
    assert outline.headings.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(outline.headings, outline.headings[1:], strict=False))
    assert outline.count("table") == outline.count("caption") > 0
    assert all(attributes.get("scope") for tag, attributes in outline.tags if tag == "th")
    assert len(outline.ids) == len(set(outline.ids))
    assert page == html_of(example)


@pytest.mark.parametrize("example", KINDS)
def test_the_answer_stands_first_and_the_command_to_repeat_it_last(example: Experiment) -> None:
    sections = page_of(example).sections
    assert (sections[0].id, sections[-1].id) == ("answer", "made")
    text = Outline(html_of(example)).text
    assert f"{example.word}. {example.says}" in text
    assert example.repeat in text


def test_a_what_if_report_has_every_part_that_was_asked_for() -> None:
    found = page_of(experiment(happened()))
    assert [section.id for section in found.sections] == [
        "answer", "go", "service", "backlog", "bottlenecks", "money", "faults", "parameters", "made",
    ]  # fmt: skip
    text = Outline(html_of(experiment(happened()))).text
    for part in (
        "kept in every quarter", "too close to say on average", "17 of 20", "39,836 USD", "1 of 20",
        "ERP is the first to saturate in 18 of 20 quarters", "published figure", "estimate", "this scenario",
        "faults[4] (forged)", "worked off",
    ):  # fmt: skip
        assert part in text, part


def test_a_scenario_without_trouble_or_outages_has_nothing_to_tell_of_them() -> None:
    calm: Happened = happened(spans=(), aftermaths=(), costs=(), costless=(), promises=(), fans=(), unheard=())
    text = Outline(html_of(experiment(calm))).text
    assert "Nothing waited." in text
    assert "plans no trouble" in text
    assert "Go or no go" not in text


def test_hostile_names_are_text_wherever_they_are_shown() -> None:
    cost = msgspec.structs.replace(happened().costs[0], trouble=HOSTILE)
    found = happened(costs=(cost,), costless=(HOSTILE,), unheard=(HOSTILE,))
    named = ((Parameter(name=HOSTILE, value=HOSTILE),),)
    asked = experiment(
        found, asks=HOSTILE, scenarios=((HOSTILE, "scenario.yaml"),), repeat=HOSTILE, parameters=named
    )  # fmt: skip
    page = html_of(asked)
    assert Outline(page).text.count(HOSTILE) > 6
    assert HOSTILE not in page
