"""Scenario files as models: what the file says is in the model, and what comes out is what a rehearsal shows."""

from __future__ import annotations

import statistics
from datetime import timedelta
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from domain.calendar import DAY_US, HOUR_US
from scenarios import loader
from scenarios.language import Scenario
from scenarios.library import find, names
from scenarios.scale import scaled
from scenarios.timeline import build
from scenarios.trouble import LimitChange
from simulator.whatif import engine, process, translation, validity
from simulator.whatif.banks import push
from simulator.whatif.beginnings import unmapped_share
from simulator.whatif.durations import Duration
from simulator.whatif.histogram import bounds_of
from simulator.whatif.journeys import further_taxes
from simulator.whatif.load import lifecycles_of
from simulator.whatif.model import Model, Step
from simulator.whatif.outcome import Outcome, merged
from simulator.whatif.systems import frame_of
from simulator.whatif.worth import worths
from tests.simulator.whatif.simple import at_once, model

RUNS = 200
CALM = {
    "SLA-2": (6.79, 15.51), "SLA-4": (9.93, 18.43), "SLA-5": (4.61, 10.42), "SLA-6": (1.29, 6.02),
    "SLA-2 last days": (6.62, 15.41), "SLA-4 last days": (9.96, 18.40), "SLA-5 last days": (4.19, 9.95),
}  # fmt: skip
"""Median and 95th percentile (seconds) of service levels in rehearsals of quarter_end_spike with 1,500 orders and 200
live subscriptions, seeds 1 to 6, and 21 to 24 for the last days [measured]; one rehearsal alone lies up to 4 % off."""
TROUBLED = {
    "SLA-2": (6.97, 123.0), "SLA-4": (10.72, 127.8), "SLA-5": (4.71, 12.40), "SLA-6": (1.32, 6.68),
    "SLA-2 last days": (6.81, 123.1), "SLA-4 last days": (11.09, 133.2), "SLA-5 last days": (4.61,),
    "SLA-6 last days": (1.07, 7.31),
}  # fmt: skip
"""The same of quarter_end, where one call in twenty meets a fault: 34 rehearsals together [measured]."""
WAITED_PERCENT = {"SLA-2": 5.2, "SLA-2 last days": 5.2}
"""How many of the orders of those rehearsals took longer than 100 s: for a message that is held back, mostly.

Forty runs are too few for the 95th percentile: it is 80 or 120 s, and between lie one or two orders in a thousand.
Shares of rehearsals have a standard error of a tenth; 0.4 points are three of the difference.
"""
CASH_AFTER_AN_OUTAGE = (19.0, 24.2)
"""The 95 % interval (seconds, bootstrap over the same rehearsals) of the 95th percentile of SLA-5 in the last days.

One clock in twelve belongs to the rush after billing's outage, and there are hardly any between it and the others.
"""


def _with(scenario: Scenario, **sections: dict[str, Any]) -> Scenario:
    return scenario.model_copy(
        update={name: getattr(scenario, name).model_copy(update=said) for name, said in sections.items()}
    )


def _small(name: str = "quarter_end_spike") -> Scenario:
    return scaled(find(name), orders=200, subscriptions=300)


def _played(scenario: Scenario, seeds: int = 1) -> Outcome:
    model = translation.translate(scenario)
    return merged(process.run(model, seed) for seed in range(seeds))


@cache
def _many_runs(name: str) -> Outcome:
    model = translation.translate(scaled(find(name), orders=1_500, subscriptions=200))
    return merged(engine.simulate(model, seed, runs=RUNS) for seed in range(RUNS))


@pytest.mark.parametrize("name", names())
def test_every_scenario_of_the_library_is_a_model(name: str) -> None:
    model = translation.translate(find(name))
    assert {station.name for station in model.stations} >= {"crm", "erp", "billing", "tax", "payment", "clerks"}
    assert engine.expected_attempts(model) > 0
    assert {parameter.source for parameter in model.parameters} >= {"estimate"}


