"""Where a scenario's instants fall: its rehearsed days, cut-off and windows as absolute microseconds (UTC)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from domain.calendar import HOUR_US, instant_us, midnight_us, zone_named
from scenarios.language import Scenario
from scenarios.seasons import Season, named, season
from scenarios.values import MICROSECOND, instant

DAY = timedelta(days=1)
WINDOWS = ("outages", "brownouts", "maintenance", "faults", "limit_changes", "drifts", "replays")


@lru_cache(maxsize=65_536)
def _hour_us(day: date, hour: int, zone: str) -> int:
    return instant_us(datetime(day.year, day.month, day.day, hour, tzinfo=zone_named(zone)))


def local_us(day: date, microseconds: int, zone: str) -> int:
    """Return the instant of a wall-clock time, given as microseconds into its local day."""
    hours, rest = divmod(microseconds, HOUR_US)
    assert hours < 24, "a time of day lies before 24:00"
    return _hour_us(day, hours, zone) + rest


@dataclass(frozen=True, slots=True)
class Moments:
    """The rehearsed days and their bounds. The run starts at the first local midnight; the days end at the last one.

    People act until `ends_us`. The run heals then, or with the last window that is said to outlast the days, as
    maintenance through the cut-off does; faults that are said without an end strike until it does.
    """

    first_day: date
    last_day: date
    quarter_start: date
    cutoff_date: date
    zones: dict[str, str]
    start_us: int
    ends_us: int
    heal_us: int
    horizon_us: int

    def at_us(self, text: str, entity: str | None) -> int:
        """Return an instant of the language, local to an entity (the first one by default), in microseconds."""
        zone = self.zones[entity] if entity else next(iter(self.zones.values()))
        parsed = instant(text)
        if parsed.day is not None:
            return local_us(parsed.day, parsed.offset_us, zone)
        anchors = {
            "quarter_start": self.quarter_start,
            "quarter_end": self.cutoff_date,
            "rehearsal_start": self.first_day,
            "rehearsal_end": self.last_day + DAY,
        }
        return midnight_us(anchors[parsed.anchor], zone) + parsed.offset_us

    def window_us(
        self, start: str | None, end: str | None, lasts: timedelta | None, entity: str | None
    ) -> tuple[int, int]:
        """Return a window as [start, end); what is not said is the start and the healing of the run."""
        start_us = self.at_us(start, entity) if start else self.start_us
        if lasts is not None:
            return start_us, start_us + lasts // MICROSECOND
        return start_us, self.at_us(end, entity) if end else self.heal_us


def rehearsed_days(scenario: Scenario) -> tuple[date, date]:
    """Return the first and the last rehearsed day."""
    quarter, said = scenario.world.quarter, scenario.rehearse
    if said.weeks is not None:
        return max(quarter.start, quarter.end - timedelta(days=7 * said.weeks - 1)), quarter.end
    assert said.from_ is not None, "the schema asks for `weeks` or `from`"
    return said.from_, said.to or quarter.end


def moments(scenario: Scenario) -> Moments:
    """Return the bounds of a scenario's run."""
    first, last = rehearsed_days(scenario)
    zones = {entity.id: entity.zone for entity in scenario.world.entities}
    ends_us = max(midnight_us(last + DAY, zone) for zone in zones.values())
    days = Moments(
        first_day=first,
        last_day=last,
        quarter_start=scenario.world.quarter.start,
        cutoff_date=scenario.world.quarter.end + DAY,
        zones=zones,
        start_us=min(midnight_us(first, zone) for zone in zones.values()),
        ends_us=ends_us,
        heal_us=ends_us,
        horizon_us=ends_us + scenario.run_on // MICROSECOND,
    )
    return replace(days, heal_us=max((ends_us, *_ends_of_windows(scenario, days))))


def _ends_of_windows(scenario: Scenario, days: Moments) -> Iterator[int]:
    for name in WINDOWS:
        for each in getattr(scenario, name):
            if each.entity is None or each.entity in days.zones:
                yield days.window_us(each.from_, each.to, each.lasts, each.entity)[1]


def season_of(scenario: Scenario) -> Season:
    """Return how the scenario's orders spread over its quarter."""
    quarter = scenario.world.quarter
    if isinstance(quarter.pattern, str):
        return named(quarter.pattern, quarter.start, quarter.end)
    own = quarter.pattern
    return season(quarter.start, quarter.end, own.weeks, own.last_week, own.last_day)
