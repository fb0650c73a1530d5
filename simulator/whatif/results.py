"""The outcome of a run from the tables it was counted in."""

from __future__ import annotations

from typing import Any

from simulator.whatif.histogram import MANTISSA_BITS, Histogram
from simulator.whatif.incidents import KIND_NAMES, SLOW
from simulator.whatif.load import slots_offered
from simulator.whatif.model import Model, Station
from simulator.whatif.outcome import (
    ROUTE_COUNTS,
    SERIES,
    STATION_COUNTS,
    OutageOutcome,
    Outcome,
    RouteOutcome,
    SlaOutcome,
    StationOutcome,
    merged_clocks,
)
from simulator.whatif.tables import Rows, Tables

assert MANTISSA_BITS == 7, "the kernel's buckets have seven bits"


def outcome_of(model: Model, digest: str, tables: Tables, events: int, last_us: int) -> Outcome:
    """Return the outcome that was counted in the tables of a model."""
    return Outcome(
        model=digest,
        events=events,
        last_us=last_us,
        origin_us=model.origin_us,
        bucket_us=model.bucket_us,
        routes=tuple(_route(model, tables, index) for index in range(len(model.routes))),
        slas=_slas(model, tables),
        stations=tuple(_station(model, tables, index) for index in range(len(model.stations))),
        outages=tuple(_outages(model, tables)),
    )


def _route(model: Model, tables: Tables, index: int) -> RouteOutcome:
    row = tables.routes[index]
    return RouteOutcome(
        name=model.routes[index].name,
        counts=dict(zip(ROUTE_COUNTS, tables.route_counts[index].tolist(), strict=True)),
        amount_started=int(row["amount_started"]),
        amount_lost=int(row["amount_lost"]),
        amount_doubled=int(row["amount_doubled"]),
    )


def _slas(model: Model, tables: Tables) -> tuple[SlaOutcome, ...]:
    """Return the outcome of every service level; clocks of the same name are one."""
    found: dict[str, SlaOutcome] = {}
    for index, sla in enumerate(model.slas):
        one = _sla(model, tables, index)
        found[sla.name] = merged_clocks(found[sla.name], one) if sla.name in found else one
    return tuple(found.values())


def _sla(model: Model, tables: Tables, index: int) -> SlaOutcome:
    sla, row, counts = model.slas[index], tables.slas[index], tables.histograms[index]
    filled = counts.nonzero()[0]
    return SlaOutcome(
        name=sla.name, bound_us=sla.bound_us, share=sla.share, started=int(row["started"]), stopped=int(row["stopped"]),
        within=int(row["within"]), total_us=int(row["total"]), longest_us=int(row["longest"]), due=int(row["due"]),
        made=int(row["made"]), amount_due=int(row["amount_due"]), amount_made=int(row["amount_made"]),
        amount_seconds=int(row["amount_seconds"]), began=_tuple(tables.clocks[index, 0]),
        ended=_tuple(tables.clocks[index, 1]), histogram=Histogram(_tuple(filled), _tuple(counts[filled])),
    )  # fmt: skip


def _station(model: Model, tables: Tables, index: int) -> StationOutcome:
    station, row = model.stations[index], tables.stations[index]
    return StationOutcome(
        name=station.name,
        counts=dict(zip(STATION_COUNTS, tables.station_counts[index].tolist(), strict=True)),
        series={name: _tuple(tables.series[index, place]) for place, name in enumerate(SERIES)},
        slots_us=slots_offered(model, station),
        waited=int(row["waited"]),
        wait_longest_us=int(row["wait_longest"]),
    )


def _outages(model: Model, tables: Tables) -> list[OutageOutcome]:
    """Return the outages in the order in which outcomes keep them; brownouts strike nobody."""
    found = []
    for station, count in zip(model.stations, _windows(tables), strict=True):
        for row in tables.troubles[count[0] : count[1]]:
            if row["kind"] != SLOW:
                found.append(_outage(station, row))
    return sorted(found, key=lambda outage: (outage.station, outage.from_us, outage.until_us, outage.kind))


def _outage(station: Station, row: Any) -> OutageOutcome:
    return OutageOutcome(
        station=station.name, from_us=int(row["from_"]), until_us=int(row["until"]), kind=KIND_NAMES[row["kind"]],
        struck=int(row["struck"]), recovered=int(row["recovered"]), peak=int(row["peak"]),
        drained_us=int(row["drained"]),
    )  # fmt: skip


def _windows(tables: Tables) -> list[tuple[int, int]]:
    """Return where each station's troubles lie; a running engine moves their beginning, never their end."""
    ends = [int(row["trouble_end"]) for row in tables.stations]
    return list(zip([0, *ends[:-1]], ends, strict=True))


def _tuple(row: Rows) -> tuple[int, ...]:
    return tuple(row.tolist())
