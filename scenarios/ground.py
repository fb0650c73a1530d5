"""The ground a population grows on: one scenario and seed, resolved into the numbers the generators need."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from domain.calendar import HOUR_US, SECOND_US, local_date, midnight_us
from domain.draws import Draws
from scenarios import luck
from scenarios.language import Scenario
from scenarios.moments import DAY, Moments, local_us, moments, season_of
from scenarios.seasons import Season, second_of_day
from scenarios.values import MICROSECOND

ORDER_FIRST, AMENDMENT_FIRST, LOST_FIRST, LIVE_FIRST = 1, 500_001, 800_000, 900_001
"""Quote numbers by what they are: orders, amendments, lost quotes, live subscriptions."""


@dataclass(frozen=True, slots=True)
class Site:
    """A legal entity as the generators see it."""

    id: str
    currency: str
    zone: str
    country: str
    share: float


@dataclass(frozen=True, slots=True)
class Rise:
    """A price rise: when it is published, by how much, and the wave it makes."""

    published_us: int
    ratio: Fraction
    amend: float
    within_us: int
    backdated: float
    co_term: float
    zone: str


@dataclass(frozen=True, eq=False)
class Ground:
    """A scenario and a seed, resolved: keyed draws, bounds in time, season, entities and shares as numbers.

    `live` holds the serial numbers of the live subscriptions of each entity, in the order of `sites`; `played` the
    part of the season, from 0 to 1, that the rehearsed days cover.
    """

    scenario: Scenario
    draws: Draws
    moments: Moments
    season: Season
    sites: tuple[Site, ...]
    rise: Rise | None
    shares: dict[str, float]
    live: tuple[array[int], ...]
    played: tuple[float, float]

    def site(self, *key: str | int) -> int:
        """Return the index of an entity, drawn by its share of the orders."""
        return _pick(self.sites, self.draws.unit("entity", *key))

    def site_at(self, unit: float) -> int:
        """Return the index of the entity at a quantile of the orders."""
        return _pick(self.sites, unit)

    def units(self, purpose: str, number: int) -> tuple[float, ...]:
        """Return eight numbers in (0, 1) for facts that are needed together."""
        return luck.units(self.draws.seed, purpose, number)

    def chance(self, share: str, *key: str | int) -> bool:
        """Return whether what the scenario's share of that name counts happens to `key`."""
        return self.draws.unit(share, *key) < self.shares[share]

    def within_us(self, day: date, site: Site, *key: str | int) -> int:
        """Return an instant of a local day, drawn by the weights of its hours."""
        return self.instant_us(day, site, self.draws.unit("second", *key))

    def instant_us(self, day: date, site: Site, unit: float) -> int:
        """Return the instant at which the share `unit` of a local day's orders is signed."""
        second = second_of_day(unit, self.season.hours(day))
        return local_us(day, min(int(second * SECOND_US), 24 * HOUR_US - 1), site.zone)

    def signing_day(self, *key: str | int) -> date:
        """Return a rehearsed day, drawn by the season."""
        low, high = self.played
        return (
            self.season.day(low + self.draws.unit("day", *key) * (high - low)) if high > low else self.moments.first_day
        )

    def rehearsed(self, day: date) -> bool:
        """Tell whether a local day is played."""
        return self.moments.first_day <= day <= self.moments.last_day

    def last_week(self, day: date) -> bool:
        """Tell whether a day is in the last seven days of the quarter."""
        return day + timedelta(days=7) >= self.moments.cutoff_date

    def rush(self, at_us: int, zone: str) -> bool:
        """Tell whether an instant is in the last three business days of the quarter, when approvers hurry."""
        return local_date(at_us, zone) >= self.season.days[-3]

    def rise_at(self, at_us: int) -> Fraction:
        """Return how much list prices have risen at an instant."""
        return self.rise.ratio if self.rise is not None and at_us >= self.rise.published_us else Fraction(0)

    def midnight_after_us(self, day: date, zone: str) -> int:
        """Return the local midnight that ends a day."""
        return midnight_us(day + DAY, zone)


def ground(scenario: Scenario, seed: int) -> Ground:
    """Return the ground of a scenario and a seed."""
    entities = scenario.world.entities
    shares = {
        name: float(value)
        for section in (scenario.mix, scenario.contracts, scenario.failures, scenario.payments)
        for name, value in section
        if isinstance(value, Fraction)
    }
    bounds, draws, season = moments(scenario), Draws(seed), season_of(scenario)
    sites = tuple(Site(e.id, e.currency, e.zone, e.country, float(e.share)) for e in entities)
    return Ground(
        scenario=scenario,
        draws=draws,
        moments=bounds,
        season=season,
        sites=sites,
        rise=_rise(scenario, bounds),
        shares=shares,
        live=_live(sites, draws, scenario.world.live_subscriptions),
        played=_played(season, bounds),
    )


def _played(season: Season, bounds: Moments) -> tuple[float, float]:
    first, last = bounds.first_day, bounds.last_day
    before = season.share(date.min, first - DAY)
    return before, before + season.share(first, last)


def _pick(sites: tuple[Site, ...], unit: float) -> int:
    rest = unit
    for index, site in enumerate(sites):
        rest -= site.share
        if rest < 0:
            return index
    return len(sites) - 1


def _live(sites: tuple[Site, ...], draws: Draws, count: int) -> tuple[array[int], ...]:
    by_site: tuple[array[int], ...] = tuple(array("L") for _ in sites)
    for serial in range(LIVE_FIRST, LIVE_FIRST + count):
        by_site[_pick(sites, draws.unit("entity", "live", serial))].append(serial)
    return by_site


def _rise(scenario: Scenario, bounds: Moments) -> Rise | None:
    said = scenario.price_rise
    if said is None:
        return None
    return Rise(
        published_us=bounds.at_us(said.published, said.entity),
        ratio=said.rise,
        amend=float(said.amend),
        within_us=said.within // MICROSECOND,
        backdated=float(said.backdated),
        co_term=float(said.co_term),
        zone=bounds.zones[said.entity or next(iter(bounds.zones))],
    )
