from __future__ import annotations

import pytest

from domain.draws import Draws
from q2c.hunting import prospects as module
from q2c.hunting.prospects import RICHEST, prospects
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
    assert all(len(seeds) <= RICHEST for seeds in found)
    assert all(set.intersection(*map(acts, seeds)) - acts(77) for seeds in found[:1]), "something that another has not"


def test_of_the_seeds_with_some_business_those_come_first_that_have_more_such_business_and_early() -> None:
    read = {Draws(1).whole(0, 2**31 - 1, "prospect", number) for number in range(20)}
    found = prospects(TEXT, Draws(1))
    left = {seed: module._left(timeline_of(Trial(scenario=TEXT, seed=seed))) for seed in read}
    few = {each for acts in left.values() for each in acts if sum(each in other for other in left.values()) < 0.4 * 20}
    assert len(found) == len(few)
    for business, seeds in zip(sorted(few), found, strict=True):
        riches = {seed: sum(left[seed].get(each, 0.0) for each in few) for seed in read if business in left[seed]}
        assert [riches[seed] for seed in seeds] == sorted(riches.values(), reverse=True)[:RICHEST]


def test_a_quote_is_business_by_what_it_changes() -> None:
    changes = {business[2] for business in module._left(timeline_of(Trial(scenario=dump(demo(3, 30)), seed=1)))}
    assert "cancel" in changes


def test_of_large_scenarios_few_timelines_are_read() -> None:
    assert prospects(dump(demo(600, 0, days=2, run_on_days=2)), Draws(1)) == ()


def acts(seed: int) -> set[tuple[str, str]]:
    timeline = timeline_of(Trial(scenario=TEXT, seed=seed))
    return {(act.system, act.action) for act in timeline.acts if act.at_us < timeline.heal_us}
