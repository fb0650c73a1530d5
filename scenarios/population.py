"""The population: everything that exists on the first day, as acts at the start of the run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

from domain.acts import Act
from domain.calendar import HOUR_US, add_months, local_date
from scenarios.accounts import crm_account, erp_customer, payer
from scenarios.catalogue import PRICE_LEVELS, PRODUCTS, frequencies, price_list
from scenarios.contracts import contract, seed_subscription, serials
from scenarios.ground import Ground, Site
from scenarios.loads import RateMove
from scenarios.moments import DAY, local_us
from scenarios.names import TOWNS
from scenarios.values import MICROSECOND

Made = tuple[str, str, dict[str, Any]]


def seeds(ground: Ground) -> Iterator[Act]:
    """Yield the acts that make the world of the first day, in the order in which they must be done."""
    at_us = ground.moments.start_us
    for system, action, arguments in (*catalogue(ground), *finance(ground), *regions(ground)):
        yield Act(at_us=at_us, system=system, action=action, arguments=arguments)
    for serial in serials(ground):
        live = contract(ground, serial)
        yield Act(at_us=at_us, system="crm", action="create_account", arguments=crm_account(live.account))
        yield Act(at_us=at_us, system="erp", action="create_customer", arguments=erp_customer(live.account))
        yield Act(at_us=at_us, system="payment", action="create_customer", arguments=payer(live.account))
        yield Act(
            at_us=at_us, system="billing", action="seed_subscription", arguments=seed_subscription(live), txn=live.id
        )


def count_of_seeds(ground: Ground) -> int:
    """Return how many acts `seeds` yields, without making accounts and contracts."""
    static = sum(1 for _ in (*catalogue(ground), *finance(ground), *regions(ground)))
    return static + 4 * ground.scenario.world.live_subscriptions


def currencies(ground: Ground) -> tuple[str, ...]:
    """Return the currencies that accounts can have: those of the entities and the three that cross borders."""
    wanted = {site.currency for site in ground.sites} | {"USD", "EUR", "GBP"}
    return tuple(code for code in PRICE_LEVELS if code in wanted)


def catalogue(ground: Ground) -> Iterator[Made]:
    """Yield products, items and list prices as they are when the run starts."""
    for product in PRODUCTS:
        yield "crm", "create_product", {"sku": product.sku, "name": product.name, "kind": product.kind}
        item = {"sku": product.sku, "item": product.item, "kind": product.kind, "revenue_rule": product.revenue_rule}
        yield "erp", "create_item", item
    listed = list(prices(ground, ground.rise_at(ground.moments.start_us)))
    yield "crm", "publish_price_book", {"name": "list", "prices": listed}
    for price in listed:
        yield "billing", "create_item_price", price


def prices(ground: Ground, rise: Fraction) -> Iterator[dict[str, Any]]:
    """Yield every list price after a rise, as `create_item_price` takes it."""
    lists = {currency: price_list(currency, rise) for currency in currencies(ground)}
    for product in PRODUCTS:
        for currency, listed in lists.items():
            for months in frequencies(product):
                yield {
                    "sku": product.sku,
                    "currency": currency,
                    "months": months,
                    "kind": product.kind,
                    "list_unit_minor": listed[product.sku, months],
                }


def finance(ground: Ground) -> Iterator[Made]:
    """Yield accounting periods, the ones already closed, and exchange rates into each entity's currency."""
    first = add_months(ground.moments.first_day.replace(day=1), -14)
    last = add_months(ground.moments.cutoff_date.replace(day=1), 6)
    closed_before = add_months(ground.moments.first_day.replace(day=1), -1)
    for site in ground.sites:
        yield "erp", "create_subsidiary", _subsidiary(site)
        yield "erp", "open_periods", {"entity": site.id, "first": _month(first), "last": _month(last)}
        month = first
        while month < closed_before:
            for module in ("ar", "gl"):
                yield "erp", "close_period", {"entity": site.id, "module": module, "name": _month(month)}
            month = add_months(month, 1)
    bases = dict.fromkeys(site.currency for site in ground.sites)
    month = first
    while month <= last:
        for base in bases:
            yield from _rates(ground, base, month)
        month = add_months(month, 1)


def _subsidiary(site: Site) -> dict[str, Any]:
    return {
        "entity": site.id,
        "currency": site.currency,
        "zone": site.zone,
        "country": site.country,
        "name": site.id,
    }


