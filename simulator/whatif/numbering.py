"""The numbers that the names of a model become in its tables. No table is made here, so that a check needs no numpy."""

from __future__ import annotations

from itertools import accumulate

from simulator.whatif.model import Known, Model, Station


def mark_names(model: Model) -> tuple[str, ...]:
    """Return the marks of a model in the order of their numbers."""
    marks = [mark for sla in model.slas for mark in (sla.begins, sla.ends)]
    marks += [step.since for route in model.routes for step in route.steps if step.since]
    return tuple(dict.fromkeys(marks))


def known_things(model: Model) -> dict[Known, int]:
    """Return what the steps of a model find out, each with the number of its first thing."""
    found = dict.fromkeys(step.finds for route in model.routes for step in route.steps if step.finds)
    ends = accumulate((each.of for each in found), initial=0)
    return dict(zip(found, ends, strict=False))


def probed(model: Model) -> list[Station]:
    """Return the stations whose breaker has a route for its probes; each is a stream behind those of the arrivals."""
    return [station for station in model.stations if station.breaker and station.breaker.probe]


def first_steps(model: Model) -> list[int]:
    """Return the number of each route's first step; steps are numbered through all routes."""
    firsts, total = [], 0
    for route in model.routes:
        firsts.append(total)
        total += len(route.steps)
    return firsts
