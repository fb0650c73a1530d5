"""A model and a seed as rows of numbers: what both engines read. Names become indices; rows also hold running state."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.calendar import DAY_US, MINUTE_US
from simulator.whatif.durations import KINDS, Duration
from simulator.whatif.incidents import troubles
from simulator.whatif.model import Arrivals, Model, Station, Step
from simulator.whatif.numbering import first_steps, known_things, mark_names, probed
from simulator.whatif.trouble import NEVER_US

Rows = npt.NDArray[Any]
CALL, PAUSE, START = range(3)
PEOPLE, AGAIN, SKIP, LOST = range(4)
ANY_DAYS, BUSINESS_DAYS, CALENDAR_DAYS = range(3)
_DAYS = {"any": ANY_DAYS, "business": BUSINESS_DAYS, "calendar": CALENDAR_DAYS}
_EXHAUSTED = {"people": PEOPLE, "again": AGAIN, "skip": SKIP, "lost": LOST}
_EPOCH_WEEKDAY = 3
"""A Thursday; Monday is 0."""
RETRY = 100 * MINUTE_US
"""The price of one retry in the smallest unit of a budget, as in the reference integration."""


def _row(whole: str, shares: str = "") -> np.dtype[Any]:
    return np.dtype([*((name, "i8") for name in whole.split()), *((name, "f8") for name in shares.split())])


STEP = _row(
    "kind station dist timeout attempts base cap jitter restart lane outbox idempotent exhausted again mark starts "
    "route next chooses since known things lasts until days week at_once looks repeat_by",
    "share low invalid fruitless",
)
DIST = _row("kind from_ until", "scale mu shape")
STATION = _row(
    "slots queue dist patience refuses frees load_slots refusal retry_after holds_all travel "
    "trouble trouble_end quiet limit limit_end faulty healed batch opens closes cycle offset "
    "breaker percent half calls_min open longest budget earns per_minute saved_max slots_from shift shift_end lanes "
    "capacity busy waiting hold_until plain "
    "state probe pause turn calls errors calls_before errors_before held held_last saved saved_first saved_at "
    "ring ring_count ping people waited wait_longest",
    "load_longest before after lost unheard throttled broken",
)
TROUBLE = _row("from_ until kind hang struck recovered now peak drained", "factor errors")
LIMIT = _row("requests per burst window refuse from_ until next used turn")
ROUTE = _row("first begins ends amount amount_started amount_lost amount_doubled")
STREAM = _row("route piece piece_end at count every batch_max batch_us cutoff number lives", "follows due")
PIECE = _row("from_ until", "sum expected bend")
DEATH = _row("at calls lasts")
SLA = _row(
    "begins ends bound since until before_cutoff started stopped within total longest due made "
    "amount_due amount_made amount_seconds"
)


class Tables(NamedTuple):
    """Everything of a model and a seed, and what is counted: each run has its own. All arrays."""

    steps: Rows
    dists: Rows
    values: Rows
    stations: Rows
    troubles: Rows
    limits: Rows
    shifts: Rows
    known: Rows
    forgotten: Rows
    deaths: Rows
    routes: Rows
    streams: Rows
    pieces: Rows
    slas: Rows
    starting: Rows
    stopping: Rows
    free: Rows
    repair: Rows
    outside: Rows
    station_counts: Rows
    route_counts: Rows
    series: Rows
    clocks: Rows
    histograms: Rows


class _Dists:
    """The durations of a model, each once."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self.values: list[int] = []
        self.known: dict[Duration, int] = {}

    def add(self, duration: Duration | None) -> int:
        """Return the row of a duration; -1 of none."""
        if duration is None:
            return -1
        if duration not in self.known:
            self.known[duration] = len(self.rows)
            first = len(self.values)
            self.values.extend(duration.values)
            mu = math.log(duration.scale) if duration.kind == "lognormal" else 0.0
            self.rows.append(
                {
                    "kind": KINDS.index(duration.kind), "scale": duration.scale, "mu": mu, "shape": duration.shape,
                    "from_": first, "until": len(self.values),
                }
            )  # fmt: skip
        return self.known[duration]


