"""Licences that vendors change while a run goes on: other slots, rates and daily allowances from an instant."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from mocks.world import World
from scenarios.moments import moments
from scenarios.timeline import Timeline
from scenarios.trouble import LimitChange

CallAt = Callable[[int, Callable[[], None]], Any]


def schedule(timeline: Timeline, world: World, call_at: CallAt) -> None:
    """Have every change of limits that a scenario says happen at its instant, and end when it ends."""
    bounds = moments(timeline.scenario)
    for change in timeline.scenario.limit_changes:
        start_us, end_us = bounds.window_us(change.from_, change.to, change.lasts, change.entity)
        call_at(start_us, partial(_grant, world, change))
        if change.to is not None or change.lasts is not None:
            call_at(end_us, partial(_grant, world, _as_before(timeline, change)))


def _as_before(timeline: Timeline, change: LimitChange) -> LimitChange:
    """Return the change that takes a change back: what the scenario grants that system from the start."""
    said = getattr(timeline.scenario.systems, change.system)
    names = [name for name in ("slots", "rps", "daily_calls") if getattr(change, name) is not None]
    return change.model_copy(update={name: getattr(said, name) for name in names})


def _grant(world: World, change: LimitChange) -> None:
    limiter = world[change.system].limiter
    said = {"concurrent": change.slots, "requests": change.rps}
    limiter.policy = msgspec.structs.replace(limiter.policy, **{k: v for k, v in said.items() if v is not None})
    if change.rps is not None:
        limiter.policy = msgspec.structs.replace(limiter.policy, window_seconds=1)
    if change.daily_calls is not None:
        world["crm"].model.allowance.maximum = change.daily_calls
