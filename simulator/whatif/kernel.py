"""The kernel: plays the tables of a model, one event at a time, without the interpreter. Same rules as `process`.

It returns when there is nothing left to do, or when memory has to be made larger or rows have to be written; then it is
called again and goes on where it was.
"""

from __future__ import annotations

from typing import Any

from simulator.whatif.compiled import inlined, kernel
from simulator.whatif.kernel_guards import die
from simulator.whatif.kernel_parts import (
    ABOUT,
    BUCKET,
    BUCKET_END,
    BUCKET_US,
    DIED,
    END,
    EVENTS,
    EVENTS_WAITING,
    HOLE,
    KIND_BITS,
    LAST,
    ROWS,
    TOKENS_FREE,
    fill_hole,
    new_token,
    push,
)
from simulator.whatif.kernel_queues import join, serve
from simulator.whatif.kernel_steps import arrive, first_event, gives_up, goes_on, wakes
from simulator.whatif.states import (
    ARRIVE,
    ATTEMPT,
    BEGIN,
    DEATH,
    GIVE_UP,
    JOIN,
    OPEN,
    PROBE,
    RELEASE,
    SHIFT,
    STOP,
    TOKEN,
)

FINISHED_ALL, MORE_MEMORY = 0, 1


@inlined
def _shift(tables: Any, memory: Any, station: Any) -> Any:
    """Change the slots of a station and schedule the next change."""
    row = tables.stations[station]
    row.capacity = tables.shifts[row.shift, 1]
    row.shift += 1
    if row.shift < row.shift_end:
        push(memory, tables.shifts[row.shift, 0], SHIFT, station)


@inlined
def _notice(tables: Any, memory: Any, kind: Any, index: Any, key: Any, now_us: Any) -> Any:
    """Return which station has a free slot, and what is to be done with which lifecycle, after another event."""
    if kind == ARRIVE:
        return -1, arrive(tables, memory, index, now_us), BEGIN
    if kind == GIVE_UP:
        return -1, index, gives_up(tables, memory, index, key, now_us)
    if kind == DEATH:
        die(tables, memory, index, now_us)
        return -1, 0, STOP
    row = tables.stations[index]
    if kind == RELEASE:
        row.busy -= 1
        return index, 0, STOP
    if kind == SHIFT:
        _shift(tables, memory, index)
        return index, 0, STOP
    if kind == PROBE and row.state == OPEN and row.probe == now_us:
        if row.ping >= 0:
            return -1, new_token(tables, memory, row.ping), BEGIN
        if row.held >= 0:
            token = row.held
            row.held = memory.tokens[token].after
            return -1, token, ATTEMPT
    return -1, 0, STOP


@inlined
def _play(tables: Any, memory: Any, now_us: Any, key: Any) -> Any:
    """Play one event."""
    kind, index = key & ((1 << KIND_BITS) - 1), (key & ABOUT) >> KIND_BITS
    freed, joined, action, token = -1, -1, STOP, index
    if kind == TOKEN:
        lifecycle = memory.tokens[token]
        if lifecycle.holds > 0:
            freed = lifecycle.holds - 1
            lifecycle.holds = 0
            tables.stations[freed].busy -= 1
        if lifecycle.state == JOIN:
            joined = tables.repair[0] if lifecycle.mending == 1 else tables.steps[lifecycle.step].station
        else:
            action = wakes(tables, memory, token, now_us)
    else:
        freed, token, action = _notice(tables, memory, kind, index, key, now_us)
    if action != STOP:
        joined = goes_on(tables, memory, token, action, now_us)
    if joined >= 0:
        join(tables, memory, token, joined, now_us)
    station = freed
    for _ in range(2):
        if station >= 0 and tables.stations[station].queue == 1:
            serve(tables, memory, station, now_us)
        station = joined if joined != freed else -1


@kernel
def start(tables: Any, memory: Any) -> Any:
    """Schedule what begins by itself: the first arrival of each stream, the first shift of each station."""
    for stream in range(tables.streams.shape[0]):
        first_event(tables, memory, stream)
    for station in range(tables.stations.shape[0]):
        row = tables.stations[station]
        if row.shift < row.shift_end:
            push(memory, tables.shifts[row.shift, 0], SHIFT, station)
    memory.registers[DIED] = -1
    for place in range(tables.deaths.shape[0]):
        if tables.deaths[place].calls == 0:
            push(memory, tables.deaths[place].at, DEATH, place)


@kernel
def advance(tables: Any, memory: Any, margin: Any, wide: Any) -> Any:
    """Play events until there are none, or memory has to be made larger (one event needs up to `margin` of it)."""
    registers, heap = memory.registers, memory.heap
    last = tables.series.shape[2] - 1
    while registers[EVENTS_WAITING] > 0:
        now_us, key = heap[0].at, heap[0].key
        if now_us > registers[END]:
            break
        live = memory.tokens.shape[0] - registers[TOKENS_FREE]
        if (
            registers[TOKENS_FREE] < margin
            or registers[EVENTS_WAITING] + 2 * live + margin > heap.shape[0]
            or registers[ROWS] + margin * wide > memory.rows.shape[0]
        ):
            return MORE_MEMORY
        while now_us >= registers[BUCKET_END] and registers[BUCKET] < last:
            registers[BUCKET] += 1
            registers[BUCKET_END] += registers[BUCKET_US]
        registers[EVENTS] += 1
        registers[LAST] = now_us
        registers[HOLE] = 1
        _play(tables, memory, now_us, key)
        fill_hole(memory)
    return FINISHED_ALL