def test_the_model_expects_the_orders_of_the_file() -> None:
    scenario = find("quarter_end_spike")
    model = translation.translate(scenario)
    orders = sum(lifecycles_of(stream) for stream in model.arrivals if stream.name.startswith("orders"))
    assert orders == pytest.approx(5_000 * 0.56, rel=0.005)  # the last three weeks of the severe pattern


@pytest.mark.parametrize(("scenario", "rehearsed"), [("quarter_end_spike", CALM), ("quarter_end", TROUBLED)])
def test_service_levels_are_those_of_rehearsals_of_the_same_scenario(
    scenario: str, rehearsed: dict[str, tuple[float, ...]]
) -> None:
    outcome = _many_runs(scenario)
    for name, quantiles in rehearsed.items():
        found = outcome.sla(name).histogram
        for share, seconds in zip((0.5, 0.95), quantiles, strict=False):
            assert found.quantile(share) / 1e6 == pytest.approx(seconds, rel=0.05), (name, share)


@pytest.mark.parametrize("name", WAITED_PERCENT)
def test_as_many_orders_wait_as_in_rehearsals(name: str) -> None:
    found = _many_runs("quarter_end").sla(name).histogram
    waited = sum(count for bucket, count in zip(found.buckets, found.counts, strict=True) if bounds_of(bucket)[0] > 1e8)
    assert 100 * waited / found.count == pytest.approx(WAITED_PERCENT[name], abs=0.4)


def test_cash_after_an_outage_waits_as_long_as_rehearsals_can_tell() -> None:
    lowest, highest = CASH_AFTER_AN_OUTAGE
    assert lowest < _many_runs("quarter_end").sla("SLA-5 last days").histogram.quantile(0.95) / 1e6 < highest


def test_only_the_first_orders_of_a_launch_wait_for_its_mapping() -> None:
    launch = scaled(find("missing_mapping_new_sku"), orders=300, subscriptions=0)
    frame = frame_of(launch)
    said = float(launch.failures.missing_mapping)
    assert 1 / 300 < unmapped_share(frame) < said / 4
    assert unmapped_share(frame_of(scaled(launch, orders=3, subscriptions=0))) > 0.9 * said
    mapped = launch.model_copy(update={"failures": launch.failures.model_copy(update={"missing_mapping": 0})})
    assert unmapped_share(frame_of(mapped)) == 0


def test_a_known_account_is_looked_up_once_and_a_new_one_always() -> None:
    scenario = _with(_small(), mix={"expansion": Fraction(3, 4)}, failures={"credit_hold": Fraction(1, 5)})
    steps = {step.name: step for step in translation.translate(scenario).route("order").steps}
    always, once = steps["look the customer up"], steps["look the known one up"]
    assert (always.share, once.share) == pytest.approx((0.25 * 0.8 + 0.2, 0.75 * 0.8))
    assert steps["compare them"].share == pytest.approx(0.25 * 0.8)  # the ERP has whoever meets a hold
    assert always.finds is None
    assert once.finds is not None
    assert once.finds.of == scenario.world.live_subscriptions
    nobody = scenario.model_copy(update={"world": scenario.world.model_copy(update={"live_subscriptions": 0})})
    assert "look the known one up" not in {step.name for step in translation.translate(nobody).route("order").steps}


def test_whoever_finds_no_token_fetches_one_and_sweeps_keep_that_of_sales_fresh() -> None:
    model = translation.translate(_small())
    fetched = {step.station: step.finds for route in model.routes for step in route.steps if "token" in step.name}
    assert set(fetched) == {"crm", "erp"}
    for route in (route for route in model.routes if not route.name.startswith("ping")):
        asked = [step for step in route.steps if step.station == "erp"]
        assert all(step.finds == fetched["erp"] for step in asked[:1])
    sweeps = [stream for stream in model.arrivals if stream.name == "sweep_quotes"]
    assert [stream.every_us for stream in sweeps] == [2 * HOUR_US]


