"""Prediction: what the model of a scenario says of a replay, after a smaller replay has told how its steps go.

The model knows how the systems of record behave: service times, slots, limits, windows of trouble. How an integration
uses them it learns from a replay of it. A black box shows no more than how long its orders took, so no more is learned:
by how much its steps are slower or faster than the model's (`scale`), and what it takes besides (`own_us`). Both come
from the quartiles of one replay. How far the curve is off then, share by share, is a correction (quantile mapping) as
far as enough orders tell of it; how all changes with load is the model's to say.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from typing import Any

import msgspec

from scenarios.timeline import Timeline
from simulator.replay.outcome import SHARES, Fit, Prediction
from simulator.replay.pacing import Pace
from simulator.whatif.durations import Duration
from simulator.whatif.engine import simulate
from simulator.whatif.histogram import Histogram
from simulator.whatif.model import NEVER_US, SECOND_US, Arrivals, Model, Piece, Route, Sla, Station, Step
from simulator.whatif.outcome import merged
from simulator.whatif.translation import translate

ORDERS_MIN = 20
"""Fewer orders tell no quartiles."""
_MESSAGE = "message"
_PEOPLE = frozenset({"a case opens", "somebody looks", "a clerk mends it", "an answer from outside", "the case closes"})
"""Steps of people, who do not act on a black box: an order that needs them is not booked, and not measured."""
RUNS = 20
"""A curve is that of so many runs of the model together."""
_SETTLING_US = 600 * SECOND_US
BEYOND_MIN = 5
"""A share is corrected when at least so many orders lie on either side of it, another one as the nearest such."""
_ROUNDS = 4
_NEAR = 0.02


def fitted(timeline: Timeline, speed: float, measured_us: Sequence[int], runs: int = RUNS) -> Fit:
    """Learn from a replay of a timeline how an integration's orders go; raise ValueError when there are too few."""
    if len(measured_us) < ORDERS_MIN:
        raise ValueError(f"{len(measured_us)} orders tell too little; a calibration takes {ORDERS_MIN} and more")
    ordered = sorted(measured_us)
    fit = _shaped(timeline, speed, ordered, runs)
    return msgspec.structs.replace(fit, corrections=_corrections(curve(timeline, speed, fit, runs), ordered))


def _shaped(timeline: Timeline, speed: float, ordered: Sequence[int], runs: int) -> Fit:
    """Return the scale and the own time that give a curve its measured quartiles."""
    low_us, middle_us, high_us = (rank(ordered, share) for share in (0.25, 0.5, 0.75))
    scaled = partial(_scale, timeline, speed, runs)
    scale = scaled(high_us - low_us, lambda found: found.quantile(0.75) - found.quantile(0.25))
    own_us = middle_us - curve(timeline, speed, Fit(scale), runs).quantile(0.5)
    if own_us >= 0:
        return Fit(scale, round(own_us))
    return Fit(scaled(middle_us, lambda found: found.quantile(0.5)))  # it is faster than the model throughout


def _corrections(found: Histogram, ordered: Sequence[int]) -> tuple[float, ...]:
    """Return, for each of SHARES, how many times the curve was measured."""
    known = [share for share in SHARES if min(share, 1 - share) * len(ordered) >= BEYOND_MIN] or [0.5]
    nearest = [min(known, key=lambda each, share=share: abs(each - share)) for share in SHARES]  # type: ignore[misc]
    return tuple(rank(ordered, share) / max(1.0, found.quantile(share)) for share in nearest)


def _scale(timeline: Timeline, speed: float, runs: int, wanted_us: int, measure: Callable[[Histogram], float]) -> float:
    """Return by how much steps must be longer or shorter for something measured on the curve to be as wanted.

    Near saturation a slower step costs more than itself: each round follows the slope between the last two.
    """
    scale, slope = 1.0, 1.0
    known: tuple[float, float] | None = None
    for _ in range(_ROUNDS):
        at = math.log(scale), math.log(max(1.0, measure(curve(timeline, speed, Fit(scale), runs))))
        if known is not None and abs(at[0] - known[0]) > _NEAR:
            slope = min(4.0, max(0.5, (at[1] - known[1]) / (at[0] - known[0])))
        known = at
        scale = min(100.0, max(0.01, scale * math.exp((math.log(max(1, wanted_us)) - at[1]) / slope)))
    return scale


def predicted(
    timeline: Timeline, speed: float, fit: Fit, measured_us: Sequence[int], calibrated_by: str, runs: int = RUNS
) -> Prediction:
    """Predict a replay with what was learned from another one, and put what was measured beside it."""
    found, ordered = curve(timeline, speed, fit, runs), sorted(measured_us)
    factors = fit.corrections or (1.0,) * len(SHARES)
    corrected = (found.quantile(share) * factor for share, factor in zip(SHARES, factors, strict=True))
    return Prediction(
        calibrated_by=calibrated_by, fit=fit, orders=len(ordered),
        predicted_seconds=tuple(value / SECOND_US for value in accumulate(corrected, max)),
        measured_seconds=tuple(rank(ordered, share) / SECOND_US for share in SHARES),
    )  # fmt: skip


