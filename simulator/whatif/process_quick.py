"""The fast path of the SimPy engine: a first attempt at a plain station, and what leads from one to the next.

A station is plain when it serves first come first served with a fixed number of slots and nothing else can happen to a
call: then one look at the free slots tells when it starts and ends. A lifecycle that only met such calls so far is in
the state SIMPLE. Whatever is not as simple as that is left to the general path, before anything has been changed.
"""

from __future__ import annotations

from heapq import heapreplace
from typing import Any

from simulator.whatif.process_state import Lifecycle, StationState
from simulator.whatif.states import CALLS, DONE, ROW_BUSY, ROW_CALLS, ROW_WAITING, SIMPLE
from simulator.whatif.trouble import NEVER_US


class Quick:
    """A plain call: its step, and what is needed of its station.

    A slot is in use for the work and `holds_us`; `way_us` after that the caller has its answer. `busy` is how long the
    calls of this bucket use one.
    """

    __slots__ = ("busy", "free", "holds_us", "limit", "number", "patience_us", "plan", "station", "way_us")

    def __init__(self, plan: Any) -> None:
        station: StationState = plan.place
        self.plan, self.station, self.number, self.free = plan, station, plan.number, station.free
        self.holds_us: int = station.travel if station.frees else 0
        self.way_us: int = station.travel - self.holds_us
        self.patience_us = plan.timeout
        self.limit = station.limits[0] if station.limits else None
        self.busy: list[int] = []

    def flush(self, bucket: int) -> None:
        """Add what was counted to the station's own counts."""
        station, calls = self.station, len(self.busy)
        station.counts[CALLS] += calls
        station.counts[DONE] += calls
        station.series[ROW_CALLS][bucket] += calls
        station.series[ROW_BUSY][bucket] += sum(self.busy)
        self.busy.clear()


def quick_of(plan: Any) -> Quick | None:
    """Return the fast path of a step, if it is a plain call of a plain station."""
    if plan.place is None or not plan.place.plain or plan.share < 1.0 or plan.outbox or plan.invalid:
        return None
    if not plan.blocked or plan.known >= 0 or plan.until < NEVER_US or len(plan.place.limits) > 1:
        return None
    limit = plan.place.limits[0] if plan.place.limits else None
    is_usual = limit is None or (limit.refuse and not limit.window and limit.from_ <= 0 and limit.until == NEVER_US)
    return Quick(plan) if is_usual else None


def call(play: Any, token: Lifecycle, quick: Quick, now_us: int, edge_us: int) -> int:
    """Make a plain call and return when it comes back; 0 when it is not that simple, and nothing has happened."""
    busy_us = token.draws[quick.number] + quick.holds_us
    taken_us = busy_us + quick.way_us
    start_us = quick.free[0]
    waits = start_us > now_us
    if waits:
        taken_us += start_us - now_us
    back_us: int = now_us + taken_us
    if taken_us > quick.patience_us or back_us >= edge_us or back_us > quick.station.quiet:
        return 0
    limit = quick.limit
    if limit is not None:
        full = now_us * limit.requests
        if limit.next - (limit.burst - 1) * limit.per > full:
            return 0
        limit.next = (limit.next if limit.next > full else full) + limit.per
    if waits:
        _waited(play, quick.station, now_us, start_us)
    heapreplace(quick.free, back_us - quick.way_us)
    quick.busy.append(busy_us)
    token.plan, token.state = quick.plan, SIMPLE
    return back_us


def _waited(play: Any, station: StationState, now_us: int, start_us: int) -> None:
    station.waited += 1
    station.wait_longest = max(station.wait_longest, start_us - now_us)
    station.series[ROW_WAITING][play.bucket] += start_us - now_us
    play.remember_waiting(station, now_us, start_us)