def _table(kind: np.dtype[Any], rows: Iterable[Mapping[str, float]]) -> Rows:
    listed = list(rows)
    table = np.zeros(len(listed), kind)
    for index, row in enumerate(listed):
        for name, value in row.items():
            table[index][name] = value
    return table


def _index(names: Sequence[str], name: str) -> int:
    return names.index(name) if name else -1


def lower(model: Model, seed: int) -> tuple[Tables, tuple[Duration, ...]]:
    """Return the tables of a model and a seed, and its durations in the order of their rows."""
    dists, marks = _Dists(), mark_names(model)
    steps = _table(STEP, _steps(model, dists, marks))
    windows = troubles(model, seed)
    stations = _table(STATION, _stations(model, dists, [len(rows) for rows in windows]))
    routes = _table(ROUTE, _routes(model, dists, marks))
    shifts = [(shift.from_us, shift.slots) for station in model.stations for shift in station.shifts]
    slas = [
        {
            "begins": marks.index(sla.begins), "ends": marks.index(sla.ends), "bound": sla.bound_us,
            "since": max(0, sla.since_us), "until": sla.until_us,
            "before_cutoff": sla.until_us - sla.since_us if sla.by_cutoff else 0,
        }
        for sla in model.slas
    ]  # fmt: skip
    streams, pieces = _streams(model)
    repair = _repair(model, dists)
    tables = Tables(
        steps=steps,
        dists=_table(DIST, dists.rows),
        values=np.array(dists.values or [0], np.int64),
        stations=stations,
        troubles=_table(TROUBLE, _troubles(windows)),
        limits=_table(LIMIT, _limits(model)),
        shifts=np.array(shifts or [(NEVER_US, 0)], np.int64),
        known=np.zeros(max(1, sum(each.of for each in known_things(model))), np.int64),
        forgotten=np.array(_forgotten(model), np.int64),
        deaths=_table(DEATH, _deaths(model)),
        routes=routes,
        streams=_table(STREAM, streams),
        pieces=_table(PIECE, pieces),
        slas=_table(SLA, slas),
        starting=_by_mark([sla.begins for sla in model.slas], marks),
        stopping=_by_mark([sla.ends for sla in model.slas], marks),
        free=np.zeros(max(1, sum(station.slots + station.load_slots for station in model.stations)), np.int64),
        repair=np.array(repair, np.int64),
        outside=np.array(_outside(model), np.float64),
        **_counters(model),
    )
    return tables, tuple(dists.known)


def _counters(model: Model) -> dict[str, Rows]:
    from simulator.whatif.histogram import SIZE
    from simulator.whatif.outcome import ROUTE_COUNTS, SERIES, STATION_COUNTS

    return {
        "station_counts": np.zeros((len(model.stations), len(STATION_COUNTS)), np.int64),
        "route_counts": np.zeros((len(model.routes), len(ROUTE_COUNTS)), np.int64),
        "series": np.zeros((len(model.stations), len(SERIES), model.buckets), np.int64),
        "clocks": np.zeros((len(model.slas), 2, model.buckets), np.int64),
        "histograms": np.zeros((len(model.slas), SIZE), np.int64),
    }


def _deaths(model: Model) -> Iterable[dict[str, float]]:
    for death in model.deaths:
        yield {"at": death.at_us, "calls": death.calls, "lasts": death.lasts_us}


def _forgotten(model: Model) -> list[int]:
    """Return the numbers of the things that are forgotten when the process dies."""
    known = known_things(model).items()
    return [first + place for each, first in known if each.in_memory for place in range(each.of)]


def _by_mark(names: Sequence[str], marks: Sequence[str]) -> Rows:
    """Return for each mark the SLAs that name it: a row of SLA numbers, filled up with -1."""
    rows = [[index for index, name in enumerate(names) if name == mark] for mark in marks]
    wide = max([1, *map(len, rows)])
    return np.array([row + [-1] * (wide - len(row)) for row in rows] or [[-1]], np.int64)


