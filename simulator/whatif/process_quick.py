"""The fast path of the SimPy engine: a first attempt at a plain station, and what leads from one to the next.

A station is plain when it serves first come first served with a fixed number of slots and nothing else can happen to a
call: then one look at the free slots tells when it starts and ends. A lifecycle that only met such calls so far is in
the state SIMPLE. Whatever is not as simple as that is left to the general path, before anything has been changed.
"""

from __future__ import annotations

from heapq import heapreplace
from typing import Any

from simulator.whatif.model import NEVER_US
from simulator.whatif.process_state import Lifecycle, StationState
from simulator.whatif.states import CALLS, DONE, ROW_BUSY, ROW_CALLS, ROW_WAITING, SIMPLE


class Quick:
    """A plain call: its step, and what is needed of its station. Calls and their time are counted here, by bucket.

    The slot is held for the work and `holds_us`; `way_us` after that the caller has its answer.
    """

    __slots__ = ("busy_us", "calls", "free", "holds_us", "limit", "number", "patience_us", "plan", "station", "way_us")

    def __init__(self, plan: Any) -> None:
        station: StationState = plan.place
        self.plan, self.station, self.number, self.free = plan, station, plan.number, station.free
        self.holds_us, self.way_us = (station.travel, 0) if station.frees else (0, station.travel)
        self.patience_us = plan.timeout
        self.limit = station.limits[0] if station.limits else None
        self.calls = self.busy_us = 0

    def flush(self, bucket: int) -> None:
        """Add what was counted to the station's own counts."""
        station = self.station
        station.counts[CALLS] += self.calls
        station.counts[DONE] += self.calls
        station.series[ROW_CALLS][bucket] += self.calls
        station.series[ROW_BUSY][bucket] += self.busy_us
        self.calls = self.busy_us = 0


def quick_of(plan: Any) -> Quick | None:
    """Return the fast path of a step, if it is a plain call of a plain station."""
    if plan.place is None or not plan.place.plain or plan.share < 1.0 or plan.outbox or plan.invalid:
        return None
    if not plan.blocked or len(plan.place.limits) > 1:
        return None
    limit = plan.place.limits[0] if plan.place.limits else None
    is_usual = limit is None or (limit.refuse and not limit.window and limit.from_ <= 0 and limit.until == NEVER_US)
    return Quick(plan) if is_usual else None


def call(play: Any, token: Lifecycle, quick: Quick, now_us: int, edge_us: int) -> int:
    """Make a plain call and return when it comes back; 0 when it is not that simple, and nothing has happened."""
    start_us = quick.free[0]
    waits = start_us > now_us
    if not waits:
        start_us = now_us
    busy_us = token.draws[quick.number] + quick.holds_us
    free_us = start_us + busy_us
    back_us: int = free_us + quick.way_us
    if back_us >= edge_us or back_us > quick.station.quiet or back_us - now_us > quick.patience_us:
        return 0
    limit = quick.limit
    if limit is not None:
        full = now_us * limit.requests
        if limit.next - (limit.burst - 1) * limit.per > full:
            return 0
        limit.next = (limit.next if limit.next > full else full) + limit.per
    if waits:
        _waited(play, quick.station, now_us, start_us)
    heapreplace(quick.free, free_us)
    quick.calls += 1
    quick.busy_us += busy_us
    token.plan, token.state = quick.plan, SIMPLE
    return back_us


def _waited(play: Any, station: StationState, now_us: int, start_us: int) -> None:
    station.waited += 1
    station.wait_longest = max(station.wait_longest, start_us - now_us)
    station.series[ROW_WAITING][play.bucket] += start_us - now_us
    play.remember_waiting(station, now_us, start_us)
