"""Metrics: the figures of one replication by name, `within SLA-2`, `p95 SLA-2`, `utilisation erp`, `late`.

Each is one observation of one whole run. A figure that has no case in a run (the 95th percentile of clocks that never
stopped) is left out of it rather than called zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from operator import add
from typing import Literal

import msgspec

from domain.calendar import SECOND_US
from simulator.whatif.model import Model
from simulator.whatif.outcome import Outcome, RouteOutcome, SlaOutcome, StationOutcome

Unit = Literal["share", "seconds", "count", "minor"]
Better = Literal["more", "less", ""]
BOOKING = "SLA-2"
"""The service level whose cut-off decides in which quarter an order is booked."""


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """What a figure is: its unit, which direction is better, and what it says of `{of}`.

    Shares are parts of one, durations seconds, amounts minor units of the model's currency.
    """

    name: str
    unit: Unit
    better: Better
    of: Literal["", "service level", "system"]
    says: str


def _metric(name: str, unit: Unit, better: Better, of: Literal["", "service level", "system"], says: str) -> Metric:
    return Metric(name=name, unit=unit, better=better, of=of, says=says)


_TABLE = (
    _metric("within", "share", "more", "service level", "{of} in time"),
    _metric("late", "count", "less", "", "signed before the cut-off, booked after it"),
    _metric("late_amount", "minor", "less", "", "worth of what was booked too late"),
    _metric("lost", "count", "less", "", "lifecycles lost"),
    _metric("lost_amount", "minor", "less", "", "worth of what was lost (leakage)"),
    _metric("duplicates", "count", "less", "", "work done twice"),
    _metric("doubled_amount", "minor", "less", "", "worth of what was done twice"),
    _metric("p95", "seconds", "less", "service level", "{of}, 95th percentile"),
    _metric("made", "share", "more", "service level", "{of}, done before the cut-off"),
    _metric("dead_letters", "count", "less", "", "given up and handed to people"),
    _metric("drain", "seconds", "less", "system", "until {of} had worked off what an outage struck"),
    _metric("backlog", "count", "less", "system", "waiting for {of} in an outage, at most"),
    _metric("p99", "seconds", "less", "service level", "{of}, 99th percentile"),
    _metric("p50", "seconds", "less", "service level", "{of}, median"),
    _metric("mean", "seconds", "less", "service level", "{of}, mean"),
    _metric("unfinished", "count", "less", "service level", "{of}, never done"),
    _metric("money_days", "minor", "less", "service level", "{of}, money waiting (amount x days)"),
    _metric("utilisation_peak", "share", "", "system", "{of} in use, busiest hour"),
    _metric("utilisation", "share", "", "system", "{of} in use"),
    _metric("wait_mean", "seconds", "less", "system", "wait for {of}, mean"),
    _metric("queue_max", "count", "less", "system", "longest queue at {of}"),
    _metric("refused", "count", "less", "system", "calls that {of} refused for its limits"),
    _metric("calls", "count", "", "system", "calls to {of}"),
    _metric("retries", "count", "less", "", "attempts after the first"),
    _metric("repeats", "count", "", "", "work asked for again, without harm"),
    _metric("attempts", "count", "", "", "calls of all kinds"),
    _metric("estimated", "count", "less", "", "answers estimated for a while"),
)
METRICS: dict[str, Metric] = {metric.name: metric for metric in _TABLE}
"""By name, what matters most first."""

_SLAS: dict[str, Callable[[SlaOutcome], float | None]] = {
    "within": lambda sla: sla.attained if sla.started else None,
    "p50": lambda sla: sla.histogram.quantile(0.50) / SECOND_US if sla.stopped else None,
    "p95": lambda sla: sla.histogram.quantile(0.95) / SECOND_US if sla.stopped else None,
    "p99": lambda sla: sla.histogram.quantile(0.99) / SECOND_US if sla.stopped else None,
    "mean": lambda sla: sla.mean_us / SECOND_US if sla.stopped else None,
    "made": lambda sla: sla.made / sla.due if sla.due else None,
    "unfinished": lambda sla: sla.started - sla.stopped if sla.started else None,
    "money_days": lambda sla: sla.amount_seconds / 86_400 if sla.amount_seconds else None,
}
_STATIONS: dict[str, Callable[[StationOutcome], float | None]] = {
    "calls": lambda station: station.counts["calls"],
    "refused": lambda station: station.counts["refused"],
    "utilisation": lambda station: _utilisation(station),
    "utilisation_peak": lambda station: max(station.utilisation) if any(station.slots_us) else None,
    "wait_mean": lambda station: station.wait_mean_us / SECOND_US if station.counts["calls"] else None,
    "queue_max": lambda station: max(station.series["queue_max"], default=0),
}
_SUMS = (
    "started", "stopped", "within", "total_us", "due", "made", "amount_due", "amount_made", "amount_seconds",
)  # fmt: skip
_COUNTED = {"lost", "duplicates", "dead_letters", "repeats", "retries"}
_ALSO = {"estimated": "fallbacks"}
_ROUTES: dict[str, Callable[[RouteOutcome], int]] = {
    "lost_amount": lambda route: route.amount_lost,
    "doubled_amount": lambda route: route.amount_doubled,
}


def measures(outcome: Outcome) -> dict[str, float]:
    """Return every figure of a replication by its name."""
    return dict(_measured(outcome))


def measure(outcome: Outcome, metric: str, of: str = "") -> float | None:
    """Return one figure of a replication; None when it has no case, or there is no such service level or system."""
    assert metric in METRICS, f"there is no metric {metric}"
    return measures(outcome).get(named(metric, of))


def named(metric: str, of: str = "") -> str:
    """Return the full name of a figure."""
    return f"{metric} {of}" if of else metric


def names_of(model: Model) -> tuple[str, ...]:
    """Return the names of the figures that a model's replications may have."""
    found = []
    for metric in _TABLE:
        if metric.of == "service level":
            found += [named(metric.name, sla) for sla in dict.fromkeys(sla.name for sla in model.slas)]
        elif metric.of == "system":
            found += [named(metric.name, station.name) for station in model.stations]
        else:
            found.append(metric.name)
    return tuple(found)


