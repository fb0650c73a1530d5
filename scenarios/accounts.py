"""Accounts: who buys, where, in which currency, and how they pay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.currency import quantum_count
from scenarios.catalogue import PRICE_LEVELS
from scenarios.ground import LIVE_FIRST, SECOND_US, Ground
from scenarios.luck import lognormal, one_of, weighted, whole
from scenarios.names import TOWNS, identity
from scenarios.values import MICROSECOND

TERMS_DAYS = ((0, 0.20), (15, 0.25), (30, 0.40), (45, 0.10), (60, 0.05))
"""(net days, weight) of payment terms [E]."""
SOFT_DECLINES = ("insufficient_funds", "processing_error", "try_again_later")
HARD_DECLINES = ("expired_card", "lost_card", "pickup_card")
CREDIT_LIMIT_MAJOR = 5_000_000  # dollars; well above any exposure, so that holds come from the scenario alone
_ABROAD = {"US": ("US",), "GB": ("GB",), "DE": ("DE", "DE", "DE", "FR"), "FR": ("FR", "FR", "DE"), "JP": ("JP",)}
_FOREIGN = ("USD", "EUR", "GBP")


@dataclass(frozen=True, slots=True)
class Account:
    """One account and the manners of its payments. `pays_after_days` counts from the request to pay."""

    id: str
    name: str
    entity: str
    zone: str
    currency: str
    country: str
    region: str
    postal_code: str
    city: str
    street: str
    signer: str
    method: str
    declines: int
    decline_code: str
    hard: bool
    returned: bool
    pays_after_days: int
    terms_days: int

    @property
    def payment_customer(self) -> str:
        """Return the customer id at the payment service, which sales knows."""
        return f"cus_{self.id[2:]}"

    @property
    def payment_method(self) -> str:
        """Return the id of the stored payment method."""
        return f"pm_{self.id[2:]}"


def account(ground: Ground, serial: int, site_index: int) -> Account:
    """Return the account of a serial number (that of its first order, or of its live subscription)."""
    site, draws = ground.sites[site_index], ground.draws
    where, town_unit, how, net, foreign, which, late, when = ground.units("account", serial)
    country = one_of(_ABROAD[site.country], where)
    town = one_of(TOWNS[country], town_unit)
    who = identity(country, serial % 900_000 + draws.seed % 997)
    method = weighted([(name, ground.shares[name]) for name in ("debit", "push", "card")], how)
    declined = method == "card" and ground.chance("card_declined", serial)
    hard = declined and ground.chance("hard_declines", serial)
    terms = weighted(TERMS_DAYS, net)
    return Account(
        id=f"A-{serial:06d}",
        name=_duplicate(ground, serial) or who.company,
        entity=site.id,
        zone=site.zone,
        currency=_currency(site.currency, foreign < ground.shares["foreign_currency"], which),
        country=country,
        region=town.region,
        postal_code=town.postal_code,
        city=town.city,
        street=who.street,
        signer=who.person,
        method=method,
        declines=0 if not declined else 99 if hard else draws.whole(1, 3, "declines", serial),
        decline_code=draws.choose(HARD_DECLINES if hard else SOFT_DECLINES, "code", serial) if declined else "",
        hard=hard,
        returned=method == "debit" and ground.chance("debit_returned", serial),
        pays_after_days=_pays_after(ground, terms, late, when) if method == "push" else 0,
        terms_days=terms,
    )


def _currency(base: str, foreign: bool, which: float) -> str:
    return one_of([code for code in _FOREIGN if code != base], which) if foreign else base


def _duplicate(ground: Ground, serial: int) -> str:
    """Return the name of another account, spelled otherwise, for the few that somebody entered twice."""
    live = ground.scenario.world.live_subscriptions
    if serial >= LIVE_FIRST or not live or not ground.chance("duplicate_customer", serial):
        return ""
    other = LIVE_FIRST - 1 + ground.draws.whole(1, live, "twin", serial)
    return account(ground, other, ground.site("live", other)).name.upper()


def _pays_after(ground: Ground, terms_days: int, late: float, when: float) -> int:
    if late >= ground.shares["late"]:
        return whole(terms_days * 3 // 10, terms_days, when)
    said, day_us = ground.scenario.payments, 86_400 * SECOND_US
    median, p95 = (each // MICROSECOND / day_us for each in (said.late_median, said.late_p95))
    return terms_days + 1 + int(lognormal(median, p95, when))


def crm_account(who: Account) -> dict[str, Any]:
    """Return the arguments of `create_account`."""
    return {
        "account": who.id,
        "name": who.name,
        "entity": who.entity,
        "currency": who.currency,
        "country": who.country,
        "region": who.region,
        "postal_code": who.postal_code,
        "city": who.city,
        "street": who.street,
        "payment_customer": who.payment_customer,
    }


def payer(who: Account) -> dict[str, Any]:
    """Return the arguments of the payment service's `create_customer`."""
    return {
        "account": who.id,
        "name": who.name,
        "currency": who.currency,
        "method": who.method,
        "payment_customer": who.payment_customer,
        "payment_method": who.payment_method,
        "declines": who.declines,
        "decline_code": who.decline_code,
        "hard": who.hard,
        "returned": who.returned,
        "pays_after_days": who.pays_after_days,
    }


def erp_customer(who: Account) -> dict[str, Any]:
    """Return the arguments of the ERP's `create_customer`."""
    return {
        "account": who.id,
        "name": who.name,
        "entity": who.entity,
        "currency": who.currency,
        "credit_limit_minor": credit_limit_minor(who.currency),
        "terms_days": who.terms_days,
    }


def credit_limit_minor(currency: str) -> int:
    """Return the credit limit of a customer in minor units of a currency."""
    return int(CREDIT_LIMIT_MAJOR * PRICE_LEVELS[currency].per_dollar) * quantum_count(currency)
