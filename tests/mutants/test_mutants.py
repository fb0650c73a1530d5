"""Three known ways to get an integration wrong are caught by the demo's own checks; the right way never is.

The scenario is the last days of `quarter_end`, scaled down. So few lifecycles meet the rare fault that reveals a mutant
only by luck, so it strikes more often here: 5% of the replies get lost (0.2 to 0.3% in the demo) for the two mutants of
retries, and half of the amendments are back-dated (12% in the demo) for the mutant of order.
"""

from __future__ import annotations

import pytest

from contracts.checks.judge import judge
from contracts.checks.verdict import Verdict
from domain.history import Context, MemoryHistory
from integration.settings import MUTANTS
from scenarios.language import Scenario
from scenarios.library import named
from scenarios.scale import short
from scenarios.timeline import build
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal
from tests.demo import demo, played

SEEDS = (1, 2, 3)
MORE_SEEDS = (4, 5, 6, 7, 8)
RETRIES = demo(30, 20, run_on_days=6, lost_replies="1/20")
ORDER = demo(10, 80, days=14, run_on_days=5, backdated="1/2")
REVEALED = {
    # mutant: the scenario, the check of the rule it breaks, and checks of the damage of which at least one breaks
    "fresh_key_per_retry": (RETRIES, "S7", {"S1", "S3", "S4"}),  # an order, a bill or a payment twice
    "timeout_is_failure": (RETRIES, "S7", {"S1", "S3", "S4", "M3"}),
    "amendments_in_arrival_order": (ORDER, "O2", {"M1", "M10"}),  # terms and prices nobody agreed to
}


def verdict(scenario: Scenario, seed: int, mutant: str = "") -> Verdict:
    return judge(MemoryHistory(played(build(scenario, seed), mutant)))


def test_every_mutant_is_tried_here() -> None:
    assert set(REVEALED) == set(MUTANTS)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mutant", sorted(REVEALED))
def test_a_mutant_is_caught_by_its_rule_and_by_the_damage_it_does(mutant: str, seed: int) -> None:
    scenario, rule, damage = REVEALED[mutant]
    found = verdict(scenario, seed, mutant)
    assert (found.status, found.exit_status) == ("broken", 1)
    assert rule in found.broken_safety
    assert damage & set(found.broken_safety)
    story = found.result(rule).violations[0]
    assert story.sentence
    assert story.evidence


@pytest.mark.parametrize("scenario", [RETRIES, ORDER], ids=["retries", "order"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_right_integration_holds_on_the_same_scenario_and_seed(scenario: Scenario, seed: int) -> None:
    found = verdict(scenario, seed)
    assert (found.broken_safety, found.broken_liveness, found.unknown) == ((), (), ())
    assert found.exit_status == 0


@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_the_right_integration_holds_on_the_short_form_of_the_demo(seed: int) -> None:
    found = verdict(short(named("quarter_end")), seed)
    stories = [result.violations[0].sentence for result in found.results if result.broken]
    assert (found.status, stories, found.unknown) == ("holds", [], ())


@pytest.mark.parametrize("mutant", ["none", *sorted(MUTANTS)])
def test_a_scenario_switches_a_mutant_on(mutant: str) -> None:
    switched = RETRIES.integration.model_copy(update={"mutant": mutant})
    recorder = MemoryRecorder()
    Rehearsal(build(RETRIES.model_copy(update={"integration": switched}), 1), recorder)
    context = recorder.records[0]
    assert isinstance(context, Context)
    assert context.mutant == ("" if mutant == "none" else mutant)