def resolved(names: Iterable[str], said: str) -> str:
    """Return the figure a person means: `SLA-2` is `within SLA-2`, `SLA-2 p95` is `p95 SLA-2`.

    Raise ValueError with the nearest names for one that does not exist.
    """
    known = list(names)
    first, _, second = said.strip().partition(" ")
    for name in (said.strip(), f"{second.strip()} {first}", f"within {said.strip()}"):
        if name in known:
            return name
    near = get_close_matches(said, [name.removeprefix("within ") for name in known], 4, 0.5) or known[:6]
    raise ValueError(f"found the measure {said!r}, expected one of this scenario; the nearest: {', '.join(near)}")


def metric_of(name: str) -> Metric:
    """Return what a figure is, by its full name."""
    return METRICS[name.partition(" ")[0]]


def levels(outcome: Outcome) -> tuple[SlaOutcome, ...]:
    """Return the service levels of a replication, one each: clocks of one name count as one, however they start."""
    found: dict[str, SlaOutcome] = {}
    for sla in outcome.slas:
        found[sla.name] = _together(found[sla.name], sla) if sla.name in found else sla
    return tuple(found.values())


def _together(one: SlaOutcome, other: SlaOutcome) -> SlaOutcome:
    sums = {name: getattr(one, name) + getattr(other, name) for name in _SUMS}
    series = {name: tuple(map(add, getattr(one, name), getattr(other, name))) for name in ("began", "ended")}
    longest_us = max(one.longest_us, other.longest_us)
    return msgspec.structs.replace(
        one, **sums, **series, longest_us=longest_us, histogram=one.histogram.merged(other.histogram)
    )


def is_share(name: str) -> bool:
    """Tell whether a figure is a part of one."""
    return metric_of(name).unit == "share"


def _measured(outcome: Outcome) -> Iterator[tuple[str, float]]:
    slas = levels(outcome)
    for sla in slas:
        yield from _present(_SLAS, sla, sla.name)
    for station in outcome.stations:
        yield from _present(_STATIONS, station, station.name)
        yield from _after_outages(outcome, station.name)
    totals = outcome.totals
    yield from ((name, totals[name]) for name in sorted(_COUNTED))
    yield from ((name, totals[counted]) for name, counted in _ALSO.items())
    yield "attempts", totals["calls"]
    booking = [sla for sla in slas if sla.name == BOOKING and sla.due]
    for sla in booking:
        yield "late", sla.late
        yield "late_amount", sla.amount_late
    for name, amount in _ROUTES.items():
        yield name, sum(map(amount, outcome.routes))


def _present(
    table: Mapping[str, Callable[..., float | None]], thing: SlaOutcome | StationOutcome, of: str
) -> Iterator[tuple[str, float]]:
    for name, figure in table.items():
        found = figure(thing)
        if found is not None:
            yield named(name, of), float(found)


def _after_outages(outcome: Outcome, station: str) -> Iterator[tuple[str, float]]:
    """Yield what the outages of a station left behind; one that was never worked off took until the end at least."""
    outages = [each for each in outcome.outages if each.station == station]
    if outages:
        yield named("backlog", station), max(each.peak for each in outages)
        drains = [
            max(0, outcome.last_us - each.until_us) if each.drain_us is None else each.drain_us for each in outages
        ]
        yield named("drain", station), max(drains) / SECOND_US


def _utilisation(station: StationOutcome) -> float | None:
    slots_us = sum(station.slots_us)
    return station.busy_us / slots_us if slots_us else None
