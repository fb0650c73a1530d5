"""The lifecycles that a scenario names: those are played, and nothing else of them changes."""

from __future__ import annotations

import pytest

from scenarios.loader import dump, parse
from scenarios.problems import ScenarioError
from scenarios.timeline import build
from tests.demo import demo


def test_all_lifecycles_are_played_when_none_is_named() -> None:
    timeline = build(demo(6, 3, days=2), 1)
    assert len(timeline.acts.lifecycles()) == timeline.lifecycles > 3


def test_a_named_lifecycle_is_what_it_is_among_its_neighbours() -> None:
    scenario = demo(6, 3, days=2)
    every = build(scenario, 1)
    name = every.acts.lifecycles()[0]
    alone = build(scenario.model_copy(update={"lifecycles": (name,)}), 1)
    assert alone.acts.lifecycles() == (name,)
    assert [act for act in alone.acts if act.txn == name] == [act for act in every.acts if act.txn == name]


def test_naming_some_is_leaving_out_the_others() -> None:
    scenario = demo(6, 3, days=2)
    names = build(scenario, 1).acts.lifecycles()
    named = build(scenario.model_copy(update={"lifecycles": names[:2]}), 1)
    assert named.digest() == build(scenario, 1, frozenset(names[2:])).digest()


def test_no_lifecycle_at_all_can_be_asked_for() -> None:
    assert build(demo(6, 3, days=2).model_copy(update={"lifecycles": ()}), 1).lifecycles == 0


def test_a_file_names_them_by_quote_numbers() -> None:
    text = dump(demo(6, 3, days=2).model_copy(update={"lifecycles": ("Q-000001",)}))
    assert parse(text).lifecycles == ("Q-000001",)
    with pytest.raises(ScenarioError, match="lifecycles"):
        parse(text.replace("- Q-000001", "- order 1"))
