"""Windows of trouble of each station, scheduled and drawn: known before a run begins, and a function of its seed."""

from __future__ import annotations

import math
from typing import NamedTuple

from domain.calendar import DAY_US
from simulator.whatif.draws import INCIDENT, base_of, normal, unit, word_of
from simulator.whatif.model import Model, Station
from simulator.whatif.trouble import Incidents

REJECTS, HANGS, KILLS, SLOW = range(4)
_KINDS = {"rejects": REJECTS, "hangs": HANGS, "kills": KILLS}
KIND_NAMES = ("rejects", "hangs", "kills", "brownout")
_YEAR_US = 365.25 * DAY_US
_DRAWS = 8  # of one incident


class Trouble(NamedTuple):
    """One window of trouble of a station: an outage of some kind, or SLOW with a factor and a share of errors."""

    from_us: int
    until_us: int
    kind: int
    factor: float = 1.0
    errors: float = 0.0
    hang_us: int = 0


def troubles(model: Model, seed: int) -> list[list[Trouble]]:
    """Return the windows of every station, by their beginning."""
    return [sorted(_scheduled(station) + _drawn(model, seed, index)) for index, station in enumerate(model.stations)]


def _scheduled(station: Station) -> list[Trouble]:
    outages = [Trouble(row.from_us, row.until_us, _KINDS[row.kind], hang_us=row.hang_us) for row in station.outages]
    slow = [Trouble(row.from_us, row.until_us, SLOW, row.factor, row.error_share) for row in station.brownouts]
    return outages + slow


def _drawn(model: Model, seed: int, index: int) -> list[Trouble]:
    incidents = model.stations[index].incidents
    if incidents is None or incidents.per_year <= 0:
        return []
    base, at_us, number, found = base_of(seed, INCIDENT + index), 0.0, 0, list[Trouble]()
    while True:
        key = number * _DRAWS
        at_us -= math.log(unit(base, key)) * _YEAR_US / incidents.per_year
        if at_us >= model.end_us:
            return found
        first = _one(incidents, round(at_us), word_of(base, key + 1), unit(base, key + 2))
        found.append(first)
        if unit(base, key + 3) < incidents.second_share:
            again_us = first.until_us + round(unit(base, key + 4) * incidents.second_within_us)
            found.append(_one(incidents, again_us, word_of(base, key + 5), unit(base, key + 6)))
        number += 1


def _one(incidents: Incidents, from_us: int, length: int, kind: float) -> Trouble:
    """Return one incident; `length` is a random word. It is lognormal or, with another kind of duration, its mean."""
    drawn = incidents.length
    sigma = drawn.shape if drawn.kind == "lognormal" else 0.0
    until_us = from_us + max(1, round((drawn.scale if sigma else drawn.mean_us) * math.exp(sigma * normal(length))))
    if kind < incidents.brownout_share:
        return Trouble(from_us, until_us, SLOW, incidents.factor, incidents.error_share)
    if kind < incidents.brownout_share + incidents.slow_share:
        return Trouble(from_us, until_us, SLOW, incidents.slow_factor)
    return Trouble(from_us, until_us, REJECTS)
