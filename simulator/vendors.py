"""What vendors change while a run goes on: the limits they grant, and how their interfaces behave (drifts)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from domain.history import Drifted, Grant
from mocks.drift.switches import DRIFTS, Drifts
from mocks.kernel.limits import LimitPolicy
from mocks.world import World
from scenarios.grants import LIMITS, granted
from scenarios.moments import moments
from scenarios.timeline import Timeline

CallAt = Callable[[int, Callable[[], None]], Any]
Placed = Callable[[LimitPolicy], LimitPolicy]


def _same(policy: LimitPolicy) -> LimitPolicy:
    return policy


def schedule(timeline: Timeline, world: World, call_at: CallAt, placed: Placed = _same) -> None:
    """Have every change that a scenario says happen at its instant, and end when it ends.

    `placed` returns a limit of so many requests a second as the clock of the world has it.
    """
    _schedule_limits(timeline, world, call_at, placed)
    if timeline.scenario.drifts:
        _schedule_drifts(timeline, Drifts(world.services), call_at)


def grants(timeline: Timeline) -> tuple[Grant, ...]:
    """Return the limits that vendors change on the way, each with its time."""
    bounds, found = moments(timeline.scenario), []
    for change in timeline.scenario.limit_changes:
        start_us, end_us = bounds.window_us(change.from_, change.to, change.lasts, change.entity)
        found.append(
            Grant(
                system=change.system,
                start_us=start_us,
                end_us=end_us if change.ends else timeline.horizon_us,
                requests=change.rps or 0,
                concurrent=change.slots or 0,
            )
        )
    return tuple(found)


def drifted(timeline: Timeline) -> tuple[Drifted, ...]:
    """Return how interfaces drift on the way, each drift with its time."""
    bounds, found = moments(timeline.scenario), []
    for each in timeline.scenario.drifts:
        start_us, end_us = bounds.window_us(each.from_, each.to, each.lasts, each.entity)
        found.append(Drifted(system=DRIFTS[each.name].system, name=each.name, start_us=start_us, end_us=end_us))
    return tuple(found)


def _schedule_drifts(timeline: Timeline, drifts: Drifts, call_at: CallAt) -> None:
    for each in drifted(timeline):
        call_at(each.start_us, partial(_drift, drifts, each.name, True))
        call_at(each.end_us, partial(_drift, drifts, each.name, False))


def _drift(drifts: Drifts, name: str, is_on: bool) -> None:
    others = tuple(other for other in drifts.names if other != name)
    drifts.put((*others, name) if is_on else others)


def _schedule_limits(timeline: Timeline, world: World, call_at: CallAt, placed: Placed) -> None:
    scenario, bounds = timeline.scenario, moments(timeline.scenario)
    for system in sorted({change.system for change in scenario.limit_changes}):
        changes = [change for change in scenario.limit_changes if change.system == system]
        for name in LIMITS:
            for at_us, change in granted(changes, name, bounds):
                value = getattr(change or getattr(scenario.systems, system), name)
                call_at(at_us, partial(_grant, world, system, name, value, placed))


def _grant(world: World, system: str, name: str, value: int, placed: Placed) -> None:
    limiter = world[system].limiter
    if name == "slots":
        limiter.policy = msgspec.structs.replace(limiter.policy, concurrent=value)
    elif name == "rps":
        limiter.policy = placed(msgspec.structs.replace(limiter.policy, requests=value, window_seconds=1))
    else:
        world["crm"].model.allowance.maximum = value
