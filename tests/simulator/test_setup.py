"""One licence, one budget: what the systems tolerate, the integration keeps to and the checks judge by."""

from __future__ import annotations

from fractions import Fraction

import pytest

from domain.history import Case, Context
from scenarios.library import find
from scenarios.scale import short
from scenarios.timeline import build
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal
from simulator.setup import settings_of
from tests.demo import demo, played


def context() -> Context:
    recorder = MemoryRecorder()
    Rehearsal(build(short(find("quarter_end")), 1), recorder)
    (first,) = (record for record in recorder.records if isinstance(record, Context))
    return first


def test_the_integration_and_the_checks_are_told_the_same_limits() -> None:
    told = settings_of(build(short(find("quarter_end")), 1)).limits
    judged = {each.system: (each.requests, each.window_seconds, each.concurrent) for each in context().limits}
    kept = {name: (each.requests, each.window_seconds, each.concurrent) for name, each in told.items()}
    assert judged == {name: kept[name] for name in judged}
    assert set(judged) >= {"crm", "erp", "billing", "tax", "payment"}


def test_the_integration_and_the_checks_are_told_the_same_retry_budget() -> None:
    settings = settings_of(build(short(find("quarter_end")), 1))
    assert context().retry_budget_percent == settings.budget.percent
    assert context().attempts_max == settings.retry.attempts


def test_the_integration_keeps_to_the_cap_that_contracts_have() -> None:
    scenario = short(find("quarter_end"))
    contracts = scenario.contracts.model_copy(update={"uplift_max": Fraction(1, 5)})
    assert settings_of(build(scenario, 1)).renewal_uplift_cap_percent == 5
    assert settings_of(build(scenario.model_copy(update={"contracts": contracts}), 1)).renewal_uplift_cap_percent == 20


def test_money_in_a_currency_that_no_entity_has_as_its_own_comes_to_the_first() -> None:
    scenario = find("legacy_batch_window")
    assert [(each.id, each.currency) for each in scenario.world.entities] == [("US", "USD"), ("UK", "GBP")]
    received = settings_of(build(short(scenario), 1)).settlement_entities
    assert (received["USD"], received["GBP"], received["EUR"]) == ("US", "UK", "US")


@pytest.mark.parametrize("system", ["erp2", "legacy_erp"])
def test_clerks_complete_a_launch_in_every_book(system: str) -> None:
    scenario = demo(4, 0, days=3, run_on_days=4)
    entities = [each.model_copy(update={"books": system}) for each in scenario.world.entities]
    world = scenario.world.model_copy(update={"entities": tuple(entities)})
    failures = scenario.failures.model_copy(update={"missing_mapping": Fraction(1), "credit_hold": Fraction(0)})
    records = played(build(scenario.model_copy(update={"world": world, "failures": failures}), 1))
    cases = {each.case: each for each in records if isinstance(each, Case)}
    missing = [each for each in cases.values() if each.code == "DATA_QUALITY.MAPPING_MISSING"]
    assert {(each.detail.partition(" ")[0], each.status) for each in missing} == {(system, "verified")}
