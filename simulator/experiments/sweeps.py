"""Sweeps: every combination of the values of some parameters, counted before anything is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import msgspec

from scenarios.language import Scenario
from scenarios.paths import resolved
from simulator.experiments import ranges
from simulator.experiments.ranges import Values

POINTS_MAX = 10_000


class Axis(msgspec.Struct, frozen=True):
    """A parameter (by its full name) and the values it takes."""

    path: str
    values: Values


def axis(scenario: Scenario, text: str) -> Axis:
    """Return the axis of a text `PATH=VALUES`; raise ValueError or ScenarioError that says what is wrong with it."""
    name, equals, values = text.partition("=")
    if not equals:
        raise ValueError(f"found {text!r}, expected PATH=VALUES, for example erp.slots=5,7,15")
    return Axis(resolved(scenario, name.strip()), ranges.parsed(values.strip()))


def axes(scenario: Scenario, texts: Sequence[str]) -> tuple[Axis, ...]:
    """Return the axes of texts `PATH=VALUES`; raise ValueError for a parameter that is varied twice."""
    found = tuple(axis(scenario, text) for text in texts)
    paths = [each.path for each in found]
    twice = sorted({path for path in paths if paths.count(path) > 1})
    if twice:
        raise ValueError(f"{twice[0]} is varied twice; give all its values at once")
    return found


def points_of(axes: Sequence[Axis]) -> int:
    """Return how many combinations there are, without making any."""
    count = 1
    for each in axes:
        count *= each.values.count
    return count


def require_size(axes: Sequence[Axis], replications: int, most: int = POINTS_MAX) -> None:
    """Raise ValueError, with the figures, for a sweep that is too large to be meant."""
    points = points_of(axes)
    if points <= most:
        return
    factors = " x ".join(f"{each.values.count:,} of {each.path}" for each in axes)
    raise ValueError(
        f"this sweep has {points:,} points ({factors}), {points * replications:,} replications; "
        f"at most {most:,} points are swept. Take wider steps, or ask `q2c search`, `q2c sensitivity` or "
        "`q2c optimise`, which need far fewer"
    )


def grid(axes: Sequence[Axis]) -> Iterator[tuple[str, ...]]:
    """Yield every combination of values, the last axis fastest."""
    texts = ([each.values.text(i) for i in range(each.values.count)] for each in axes)
    yield from product(*texts)
