"""Sites: where something is delivered to, and who taxes there. Each is found once per company, place and day."""

from __future__ import annotations

from datetime import date

import msgspec

from mocks.kernel.operations import Refusal
from mocks.tax.bodies import Address
from mocks.tax.rates import STATE_DIGITS, Components, Rates, taxable_percent
from mocks.tax.states import state_of

ALWAYS = date(1900, 1, 1)
_KNOWN_MAX = 1_024  # places on the days of today's documents


class Shares(dict[str, int]):
    """The taxable share in percent by tax code at one place, looked up when first asked for."""

    def __init__(self, country: str, region: str) -> None:
        super().__init__()
        self._place = country, region

    def __missing__(self, tax_code: str) -> int:
        percent = taxable_percent(tax_code, *self._place)
        if len(self) < _KNOWN_MAX:
            self[tax_code] = percent
        return percent


class Site(msgspec.Struct, frozen=True):
    """A place that has been looked up: the jurisdictions that tax there, and the share they tax of each tax code."""

    country: str
    region: str
    components: Components
    shares: Shares


class Sites:
    """The registrations (nexus) and rates of this world, and the sites that follow from them.

    With `collects` everybody is registered everywhere until a registration is made or given up.
    """

    def __init__(self, *, collects: bool = False) -> None:
        self._collects = collects
        self.rates = Rates()
        self.nexus: dict[tuple[str, str, str], date] = {}  # (company or *, country, region) -> since
        self._known: dict[tuple[str, str | None, str | None, str, date], Site] = {}

    def register(self, company: str, country: str, region: str, since: date) -> None:
        """Register a company (`*` = all) to collect tax in a region; an empty one is the whole country."""
        self.nexus[company, country, region] = since
        self._collects = False
        self._known.clear()

    def drop(self, company: str, country: str, region: str) -> None:
        """Give a registration up."""
        self.nexus.pop((company, country, region), None)
        self._collects = False
        self._known.clear()

    def set_rates(self, country: str, region: str, prefix: str, since: date, components: Components) -> None:
        """Replace the rates of a place from a day on."""
        self.rates.set(country, region, prefix, since, components)
        self._known.clear()

    def find(self, company: str, address: Address, day: date) -> Site:
        """Return the site of an address on a day; raise Refusal when the address cannot be taxed."""
        key = (company, address.country, address.region, (address.postal_code or "")[:3], day)
        site = self._known.get(key)
        if site is None:
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            site = self._known[key] = self._look(*key)
        return site

    def _look(self, company: str, country: str | None, region: str | None, prefix: str, day: date) -> Site:
        country, region, prefix = place_of(country, region, prefix)
        is_taxed = self.registered(company, country, region, day)
        parts = self.rates.find(country, region, prefix, day) if is_taxed else ()
        return Site(country, region, parts, Shares(country, region))

    def registered(self, company: str, country: str, region: str, day: date) -> bool:
        """Tell whether the company collects tax in a place on a day."""
        for key in ((company, country, region), ("*", country, region), (company, country, ""), ("*", country, "")):
            since = self.nexus.get(key)
            if since is not None and since <= day:
                return True
        return self._collects


def place_of(country: str | None, region: str | None, postal: str | None) -> tuple[str, str, str]:
    """Return (country, region, postal code) in capitals, the region of a ZIP code when none is named.

    Raise Refusal when the place cannot be taxed.
    """
    country = (country or "US").strip().upper()
    region = (region or "").strip().upper()
    postal = (postal or "").strip().upper()
    if country == "US":
        region = region or state_of(postal)
        if not region:
            raise Refusal(
                "address", "An address in the US needs a region or a ZIP code.", field="addresses.shipTo.region"
            )
        if region not in STATE_DIGITS:
            raise Refusal("address", f"{region!r} is not a state of the US.", field="addresses.shipTo.region")
    return country, region, postal
