"""When the lifecycles of a scenario begin: orders by the season, amendments, bills, and bulk work."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from typing import Any

from domain.calendar import DAY_US, HOUR_US, SECOND_US, midnight_us
from integration.flows.sweeps import SWEEPS
from scenarios.amendments import MORE
from scenarios.arrivals import BATCH_MAX, BATCH_US, FOLLOWS
from scenarios.company import Entity
from scenarios.moments import DAY, local_us, season_of
from scenarios.values import MICROSECOND
from simulator.clerks import LOOK_EVERY_US
from simulator.whatif.durations import Duration
from simulator.whatif.journeys import MONEY_CASE
from simulator.whatif.model import Arrivals, Piece
from simulator.whatif.money_cases import money_cases
from simulator.whatif.systems import LEGACY, Frame, of_day_us

_MONTHS_A_YEAR = 12
SWEPT = {"sweep_quotes": "crm", "sweep_credit": "erp", "sweep_invoices": "billing", "sweep_balances": "billing"}
"""The sweeps that ask a system most often, and which one: they keep tokens fresh, and meet an outage that begins with
an hour as it begins."""
_BATCHES: dict[str, Any] = {"follows": FOLLOWS, "batch_max": BATCH_MAX, "batch_us": BATCH_US}
_BATCH_MEAN = sum(FOLLOWS**place for place in range(BATCH_MAX))
"""So many orders come at once on average."""


def streams(frame: Frame) -> Iterator[Arrivals]:
    """Yield every stream of arrivals of a scenario: of each legal entity, whose quarter ends at its own midnight."""
    for entity in frame.scenario.world.entities:
        yield from _of_entity(frame, entity)
    yield from _bulk(frame)
    yield from _sweeps(frame)


def _of_entity(frame: Frame, entity: Entity) -> Iterator[Arrivals]:
    """Yield what an entity's customers begin: orders, amendments, bills, and cases about money."""
    cutoff_us = midnight_us(frame.moments.cutoff_date, entity.zone) - frame.moments.start_us
    for name, route, expected in (
        ("orders", order_route(entity), _orders(frame, entity)),
        ("amendments", "amendment US" if entity.country == "US" else "amendment", _amendments(frame, entity)),
        ("bills", bill_route(entity.country), _bills(frame, entity)),
    ):
        pieces = tuple(piece for piece in expected if piece.expected > 0)
        more = _BATCHES if name == "orders" else {}
        if pieces:
            yield Arrivals(name=f"{name} {entity.id}", route=route, pieces=pieces, cutoff_us=cutoff_us, **more)
    for cause, pieces in money_cases(frame, _signed(frame, entity)):
        yield Arrivals(name=f"{cause} {entity.id}", route=MONEY_CASE, pieces=pieces, cutoff_us=cutoff_us)


def order_route(entity: Entity) -> str:
    """Return the route of an entity's orders."""
    return "order legacy" if entity.books == LEGACY else "order US" if entity.country == "US" else "order"


def bill_route(country: str) -> str:
    """Return the route of the bills of a country's customers."""
    return "invoice US" if country == "US" else "invoice"


def _hours(frame: Frame, entity: Entity, expected: float, day: date) -> Iterator[Piece]:
    """Yield how the orders of a day spread over its hours."""
    season = season_of(frame.scenario)
    hours = season.hours(day)
    total = sum(weight for _, _, weight in hours)
    for from_hour, to_hour, weight in hours:
        from_us = local_us(day, from_hour * HOUR_US, entity.zone)
        until_us = (
            midnight_us(day + DAY, entity.zone) if to_hour == 24 else local_us(day, to_hour * HOUR_US, entity.zone)
        )
        start_us = frame.moments.start_us
        if until_us > from_us >= start_us:
            yield Piece(from_us=from_us - start_us, until_us=until_us - start_us, expected=expected * weight / total)


def _orders(frame: Frame, entity: Entity) -> Iterator[Piece]:
    """Yield when the orders of an entity are expected, the first ones of their batches."""
    season, world = season_of(frame.scenario), frame.scenario.world
    first_ones = world.orders_per_quarter * float(entity.share) / _BATCH_MEAN
    for day in season.days:
        if frame.moments.first_day <= day <= frame.moments.last_day:
            yield from _hours(frame, entity, first_ones * season.share(day, day), day)


def _all_orders(frame: Frame) -> Iterator[Piece]:
    """Yield when the orders of all entities are expected."""
    for entity in frame.scenario.world.entities:
        yield from _orders(frame, entity)