def test_an_amendment_of_a_us_buyer_is_taxed_as_its_orders_are() -> None:
    model = translation.translate(_small())
    started = {name: {step.starts for step in model.route(name).steps} - {""} for name in ("amendment", "amendment US")}
    assert started == {"amendment": {"invoice"}, "amendment US": {"invoice US"}}
    expected = {stream.name: lifecycles_of(stream) for stream in model.arrivals}
    routes = {stream.name: stream.route for stream in model.arrivals}
    assert {routes[f"amendments {name}"] for name in ("UK", "DE", "JP")} == {"amendment"}
    assert routes["amendments US"] == "amendment US"
    assert expected["amendments US"] > expected["amendments UK"] > 0


def test_us_buyers_pay_as_many_taxes_as_their_towns_have() -> None:
    second, third, fourth = further_taxes()
    assert 1 > second > third > fourth > 0


def test_an_outage_delays_billing_but_no_booking() -> None:
    calm, struck = _played(_small()), _played(_small("billing_outage_last_day"))
    bookings, usual = struck.sla("SLA-2"), calm.sla("SLA-2")
    assert bookings.within == usual.within  # only who fetches a token is somebody else
    assert bookings.total_us == pytest.approx(usual.total_us, rel=1e-3)
    assert struck.sla("billed").longest_us > 2 * HOUR_US > calm.sla("billed").longest_us
    outage = struck.outages[0]
    assert outage.station == "billing"
    assert outage.recovered == outage.struck > 0
    assert outage.drain_us is not None
    assert outage.drain_us < HOUR_US


def test_a_point_to_point_integration_loses_and_doubles() -> None:
    scenario = _with(_small("billing_outage_last_day"), integration={"style": "naive"})
    naive = _played(scenario)
    assert naive.totals["lost"] > 0
    assert naive.sla("SLA-2").attained < _played(_small("billing_outage_last_day")).sla("SLA-2").attained
    lossy = _with(_small("erp_timeout_but_done"), integration={"style": "naive"})
    assert _played(lossy).totals["duplicates"] > 0
    assert _played(_small("erp_timeout_but_done")).totals["duplicates"] == 0


def test_orders_are_worth_what_the_timeline_sells() -> None:
    scenario = find("quarter_end_spike")
    worth = worths(scenario)["order US"]
    assert statistics.median(worth.values) == pytest.approx(_sold(scenario), rel=0.25)
    assert _played(_small()).routes[0].amount_started > 0
    yen = scenario.world.model_copy(update={"entities": tuple(reversed(scenario.world.entities))})
    in_yen = worths(scenario.model_copy(update={"world": yen}))["order US"]
    assert statistics.median(in_yen.values) == pytest.approx(statistics.median(worth.values) / 100 * 150, rel=0.05)


def _sold(scenario: Scenario) -> float:
    """Return the median total of the accepted quotes in dollars of a timeline, in cents."""
    timeline = build(scaled(scenario, orders=1_500, subscriptions=0), 5)
    quotes = {
        (act.arguments["number"], act.arguments["version"]): act.arguments
        for act in timeline.acts
        if act.action == "create_quote"
    }
    accepted = [
        quotes[act.arguments["number"], act.arguments["version"]]
        for act in timeline.acts
        if act.action == "accept_quote"
    ]
    totals = [
        sum(line["quantity"] * line["unit_minor"] for line in quote["lines"])
        for quote in accepted
        if quote["currency"] == "USD"
    ]
    return statistics.median(totals)


def test_fewer_clerks_take_longer() -> None:
    many, few = (
        _small(),
        _with(_small(), people={"clerks": 1, "touch_median": timedelta(hours=2), "touch_p95": timedelta(hours=6)}),
    )
    assert _played(few).sla("SLA-8").mean_us > _played(many).sla("SLA-8").mean_us


def test_a_system_that_is_not_always_there_has_outages_of_its_own() -> None:
    scenario = scaled(find("quarter_end_spike"), orders=5, subscriptions=0)
    systems = scenario.systems
    erp = systems.erp.model_copy(update={"availability": 0.9})
    model = translation.translate(scenario.model_copy(update={"systems": systems.model_copy(update={"erp": erp})}))
    assert sum(len(process.run(model, seed).outages) for seed in range(5)) > 0


