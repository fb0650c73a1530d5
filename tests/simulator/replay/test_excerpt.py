"""Excerpts: whole lifecycles, by the moment when the customer signs."""

from __future__ import annotations

from collections import Counter

from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import build
from simulator.replay.excerpt import NEED_PEOPLE, excerpt

HOUR_US = 3_600_000_000
WHOLE = build(scaled(find("quarter_end_spike"), orders=80, subscriptions=5))
START_US, END_US = WHOLE.heal_us - 48 * HOUR_US, WHOLE.heal_us - 24 * HOUR_US
PART = excerpt(WHOLE, START_US, END_US, HOUR_US)

UNDECIDED = {fallout.txn for fallout in WHOLE.fallout() if fallout.cause in NEED_PEOPLE}


def signed() -> dict[str, int]:
    return {act.txn: act.at_us for act in WHOLE.acts if act.action == "accept_quote"}


def test_the_lifecycles_are_those_that_are_signed_in_the_window() -> None:
    wanted = {txn for txn, at_us in signed().items() if START_US <= at_us < END_US} - UNDECIDED
    found = {act.txn for act in PART.acts if act.action == "accept_quote"}
    assert found == wanted
    assert wanted


def test_each_lifecycle_is_whole() -> None:
    whole = Counter(act.txn for act in WHOLE.acts)
    part = Counter(act.txn for act in PART.acts if act.action == "accept_quote")
    assert all(Counter(act.txn for act in PART.acts)[txn] == whole[txn] for txn in part)


def test_the_company_is_founded_whenever_its_acts_were_due() -> None:
    founding = [act for act in WHOLE.acts if act.at_us <= WHOLE.start_us]
    assert [act for act in PART.acts if act.at_us <= WHOLE.start_us] == founding
    assert {"create_subsidiary", "create_item", "seed_subscription"} <= {act.action for act in founding}


def test_faults_end_with_the_window_and_rest_comes_after() -> None:
    assert (PART.start_us, PART.heal_us, PART.horizon_us) == (START_US, END_US, END_US + HOUR_US)
    assert PART.settle_seconds <= 3600


def test_orders_that_only_people_of_the_integration_can_decide_are_not_played() -> None:
    whole = build(scaled(find("quarter_end_spike"), orders=400, subscriptions=5))
    undecided = {fallout.txn for fallout in whole.fallout() if fallout.cause in NEED_PEOPLE}
    part = excerpt(whole, whole.start_us, whole.heal_us, HOUR_US)
    assert undecided
    assert undecided.isdisjoint(act.txn for act in part.acts)
