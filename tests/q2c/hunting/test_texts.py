"""Texts: what a trial carries says the same whether it is read or remembered."""

from __future__ import annotations

import pytest

from q2c.hunting import texts
from q2c.hunting.texts import read, written
from scenarios.library import find
from scenarios.loader import dump, library_names, parse, reread
from scenarios.problems import ScenarioError


@pytest.mark.parametrize("name", library_names())
def test_a_scenario_is_remembered_as_it_would_be_read(name: str) -> None:
    scenario = find(name)
    assert reread(scenario) == parse(dump(scenario)) == scenario


def test_what_was_written_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = find("hunting_ground").model_copy(update={"title": "Only here"})
    text = written(scenario)
    assert text == dump(scenario)
    monkeypatch.setattr(texts, "parse", None)
    assert read(text) == scenario


def test_a_scenario_that_makes_no_sense_is_refused_as_its_file_would_be() -> None:
    scenario = find("hunting_ground")
    senseless = scenario.model_copy(update={"lifecycles": ("Q-1",)})
    with pytest.raises(ScenarioError) as read_one:
        parse(dump(senseless))
    with pytest.raises(ScenarioError) as written_one:
        written(senseless)
    assert [each.found for each in written_one.value.problems] == [each.found for each in read_one.value.problems]
