"""Excerpts: whole lifecycles, by the moment when the customer signs."""

from __future__ import annotations

from collections import Counter

from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import build
from simulator.replay.excerpt import NEED_PEOPLE, UNMAPPED, excerpt, parted

HOUR_US = 3_600_000_000
WHOLE = build(scaled(find("quarter_end_spike"), orders=80, subscriptions=5))
START_US, END_US = WHOLE.heal_us - 48 * HOUR_US, WHOLE.heal_us - 24 * HOUR_US
PART = excerpt(WHOLE, START_US, END_US, HOUR_US)

UNDECIDED = {fallout.txn for fallout in WHOLE.fallout() if fallout.cause in NEED_PEOPLE | {UNMAPPED}}


def signed() -> dict[str, int]:
    return {act.txn: act.at_us for act in WHOLE.acts if act.action == "accept_quote"}


def test_the_lifecycles_are_those_that_are_signed_in_the_window() -> None:
    wanted = {txn for txn, at_us in signed().items() if START_US <= at_us < END_US} - UNDECIDED
    found = {act.txn for act in PART.acts if act.action == "accept_quote"}
    assert found == wanted
    assert wanted


def test_quotes_that_nobody_signs_are_played_and_not_counted() -> None:
    unsigned = {act.txn for act in PART.acts if act.at_us > WHOLE.start_us and act.txn} - set(signed())
    assert unsigned
    assert PART.lifecycles == len({act.txn for act in PART.acts if act.action == "accept_quote"})
    assert excerpt(WHOLE, WHOLE.start_us, WHOLE.heal_us, HOUR_US).lifecycles <= WHOLE.lifecycles


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


def test_what_is_unmapped_is_sold_once_a_steward_has_entered_it() -> None:
    whole = build(scaled(find("quarter_end_spike"), orders=3000, subscriptions=5))
    start_us, end_us = whole.heal_us - 14 * HOUR_US, whole.heal_us - 2 * HOUR_US
    part = excerpt(whole, start_us, end_us, HOUR_US)
    unmapped = {fallout.txn for fallout in whole.fallout() if fallout.cause == UNMAPPED}
    entered_us = min(
        act.at_us
        for act in parted(part)[1]
        if act.action == "create_item" and act.arguments["sku"] in part.mapping_missing
    )
    instants = {act.txn: act.at_us for act in whole.acts if act.action == "accept_quote" and act.txn in unmapped}
    played = {act.txn for act in part.acts} & unmapped
    assert played == {txn for txn, at_us in instants.items() if entered_us < at_us < end_us}
    assert played != {txn for txn, at_us in instants.items() if start_us <= at_us < end_us}
