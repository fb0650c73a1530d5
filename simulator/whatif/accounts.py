"""Who buys, and what makes sure that the account is a customer of the ERP on the right terms.

An account that nobody met in this run is looked up before all else. A new one is compared with those that sales know;
one that the ERP knows on other terms is put right once. Whoever comes later finds it as it should be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from integration.settings import Settings
from scenarios.accounts import LIKENESSES, TERMS_DAYS
from scenarios.language import Scenario
from simulator.whatif.calling import ORDERS, Journeys
from simulator.whatif.model import Known, Step

ACCOUNT = "account"
"""The draw of who buys."""
LOOK_UP, LOOK_UP_KNOWN = "look the customer up", "look the known one up"
PUT, PUT_KNOWN = "put the customer", "put the known one right"
LOOK_FOR_LIKES, COMPARE, CREATE = "look for its likes", "compare them", "create the customer"
"""Steps that depend on who buys."""
UNLIKE = 1.0 - dict(TERMS_DAYS)[Settings().terms_days]
"""Of the accounts that the ERP knows, those that it knows on other terms than ours."""


class Buyers(NamedTuple):
    """The parts of the draw of who buys: new accounts, those that meet a hold (the ERP has them), then known ones."""

    new: float
    held: float

    @property
    def known(self) -> float:
        """Return the share of accounts that were there before the run."""
        return 1.0 - (self.new + self.held)


KNOWN = Buyers(0.0, 0.0)
"""Whoever changes or renews a contract is known."""


def buyers_of(scenario: Scenario) -> Buyers:
    """Return who places the orders of a scenario: without live subscriptions nobody is known."""
    expansion = float(scenario.mix.expansion) if scenario.world.live_subscriptions else 0.0
    held = float(scenario.failures.credit_hold)
    return Buyers((1.0 - expansion) * (1.0 - held), held)


def customer(journeys: Journeys, buyers: Buyers, lane: int = ORDERS) -> Iterator[Step]:
    """Yield what makes sure that the account is a customer of the ERP on the right terms."""
    live = max(1, journeys.frame.scenario.world.live_subscriptions)
    chosen: dict[str, Any] = {"choice": ACCOUNT, "lane": lane}
    unmet = buyers.new + buyers.held
    if unmet:
        yield journeys.call("erp", LOOK_UP, write=False, share=unmet, fruitless=buyers.new, **chosen)
    if buyers.known:
        met = Known(name="accounts that were met", of=live)
        known: dict[str, Any] = {"share_from": unmet, **chosen}
        yield journeys.call("erp", LOOK_UP_KNOWN, write=False, share=buyers.known, finds=met, **known)
    if buyers.new:
        yield journeys.call("crm", LOOK_FOR_LIKES, write=False, share=buyers.new, **chosen)
        yield journeys.call("crm", COMPARE, write=False, share=buyers.new, **chosen)
    yield journeys.call("erp", "read the customer", write=False, fruitless=buyers.new, **chosen)
    if unmet:
        yield journeys.call("erp", PUT, share=buyers.new + UNLIKE * buyers.held, **chosen)
    if buyers.known:
        right = Known(name="accounts on the right terms", of=max(1, round(live * UNLIKE)))
        yield journeys.call("erp", PUT_KNOWN, share=UNLIKE * buyers.known, finds=right, **known)


def compared_share(scenario: Scenario) -> float:
    """Return the share of orders whose account a steward compares: new ones that have only a name like a known one's.

    Who repeats the tax id or the domain of a known customer is known without asking.
    """
    if not scenario.world.live_subscriptions:
        return 0.0
    failures, by_name = scenario.failures, dict(LIKENESSES)["doubtful"]
    twice = float(failures.duplicate_customer)
    return buyers_of(scenario).new * (twice * by_name + (1.0 - twice) * float(failures.lookalike_customer))


def first_share(scenario: Scenario) -> float:
    """Return the share of orders of known accounts that are the first ones of their account in the run."""
    each = scenario.world.orders_per_quarter * buyers_of(scenario).known / max(1, scenario.world.live_subscriptions)
    return (1.0 - math.exp(-each)) / each if each else 1.0