def _signed(frame: Frame, entity: Entity) -> list[float]:
    """Return how many orders of an entity are expected in each hour of the run."""
    hours = [0.0] * (frame.end_us // HOUR_US)
    for piece in _orders(frame, entity):
        first, last = piece.from_us // HOUR_US, -(-piece.until_us // HOUR_US)
        for hour in range(first, last):
            hours[hour] += piece.expected * _BATCH_MEAN / (last - first)
    return hours


def _amendments(frame: Frame, entity: Entity) -> Iterator[Piece]:
    """Yield when amendments and renewals of an entity are expected: by the season, and in the wave of a price rise."""
    scenario, moments_ = frame.scenario, frame.moments
    season, share = season_of(scenario), float(entity.share)
    days = [day for day in season.days if moments_.first_day <= day <= moments_.last_day]
    years = ((moments_.last_day - moments_.first_day).days + 1) / 365
    each = sum(count * weight for count, weight in MORE)
    usual = scenario.world.live_subscriptions * (
        min(1.0, scenario.mix.amendments_per_contract_year * years) * each + years
    )
    played = sum(season.share(day, day) for day in days) or 1.0
    for day in days:
        wave = _wave(frame, day) * each * scenario.world.live_subscriptions
        yield from _hours(frame, entity, share * (usual * season.share(day, day) / played + wave), day)


def _wave(frame: Frame, day: date) -> float:
    """Return the part of all contracts that reacts to a price rise on a business day (a weekend's on its Monday)."""
    rise = frame.scenario.price_rise
    if rise is None:
        return 0.0
    zone = frame.scenario.world.entities[0].zone
    published_us = frame.moments.at_us(rise.published, rise.entity)
    first = day - (DAY * 2 if day.weekday() == 0 else DAY * 0)

    def until(at_us: int) -> float:
        part = (at_us - published_us) / (rise.within // MICROSECOND)
        return math.pow(min(1.0, max(0.0, part)), 1.0 / 1.3)

    return float(rise.amend) * (until(midnight_us(day + DAY, zone)) - until(midnight_us(first, zone)))


def _bills(frame: Frame, entity: Entity) -> Iterator[Piece]:
    """Yield when the bills of an entity's running subscriptions are expected: monthly ones and those of a year."""
    scenario = frame.scenario
    monthly = float(scenario.mix.monthly)
    a_year = scenario.world.live_subscriptions * (_MONTHS_A_YEAR * monthly + 1.0 - monthly)
    days = frame.end_us / DAY_US
    yield Piece(from_us=0, until_us=frame.end_us, expected=float(entity.share) * a_year * days / 365)


def _bulk(frame: Frame) -> Iterator[Arrivals]:
    """Yield invoice runs, replays and polls: calls at even distances."""
    for place, run in enumerate(frame.scenario.invoice_runs):
        at_us = frame.at_us(run.from_, run.entity)
        every_us = (run.within // MICROSECOND) // run.invoices
        yield Arrivals(
            name=f"invoice run {place + 1}", route="invoice run", at_us=at_us, count=run.invoices, every_us=every_us
        )
    for place, replay in enumerate(frame.scenario.replays):
        from_us, until_us = frame.window_us(replay.from_, replay.to, replay.lasts, replay.entity)
        every_us = max(1, (until_us - from_us) // replay.messages)
        route = f"replay {frame.scenario.replays[0].system}"
        yield Arrivals(name=f"replay {place + 1}", route=route, at_us=from_us, count=replay.messages, every_us=every_us)
    switches = frame.switches
    if switches.mirror == "polling":
        every_us = (switches.poll_every // MICROSECOND) // switches.poll_calls
        yield Arrivals(name="polls", route="poll", count=frame.end_us // every_us, every_us=every_us)


def _sweeps(frame: Frame) -> Iterator[Arrivals]:
    """Yield the sweeps that look for what no message told."""
    at_least = round(frame.scenario.integration.sweep_every.total_seconds())
    for sweep in SWEEPS if frame.switches.style != "naive" else ():
        every_us = max(at_least, sweep.every_seconds) * SECOND_US
        count = frame.end_us // every_us
        if sweep.name in SWEPT and count:
            yield Arrivals(name=sweep.name, route=sweep.name, at_us=every_us, count=count, every_us=every_us)


def unmapped_share(frame: Frame) -> float:
    """Return the share of orders that wait for a product to be mapped: the first one, and those of the time it takes.

    A clerk who maps one product completes the launch (`simulator.remedies`); whoever comes later does not wait.
    """
    said, people = float(frame.scenario.failures.missing_mapping), frame.scenario.people
    pieces = tuple(_all_orders(frame))
    meant = said * sum(piece.expected for piece in pieces) * _BATCH_MEAN
    if not meant:
        return said
    span_us = max(piece.until_us for piece in pieces) - min(piece.from_us for piece in pieces)
    closed_us = DAY_US - (of_day_us(people.closes) - of_day_us(people.opens))
    touch = Duration.lognormal(people.touch_median / MICROSECOND, people.touch_p95 / MICROSECOND)
    mended_us = closed_us * closed_us / (2 * DAY_US) + LOOK_EVERY_US / 2 + touch.mean_us
    return said * min(1.0, (1.0 - math.exp(-meant)) / meant + mended_us / span_us)