def _steps(model: Model, dists: _Dists, marks: Sequence[str]) -> Iterable[dict[str, float]]:
    stations = {station.name: station for station in model.stations}
    routes, number = [route.name for route in model.routes], 0
    choices = sorted({step.choice for route in model.routes for step in route.steps if step.choice})
    steps, known = sum(len(route.steps) for route in model.routes), known_things(model)
    for index, route in enumerate(model.routes):
        for place, step in enumerate(route.steps):
            station = stations.get(step.station)
            service = step.pause or step.service or (station.service if station else None)
            yield {
                "station": list(stations).index(step.station) if station else -1,
                "kind": CALL if station else PAUSE if step.pause else START,
                "dist": dists.add(service),
                "starts": _index(routes, step.starts),
                "mark": marks.index(step.mark) if step.mark in marks else -1,
                "since": _index(marks, step.since),
                "route": index,
                "chooses": steps + choices.index(step.choice) if step.choice else number,
                "next": number + 1 if place + 1 < len(route.steps) else -1,
                "known": known[step.finds] if step.finds else -1,
                "things": step.finds.of if step.finds else 1,
                "lasts": step.finds.lasts_us if step.finds else 0,
                "until": step.until_us,
                "days": _DAYS[step.days],
                "at_once": step.at_once_us,
                "looks": dists.add(step.looks),
                "fruitless": step.fruitless,
                "repeat_by": step.repeat_by_us or NEVER_US,
                "week": (model.origin_us + _EPOCH_WEEKDAY * DAY_US) % (7 * DAY_US),
                **_policy(step),
            }
            number += 1


def _policy(step: Step) -> dict[str, float]:
    retry = step.retry
    return {
        "timeout": step.timeout_us or NEVER_US, "attempts": retry.attempts, "base": retry.base_us, "cap": retry.cap_us,
        "jitter": retry.jitter == "full", "restart": retry.restart_every, "lane": step.lane,
        "outbox": step.mode == "outbox", "idempotent": step.idempotent, "exhausted": _EXHAUSTED[step.exhausted],
        "again": step.again_us, "share": step.share, "low": step.share_from, "invalid": step.invalid_share,
    }  # fmt: skip


def _stations(model: Model, dists: _Dists, windows: Sequence[int]) -> Iterable[dict[str, float]]:
    trouble = limit = shift = slots = 0
    pings = {station.name: len(model.arrivals) + place for place, station in enumerate(probed(model))}
    for station, count in zip(model.stations, windows, strict=True):
        lanes = [step.lane for route in model.routes for step in route.steps if step.station == station.name]
        row = {
            "trouble": trouble, "trouble_end": trouble + count, "limit": limit,
            "limit_end": limit + len(station.limits), "shift": shift, "shift_end": shift + len(station.shifts),
            "slots_from": slots, "capacity": station.slots, "held": -1, "held_last": -1, "ring": 0,
            "ping": pings.get(station.name, -1),
            "lanes": 1 + max(lanes, default=0) if station.discipline == "priority" else 1,
            "dist": dists.add(station.service), "quiet": 0 if count else NEVER_US, **_manners(station),
            **_guards(station),
        }  # fmt: skip
        row["plain"] = _is_plain(station, row) and not model.deaths
        yield row
        trouble, limit = trouble + count, limit + len(station.limits)
        shift, slots = shift + len(station.shifts), slots + station.slots + station.load_slots


def _is_plain(station: Station, row: Mapping[str, float]) -> bool:
    guarded = row["faulty"] or row["batch"] or row["breaker"] or row["budget"] or station.load_slots
    return bool(station.slots) and not (row["queue"] or guarded or station.holds_all or row["refuses"])


def _manners(station: Station) -> dict[str, float]:
    faults, batch = station.faults, station.batch
    row: dict[str, float] = {
        "slots": station.slots, "queue": station.is_queue, "patience": station.patience == "start",
        "frees": station.abandoned == "frees", "refuses": station.overflow == "refuses",
        "load_slots": station.load_slots, "load_longest": station.load_longest,
        "refusal": station.refusal_us, "retry_after": station.retry_after_us, "holds_all": station.holds_all,
        "people": station.kind == "people",
        "travel": station.travel_us, "batch": batch is not None, "faulty": any(faults.shares.values()),
        "healed": faults.until_us, **faults.shares,
    }  # fmt: skip
    if batch is not None:
        row |= {"opens": batch.opens_us, "closes": batch.closes_us, "cycle": batch.cycle_us, "offset": batch.offset_us}
    return row


