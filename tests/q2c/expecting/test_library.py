"""The library: every scenario of the domain is there, asks a question, and what it expects comes out.

Every scenario is played by the model, and a dozen are rehearsed with a few orders. Q2C_LIBRARY=all rehearses all of
them (half a minute more), Q2C_LIBRARY=full in their whole worlds (nightly).
"""

from __future__ import annotations

import os
import re

import pytest

from contracts.checks.verdict import HOLDS
from q2c.expecting.playing import answers
from scenarios.assertions import METRICS
from scenarios.engines import unheard
from scenarios.library import find, names
from scenarios.loader import LIBRARY
from scenarios.variants import variant
from scenarios.words import REHEARSAL, WHATIF
from simulator.experiments import metrics

ASKED = os.environ.get("Q2C_LIBRARY", "")
FULL = ASKED == "full"
REHEARSED = (
    "amendment_wave_after_price_rise", "chargeback_wave", "credit_hold_in_flight", "dst_and_timezone_cutoff",
    "duplicate_webhook_storm", "erp_timeout_but_done", "fx_jump_and_zero_decimal", "legacy_batch_window",
    "orchestrator_crash_each_step", "partial_region_failover", "period_close_race", "schema_drift_in_freeze",
)  # fmt: skip
"""Where the question is about what is right, and the trouble one that no other test plays end to end."""
DOMAIN = (
    "billing_outage_last_day", "erp_concurrency_halved", "tax_brownout", "duplicate_webhook_storm",
    "amendment_wave_after_price_rise", "acquisition_second_erp", "new_region_vat", "payment_processor_degraded",
    "retry_storm_no_jitter", "poison_message", "missing_mapping_new_sku", "credit_hold_in_flight",
    "legacy_batch_window", "rate_limit_change", "dst_and_timezone_cutoff", "schema_drift_in_freeze",
    "clerk_capacity_halved", "crm_quota_exhausted", "renewal_cohort_peak", "erp_timeout_but_done",
    "billing_contract_fails_after_order", "fulfilment_before_billing", "chargeback_wave", "partner_two_tier_quarter",
    "orchestrator_crash_each_step", "poisoned_backfill_replay", "partial_region_failover", "period_close_race",
    "price_skew_cpq_erp", "master_data_merge", "fx_jump_and_zero_decimal", "quarter_end_dress_rehearsal",
)  # fmt: skip
ASKING = [name for name in names() if find(name).assertions]


def asks(name: str, engine: str) -> bool:
    return any(each.engine == engine for each in find(name).assertions)


def played(name: str, engine: str) -> list[str]:
    """Return what does not come out as expected, in sentences."""
    found = list(answers(find(name), [engine], FULL))
    assert found, f"{name} asks the {engine} nothing"
    return [
        f"{each.assertion.says}: {each.status}, {each.figure} against {each.other} ± {each.half_width}, {each.reason}"
        for each in found
        if each.status != HOLDS
    ]


def test_all_scenarios_of_the_domain_are_there_and_expect_something() -> None:
    assert len(DOMAIN) == 32
    assert set(DOMAIN) <= set(ASKING)


@pytest.mark.parametrize("name", names())
def test_a_scenario_says_who_asks_what_and_where_its_figures_come_from(name: str) -> None:
    scenario, text = find(name), (LIBRARY / f"{name}.yaml").read_text(encoding="utf-8")
    assert re.match(r"[A-Z][A-Za-z ]+: .+\?$", scenario.question, re.DOTALL), scenario.question
    assert text.startswith("# "), "a comment says in a line what it is about"
    assert re.search(r"\[(P|P-low|E|D)\b", text), "no figure says where it comes from"
    assert scenario.outlook


@pytest.mark.parametrize("name", names())
def test_every_variant_of_a_scenario_can_be_played_by_the_engines_that_are_asked(name: str) -> None:
    scenario = find(name)
    for each in scenario.assertions:
        for which in filter(None, (each.variant or "base", each.against)):
            said = unheard(variant(scenario, which), each.engine)
            assert each.engine != REHEARSAL or not said, f"{which}: a rehearsal does not understand {said}"


@pytest.mark.parametrize("name", [name for name in ASKING if asks(name, WHATIF)])
def test_what_a_scenario_expects_of_the_model_comes_out(name: str) -> None:
    assert played(name, WHATIF) == []


@pytest.mark.parametrize("name", [name for name in ASKING if asks(name, REHEARSAL)] if ASKED else REHEARSED)
def test_what_a_scenario_expects_of_a_rehearsal_comes_out(name: str) -> None:
    assert played(name, REHEARSAL) == []


def test_the_figures_of_the_language_are_those_of_the_experiments() -> None:
    units = {name: unit for name, (engine, unit, _, _) in METRICS.items() if engine == WHATIF}
    of = {name: named for name, (engine, _, named, _) in METRICS.items() if engine == WHATIF}
    assert units == {name: metrics.METRICS[name].unit for name in units}
    assert of == {name: metrics.METRICS[name].of for name in of}
