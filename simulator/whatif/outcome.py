"""What came of a run: integers only, so that the outcomes of many runs merge exactly, in any order.

Times are microseconds since the model's zero. Money is in minor units.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import msgspec

from simulator.whatif.histogram import Histogram

ROUTE_COUNTS = (
    "started", "finished", "lost", "lost_though_done", "retries", "repeats", "duplicates", "dead_letters", "invalid",
    "fallbacks", "unfinished",
)  # fmt: skip
"""What is counted per route.

started/finished/unfinished lifecycles; lost: ended unnoticed; lost_though_done: of these, those whose step had been
done; retries: attempts after the first; repeats: work done again without harm; duplicates: work doubled; dead_letters:
handed to people; invalid: of these, those refused for their content; fallbacks: steps done without.
"""
STATION_COUNTS = (
    "calls", "done", "refused", "rejected", "hung", "failed", "gave_up", "abandoned", "killed", "held", "opened",
    "mended",
)  # fmt: skip
"""What is counted per station.

calls: attempts; done: answered well; refused: over a limit (429); rejected: in an outage; hung: in an outage, until the
timeout; failed: errors and lost replies; gave_up: timed out while waiting; abandoned: timed out while running (maybe
done); killed: by an outage while running; held: by an open breaker; opened: times the breaker opened; mended: cases of
people.
"""
SERIES = ("calls", "refused", "busy_us", "waiting_us", "queue_max")
"""The rows of a station's series.

Calls and refusals of a bucket; slot time in use; time that callers waited (waiting_us / bucket_us is the mean queue);
the longest queue. `queue_max` merges to the longest, the others add up.
"""
_MAXIMA = frozenset({"queue_max"})


class SlaOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """One service level. Clocks that never stopped are `started` - `stopped`.

    `due` clocks started before their cut-off, `made` stopped by then, with what they are worth; `amount_seconds` is
    worth times duration of the stopped ones. `began` and `ended` count clocks by bucket.
    """

    name: str
    bound_us: int
    share: float
    started: int = 0
    stopped: int = 0
    within: int = 0
    total_us: int = 0
    longest_us: int = 0
    due: int = 0
    made: int = 0
    amount_due: int = 0
    amount_made: int = 0
    amount_seconds: int = 0
    began: tuple[int, ...] = ()
    ended: tuple[int, ...] = ()
    histogram: Histogram = Histogram()

    @property
    def attained(self) -> float:
        """Return the share of clocks that stopped within the bound; one that never stopped missed it."""
        return self.within / self.started if self.started else 1.0

    @property
    def late(self) -> int:
        """Return how many clocks that started before the cut-off had not stopped by then."""
        return self.due - self.made

    @property
    def amount_late(self) -> int:
        """Return what those were worth."""
        return self.amount_due - self.amount_made

    @property
    def mean_us(self) -> float:
        """Return the mean duration of the clocks that stopped."""
        return self.total_us / self.stopped if self.stopped else 0.0


class OutageOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """One outage of a station: how many lifecycles it struck, how many at once, and when the last was served.

    `drained_us` is that instant (0: it struck nobody); `struck` - `recovered` never were. Drawn outages of different
    runs are different outages.
    """

    station: str
    from_us: int
    until_us: int
    kind: str
    struck: int = 0
    recovered: int = 0
    peak: int = 0
    drained_us: int = 0

    @property
    def drain_us(self) -> int | None:
        """Return how long after its end the last one struck was served; None when one never was."""
        return None if self.recovered < self.struck else max(0, self.drained_us - self.until_us)


class StationOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """One station: counts, sums, and a series by bucket; `slots_us` is the slot time there was in each bucket."""

    name: str
    counts: dict[str, int]
    series: dict[str, tuple[int, ...]]
    slots_us: tuple[int, ...] = ()
    waited: int = 0
    wait_longest_us: int = 0

    @property
    def busy_us(self) -> int:
        """Return the slot time used."""
        return sum(self.series["busy_us"])

    @property
    def utilisation(self) -> tuple[float, ...]:
        """Return the part of the slots in use by bucket (0 without slots)."""
        pairs = zip(self.series["busy_us"], self.slots_us, strict=True)
        return tuple(busy / slots if slots else 0.0 for busy, slots in pairs)

    @property
    def wait_mean_us(self) -> float:
        """Return the mean wait of a call, the ones that did not wait included."""
        calls = self.counts["calls"]
        return sum(self.series["waiting_us"]) / calls if calls else 0.0


class RouteOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """One route: counts, and money in minor units (0 without an amount in the model)."""

    name: str
    counts: dict[str, int]
    amount_started: int = 0
    amount_lost: int = 0
    amount_doubled: int = 0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that came of `runs` runs of one model. `last_us` is when the latest of them had nothing left to do."""

    model: str
    runs: int = 1
    events: int = 0
    last_us: int = 0
    origin_us: int = 0
    bucket_us: int
    routes: tuple[RouteOutcome, ...]
    slas: tuple[SlaOutcome, ...]
    stations: tuple[StationOutcome, ...]
    outages: tuple[OutageOutcome, ...] = ()

    def sla(self, name: str) -> SlaOutcome:
        """Return a service level by its name."""
        return next(sla for sla in self.slas if sla.name == name)

    def station(self, name: str) -> StationOutcome:
        """Return a station by its name."""
        return next(station for station in self.stations if station.name == name)

    def route(self, name: str) -> RouteOutcome:
        """Return a route by its name."""
        return next(route for route in self.routes if route.name == name)

    @property
    def totals(self) -> dict[str, int]:
        """Return the counts of all routes and stations, added up: one name each, always the same ones."""
        total = {name: sum(route.counts[name] for route in self.routes) for name in ROUTE_COUNTS}
        total |= {name: sum(station.counts[name] for station in self.stations) for name in STATION_COUNTS}
        total["late"] = sum(sla.late for sla in self.slas)
        return total


