"""Scaling: the same scenario with fewer (or more) lifecycles, for a quick look and for hundreds of seeds in a test."""

from __future__ import annotations

from typing import Any

from domain.faults import CATALOGUE, Place
from scenarios.company import ORDERS_MAX, SUBSCRIPTIONS_MAX
from scenarios.language import Scenario
from scenarios.moments import rehearsed_days, season_of

SHORT_ORDERS, SHORT_SUBSCRIPTIONS = 60, 40
_AT_WRITES = frozenset({kind.key for kind in CATALOGUE.values() if kind.place is Place.PROCESS})


def scaled(scenario: Scenario, orders: int, subscriptions: int) -> Scenario:
    """Return the scenario with about `orders` orders in its rehearsed days and `subscriptions` live subscriptions.

    Shares, windows and limits stay as they are; what strikes at a durable write moves to the one that corresponds.
    Raise ValueError for sizes the language does not allow.
    """
    first, last = rehearsed_days(scenario)
    share = season_of(scenario).share(first, last)
    in_quarter = round(orders / share) if share else 0
    if not 1 <= in_quarter <= ORDERS_MAX or not 0 <= subscriptions <= SUBSCRIPTIONS_MAX:
        raise ValueError(
            f"{orders} rehearsed orders ({in_quarter} in the quarter) and {subscriptions} subscriptions are out of "
            f"range: expected 1 to {ORDERS_MAX} orders in the quarter and 0 to {SUBSCRIPTIONS_MAX} subscriptions"
        )
    factor = in_quarter / scenario.world.orders_per_quarter
    sizes: dict[str, Any] = {"orders_per_quarter": in_quarter, "live_subscriptions": subscriptions}
    plan = tuple(
        each.model_copy(update={"count": max(1, round(each.count * factor))}) if each.kind in _AT_WRITES else each
        for each in scenario.faults
    )
    return scenario.model_copy(update={"world": scenario.world.model_copy(update=sizes), "faults": plan})


def short(scenario: Scenario) -> Scenario:
    """Return the short form of a scenario: about 60 orders and 40 subscriptions in the same days."""
    return scaled(scenario, SHORT_ORDERS, SHORT_SUBSCRIPTIONS)
