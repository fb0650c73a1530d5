"""Acts: what the tax department does in the engine."""

from __future__ import annotations

from datetime import date
from typing import Any

from mocks.tax.model import TaxEngine
from mocks.tax.rates import component
from mocks.tax.sites import ALWAYS


def register_nexus(model: TaxEngine, given: dict[str, Any]) -> None:
    """Register to collect tax: {country, region?, company?, since?}; no region is the whole country."""
    model.sites.register(*_key(given), _since(given))


def drop_nexus(model: TaxEngine, given: dict[str, Any]) -> None:
    """Give up a registration: {country, region?, company?}."""
    model.sites.drop(*_key(given))


def set_rates(model: TaxEngine, given: dict[str, Any]) -> None:
    """Replace rates: {country, region?, postal_prefix?, since?, components: [{level, percent, name?}]}.

    `percent` is text ("7.25"); `level` is Country, State, County, City or Special.
    """
    country, region = given["country"].upper(), (given.get("region") or "").upper()
    prefix = given.get("postal_prefix") or "*"
    parts = []
    for row in given["components"]:
        level = row["level"]
        local = level in ("County", "City", "Special")
        place = "" if not local else prefix if prefix != "*" else "000"
        name = row.get("name") or f"{region or country} {level.upper()} TAX"
        parts.append(component(country, region, level, place, str(row["percent"]), name))
    model.sites.set_rates(country, region, prefix, _since(given), tuple(parts))


def _key(given: dict[str, Any]) -> tuple[str, str, str]:
    return given.get("company") or "*", given["country"].upper(), (given.get("region") or "").upper()


def _since(given: dict[str, Any]) -> date:
    text = given.get("since")
    return date.fromisoformat(text) if text else ALWAYS


ACTS = {"register_nexus": register_nexus, "drop_nexus": drop_nexus, "set_rates": set_rates}
