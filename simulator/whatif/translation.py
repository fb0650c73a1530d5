"""A scenario file as a model: the same company, systems, trouble and people, played in a second instead of a minute.

The answer is about time and capacity. What is right or wrong (money, duplicates in the books, order of changes) is the
rehearsal's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from typing import Any

from domain.calendar import HOUR_US, MINUTE_US, midnight_us
from scenarios.engines import unheard as _unheard_words
from scenarios.language import Scenario
from scenarios.moments import season_of
from scenarios.values import MICROSECOND, duration_text
from scenarios.words import WHATIF, Words
from simulator.mishaps import RESTART_SECONDS
from simulator.whatif.beginnings import SWEPT, streams, unmapped_share
from simulator.whatif.calling import FOUND_WITHIN_US, INVOICES, MIRRORS, Journeys, webhook, with_tokens
from simulator.whatif.durations import Duration
from simulator.whatif.journeys import (
    BOTH,
    CASH_AFTER_A_DECLINE,
    CASH_OF_A_CARD,
    CHARGED,
    MONEY_CASE,
    PAID,
    RETURNED,
    alone,
    amendment,
    cash,
    further_taxes,
    invoice,
    mirrors,
    order,
    pings,
    single,
)
from simulator.whatif.model import Model, Parameter, Repair, Route, Sla, Step
from simulator.whatif.systems import (
    CLERKS,
    FOR_A_WHILE,
    FOR_CALLS,
    LEGACY,
    Frame,
    frame_of,
    is_plain,
    is_timed,
    stations,
)
from simulator.whatif.trouble import Death
from simulator.whatif.worth import worths

_SOURCES = {"P": "published", "D": "derived", "E": "estimate"}
_HARMLESS = frozenset({"webhook_first", "forged"})
"""Faults of messages that change no time: a message before the answer, one that nobody believes."""
_SENDERS = ("crm", "fulfilment", "billing", "payment")
_HELD = frozenset({"delay", "reorder"})
_DEATHS = frozenset({"crash", "crash_after"})
_WRITES_PER_CALL = 1.69
"""Durable writes of the integration for each call that the model makes [measured]: at some of them it dies."""
SLAS = (
    ("SLA-2", "accepted", "booked", 5 * MINUTE_US, 0.95, 15 * MINUTE_US, 0.99),
    ("SLA-3", "activated", "generated", 4 * HOUR_US, 0.98, 2 * HOUR_US, 0.99),
    ("SLA-4", "invoiced", "posted", HOUR_US, 0.99, HOUR_US // 2, 0.995),
    ("SLA-5", "captured", "cash booked", 15 * MINUTE_US, 0.95, 15 * MINUTE_US, 0.95),
    ("SLA-5", CHARGED, "cash booked", 15 * MINUTE_US, 0.95, 15 * MINUTE_US, 0.95),
    ("SLA-6", "posted", "posting shown", 5 * MINUTE_US, 0.95, 5 * MINUTE_US, 0.95),
    ("SLA-6", "paid", "payment shown", 5 * MINUTE_US, 0.95, 5 * MINUTE_US, 0.95),
    ("SLA-8", "case opened", "case closed", 8 * HOUR_US, 0.9, 8 * HOUR_US, 0.9),
    ("billed", "booked", "billed", HOUR_US, 0.95, HOUR_US, 0.95),
)
"""Service levels: name, from mark, to mark, bound and share, and both for the last three business days (4.5)."""


def translate(scenario: Scenario) -> Model:
    """Return the model of a scenario. Times of the model begin at the first rehearsed midnight."""
    frame = frame_of(scenario)
    told = {system: tuple(_message(frame, system)) for system in _SENDERS}
    journeys = Journeys(frame, unmapped_share(frame), told, worths(scenario))
    begun = tuple(streams(frame))
    routes = _routes(journeys, {stream.route for stream in begun})
    people = scenario.people
    outside = Duration.lognormal(people.wait_median / MICROSECOND, people.wait_p95 / MICROSECOND)
    return Model(
        name=scenario.name,
        stations=stations(frame),
        routes=routes,
        arrivals=begun,
        slas=tuple(_slas(frame, routes)),
        repair=Repair(
            station=CLERKS, outside_share=float(people.wait_external), outside=outside,
            automatic_share=float(people.automatic),
        ),
        deaths=tuple(_deaths(scenario)),
        end_us=frame.end_us,
        origin_us=frame.moments.start_us,
        parameters=tuple(parameters(scenario)),
    )  # fmt: skip


def _deaths(scenario: Scenario) -> Iterator[Death]:
    """Yield when the integration's process dies: about as many calls lead to so many durable writes."""
    for fault in scenario.faults:
        if fault.kind in _DEATHS and fault.count:
            away = fault.wait or timedelta(seconds=RESTART_SECONDS)
            yield Death(calls=max(1, round(fault.count / _WRITES_PER_CALL)), lasts_us=away // MICROSECOND)


def unheard(scenario: Scenario) -> tuple[str, ...]:
    """Return what a scenario says that the model leaves out, as paths; an answer is given beside them."""
    found = list(_unheard_words(scenario, WHATIF))
    for place, fault in enumerate(scenario.faults):
        known = FOR_CALLS | _HELD | _HARMLESS | _DEATHS | {"loss"}
        is_whole = is_plain(fault) and (not is_timed(fault) or fault.kind in FOR_A_WHILE)
        is_double = fault.kind == "duplicate" and scenario.integration.settled().idempotent
        if not is_double and (fault.kind not in known or not is_whole):
            found.append(f"faults[{place}] ({fault.kind})")
    return tuple(found)


# --- messages, routes, service levels --------------------------------------------------------------------------------


def _message(frame: Frame, system: str) -> Iterator[Step]:
    """Yield the way of a message of a system, with what faults do to it."""
    plans = [
        fault
        for fault in frame.scenario.faults
        if fault.system in (system, None) and is_plain(fault) and not is_timed(fault)
    ]
    lost = float(sum((fault.share for fault in plans if fault.kind == "loss"), Fraction(0)))
    held = [
        (float(fault.share), fault.wait // MICROSECOND)
        for fault in plans
        if fault.kind in _HELD and fault.wait is not None
    ]
    sweep_us = max(FOUND_WITHIN_US[system], frame.scenario.integration.sweep_every // MICROSECOND)
    yield from webhook("message", lost, sweep_us, tuple(held), frame.heal_us)


def _routes(journeys: Journeys, wanted: set[str]) -> tuple[Route, ...]:
    """Return the routes that arrivals begin, and those that these start."""
    found = [
        *mirrors(journeys),
        *(alone(journeys, name) for name in (RETURNED, MONEY_CASE)),
        cash(journeys, "cash", PAID, message=True),
        cash(journeys, CASH_OF_A_CARD, BOTH, message=False),
        cash(journeys, CASH_AFTER_A_DECLINE, PAID, message=False),
        invoice(journeys, "invoice", ()),
        invoice(journeys, "invoice US", further_taxes()),
        order(journeys, "order", "invoice", "erp"),
        order(journeys, "order US", "invoice US", "erp"),
        order(journeys, "order legacy", "invoice", LEGACY),
        amendment(journeys, "amendment", "invoice"),
        amendment(journeys, "amendment US", "invoice US"),
        single(journeys, "invoice run", "erp", True, INVOICES),
        *(
            single(journeys, f"replay {each.system}", "crm", True, MIRRORS)
            for each in journeys.frame.scenario.replays[:1]
        ),
        single(journeys, "poll", "crm", False, MIRRORS),
        *(single(journeys, name, system, False, MIRRORS) for name, system in SWEPT.items()),
    ]
    needed = _needed(found, wanted)
    return (*(with_tokens(journeys, route) for route in found if route.name in needed), *pings(journeys))


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
    """Yield the service levels whose marks are stamped, over the whole run and over each entity's last three days."""
    stamped = {mark for route in routes for mark in (route.begins, route.ends, *(step.mark for step in route.steps))}
    zone, season = frame.scenario.world.entities[0].zone, season_of(frame.scenario)
    since_us = midnight_us(season.days[-3], zone) - frame.moments.start_us
    until_us = midnight_us(frame.moments.cutoff_date, zone) - frame.moments.start_us
    for name, begins, ends, bound_us, share, last_us, last_share in SLAS:
        if not {begins, ends} <= stamped:
            continue
        yield Sla(name=name, begins=begins, ends=ends, bound_us=bound_us, share=share)
        if until_us > 0:
            yield Sla(
                name=f"{name} last days", begins=begins, ends=ends, bound_us=last_us, share=last_share,
                since_us=since_us, until_us=until_us, by_cutoff=True,
            )  # fmt: skip
    for route in routes:
        if route.name in ("invoice run", "poll") or route.name.startswith("replay"):
            yield Sla(name=route.name, begins=route.begins, ends=f"{route.name} done", bound_us=HOUR_US)


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
    if isinstance(value, timedelta):
        return duration_text(value)
    return f"{float(value):g}" if isinstance(value, Fraction) else str(value)