# one each, made once: threads that meet a type for the first time together must not both prepare it
_encoder, _decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Outcome)


def merge(one: Outcome, other: Outcome) -> Outcome:
    """Return the outcome of the runs of both; raise ValueError when they are not runs of the same model."""
    if one.model != other.model:
        raise ValueError(f"outcomes of different models do not merge: {one.model} and {other.model}")
    return msgspec.structs.replace(
        one,
        runs=one.runs + other.runs,
        events=one.events + other.events,
        last_us=max(one.last_us, other.last_us),
        routes=tuple(map(_route, one.routes, other.routes)),
        slas=tuple(map(merged_clocks, one.slas, other.slas)),
        stations=tuple(map(_station, one.stations, other.stations)),
        outages=_outages(one.outages + other.outages),
    )


def merged(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the outcome of all runs; at least one is needed."""
    return reduce(merge, outcomes)


def encode(outcome: Outcome) -> bytes:
    """Return an outcome as bytes (MessagePack)."""
    return _encoder.encode(outcome)


def decode(packed: bytes) -> Outcome:
    """Return an outcome from its bytes; raise ValueError when they are none."""
    return _decoder.decode(packed)


def _route(one: RouteOutcome, other: RouteOutcome) -> RouteOutcome:
    return RouteOutcome(
        name=one.name,
        counts=_counts(one.counts, other.counts),
        amount_started=one.amount_started + other.amount_started,
        amount_lost=one.amount_lost + other.amount_lost,
        amount_doubled=one.amount_doubled + other.amount_doubled,
    )


_SLA_SUMS = (
    "started", "stopped", "within", "total_us", "due", "made", "amount_due", "amount_made", "amount_seconds",
)  # fmt: skip


def merged_clocks(one: SlaOutcome, other: SlaOutcome) -> SlaOutcome:
    """Return the outcome of both service levels as one."""
    sums = {name: getattr(one, name) + getattr(other, name) for name in _SLA_SUMS}
    return msgspec.structs.replace(
        one,
        **sums,
        longest_us=max(one.longest_us, other.longest_us),
        began=_added(one.began, other.began),
        ended=_added(one.ended, other.ended),
        histogram=one.histogram.merged(other.histogram),
    )


def _station(one: StationOutcome, other: StationOutcome) -> StationOutcome:
    series = {
        name: tuple(map(max, one.series[name], other.series[name]))
        if name in _MAXIMA
        else _added(one.series[name], other.series[name])
        for name in SERIES
    }
    return StationOutcome(
        name=one.name,
        counts=_counts(one.counts, other.counts),
        series=series,
        slots_us=_added(one.slots_us, other.slots_us),
        waited=one.waited + other.waited,
        wait_longest_us=max(one.wait_longest_us, other.wait_longest_us),
    )


def _outages(both: tuple[OutageOutcome, ...]) -> tuple[OutageOutcome, ...]:
    found: dict[tuple[str, int, int, str], OutageOutcome] = {}
    for outage in both:
        key = (outage.station, outage.from_us, outage.until_us, outage.kind)
        known = found.get(key)
        if known is not None:
            outage = msgspec.structs.replace(
                outage,
                struck=known.struck + outage.struck,
                recovered=known.recovered + outage.recovered,
                peak=max(known.peak, outage.peak),
                drained_us=max(known.drained_us, outage.drained_us),
            )
        found[key] = outage
    return tuple(outage for _, outage in sorted(found.items()))


def _counts(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: count + other[name] for name, count in one.items()}


def _added(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(int.__add__, one, other))
