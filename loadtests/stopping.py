"""Stopping: when a load ends before its time. What is looked at is a value; so is what is too much."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What ends a load: seconds and arrivals always; the others where a person wants it (0: not at all).

    `errors_percent` of the requests failed; `late_percent` of the lifecycles missed their service level; `backlog`
    lifecycles are signed and not booked.
    """

    seconds: float
    arrivals: int
    errors_percent: float = 0.0
    late_percent: float = 0.0
    backlog: int = 0
    least: int = 20
    """A share of fewer than this is not looked at."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a load looks like at a moment."""

    seconds: float
    arrivals: int
    requests: int = 0
    errors: int = 0
    clocks: int = 0
    late: int = 0
    backlog: int = 0


def reason(seen: Seen, limits: Limits) -> str:
    """Return why a load must end now, as a sentence; empty when it may go on."""
    if seen.seconds >= limits.seconds:
        return f"it has run for {limits.seconds:g} s, the longest that was allowed"
    if seen.arrivals >= limits.arrivals:
        return f"{limits.arrivals} acts were offered, the most that were allowed"
    if limits.errors_percent and _over(seen.errors, seen.requests, limits.errors_percent, limits.least):
        return f"{seen.errors} of {seen.requests} requests failed: more than {limits.errors_percent:g} %"
    if limits.late_percent and _over(seen.late, seen.clocks, limits.late_percent, limits.least):
        return f"{seen.late} of {seen.clocks} lifecycles were late: more than {limits.late_percent:g} %"
    if limits.backlog and seen.backlog > limits.backlog:
        return f"{seen.backlog} lifecycles are signed and not booked: more than {limits.backlog}"
    return ""


def _over(part: int, whole: int, percent: float, least: int) -> bool:
    return whole >= least and part * 100 > percent * whole
