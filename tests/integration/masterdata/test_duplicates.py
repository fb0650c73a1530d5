"""A quarter-end in which sales enters many accounts twice: matching keeps them one, stewards decide the rest."""

from __future__ import annotations

from functools import lru_cache

from contracts.checks.facts import Facts
from contracts.checks.judge import judge
from contracts.checks.kpi import KpiResult, kpi_results
from domain.history import Context, MemoryHistory
from scenarios.timeline import Timeline, build
from tests.demo import demo, played

SEED = 3


@lru_cache(maxsize=1)
def timeline() -> Timeline:
    scenario = demo(60, 30, days=14, run_on_days=8)
    failures = scenario.failures.model_validate(
        {**scenario.failures.model_dump(), "duplicate_customer": "40%", "lookalike_customer": "15%"}
    )
    return build(scenario.model_copy(update={"failures": failures}), SEED)


@lru_cache(maxsize=1)
def history() -> MemoryHistory:
    return MemoryHistory(played(timeline()))


def figure(name: str) -> KpiResult:
    return next(each for each in kpi_results(Facts(history())) if each.kpi == name)


def test_the_scenario_repeats_accounts_in_every_way() -> None:
    context = history().context
    assert isinstance(context, Context)
    assert len(context.twins) >= 5
    causes = [each.cause for each in timeline().fallout()]
    assert causes.count("duplicate_customer") >= 2


def test_no_party_becomes_a_customer_twice() -> None:
    found = figure("K-25")
    assert found.value("repeated accounts") >= 5
    assert found.value("per 1000") == 0


def test_stewards_are_asked_for_the_doubtful_ones_and_for_no_others() -> None:
    doubtful = {each.txn for each in timeline().fallout() if each.cause == "duplicate_customer"}
    asked = {case[0].txn for case in Facts(history()).cases.values() if case[0].code.endswith("DUPLICATE_CUSTOMER")}
    assert asked
    assert asked <= doubtful


def test_the_checks_hold() -> None:
    verdict = judge(history())
    assert [result.violations[0].sentence for result in verdict.results if result.broken] == []
    assert "S12" in {result.check for result in verdict.results if result.status == "holds"}
