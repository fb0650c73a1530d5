"""How much work a model brings to its stations, by expectation: known before the run, in no time."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from simulator.whatif.model import Arrivals, Known, Model, Route, Station, Step


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """The expected work of a station: calls, mean time of one, slot time needed and slot time there is.

    `allowed` is how many calls its token buckets let through in that time (0: any number).
    """

    station: str
    calls: float
    mean_us: float
    offered_us: float
    allowed: float = 0.0

    @property
    def utilisation(self) -> float:
        """Return the part of the slots (or of what the limits allow) that the work needs; over 1 it never gets done."""
        by_slots = self.calls * self.mean_us / self.offered_us if self.offered_us else 0.0
        by_limits = self.calls / self.allowed if self.allowed else 0.0
        return max(by_slots, by_limits)

    def sentence(self) -> str:
        """Return the figures in a sentence."""
        if self.allowed and self.calls > self.allowed:
            return f"{self.calls:,.0f} calls are expected, its limits allow {self.allowed:,.0f} in the time there is"
        hours = self.calls * self.mean_us / 3.6e9
        return (
            f"utilisation {self.utilisation:.2f}: {self.calls:,.0f} calls of {self.mean_us / 1e6:,.2f} s are "
            f"{hours:,.1f} slot hours, its slots offer {self.offered_us / 3.6e9:,.1f} h from the first arrival to "
            "the end; the queue can only grow"
        )


def work_of(model: Model, station: Station) -> Work:
    """Return the expected work of a station, each call counted once (retries come on top)."""
    calls = total_us = 0.0
    for step, count in _calls(model):
        if step.station == station.name:
            calls += count
            total_us += count * (step.service or station.service).mean_us
    if model.repair is not None and model.repair.station == station.name:
        for step, count in _calls(model):
            mended = count * step.invalid_share * (1.0 - model.repair.automatic_share)
            calls, total_us = calls + mended, total_us + mended * station.service.mean_us
    first_us = min(_first_us(stream) for stream in model.arrivals)
    whole = msgspec.structs.replace(model, bucket_us=model.end_us)
    offered_us = sum(slots_offered(whole, station)) * (model.end_us - first_us) / model.end_us
    # what a quota refuses is no overload: a caller may do without, and that is often the question
    limits = [limit for limit in station.limits if limit.kind == "bucket"]
    allowed = [_allowed(limit.requests, limit.per_us, limit.burst, model, first_us) for limit in limits]
    is_open = any(limit.from_us > 0 or limit.until_us < model.end_us for limit in limits)
    return Work(
        station=station.name,
        calls=calls,
        mean_us=total_us / calls if calls else 0.0,
        offered_us=offered_us,
        allowed=0.0 if is_open else min(allowed, default=0.0),
    )


def slots_offered(model: Model, station: Station) -> tuple[int, ...]:
    """Return the slot time there is in each bucket of a model's series; nothing where slots do not matter."""
    wide, end_us = model.bucket_us, model.end_us
    changes = [(0, station.slots), *((shift.from_us, shift.slots) for shift in station.shifts)]
    edges = [*(change[0] for change in changes[1:]), end_us]
    offered = [0] * model.buckets
    for (from_us, slots), until_us in zip(changes, edges, strict=True):
        at_us, stop_us = max(0, from_us), min(until_us, end_us)
        while slots and at_us < stop_us:
            bucket = at_us // wide
            edge_us = min((bucket + 1) * wide, stop_us)
            offered[bucket] += slots * (edge_us - at_us)
            at_us = edge_us
    return tuple(offered)


def expected_attempts(model: Model) -> float:
    """Return how many calls a run of a model is expected to make, retries apart: what it costs, roughly."""
    return sum(count for _, count in _calls(model))


def lifecycles_of(stream: Arrivals) -> float:
    """Return how many lifecycles a stream is expected to bring, followers included."""
    if stream.count:
        return float(stream.count)
    brought = sum(stream.follows**place for place in range(stream.batch_max)) if stream.follows else 1.0
    return brought * sum(piece.expected for piece in stream.pieces)


def _calls(model: Model) -> Iterator[tuple[Step, float]]:
    """Yield the calls of a model and how often each is expected; nothing is found out more often than it must be."""
    wanted = tuple(_wanted(model))
    asked: dict[Known | None, float] = {}
    for step, count in wanted:
        asked[step.finds] = asked.get(step.finds, 0.0) + count
    for step, count in wanted:
        most = step.finds.most(model.end_us) if step.finds else math.inf
        yield step, count * min(1.0, most / (asked[step.finds] or 1.0))


def _wanted(model: Model) -> Iterator[tuple[Step, float]]:
    for stream in model.arrivals:
        count = lifecycles_of(stream)
        for step, share in _of_route(model, model.route(stream.route)):
            yield step, count * share


def _of_route(model: Model, route: Route) -> Iterator[tuple[Step, float]]:
    for step in route.steps:
        if step.station:
            yield step, step.share
        elif step.starts:
            for below, share in _of_route(model, model.route(step.starts)):
                yield below, share * step.share


def _first_us(stream: Arrivals) -> int:
    return stream.pieces[0].from_us if stream.pieces else stream.at_us


def _allowed(requests: int, per_us: int, burst: int, model: Model, first_us: int) -> float:
    return burst + requests * (model.end_us - first_us) / per_us
