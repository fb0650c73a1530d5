"""A scenario file as a model: the same company, systems, trouble and people, played in a second instead of a minute.

The answer is about time and capacity. What is right or wrong (money, duplicates in the books, order of changes) is the
rehearsal's to say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from domain.calendar import midnight_us
from scenarios.amendments import MORE
from scenarios.arrivals import BATCH_MAX, BATCH_US, FOLLOWS
from scenarios.company import Entity
from scenarios.engines import unheard as _unheard_words
from scenarios.language import Scenario
from scenarios.moments import DAY, local_us, season_of
from scenarios.values import MICROSECOND
from scenarios.words import WHATIF, Words
from simulator.whatif.durations import Duration
from simulator.whatif.journeys import (
    CHARGES_US,
    INVOICES,
    MIRRORS,
    UNLIKE,
    Journeys,
    amendment,
    cash,
    invoice,
    mirror,
    order,
    returned,
    single,
    webhook,
)
from simulator.whatif.model import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    Arrivals,
    Model,
    Parameter,
    Piece,
    Repair,
    Route,
    Sla,
    Step,
)
from simulator.whatif.systems import (
    AFTER,
    BEFORE,
    CLERKS,
    LEGACY,
    LOST,
    THROTTLED,
    Frame,
    frame_of,
    is_plain,
    is_timed,
    stations,
)

_MONTHS_A_YEAR = 12
_SOURCES = {"P": "published", "D": "derived", "E": "estimate"}
_HARMLESS = frozenset({"webhook_first", "forged"})
"""Faults of messages that change no time: a message before the answer, one that nobody believes."""
_HELD = frozenset({"delay", "reorder"})
SLAS = (
    ("SLA-2", "accepted", "booked", 5 * MINUTE_US, 0.95, 15 * MINUTE_US, 0.99),
    ("SLA-3", "activated", "generated", 4 * HOUR_US, 0.98, 2 * HOUR_US, 0.99),
    ("SLA-4", "invoiced", "posted", HOUR_US, 0.99, HOUR_US // 2, 0.995),
    ("SLA-5", "captured", "cash booked", 15 * MINUTE_US, 0.95, 15 * MINUTE_US, 0.95),
    ("SLA-6", "news", "shown", 5 * MINUTE_US, 0.95, 5 * MINUTE_US, 0.95),
    ("SLA-6", "paid by card", "shown", 5 * MINUTE_US, 0.95, 5 * MINUTE_US, 0.95),
    ("SLA-8", "case opened", "case closed", 8 * HOUR_US, 0.9, 8 * HOUR_US, 0.9),
    ("billed", "booked", "billed", HOUR_US, 0.95, HOUR_US, 0.95),
)
"""Service levels: name, from mark, to mark, bound and share, and both for the last three business days (4.5)."""


def translate(scenario: Scenario) -> Model:
    """Return the model of a scenario. Times of the model begin at the first rehearsed midnight."""
    frame = frame_of(scenario)
    told = tuple(_message(frame))
    amount = Duration.lognormal(2_000_000, 12_000_000)
    journeys = Journeys(frame, _token_share(frame), _unlike_share(scenario), told, amount)
    streams = list(_streams(frame))
    routes = _routes(journeys, {stream.route for stream in streams})
    people = scenario.people
    outside = Duration.lognormal(people.wait_median / MICROSECOND, people.wait_p95 / MICROSECOND)
    return Model(
        name=scenario.name,
        stations=stations(frame),
        routes=routes,
        arrivals=tuple(streams),
        slas=tuple(_slas(frame, routes)),
        repair=Repair(
            station=CLERKS, outside_share=float(people.wait_external), outside=outside,
            automatic_share=float(people.automatic),
        ),
        end_us=frame.end_us,
        origin_us=frame.moments.start_us,
        parameters=tuple(parameters(scenario)),
    )  # fmt: skip


def unheard(scenario: Scenario) -> tuple[str, ...]:
    """Return what a scenario says that the model leaves out, as paths; an answer is given beside them."""
    found = list(_unheard_words(scenario, WHATIF))
    for place, fault in enumerate(scenario.faults):
        known = BEFORE | AFTER | LOST | THROTTLED | _HELD | _HARMLESS | {"loss"}
        is_whole = is_plain(fault) and (not is_timed(fault) or fault.kind in BEFORE)
        is_double = fault.kind == "duplicate" and scenario.integration.settled().idempotent
        if not is_double and (fault.kind not in known or not is_whole):
            found.append(f"faults[{place}] ({fault.kind})")
    return tuple(found)


# --- messages, routes, service levels --------------------------------------------------------------------------------


def _message(frame: Frame) -> Iterator[Step]:
    """Yield the way of a vendor's message, with what faults do to it."""
    plans = [fault for fault in frame.scenario.faults if is_plain(fault) and not is_timed(fault)]
    lost = float(sum((fault.share for fault in plans if fault.kind == "loss"), Fraction(0)))
    held = [
        (float(fault.share), fault.wait // MICROSECOND)
        for fault in plans
        if fault.kind in _HELD and fault.wait is not None
    ]
    sweep_us = max(2 * HOUR_US, frame.scenario.integration.sweep_every // MICROSECOND)
    yield from webhook("message", lost, sweep_us, tuple(held))


def _routes(journeys: Journeys, wanted: set[str]) -> tuple[Route, ...]:
    """Return the routes that arrivals begin, and those that these start."""
    found = [
        mirror(journeys),
        returned(journeys),
        cash(journeys, "cash", news="news", message=True),
        cash(journeys, "cash of a card", news="paid by card", message=False),
        invoice(journeys, "invoice", ()),
        invoice(journeys, "invoice US", CHARGES_US),
        order(journeys, "order", "invoice", "erp"),
        order(journeys, "order US", "invoice US", "erp"),
        order(journeys, "order legacy", "invoice", LEGACY),
        amendment(journeys, "invoice"),
        single(journeys, "invoice run", "erp", True, INVOICES),
        *(
            single(journeys, f"replay {each.system}", "crm", True, MIRRORS)
            for each in journeys.frame.scenario.replays[:1]
        ),
        single(journeys, "poll", "crm", False, MIRRORS),
    ]
    return tuple(route for route in found if route.name in _needed(found, wanted))


def _needed(routes: list[Route], wanted: set[str]) -> set[str]:
    needed, waiting = set[str](), sorted(wanted)
    named = {route.name: route for route in routes}
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [step.starts for step in named[name].steps if step.starts]
    return needed


def _slas(frame: Frame, routes: tuple[Route, ...]) -> Iterator[Sla]:
    """Yield the service levels whose marks are stamped, over the whole run and over the last three business days."""
    stamped = {mark for route in routes for mark in (route.begins, route.ends, *(step.mark for step in route.steps))}
    zone, season = frame.scenario.world.entities[0].zone, season_of(frame.scenario)
    since_us = max(0, midnight_us(season.days[-3], zone) - frame.moments.start_us)
    until_us = midnight_us(frame.moments.cutoff_date, zone) - frame.moments.start_us
    for name, begins, ends, bound_us, share, last_us, last_share in SLAS:
        if not {begins, ends} <= stamped:
            continue
        yield Sla(name=name, begins=begins, ends=ends, bound_us=bound_us, share=share)
        if since_us < until_us:
            yield Sla(
                name=f"{name} last days", begins=begins, ends=ends, bound_us=last_us, share=last_share,
                since_us=since_us, until_us=until_us,
            )  # fmt: skip
    for route in routes:
        if route.name in ("invoice run", "poll") or route.name.startswith("replay"):
            yield Sla(name=route.name, begins=route.begins, ends=f"{route.name} done", bound_us=HOUR_US)


# --- arrivals --------------------------------------------------------------------------------------------------------


def _streams(frame: Frame) -> Iterator[Arrivals]:
    scenario = frame.scenario
    for entity in scenario.world.entities:
        route = "order legacy" if entity.books == LEGACY else "order US" if entity.country == "US" else "order"
        pieces = tuple(_orders(frame, entity))
        if sum(piece.expected for piece in pieces):
            yield Arrivals(
                name=f"orders {entity.id}", route=route, pieces=pieces, follows=FOLLOWS, batch_max=BATCH_MAX,
                batch_us=BATCH_US,
                cutoff_us=midnight_us(frame.moments.cutoff_date, entity.zone) - frame.moments.start_us,
            )  # fmt: skip
    at_home = float(sum(entity.share for entity in scenario.world.entities if entity.country == "US"))
    for name, route, expected in (
        ("amendments", "amendment", _amendments(frame)),
        ("bills", "invoice", _bills(frame, 1.0 - at_home)),
        ("bills US", "invoice US", _bills(frame, at_home)),
    ):
        pieces = tuple(piece for piece in expected if piece.expected > 0)
        if pieces:
            yield Arrivals(name=name, route=route, pieces=pieces)
    yield from _bulk(frame)


def _hours(frame: Frame, entity: Entity, expected: float, day: Any) -> Iterator[Piece]:
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
    first_ones = world.orders_per_quarter * float(entity.share) / sum(FOLLOWS**place for place in range(BATCH_MAX))
    for day in season.days:
        if frame.moments.first_day <= day <= frame.moments.last_day:
            yield from _hours(frame, entity, first_ones * season.share(day, day), day)


def _amendments(frame: Frame) -> Iterator[Piece]:
    """Yield when amendments and renewals are expected: by the season, and in the wave after a price rise."""
    scenario, moments_ = frame.scenario, frame.moments
    season, entity = season_of(scenario), scenario.world.entities[0]
    days = [day for day in season.days if moments_.first_day <= day <= moments_.last_day]
    years = ((moments_.last_day - moments_.first_day).days + 1) / 365
    each = sum(count * weight for count, weight in MORE)
    usual = scenario.world.live_subscriptions * (
        min(1.0, scenario.mix.amendments_per_contract_year * years) * each + years
    )
    played = sum(season.share(day, day) for day in days) or 1.0
    for day in days:
        wave = _wave(frame, day) * each * scenario.world.live_subscriptions
        yield from _hours(frame, entity, usual * season.share(day, day) / played + wave, day)


def _wave(frame: Frame, day: Any) -> float:
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


def _bills(frame: Frame, share: float) -> Iterator[Piece]:
    """Yield when the bills of running subscriptions are expected: monthly ones and those of a year."""
    scenario = frame.scenario
    monthly = float(scenario.mix.monthly)
    a_year = scenario.world.live_subscriptions * (_MONTHS_A_YEAR * monthly + 1.0 - monthly)
    days = frame.end_us / DAY_US
    yield Piece(from_us=0, until_us=frame.end_us, expected=share * a_year * days / 365)


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


def _token_share(frame: Frame) -> float:
    """Return the share of quotes that find no fresh ERP token: a token lives an hour, and is fetched when needed."""
    pieces = [piece for entity in frame.scenario.world.entities for piece in _orders(frame, entity)]
    fetched = total = 0.0
    for piece in pieces:
        hours = (piece.until_us - piece.from_us) / HOUR_US
        same = sum(each.expected for each in pieces if each.from_us < piece.until_us and each.until_us > piece.from_us)
        rate = same / hours
        fetched += piece.expected * ((1.0 - math.exp(-rate)) / rate if rate else 1.0)
        total += piece.expected
    return fetched / total if total else 1.0


def _unlike_share(scenario: Scenario) -> float:
    """Return the share of orders of known accounts that write the ERP's customer: the first ones of their account."""
    quotes = scenario.world.orders_per_quarter * float(scenario.mix.expansion)
    each = quotes / max(1, scenario.world.live_subscriptions)
    return UNLIKE * (1.0 - math.exp(-each)) / each if each else UNLIKE


# --- parameters ------------------------------------------------------------------------------------------------------


def parameters(scenario: Scenario) -> Iterator[Parameter]:
    """Yield the figures of a scenario with their sources: as its language marks them, or the file's own."""
    for name in ("world", "mix", "failures", "payments", "people", "systems", "incidents", "integration"):
        yield from _figures(getattr(scenario, name), name, scenario)


def _figures(section: Words, path: str, scenario: Scenario) -> Iterator[Parameter]:
    for name, field in type(section).model_fields.items():
        value, inside = getattr(section, name), f"{path}.{name}"
        if isinstance(value, Words):
            yield from _figures(value, inside, scenario)
        elif not isinstance(value, tuple) and value is not None:
            mark = re.search(r"\[([PED])", field.description or "")
            source: Any = _SOURCES[mark[1]] if mark else "estimate"
            source = "yours" if name in section.model_fields_set else source
            yield Parameter(name=inside, value=_shown(value), source=source)


def _shown(value: object) -> str:
    return f"{float(value):g}" if isinstance(value, Fraction) else str(value)
