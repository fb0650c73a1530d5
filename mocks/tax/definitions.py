"""Definitions: what a connector asks for when it is set up, and by which it tells whether the engine is well."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from domain.calendar import local_date
from domain.currency import EXPONENTS
from domain.http import Reply
from mocks.kernel.operations import Call, Refusal, json_reply
from mocks.tax import places, table
from mocks.tax.bodies import Address
from mocks.tax.exemptions import REASONS, ZONES
from mocks.tax.listing import fields_of, paged
from mocks.tax.model import TaxEngine
from mocks.tax.reading import AddressQuery, query
from mocks.tax.sites import place_of
from mocks.tax.states import NAMES

_SINCE = datetime.date(2020, 1, 1)


class TaxCode(msgspec.Struct, frozen=True, rename="camel"):
    """A tax code: what is sold, as far as taxes care."""

    id: int
    company_id: int
    tax_code: str
    tax_code_type_id: str
    description: str
    is_physical: bool
    is_active: bool


class UseCode(msgspec.Struct, frozen=True, rename="camel"):
    """An entity use code: who buys, as far as taxes care."""

    code: str
    name: str
    description: str
    valid_countries: list[str]


class Country(msgspec.Struct, frozen=True, rename="camel"):
    """A country whose rates this engine has."""

    code: str
    name: str
    is_european_union: bool


class Region(msgspec.Struct, frozen=True, rename="camel"):
    """A state or a province."""

    country_code: str
    code: str
    name: str
    classification: str
    streamlined_sales_tax: bool


class Currency(msgspec.Struct, frozen=True, rename="camel"):
    """A currency and the digits of its minor unit."""

    code: str
    decimal_digits: int


class Subscription(msgspec.Struct, frozen=True, rename="camel"):
    """A service that the account has."""

    id: int
    account_id: int
    subscription_type_id: int
    subscription_description: str
    effective_date: datetime.date


TAX_CODES = [
    TaxCode(number, 1, code, "P" if code in ("P0000000", "GOODS") else "D", text, code == "GOODS", True)
    for number, (code, text) in enumerate(table.DESCRIPTIONS.items(), 1)
]
USE_CODES = [UseCode(code, text.upper(), text, ["US", "CA"]) for code, text in table.USE_CODES.items()]
_UNION = frozenset({"DE", "FR", "NL", "IE", "ES", "IT", "SE"})
COUNTRIES = [Country(code, name, code in _UNION) for code, name in table.COUNTRY_NAMES.items()]
REGIONS = [
    *(Region("US", code, name, "State", False) for code, name in NAMES.items()),
    *(Region("CA", code, name, "Province", False) for code, name in table.PROVINCE_NAMES.items()),
]
CURRENCIES = [Currency(code, digits) for code, digits in sorted(EXPONENTS.items())]


def tax_codes(model: TaxEngine, call: Call) -> Reply:
    """List the tax codes."""
    return paged(model, call, TAX_CODES, fields_of(TaxCode))


def use_codes(model: TaxEngine, call: Call) -> Reply:
    """List the entity use codes."""
    return paged(model, call, USE_CODES, fields_of(UseCode))


def countries(model: TaxEngine, call: Call) -> Reply:
    """List the countries."""
    return paged(model, call, COUNTRIES, fields_of(Country))


def regions(model: TaxEngine, call: Call) -> Reply:
    """List the regions of all countries, or of one."""
    country = call.params.get("country", "").upper()
    return paged(model, call, [each for each in REGIONS if country in ("", each.country_code)], fields_of(Region))


def currencies(model: TaxEngine, call: Call) -> Reply:
    """List the currencies."""
    return paged(model, call, CURRENCIES, fields_of(Currency))


def exempt_reasons(model: TaxEngine, call: Call) -> Reply:
    """List the reasons that a certificate may give."""
    return paged(model, call, REASONS, fields_of(type(REASONS[0])))


def exposure_zones(model: TaxEngine, call: Call) -> Reply:
    """List the places where a certificate may exempt."""
    return paged(model, call, ZONES, fields_of(type(ZONES[0])))


def _subscriptions(model: TaxEngine) -> Sequence[Subscription]:
    account = model.directory.account
    return [Subscription(number, account, number, name, _SINCE) for number, name in table.SUBSCRIPTIONS.items()]


def subscriptions(model: TaxEngine, call: Call) -> Reply:
    """List the services that the account has."""
    return paged(model, call, _subscriptions(model), fields_of(Subscription))


def subscription(model: TaxEngine, call: Call) -> Reply:
    """Show a service that the account has, by the id or the name of its type."""
    wanted = call.params["service"].casefold()
    for each in _subscriptions(model):
        if wanted in (str(each.subscription_type_id), each.subscription_description.casefold()):
            return json_reply(each)
    raise Refusal("entity_not_found", "The account has no such subscription.", field="serviceTypeId")


# --- addresses and rates ---------------------------------------------------------------------------------------------


def resolve(model: TaxEngine, call: Call) -> Reply:
    """Put an address right."""
    given = call.body
    if given is None:
        asked = query(call.request.target, AddressQuery)
        given = Address(**{name: getattr(asked, name) or None for name in asked.__struct_fields__})
    return json_reply(places.resolve(given, model.desk.draws))


class Rate(msgspec.Struct, frozen=True):
    """The rate of one jurisdiction."""

    rate: Decimal
    name: str
    type: str


class Rates(msgspec.Struct, frozen=True, rename="camel"):
    """All rates of a place, and their sum."""

    total_rate: Decimal
    rates: list[Rate]


def rates(model: TaxEngine, call: Call) -> Reply:
    """Show the rates of a place today, whether or not anybody is registered there."""
    asked = query(call.request.target, AddressQuery)
    if not asked.country:
        raise Refusal("value_required", "Field country is required.", field="country")
    country, region, postal = place_of(asked.country, asked.region, asked.postal_code)
    parts = model.sites.rates.find(country, region, postal, local_date(model.desk.now_us, "UTC"))
    total = sum((part.rate for part in parts), start=Decimal(0))
    return json_reply(Rates(total, [Rate(part.rate, part.tax_name, part.level) for part in parts]))