def _rates(ground: Ground, base: str, day: date) -> Iterator[Made]:
    """Yield one rate a month per pair, within 3% of the level of the price lists [E]."""
    for code in currencies(ground):
        if code == base:
            continue
        yield "erp", "add_rate", _rate(code, base, day, rate_of(ground, code, base, day))


def rate_of(ground: Ground, code: str, base: str, month: date) -> Fraction:
    """Return how much of `base` one of `code` is worth in a month (its first day), before anything moves."""
    level = PRICE_LEVELS[base].per_dollar / PRICE_LEVELS[code].per_dollar
    return level * Fraction(ground.draws.whole(970, 1030, "rate", code, base, month.isoformat()), 1000)


def _rate(code: str, base: str, day: date, rate: Fraction, suffix: str = "") -> dict[str, Any]:
    scaled = round(rate * 1_000_000)
    text = f"{scaled // 1_000_000}.{scaled % 1_000_000:06d}"
    name = f"{code}-{base}-{day.isoformat()}{suffix}"
    return {"rate_id": name, "from": code, "to": base, "rate": text, "date": day.isoformat()}


def regions(ground: Ground) -> Iterator[Made]:
    """Yield the registrations of the vendor: every region in which somebody may buy."""
    for country, towns in TOWNS.items():
        for region in dict.fromkeys(town.region for town in towns):
            yield "tax", "register_nexus", {"country": country, "region": region}


def later(ground: Ground) -> Iterator[Act]:
    """Yield what the vendor itself does while the run goes on: the new price book, the closing of the quarter."""
    rise, bounds = ground.rise, ground.moments
    if rise is not None:
        at_us = max(rise.published_us, bounds.start_us)
        book = {"name": "risen", "rise": str(rise.ratio), "prices": list(prices(ground, rise.ratio))}
        for system in ("crm", "billing"):
            yield Act(at_us=at_us, system=system, action="publish_price_book", arguments=book)
    for move in ground.scenario.rate_moves:
        yield from _moved_rates(ground, move)
    if ground.scenario.policies.close_months == "integration":
        yield from _monthly_closings(ground)
    for name, module in (("close_receivables", "ar"), ("close_ledger", "gl")):
        after = getattr(ground.scenario.policies, name)
        for site in ground.sites if after is not None else ():
            at_us = local_us(bounds.cutoff_date, 0, site.zone) + after // MICROSECOND
            for back in (2, 1, 0):
                month = _month(add_months((bounds.cutoff_date - DAY).replace(day=1), -back))
                arguments = {"entity": site.id, "module": module, "name": month}
                yield Act(at_us=at_us, system="erp", action="close_period", arguments=arguments)


def _moved_rates(ground: Ground, move: RateMove) -> Iterator[Act]:
    """Yield the rates of a currency that moved: those of the day itself, and of every month begun after it."""
    bounds, first = ground.moments, ground.sites[0].zone
    at_us = max(bounds.start_us, bounds.at_us(move.at, move.entity))
    day = local_date(at_us, bounds.zones[move.entity] if move.entity else first)
    last = add_months(bounds.cutoff_date.replace(day=1), 6)
    days = [day]
    while add_months(days[-1].replace(day=1), 1) <= last:
        days.append(add_months(days[-1].replace(day=1), 1))
    for base in dict.fromkeys(site.currency for site in ground.sites):
        for code in currencies(ground):
            if base != code and move.currency in (base, code):
                factor = 1 + move.moves if code == move.currency else 1 / (1 + move.moves)
                for each in days:
                    rate = rate_of(ground, code, base, each.replace(day=1)) * factor
                    yield Act(
                        at_us=at_us, system="erp", action="add_rate", arguments=_rate(code, base, each, rate, "-moved")
                    )


def _monthly_closings(ground: Ground) -> Iterator[Act]:
    """Yield what controllers ask for: the closing of each month that ends while the run goes on."""
    bounds = ground.moments
    month = bounds.first_day.replace(day=1)
    while True:
        end = add_months(month, 1)
        for site in ground.sites:
            at_us = local_us(end, 8 * HOUR_US, site.zone)
            if at_us >= bounds.horizon_us:
                return
            arguments = {"entity": site.id, "period": _month(month)}
            yield Act(at_us=at_us, system="integration", action="close_period", arguments=arguments)
        month = end


def _month(day: date) -> str:
    return f"{day:%Y-%m}"
