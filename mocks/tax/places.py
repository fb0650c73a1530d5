"""Addresses: whether one can be, and what it looks like when put right."""

from __future__ import annotations

import re

import msgspec

from domain.draws import Draws
from mocks.kernel.operations import Refusal
from mocks.tax import render
from mocks.tax.bodies import Address
from mocks.tax.rates import STATE_DIGITS
from mocks.tax.states import state_of

_ZIP = re.compile(r"\d{5}(-?\d{4})?$", re.ASCII)


class Coordinates(msgspec.Struct, frozen=True, gc=False):
    """A point on the earth, in degrees."""

    latitude: float
    longitude: float


class ValidAddress(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An address as it should be written."""

    address_type: str
    line1: str
    line2: str
    line3: str
    city: str
    region: str
    country: str
    postal_code: str
    latitude: float
    longitude: float


class Resolution(msgspec.Struct, frozen=True, rename="camel"):
    """What became of an address: as it was given, as it should be written, and how well it is known."""

    address: render.AddressReply
    validated_addresses: list[ValidAddress]
    coordinates: Coordinates
    resolution_quality: str
    tax_authorities: list[str]
    messages: list[str]


def resolve(given: Address, draws: Draws) -> Resolution:
    """Return the reply to an address resolution; raise Refusal when region or postal code cannot be."""
    country = (given.country or "US").strip().upper()
    region, postal = (given.region or "").strip().upper(), (given.postal_code or "").strip().upper()
    if not postal and not (given.city and (region or country != "US")):
        raise Refusal("address", "An address needs a postal code, or a city and its region.", field="address")
    if country == "US":
        _require_american(region, postal)
        region = region or state_of(postal)
    point = _coordinates(country, postal or region, draws)
    valid = ValidAddress(
        "StreetOrResidentialAddress", _tidy(given.line1), _tidy(given.line2), _tidy(given.line3), _tidy(given.city),
        region, country, postal, point.latitude, point.longitude,
    )  # fmt: skip
    quality = "Intersection" if given.line1 else "ZipCentroid"
    return Resolution(render.address(given), [valid], point, quality, [], [])


def _require_american(region: str, postal: str) -> None:
    if region and region not in STATE_DIGITS:
        raise Refusal("address", f"{region!r} is not a state of the US.", field="region")
    if postal and not _ZIP.match(postal):
        raise Refusal("address", f"{postal!r} is not a ZIP code.", field="postalCode")
    state = state_of(postal)
    if postal and (not state or state != (region or state)):
        raise Refusal("address", f"The ZIP code {postal} does not lie in {region or 'a state'}.", field="postalCode")


def _tidy(text: str | None) -> str:
    return " ".join((text or "").upper().split())


def _coordinates(country: str, area: str, draws: Draws) -> Coordinates:
    """Invent a place that is the same for the same area in every run of a seed."""
    latitude = draws.whole(-600_000, 650_000, "latitude", country, area)
    longitude = draws.whole(-1_700_000, 1_700_000, "longitude", country, area)
    return Coordinates(latitude / 10_000, longitude / 10_000)