def test_faults_end_with_the_quarter_as_they_do_in_a_rehearsal() -> None:
    scenario = find("quarter_end")
    model, frame = translation.translate(scenario), frame_of(scenario)
    assert frame.heal_us < frame.end_us
    assert {each.faults.until_us for each in model.stations if any(each.faults.shares.values())} == {frame.heal_us}
    held = [step for route in model.routes for step in route.steps if "held back" in step.name or "missed" in step.name]
    assert {step.until_us for step in held} == {frame.heal_us}


@pytest.mark.parametrize(
    ("said", "slots"),
    [
        ({"system": "tax", "slots": 2}, (1_000_000, 2)),
        ({"system": "erp", "slots": 0}, (12, 12)),
        ({"system": "erp", "slots": 0, "announced": True}, (12, 800_000)),
        ({"system": "erp", "slots": 5}, (12, 5)),
    ],
)
def test_no_limit_on_calls_at_once_is_any_number_before_and_after_it_changes(
    said: dict[str, Any], slots: tuple[int, int]
) -> None:
    change = LimitChange.model_validate({"from": "quarter_end - 3d", **said})
    scenario = _small().model_copy(update={"limit_changes": (change,)})
    model = translation.translate(scenario)
    assert tuple(shift.slots for shift in model.station(change.system).shifts) == slots
    booked = process.run(model, 1).sla("SLA-2")
    assert booked.stopped == booked.started > 0


def test_each_kind_of_fault_costs_its_caller_what_it_costs_on_the_wire() -> None:
    faults = translation.translate(find("quarter_end")).station("erp").faults
    shares = {"before": 0.001, "broken": 0.001, "after": 0.0005, "lost": 0.003, "unheard": 0.0005, "throttled": 0.003}
    assert faults.shares == pytest.approx(shares)


@pytest.mark.parametrize("hour", [7, 20])
def test_who_owes_at_once_pays_in_the_hours_of_banks_or_when_told_after_them(hour: int) -> None:
    payments = find("quarter_end_spike").payments
    same_day = [us for us in push(payments).values if us < DAY_US]
    assert 9 * HOUR_US <= min(same_day) < max(same_day) < 17 * HOUR_US
    wait = Step(name="money comes", pause=Duration.fixed(min(same_day)), days="calendar")
    paid = process.run(model(wait, arrivals=at_once(1, at_us=hour * HOUR_US), end_us=2 * DAY_US), 1)
    assert paid.sla("whole").longest_us == max(0, min(same_day) - hour * HOUR_US)


def test_what_the_model_leaves_out_is_named() -> None:
    assert translation.unheard(find("quarter_end_spike")) == translation.unheard(find("quarter_end")) == ()
    troubled = loader.parse(
        "name: old\ntitle: t\nquestion: q\nextends: quarter_end_spike\nfaults:\n"
        "  - {kind: crash, count: 3}\n  - {kind: zombie, count: 5, wait: 1m}\n"
    )
    assert translation.unheard(troubled) == ("faults[1] (zombie)",)
    scenario = find("quarter_end_spike")
    people = scenario.people.model_copy(update={"gives_up": Fraction(1, 10)})
    assert translation.unheard(scenario.model_copy(update={"people": people})) == ("people.gives_up",)


def test_a_company_that_is_too_big_for_its_licence_is_refused_with_the_figure() -> None:
    scenario = _small()
    erp = scenario.systems.erp.model_copy(update={"slots": 1, "p50": timedelta(hours=1), "p95": timedelta(hours=3)})
    model: Model = translation.translate(
        scenario.model_copy(update={"systems": scenario.systems.model_copy(update={"erp": erp})})
    )
    with pytest.raises(validity.Unplayable, match=r"station erp: utilisation \d"):
        engine.simulate(model, 1)


