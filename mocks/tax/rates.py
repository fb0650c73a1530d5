"""Rates: which jurisdictions tax an address on a day, at which rate, and what share of an amount is taxable."""

from __future__ import annotations

from bisect import insort
from datetime import date
from decimal import Decimal
from functools import cache

import msgspec

from mocks.tax import table
from mocks.tax.states import NAMES

STATE_DIGITS = {row[0]: row[2] for row in zip(*[iter(table.STATES.split())] * 3, strict=True)}
PPM = 1_000_000


class Component(msgspec.Struct, frozen=True, gc=False):
    """One jurisdiction's rate: `ppm` in parts per million, `rate` the same as a decimal fraction."""

    code: str
    name: str
    level: str  # Country | State | County | City | Special
    country: str
    region: str
    ppm: int
    tax_name: str
    rate: Decimal


Components = tuple[Component, ...]


def component(country: str, region: str, level: str, place: str, percent: str, tax_name: str) -> Component:
    """Return one jurisdiction; `place` is its postal prefix, empty for a whole state or country."""
    parts = [country, region, place, {"County": "COU", "City": "CIT", "Special": "SPE"}.get(level, "")]
    code = "-".join(part for part in parts if part)
    is_state = level == "State" and country == "US"
    name = NAMES[region].upper() if is_state else " ".join(filter(None, (region or country, place, level.upper())))
    rate = (Decimal(percent) / 100).normalize()
    return Component(code, name, level, country, region, int(rate * PPM), tax_name, rate)


@cache
def shipped() -> dict[tuple[str, str, str], Components]:
    """Return the shipped table by (country, region, postal prefix); read-only."""
    rows: dict[tuple[str, str, str], Components] = {}
    _add_countries(rows)
    _add_states(rows)
    return rows


def _add_countries(rows: dict[tuple[str, str, str], Components]) -> None:
    for country, percent, tax in zip(*[iter(table.COUNTRIES.split())] * 3, strict=True):
        rows[country, "", "*"] = (component(country, "", "Country", "", percent, f"{country} {tax}"),)
    for country, region, percent in zip(*[iter(table.PROVINCES.split())] * 3, strict=True):
        province = component(country, region, "State", "", percent, f"{region} PROVINCIAL TAX")
        rows[country, region, "*"] = (*rows[country, "", "*"], province)


def _add_states(rows: dict[tuple[str, str, str], Components]) -> None:
    for region, percent, _ in zip(*[iter(table.STATES.split())] * 3, strict=True):
        rate = Decimal(percent)
        state = component("US", region, "State", "", percent, f"{region} STATE TAX")
        rows["US", region, "*"] = (state,) if rate else ()
    for region, prefix, *locals_ in zip(*[iter(table.LOCALS.split())] * 5, strict=True):
        place = "" if prefix == "*" else prefix
        state = component("US", region, "State", "", _state_percent(region), f"{region} STATE TAX")
        local = tuple(
            component("US", region, level, place or "000", percent, f"{region} {level.upper()} TAX")
            for level, percent in zip(("County", "City", "Special"), locals_, strict=True)
            if percent != "-"
        )
        rows["US", region, prefix] = (state, *local)


@cache
def _state_percent(region: str) -> str:
    words = table.STATES.split()
    return words[words.index(region) + 1]


class Rates:
    """The shipped table with the changes of this world laid over it, each from a date on."""

    def __init__(self) -> None:
        self._changes: dict[tuple[str, str, str], list[tuple[date, int, Components]]] = {}
        self._count = 0

    def set(self, country: str, region: str, prefix: str, since: date, components: Components) -> None:
        """Replace the rates of a country, region or postal prefix (`*` = no prefix) from a date on."""
        self._count += 1
        insort(self._changes.setdefault((country, region, prefix), []), (since, self._count, components))

    def find(self, country: str, region: str, postal: str, day: date) -> Components:
        """Return the jurisdictions of an address on a day: its prefix first, then its region, then its country."""
        for key in ((country, region, postal[:3]), (country, region, "*"), (country, "", "*")):
            components = self._on(key, day)
            if components is not None:
                return components
        return ()

    def _on(self, key: tuple[str, str, str], day: date) -> Components | None:
        if self._changes and key in self._changes:
            valid = [components for since, _, components in self._changes[key] if since <= day]
            if valid:
                return valid[-1]
        return shipped().get(key)


@cache
def _taxability() -> dict[tuple[str, str], int]:
    shares: dict[tuple[str, str], int] = {}
    for row in table.TAXABILITY.strip().splitlines():
        code, *pairs = row.split()
        for place, percent in zip(*[iter(pairs)] * 2, strict=True):
            shares[code, place] = int(percent)
    return shares


def taxable_percent(tax_code: str, country: str, region: str) -> int:
    """Return the taxable share in percent of something with that tax code sold into a place."""
    shares = _taxability()
    tax_code = table.ALIASES.get(tax_code, tax_code)
    for place in (f"{country}-{region}", country, "*"):
        if (tax_code, place) in shares:
            return shares[tax_code, place]
    return 100
