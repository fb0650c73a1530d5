"""What orders and bills are worth: totals drawn as the timeline draws them, in the currency a model counts in.

That is the currency of the first legal entity; other amounts are turned into it at the level of the price lists.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from domain.currency import quantum_count
from scenarios.accounts import account
from scenarios.catalogue import ANNUAL, PRICE_LEVELS
from scenarios.contracts import contract
from scenarios.deals import discount, frequency, lines
from scenarios.ground import LIVE_FIRST, Ground, ground
from scenarios.language import Scenario
from simulator.whatif.beginnings import bill_route, order_route
from simulator.whatif.durations import Duration

_SAMPLE = 1_000
"""So many orders and contracts are drawn to learn what they are worth; always the same ones."""


_SECTIONS = ("world", "rehearse", "mix", "contracts", "failures", "payments", "price_rise")
"""What a deal depends on; the points of a sweep mostly differ in something else."""


@dataclass(frozen=True)
class _Deals:
    """A scenario as far as its deals go."""

    said: str
    scenario: Scenario = field(compare=False)


def worths(scenario: Scenario) -> dict[str, Duration]:
    """Return what lifecycles are worth by the routes that begin them, in minor units."""
    bare = scenario.world.model_copy(update={"live_subscriptions": 0})
    sold = scenario.model_copy(update={"world": bare})
    return _worths(_Deals(repr([getattr(sold, section) for section in _SECTIONS]), sold))


@lru_cache(maxsize=64)
def _worths(deals: _Deals) -> dict[str, Duration]:
    scenario = deals.scenario
    drawn_from, countries = ground(scenario, 0), {each.id: each.country for each in scenario.world.entities}
    found: dict[str, list[int]] = {}
    for site, entity in enumerate(scenario.world.entities):
        sample = range(1, 1 + math.ceil(_SAMPLE * entity.share))
        found.setdefault(order_route(entity), []).extend(_order(drawn_from, site, number) for number in sample)
    for serial in range(LIVE_FIRST, LIVE_FIRST + _SAMPLE):
        live = contract(drawn_from, serial)
        net = sum(quantity * unit_minor for _, quantity, _, unit_minor in live.items)
        amount, bills_a_year = _in_base(scenario, net, live.account.currency), ANNUAL // live.months
        found.setdefault(bill_route(countries[live.account.entity]), []).extend([amount] * bills_a_year)
    return {route: Duration.empirical(tuple(sorted(amounts))) for route, amounts in found.items()}


def _order(drawn_from: Ground, site: int, number: int) -> int:
    """Return the total of an order of an entity: its lines at today's prices, less its discount."""
    who, months = account(drawn_from, number, site), frequency(drawn_from, number)
    day = drawn_from.signing_day("worth", number)
    risen = drawn_from.rise_at(drawn_from.instant_us(day, drawn_from.sites[site], 0.5))
    half_percents = discount(drawn_from, number, drawn_from.last_week(day))
    made = lines(drawn_from, number, who.currency, months, half_percents, risen)
    return _in_base(drawn_from.scenario, sum(each["quantity"] * each["unit_minor"] for each in made), who.currency)


def _in_base(scenario: Scenario, amount_minor: int, currency: str) -> int:
    base = currency_of(scenario)
    level = PRICE_LEVELS[base].per_dollar / PRICE_LEVELS[currency].per_dollar
    return round(Fraction(amount_minor, quantum_count(currency)) * level * quantum_count(base))


def currency_of(scenario: Scenario) -> str:
    """Return the currency in which a model counts money: that of the first legal entity."""
    return scenario.world.entities[0].currency
