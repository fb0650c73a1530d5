"""Arrivals: when each order is signed. A non-homogeneous Poisson process with batches, by keyed draws.

Given how many orders a quarter has (Poisson), their instants are independent draws from the season's density; so each
order's instant is a function of the seed and its own number, and no order moves when another is added or dropped.
A representative signs 1 to 4 quotes within ten minutes, 1.6 on average [E]: some numbers follow the one before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from statistics import NormalDist
from typing import NamedTuple

from domain.calendar import SECOND_US
from scenarios.ground import Ground
from scenarios.luck import signing

FOLLOWS = 0.39  # makes batches of 1 to 4 with mean 1.6
BATCH_MAX = 4
BATCH_US = 600 * SECOND_US
_normal = NormalDist().inv_cdf


class Arrival(NamedTuple):
    """One order: its number, when and on which local day it is signed, and the index of the selling entity."""

    number: int
    at_us: int
    day: date
    site: int


def poisson(mean: float, unit: float) -> int:
    """Return the Poisson count at a quantile; exact below a mean of 50, by the normal approximation above."""
    if mean >= 50:
        return max(0, math.floor(mean + math.sqrt(mean) * _normal(unit) + 0.5))
    count, term = 0, math.exp(-mean)
    total = term
    while total < unit and count < 1_000:
        count += 1
        term *= mean / count
        total += term
    return count


def leader(seed: int, number: int) -> int:
    """Return the number of the order that opens the batch of `number`: itself, or one of the three before it."""
    run = 0
    while number - run > 1 and signing(seed, number - run).follows < FOLLOWS:
        run += 1
    return number - run % BATCH_MAX


def day_of(ground: Ground, number: int) -> date:
    """Return the local day on which an order is signed."""
    seed = ground.draws.seed
    return ground.season.day(signing(seed, leader(seed, number)).day)


def arrival(ground: Ground, number: int) -> Arrival:
    """Return when and where the order of that number is signed."""
    seed = ground.draws.seed
    first = leader(seed, number)
    drawn = signing(seed, first)
    index = ground.site_at(drawn.entity)
    site = ground.sites[index]
    day = ground.season.day(drawn.day)
    at_us = ground.instant_us(day, site, drawn.second)
    if number != first:
        room_us = min(BATCH_US, ground.midnight_after_us(day, site.zone) - 1 - at_us)
        at_us += int(signing(seed, number).after * room_us)
    return Arrival(number, at_us, day, index)


def count(ground: Ground) -> int:
    """Return how many orders the whole quarter has."""
    return poisson(ground.scenario.world.orders_per_quarter, ground.draws.unit("orders"))


def arrivals(ground: Ground) -> Iterator[Arrival]:
    """Yield the orders of the rehearsed days by number."""
    for number in range(1, count(ground) + 1):
        if ground.rehearsed(day_of(ground, number)):
            yield arrival(ground, number)
