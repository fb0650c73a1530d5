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

from domain.draws import Draws
from scenarios.ground import SECOND_US, Ground
from scenarios.seasons import Season

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


def leader(draws: Draws, number: int) -> int:
    """Return the number of the order that opens the batch of `number`: itself, or one of the three before it."""
    run = 0
    while number - run > 1 and draws.unit("batch", number - run) < FOLLOWS:
        run += 1
    return number - run % BATCH_MAX


def arrival(ground: Ground, number: int) -> Arrival:
    """Return when and where the order of that number is signed."""
    first = leader(ground.draws, number)
    index = ground.site("order", first)
    site = ground.sites[index]
    day = ground.season.day(ground.draws.unit("day", "order", first))
    at_us = ground.within_us(day, site, "order", first)
    if number != first:
        room_us = min(BATCH_US, ground.midnight_after_us(day, site.zone) - 1 - at_us)
        at_us += int(ground.draws.unit("follow", number) * room_us)
    return Arrival(number, at_us, day, index)


def count(ground: Ground) -> int:
    """Return how many orders the whole quarter has."""
    return poisson(ground.scenario.world.orders_per_quarter, ground.draws.unit("orders"))


def arrivals(ground: Ground) -> Iterator[Arrival]:
    """Yield the orders of the rehearsed days by number."""
    for number in range(1, count(ground) + 1):
        each = arrival(ground, number)
        if ground.rehearsed(each.day):
            yield each


def expected_orders(season: Season, orders: float, first: date, last: date) -> float:
    """Return how many of a quarter's orders are signed between two days, both included."""
    return orders * season.share(first, last)
