"""Accounts: who buys, where, in which currency, and how they pay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from domain.calendar import DAY_US
from domain.currency import quantum_count
from scenarios import luck
from scenarios.catalogue import PRICE_LEVELS
from scenarios.ground import LIVE_FIRST, Ground
from scenarios.luck import lognormal, one_of, weighted, whole
from scenarios.names import TOWNS, identity
from scenarios.values import MICROSECOND

TERMS_DAYS = ((0, 0.20), (15, 0.25), (30, 0.40), (45, 0.10), (60, 0.05))
"""(net days, weight) of payment terms [E]."""
SOFT_DECLINES = ("insufficient_funds", "processing_error", "try_again_later")
HARD_DECLINES = ("expired_card", "lost_card", "pickup_card")
NEVER = -1  # a transfer that never comes
CREDIT_LIMIT_MAJOR = 5_000_000  # dollars; well above any exposure, so that holds come from the scenario alone
_ABROAD = {"US": ("US",), "GB": ("GB",), "DE": ("DE", "DE", "DE", "FR"), "FR": ("FR", "FR", "DE"), "JP": ("JP",)}
_FOREIGN = ("USD", "EUR", "GBP")
LIKENESSES = (("tax_id", 0.45), ("domain", 0.30), ("doubtful", 0.25))
"""(likeness, weight) of accounts that were entered twice [E]."""
DUNS_EVERY = 3  # accounts have a D-U-N-S number that sales knows [E]
_TAX_ID_PREFIXES = {"GB": "GB", "DE": "DE", "FR": "FR00", "JP": "T0000"}


@dataclass(frozen=True, slots=True)
class Account:
    """One account and the manners of its payments. `pays_after_days` counts from the request to pay.

    `twin` is the account of the same party that was there before; empty for almost all. `likeness` says what this
    account has in common with another one: the tax id, the domain, or only a name (`doubtful`, `lookalike`).
    """

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
    tax_id: str
    duns: str
    website: str
    twin: str = ""
    likeness: str = ""

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
    made = Account(
        id=f"A-{serial:06d}",
        name=who.company,
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
        pays_after_days=_pays_after(ground, serial, terms, late, when) if method == "push" else 0,
        terms_days=terms,
        tax_id=_tax_id(country, serial),
        duns=f"{serial * 7_919 % 1_000_000_000:09d}" if serial % DUNS_EVERY == 0 else "",
        website=f"https://www.customer-{serial}.example",
    )
    return _repeated(ground, made, serial, site_index)


def _tax_id(country: str, serial: int) -> str:
    """Return the tax id of a party: in the form of its country, and nobody else's."""
    digits = serial * 104_729 % 1_000_000_000
    return (
        f"{_TAX_ID_PREFIXES[country]}{digits:09d}" if country != "US" else f"{digits // 10**7:02d}-{digits % 10**7:07d}"
    )


def _currency(base: str, foreign: bool, which: float) -> str:
    return one_of([code for code in _FOREIGN if code != base], which) if foreign else base


def likeness_of(ground: Ground, serial: int, site_index: int) -> str:
    """Return how a new account is like one that is there already; empty for almost all.

    `tax_id`, `domain` and `doubtful` are the same party entered twice, the last one told only by its name; a
    `lookalike` is another party whose name is much the same. Accounts that meet a credit hold are never alike.
    """
    if serial >= LIVE_FIRST or not ground.live[site_index]:
        return ""
    if luck.order(ground.draws.seed, serial).held < ground.shares["credit_hold"]:
        return ""
    if ground.chance("duplicate_customer", serial):
        return ground.draws.weighted(LIKENESSES, "likeness", serial)
    return "lookalike" if ground.chance("lookalike_customer", serial) else ""


def _repeated(ground: Ground, own: Account, serial: int, site_index: int) -> Account:
    """Return an account as somebody typed it who did not see that a like one exists."""
    likeness = likeness_of(ground, serial, site_index)
    if not likeness:
        return own
    live = ground.live[site_index]
    like = account(ground, live[ground.draws.whole(0, len(live) - 1, "twin", serial)], site_index)
    if likeness == "lookalike":  # another company, in another office of the same town
        place = {name: getattr(like, name) for name in ("currency", "country", "region", "postal_code", "city")}
        return replace(own, name=f"{like.name} Group", tax_id="", duns="", website="", likeness=likeness, **place)
    made = replace(like, id=own.id, tax_id="", duns="", website="", twin=like.id, likeness=likeness)
    if likeness == "tax_id":
        spelled = f"{like.tax_id[:4]} {like.tax_id[4:]}".lower()
        return replace(made, name=like.name.upper(), tax_id=spelled)
    if likeness == "domain":
        return replace(made, name=like.name.replace(",", ""), website=like.website)
    return replace(made, name=f"{like.name} Group", street=own.street)


def _pays_after(ground: Ground, serial: int, terms_days: int, late: float, when: float) -> int:
    """Return after how many days a customer pays by itself; below zero: never."""
    if ground.chance("never", serial):
        return NEVER
    if late >= ground.shares["late"]:
        return whole(terms_days * 3 // 10, terms_days, when)
    said, day_us = ground.scenario.payments, DAY_US
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
        "tax_id": who.tax_id,
        "duns": who.duns,
        "website": who.website,
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
