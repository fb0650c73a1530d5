"""Parts of the kernel for stations with a real queue: lanes, callers that give up, slots that come and go."""

from __future__ import annotations

from typing import Any

from simulator.whatif.compiled import inlined
from simulator.whatif.kernel_calls import begin, comes_back, longest_queue
from simulator.whatif.kernel_guards import look_ahead
from simulator.whatif.kernel_parts import push, spread
from simulator.whatif.states import FAILED, GAVE_UP, GIVE_UP, RELEASE, ROW_WAITING, WAITING
from simulator.whatif.trouble import NEVER_US


@inlined
def join(tables: Any, memory: Any, token: Any, station: Any, now_us: Any) -> Any:
    """Put a call at the end of its lane of a station's queue."""
    row, lifecycle = tables.stations[station], memory.tokens[token]
    if row.patience == 0 and lifecycle.patience <= now_us:
        tables.station_counts[station, GAVE_UP] += 1
        spread(tables, memory, station, ROW_WAITING, lifecycle.called, now_us)
        comes_back(memory, token, FAILED, now_us)
        return
    step = tables.steps[lifecycle.step]
    lane = step.lane if lifecycle.mending == 0 and row.lanes > step.lane else 0
    lanes = memory.lanes[station]
    lifecycle.state, lifecycle.after, lifecycle.before, lifecycle.lane = WAITING, -1, lanes[lane, 1], lane
    if lanes[lane, 0] < 0:
        lanes[lane, 0] = token
    else:
        memory.tokens[lanes[lane, 1]].after = token
    lanes[lane, 1] = token
    row.waiting += 1
    lacking = row.busy + row.waiting - row.capacity
    if lacking > 0:
        longest_queue(tables, memory, station, lacking if lacking < row.waiting else row.waiting)
        if row.patience == 0 and lifecycle.patience < NEVER_US:
            lifecycle.patience_key = push(memory, lifecycle.patience, GIVE_UP, token)


@inlined
def leave(tables: Any, memory: Any, token: Any, station: Any) -> Any:
    """Take a call out of the queue."""
    lifecycle, lanes = memory.tokens[token], memory.lanes[station]
    lane, before, after = lifecycle.lane, lifecycle.before, lifecycle.after
    if before < 0:
        lanes[lane, 0] = after
    else:
        memory.tokens[before].after = after
    if after < 0:
        lanes[lane, 1] = before
    else:
        memory.tokens[after].before = before
    tables.stations[station].waiting -= 1


@inlined
def serve(tables: Any, memory: Any, station: Any, now_us: Any) -> Any:
    """Start what waits while there are slots."""
    row, lanes = tables.stations[station], memory.lanes[station]
    while row.waiting > 0 and row.busy < row.capacity:
        lane = 0
        while lanes[lane, 0] < 0:
            lane += 1
        token = lanes[lane, 0]
        leave(tables, memory, token, station)
        lifecycle = memory.tokens[token]
        patience_us = lifecycle.patience
        if row.patience == 1 and patience_us < NEVER_US:
            patience_us += now_us - lifecycle.called
        lifecycle.patience_key = -1
        if row.quiet <= now_us:
            look_ahead(tables, station, now_us)
        free_us = begin(tables, memory, token, station, now_us, patience_us)
        row.busy += 1
        if free_us == lifecycle.back:
            lifecycle.holds = station + 1
        else:
            push(memory, free_us, RELEASE, station)
