from __future__ import annotations

import pytest

from domain.draws import Draws
from q2c.hunting import prospects as module
from q2c.hunting.meetings import RARE
from q2c.hunting.prospects import prospects
from q2c.hunting.trial import Trial, timeline_of
from scenarios.loader import dump
from tests.demo import demo

TEXT = dump(demo(3, 0, days=2, run_on_days=2))


@pytest.fixture(autouse=True)
def of_few_timelines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMELINES_MAX", 20)


def test_prospects_are_the_seeds_of_what_few_timelines_have_while_faults_strike() -> None:
    found = prospects(TEXT, Draws(1))
    assert found[0]
    assert all(len(seeds) < 20 * RARE for seeds in found)
    assert set.intersection(*map(acts, found[0])) - acts(77), "they have something that another has not"


def test_of_large_scenarios_few_timelines_are_read() -> None:
    assert prospects(dump(demo(600, 0, days=2, run_on_days=2)), Draws(1)) == ()


def acts(seed: int) -> set[tuple[str, str]]:
    timeline = timeline_of(Trial(scenario=TEXT, seed=seed))
    return {(act.system, act.action) for act in timeline.acts if act.at_us < timeline.heal_us}
