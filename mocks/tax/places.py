"""Addresses: whether one can be, and what it looks like when put right."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from domain.draws import Draws
from mocks.kernel.operations import Refusal
from mocks.tax import render
from mocks.tax.bodies import Address
from mocks.tax.rates import STATE_DIGITS

_ZIP = re.compile(r"\d{5}(-?\d{4})?$")


def resolve(given: Address, draws: Draws) -> dict[str, Any]:
    """Return the reply to an address resolution; raise Refusal when region or postal code cannot be."""
    country = (given.country or "US").strip().upper()
    region, postal = (given.region or "").strip().upper(), (given.postal_code or "").strip().upper()
    if not (given.line1 or given.city or postal):
        raise Refusal("address", "An address needs a postal code, or a line and a city.", field="address")
    if country == "US":
        _require_american(region, postal)
    valid = msgspec.structs.replace(
        given,
        line1=_tidy(given.line1),
        city=_tidy(given.city),
        region=region,
        country=country,
        postal_code=postal,
    )
    shown = render.address(valid)
    coordinates = _coordinates(country, postal or region, draws)
    return {
        "address": render.address(given),
        "validatedAddresses": [{"addressType": "StreetOrResidentialAddress", **shown, **coordinates}],
        "coordinates": coordinates,
        "resolutionQuality": "Intersection" if given.line1 else "ZipCentroid",
        "messages": [],
    }


def _require_american(region: str, postal: str) -> None:
    if region and region not in STATE_DIGITS:
        raise Refusal("address", f"{region!r} is not a state of the US.", field="region")
    if postal and not _ZIP.match(postal):
        raise Refusal("address", f"{postal!r} is not a ZIP code.", field="postalCode")
    if region and postal and postal[0] not in STATE_DIGITS[region]:
        raise Refusal("address", f"The ZIP code {postal} does not lie in {region}.", field="postalCode")


def _tidy(text: str | None) -> str:
    return " ".join((text or "").upper().split())


def _coordinates(country: str, area: str, draws: Draws) -> dict[str, Any]:
    """Invent a place that is the same for the same area in every run of a seed."""
    latitude = draws.whole(-600_000, 650_000, "latitude", country, area)
    longitude = draws.whole(-1_700_000, 1_700_000, "longitude", country, area)
    return {"latitude": latitude / 10_000, "longitude": longitude / 10_000}