def _guards(station: Station) -> dict[str, float]:
    breaker, budget = station.breaker, station.budget
    row: dict[str, float] = {"breaker": breaker is not None, "budget": budget is not None}
    if breaker is not None:
        row |= {
            "percent": breaker.error_percent, "half": breaker.window_us // 2, "calls_min": breaker.calls_min,
            "open": breaker.open_us, "longest": breaker.open_longest_us,
        }  # fmt: skip
    if budget is not None:
        most = budget.saved_max * RETRY
        first = min(most, budget.per_minute * RETRY)
        row |= {
            "earns": budget.percent * MINUTE_US, "per_minute": 100 * budget.per_minute, "saved_max": most,
            "saved": first, "saved_first": first,
        }  # fmt: skip
    return row


def _troubles(windows: Sequence[Sequence[Any]]) -> Iterable[dict[str, float]]:
    for row in (row for rows in windows for row in rows):
        yield {
            "from_": row.from_us, "until": row.until_us, "kind": row.kind, "hang": row.hang_us, "factor": row.factor,
            "errors": row.errors,
        }  # fmt: skip


def _limits(model: Model) -> Iterable[dict[str, float]]:
    for limit in (limit for station in model.stations for limit in station.limits):
        yield {
            "requests": limit.requests, "per": limit.per_us, "burst": limit.burst, "window": limit.kind == "window",
            "refuse": limit.excess == "refuse" or limit.kind == "window", "from_": limit.from_us,
            "until": limit.until_us, "turn": -1,
        }  # fmt: skip


def _routes(model: Model, dists: _Dists, marks: Sequence[str]) -> Iterable[dict[str, float]]:
    for route, first in zip(model.routes, first_steps(model), strict=True):
        yield {
            "first": first if route.steps else -1, "begins": marks.index(route.begins) if route.begins in marks else -1,
            "ends": marks.index(route.ends) if route.ends in marks else -1, "amount": dists.add(route.amount),
        }  # fmt: skip


def _streams(model: Model) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    routes = [route.name for route in model.routes]
    streams: list[dict[str, float]] = []
    pieces: list[dict[str, float]] = []
    for stream in model.arrivals:
        first, total = len(pieces), 0.0
        for piece in stream.pieces:
            pieces.append(
                {
                    "from_": piece.from_us, "until": piece.until_us, "sum": total, "expected": piece.expected,
                    "bend": (piece.rise - 1.0) / 2.0,
                }
            )  # fmt: skip
            total += piece.expected
        streams.append({"route": routes.index(stream.route), "piece": first, "piece_end": len(pieces), **_run(stream)})
    for station in probed(model):
        assert station.breaker is not None, "only a breaker probes"
        streams.append({"route": routes.index(station.breaker.probe), "batch_max": 1, "cutoff": NEVER_US})
    return streams, pieces


def _run(stream: Arrivals) -> dict[str, float]:
    return {
        "at": stream.at_us, "count": stream.count, "every": stream.every_us, "follows": stream.follows,
        "batch_max": stream.batch_max if stream.follows > 0 else 1, "batch_us": stream.batch_us,
        "cutoff": stream.cutoff_us or NEVER_US,
    }  # fmt: skip


def _repair(model: Model, dists: _Dists) -> list[int]:
    """Return (station, duration of the wait outside) of the repair; (-1, -1) without one."""
    repair = model.repair
    if repair is None:
        return [-1, -1]
    return [[station.name for station in model.stations].index(repair.station), dists.add(repair.outside)]


def _outside(model: Model) -> list[float]:
    repair = model.repair
    return [0.0, 0.0] if repair is None else [repair.outside_share, repair.automatic_share]