def rank(ordered: Sequence[int], share: float) -> int:
    """Return a quantile of sorted values by nearest rank; 0 of nothing."""
    return ordered[max(1, -(-round(share * len(ordered) * 1000) // 1000)) - 1] if ordered else 0


def curve(timeline: Timeline, speed: float, fit: Fit, runs: int = RUNS) -> Histogram:
    """Return how long the orders of a timeline take from signed to booked, by the model, over so many runs."""
    model = model_of(timeline, speed, fit)
    outcome = merged(simulate(model, seed, runs=runs) for seed in range(1, runs + 1))
    return next(sla.histogram for sla in outcome.slas if sla.name == "SLA-2")


def model_of(timeline: Timeline, speed: float, fit: Fit) -> Model:
    """Return the model of a replay, on the clock of the wall: its zero is the replay's first instant."""
    whole, pace = translate(timeline.scenario), Pace(timeline.start_us, speed)
    offset_us = timeline.start_us - whole.origin_us
    routes = tuple(_route(route, fit, speed) for route in whole.routes)
    streams = tuple(_streams(timeline, pace, {route.name for route in routes}))
    used = _used(routes, {stream.route for stream in streams})
    return Model(
        name=whole.name, stations=tuple(_station(each, offset_us, speed) for each in whole.stations),
        routes=tuple(route for route in routes if route.name in used), arrivals=streams, repair=whole.repair,
        slas=(Sla(name="SLA-2", begins="accepted", ends="booked", bound_us=300 * SECOND_US),),
        end_us=round(pace.wall_seconds(timeline.heal_us) * SECOND_US) + _SETTLING_US,
    )  # fmt: skip


def _used(routes: Sequence[Route], wanted: set[str]) -> set[str]:
    named, waiting, found = {route.name: route for route in routes}, sorted(wanted), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [step.starts for step in named[name].steps if step.starts]
    return found


# --- orders as they were signed ------------------------------------------------------------------------------------


def _streams(timeline: Timeline, pace: Pace, routes: set[str]) -> Iterator[Arrivals]:
    """Yield the signatures of the timeline, by the second of the wall in which they come."""
    kinds = {act.txn: act.arguments.get("kind") for act in timeline.acts if act.action == "create_quote"}
    seconds: dict[str, Counter[int]] = {}
    for act in timeline.acts:
        if act.action == "accept_quote" and timeline.start_us < act.at_us <= timeline.heal_us:
            route = "order" if kinds.get(act.txn, "new") == "new" else "amendment"
            counts = seconds.setdefault(route if route in routes else "order", Counter())
            counts[int(pace.wall_seconds(act.at_us))] += 1
    for route, counts in sorted(seconds.items()):
        pieces = tuple(
            Piece(from_us=second * SECOND_US, until_us=(second + 1) * SECOND_US, expected=float(count))
            for second, count in sorted(counts.items())
        )
        yield Arrivals(name=route, route=route, pieces=pieces)


# --- steps, as this integration makes them ---------------------------------------------------------------------------


def _route(route: Route, fit: Fit, speed: float) -> Route:
    steps = (_step(step, fit, speed) for step in route.steps if step.name not in _PEOPLE and step.starts != "returned")
    return msgspec.structs.replace(route, steps=tuple(steps))


def _step(step: Step, fit: Fit, speed: float) -> Step:
    """Return a step of the wall: calls scaled, the first message as slow as this integration, pauses compressed."""
    if step.name == _MESSAGE:
        return msgspec.structs.replace(step, pause=Duration.fixed(max(1, fit.own_us)))
    if step.pause is not None:
        return msgspec.structs.replace(step, pause=_times(step.pause, 1.0 / speed))
    return step if step.service is None else msgspec.structs.replace(step, service=_times(step.service, fit.scale))


def _times(duration: Duration, factor: float) -> Duration:
    """Return a duration so many times as long."""
    values = tuple(max(1, round(value * factor)) for value in duration.values)
    return msgspec.structs.replace(duration, scale=max(1.0, duration.scale * factor) if duration.scale else 0.0,
                                   values=values)  # fmt: skip


# --- systems, with their windows where they are on the wall ---------------------------------------------------------


def _station(station: Station, offset_us: int, speed: float) -> Station:
    """Return a station whose windows are on the wall; what is over before the start is left out."""

    def at(us: int) -> int:
        return us if us >= NEVER_US else max(0, round((us - offset_us) / speed))

    def moved(parts: Sequence[Any]) -> tuple[Any, ...]:
        there = (msgspec.structs.replace(each, from_us=at(each.from_us), until_us=at(each.until_us)) for each in parts)
        return tuple(each for each in there if each.until_us > each.from_us)

    shifts = [msgspec.structs.replace(each, from_us=at(each.from_us)) for each in station.shifts]
    last_at_zero = bisect_left([each.from_us for each in shifts], 1) - 1
    return msgspec.structs.replace(
        station, shifts=tuple(shifts[max(0, last_at_zero) :]), outages=moved(station.outages),
        brownouts=moved(station.brownouts), limits=moved(station.limits), incidents=None,
    )  # fmt: skip
