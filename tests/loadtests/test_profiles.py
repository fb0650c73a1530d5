"""Profiles: five loads of one timeline."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import midnight_us
from loadtests.material import material
from loadtests.profiles import (
    HOUR_US,
    PROFILES,
    Arrival,
    Span,
    busiest,
    lives,
    mean_rate,
    merged,
    offered,
    profiled,
    share,
    stepped,
    strokes,
)
from loadtests.settings import Settings
from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import build

WHOLE = build(scaled(find("quarter_end_spike"), orders=150, subscriptions=20))
SUPPLY = lives(WHOLE)
SPAN = Span(seconds=10, speed=360)


def signed(acts: object) -> dict[str, int]:
    return {act.txn: act.at_us for act in acts if act.action == "accept_quote"}  # type: ignore[attr-defined]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_begins_with_the_company_and_ends_in_time(profile: str) -> None:
    found = profiled(WHOLE, profile, SPAN)
    founding = Counter(act.action for act in found.acts if act.at_us <= found.start_us)
    assert founding["seed_subscription"] == 20
    assert founding["create_subsidiary"] == 4
    assert found.heal_us - found.start_us == SPAN.business_us
    assert all(0 < each.at_seconds <= SPAN.seconds for each in offered(found, SPAN.speed))


def test_the_peak_is_the_hour_in_which_most_is_signed() -> None:
    found = profiled(WHOLE, "peak", SPAN)
    instants = [life.signed_us for life in SUPPLY]
    day_us = WHOLE.heal_us - 24 * HOUR_US
    best = max(
        sum(start <= at_us < start + HOUR_US for at_us in instants)
        for start in instants
        if day_us <= start <= WHOLE.heal_us - HOUR_US
    )
    assert found.start_us == busiest(WHOLE, HOUR_US)
    assert len([a for a in found.acts if a.action == "accept_quote" and a.at_us <= found.heal_us]) == best > 2


def test_steady_has_the_mean_rate_of_the_quarter_at_even_pace() -> None:
    long = Span(seconds=100, speed=24 * 36)
    found = profiled(WHOLE, "steady", long)
    instants = sorted(at_us for at_us in signed(found.acts).values() if found.start_us < at_us <= found.heal_us)
    assert len(instants) == round(mean_rate(WHOLE) * 86_400)
    gaps = {later - earlier for earlier, later in pairwise(instants)}
    assert max(gaps) - min(gaps) <= 2


def test_the_mean_rate_is_that_of_the_whole_quarter() -> None:
    scenario = WHOLE.scenario
    days = (scenario.world.quarter.end - scenario.world.quarter.start).days + 1
    assert mean_rate(WHOLE) * days * 86_400 == pytest.approx(scenario.world.orders_per_quarter, rel=0.35)


def test_a_month_begins_with_subscriptions_and_nobody_acts() -> None:
    found = profiled(WHOLE, "invoices", SPAN)
    assert not offered(found, SPAN.speed)
    assert found.lifecycles == 0
    assert found.start_us < WHOLE.heal_us + 24 * HOUR_US


def test_most_subscriptions_are_due_when_the_month_begins() -> None:
    found = profiled(WHOLE, "invoices", SPAN)
    seeded = [act.arguments for act in found.acts if act.action == "seed_subscription"]
    first = WHOLE.cutoff_date.replace(day=1).isoformat()
    due = [said for said in seeded if said["billed_to"] == first]
    assert len(due) * 4 > len(seeded)  # of four zones
    assert all(said["term_end"] > first and said["start"] == said["items"][0]["start"] < first for said in due)
    zones = {entity.id: entity.zone for entity in WHOLE.scenario.world.entities}
    (zone,) = {zones[said["entity"]] for said in due}
    assert found.start_us < midnight_us(WHOLE.cutoff_date.replace(day=1), zone) < found.heal_us


def test_the_lifecycles_of_steps_wait_for_their_signature() -> None:
    found = profiled(WHOLE, "break", SPAN)
    assert not offered(found, SPAN.speed)
    founded = {act.txn for act in found.acts if act.action == "approve_quote" and act.at_us <= found.start_us}
    assert {life.txn for life in SUPPLY} <= founded
    assert not found.faults


@given(rate=st.floats(0.5, 20), seconds=st.floats(1, 20), speed=st.floats(1, 1000))
@settings(max_examples=50, deadline=None)
def test_a_step_signs_as_many_as_its_rate_gives_evenly(rate: float, seconds: float, speed: float) -> None:
    found = stepped(SUPPLY, rate, seconds, speed)
    due = [each.at_seconds for each in found if each.act is not None and each.act.action == "accept_quote"]
    assert len(due) == min(round(rate * seconds), len(SUPPLY))
    assert all(0 <= each.at_seconds <= seconds for each in found)
    assert all(later - earlier == pytest.approx(1 / rate) for earlier, later in pairwise(due))


@given(streams=st.lists(st.lists(st.floats(0, 100), max_size=30), max_size=3), count=st.integers(1, 8))
@settings(max_examples=100, deadline=None)
def test_the_drivers_together_offer_everything_once(streams: list[list[float]], count: int) -> None:
    whole = merged(*[[Arrival(at) for at in stream] for stream in streams])
    parts = [share(whole, index, count) for index in range(count)]
    assert merged(*parts) == whole
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_storm_strikes_at_its_rate() -> None:
    assert len(strokes(10, 50)) == 500
    assert strokes(1, 2) == (Arrival(0.25), Arrival(0.75))


def test_a_scenario_without_subscriptions_has_no_invoice_run() -> None:
    empty = build(scaled(find("quarter_end_spike"), orders=10, subscriptions=0))
    with pytest.raises(ValueError, match="raise --subscriptions"):
        profiled(empty, "invoices", SPAN)


def test_a_search_for_the_knee_has_no_order_that_waits_for_the_end_of_a_hold() -> None:
    held = {fallout.txn for fallout in WHOLE.fallout() if fallout.cause == "credit_hold"}
    assert held & {life.txn for life in SUPPLY}
    made = material(Settings(scenario="quarter_end_spike", profile="break", times=0.05))
    held = {fallout.txn for fallout in made.timeline.fallout() if fallout.cause == "credit_hold"}
    assert held
    assert made.supply
    assert not held & {life.txn for life in made.supply}
