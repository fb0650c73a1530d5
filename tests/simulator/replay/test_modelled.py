"""The model of a replay: what the timeline says of an order is not left to chance."""

from __future__ import annotations

import pytest

from domain.acts import Act
from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import Timeline, build
from simulator.replay.excerpt import excerpt
from simulator.replay.modelled import Order, model_of, orders_of
from simulator.replay.outcome import Fit
from simulator.whatif.model import Route
from simulator.whatif.validity import check

HOUR_US = 3_600_000_000
SPEED = 60.0
WHOLE = build(scaled(find("quarter_end_spike"), orders=600, subscriptions=20))
PLAYED = excerpt(WHOLE, WHOLE.heal_us - 60 * HOUR_US, WHOLE.heal_us - 20 * HOUR_US, HOUR_US)
ON_ACCOUNTS = {
    "look for its likes", "compare them", "look the customer up", "put the customer", "create the customer"
}  # fmt: skip


def told(timeline: Timeline) -> list[tuple[Act, Order]]:
    """Return the signatures with what is known of their orders."""
    signed = [
        act for act in timeline.acts
        if act.action == "accept_quote" and timeline.start_us < act.at_us <= timeline.heal_us
    ]  # fmt: skip
    return list(zip(signed, orders_of(timeline, SPEED), strict=True))


TOLD = told(PLAYED)
ACCOUNTS = {act.txn: act.arguments["account"] for act in PLAYED.acts if act.action == "create_quote"}
KNOWN = {
    act.arguments["account"]: (act.at_us, act.arguments["terms_days"])
    for act in PLAYED.acts if act.system == "erp" and act.action == "create_customer"
}  # fmt: skip


def test_an_account_that_the_erp_does_not_know_is_written() -> None:
    new = [order for act, order in TOLD if ACCOUNTS[act.txn] not in KNOWN]
    assert len(new) > 10
    assert {order.needs for order in new} == {frozenset(ON_ACCOUNTS)}


def test_a_known_account_is_written_once_and_only_where_its_terms_differ() -> None:
    seen = set[str]()
    needs = dict[tuple[bool, bool], set[frozenset[str]]]()
    for act, order in TOLD:
        account = ACCOUNTS[act.txn]
        if account in KNOWN and KNOWN[account][0] <= act.at_us:
            usual = KNOWN[account][1] == 30
            needs.setdefault((account in seen, usual), set()).add(order.needs)
        seen.add(account)
    look = "look the customer up"
    assert needs[False, True] == {frozenset({look})}
    assert needs[False, False] == {frozenset({look, "put the customer"})}
    assert needs[True, True] == needs[True, False] == {frozenset()}


def test_an_order_of_an_account_on_hold_waits_for_its_release() -> None:
    held = [(act, order) for act, order in TOLD if order.held_us]
    assert held
    for act, order in held:
        account = ACCOUNTS[act.txn]
        releases = [
            each.at_us for each in PLAYED.acts
            if each.action == "release_hold" and each.arguments["account"] == account
            and act.at_us < each.at_us <= PLAYED.heal_us
        ]  # fmt: skip
        if releases:
            assert act.at_us + order.held_us == min(releases)


def test_an_order_whose_hold_outlasts_the_load_is_booked_neither_in_the_replay_nor_by_the_model() -> None:
    """Nobody acts once the load is over, so that a release which the timeline has for later never comes."""
    part = excerpt(WHOLE, WHOLE.heal_us - 60 * HOUR_US, WHOLE.heal_us - 33 * HOUR_US, HOUR_US)
    released = {act.arguments["account"] for act in part.acts if act.action == "release_hold"}
    outlasting = [order for act, order in told(part) if order.held_us and ACCOUNTS[act.txn] in released]
    assert len(outlasting) == 3
    end_us = model_of(part, SPEED, Fit()).end_us
    assert all(order.at_us + order.held_us / SPEED > end_us for order in outlasting)


def test_an_amendment_looks_an_account_up_that_nobody_met_in_the_run() -> None:
    timeline = build(scaled(find("quarter_end_spike"), orders=600, subscriptions=600))
    model = model_of(timeline, SPEED, Fit())
    check(model)
    amended = {each.kind: each for each in orders_of(timeline, SPEED) if each.route == "amendment" and each.needs}
    assert len(amended) > 1
    for kind, order in amended.items():
        names = [step.name for step in model.route(kind).steps]
        assert names.count("look the known one up") == 1
        assert names.count("put the known one right") == ("put the customer" in order.needs)


def test_the_routes_make_the_steps_that_are_known_and_no_others() -> None:
    model = model_of(PLAYED, SPEED, Fit())
    check(model)
    for stream, (_, order) in zip(model.arrivals, TOLD, strict=True):
        route = model.route(stream.route)
        assert {step.name for step in route.steps} & ON_ACCOUNTS == order.needs
        assert not any(step.name.startswith("fetch a token") for step in route.steps)
        assert all(step.share == 1.0 for step in route.steps if step.name in ON_ACCOUNTS)
        assert _wait_us(route) == pytest.approx(order.held_us / SPEED, abs=1)


def _wait_us(route: Route) -> float:
    pauses = [step.pause for step in route.steps if step.name == "a credit hold"]
    return sum(pause.mean_us for pause in pauses if pause is not None)


@pytest.mark.parametrize(("hours", "windows"), [((36, 26), 0), ((14, 10), 1)])
def test_trouble_ends_with_the_load(hours: tuple[int, int], windows: int) -> None:
    whole = build(scaled(find("tax_brownout"), orders=60, subscriptions=2))
    first, last = (whole.heal_us - each * HOUR_US for each in hours)
    part = excerpt(whole, first, last, HOUR_US)
    model = model_of(part, SPEED, Fit())
    check(model)
    found = model.station("tax").brownouts
    assert len(found) == windows
    assert all(each.until_us <= (last - first) / SPEED for each in found)


def test_the_systems_are_those_of_a_replay_which_tells_nobody_what_vendors_change() -> None:
    halved = build(scaled(find("erp_concurrency_halved"), orders=60, subscriptions=2))
    part = excerpt(halved, halved.heal_us - 14 * HOUR_US, halved.heal_us - 10 * HOUR_US, HOUR_US)
    model = model_of(part, SPEED, Fit())
    check(model)
    erp, crm = model.station("erp"), model.station("crm")
    assert (erp.load_slots, erp.load_longest) == (15, 10.0)
    assert [shift.slots for shift in erp.shifts] == [7]
    assert erp.overflow == "refuses"
    (daily,) = (each for each in crm.limits if each.kind == "window")
    assert daily.per_us == round(24 * HOUR_US / SPEED)