def test_outages_that_overlap_are_one_and_the_system_is_back_after_the_last() -> None:
    scenario = loader.parse(
        "name: twice\ntitle: t\nquestion: q\nextends: quarter_end_spike\noutages:\n"
        "  - {system: erp, from: quarter_end - 9h, lasts: 3h}\n"
        "  - {system: erp, from: quarter_end - 7h, lasts: 4h}\n"
        "  - {system: erp, from: quarter_end - 8h, lasts: 1h, kind: black_hole}\n"
        "  - {system: erp, from: quarter_end - 2h, lasts: 1h}\n"
    )
    zero_us = frame_of(scenario).at_us("quarter_end", None)
    found = [
        ((zero_us - each.from_us) // HOUR_US, (zero_us - each.until_us) // HOUR_US, each.kind)
        for each in translation.translate(scenario).station("erp").outages
    ]
    assert found == [(9, 3, "rejects"), (2, 1, "rejects"), (8, 7, "hangs")]


def test_what_holds_back_the_messages_of_one_system_leaves_those_of_others_alone() -> None:
    scenario = loader.parse(
        "name: late\ntitle: t\nquestion: q\nextends: quarter_end_spike\nfaults:\n"
        "  - {kind: delay, system: billing, share: 50%, wait: 20m}\n"
        "  - {kind: loss, system: payment, share: 10%}\n"
    )
    struck = {
        route.name: [step.name for step in route.steps if "held back" in step.name or "missed" in step.name]
        for route in translation.translate(scenario).routes
    }
    assert {name: steps for name, steps in struck.items() if steps} == {
        "invoice": ["message held back 1"], "invoice US": ["message held back 1"], "cash": ["message missed"],
    }  # fmt: skip


def test_a_message_that_is_held_back_for_longer_than_a_sweep_takes_is_found_by_it() -> None:
    scenario = loader.parse(
        "name: late\ntitle: t\nquestion: q\nextends: quarter_end_spike\nfaults:\n"
        "  - {kind: delay, share: 50%, wait: 5h}\n"
    )
    route = next(route for route in translation.translate(scenario).routes if route.begins == "accepted")
    held = next(step for step in route.steps if "held back" in step.name)
    assert held.pause == Duration.uniform(0, 2 * HOUR_US)


def test_a_message_that_is_held_back_may_be_found_by_a_sweep_before_it_comes() -> None:
    scenario = loader.parse(
        "name: late\ntitle: t\nquestion: q\nextends: quarter_end_spike\nfaults:\n"
        "  - {kind: delay, share: 50%, wait: 20m}\n"
    )
    held = {
        route.name: step.pause.values
        for route in translation.translate(scenario).routes
        for step in route.steps
        if "held back" in step.name and step.pause
    }
    for name, hours in {"invoice": 2, "cash": 12}.items():
        found = sum(pause_us < HOUR_US / 3 for pause_us in held[name]) / len(held[name])
        assert found == pytest.approx(1 / 3 / hours, abs=0.01)
        assert max(held[name]) == HOUR_US / 3


def test_a_declined_card_is_paid_with_when_its_customer_has_another_or_its_days_are_over() -> None:
    scenario = _with(
        _small(), mix={"expansion": 0}, payments={"card_declined": Fraction(1, 2), "hard_declines": Fraction(1, 4)}
    )
    steps = [step for step in translation.translate(scenario).route("invoice").steps if step.choice == "method"]
    card, shares = float(scenario.payments.card), {step.name: step.share for step in steps}
    charged = {step.name: step.share for step in steps if step.mark == "charged"}
    assert charged["charge the card"] == pytest.approx(card / 2, rel=0.02)
    assert charged["charge the new card"] == shares["a clerk mends it"] == pytest.approx(card / 8, rel=0.02)
    assert sum(charged.values()) == pytest.approx(card)
    assert [shares[f"wait {turn}"] / card for turn in (1, 2, 3)] == pytest.approx([3 / 8, 2 / 8, 1 / 8], rel=0.02)


def test_the_clock_of_a_card_starts_when_it_is_charged_though_nobody_hears_it() -> None:
    lost = loader.parse(
        "name: deaf\ntitle: t\nquestion: q\nextends: quarter_end_spike\npayments: {card: 100%, debit: 0%, push: 0%}\n"
        "faults:\n  - {kind: lost_reply, system: payment, share: 50%}\n"
    )
    scenario = scaled(lost, orders=60, subscriptions=0)
    timeout_us = scenario.systems.payment.timeout.total_seconds() * 1e6
    assert _played(scenario, 2).sla("SLA-5").histogram.quantile(0.65) > timeout_us
