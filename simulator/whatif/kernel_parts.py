"""Parts of the kernel: its memory, the event list, marks and series. Everything is inlined into the kernel.

Events lie in a four-ary heap of (time, key); the key is a sequence number with what it is about in its low bits, so
ties go by the sequence in which events were scheduled. That is SimPy's rule too.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from simulator.whatif.compiled import inlined
from simulator.whatif.draws import AMOUNT, STREAM_BITS
from simulator.whatif.kernel_draws import base_of, drawn
from simulator.whatif.model import NEVER_US
from simulator.whatif.states import FREE, ROW_BUSY
from simulator.whatif.tables import Rows

KIND_BITS, ABOUT_BITS = 3, 27
ABOUT = (1 << ABOUT_BITS) - 1
(SEQUENCE, EVENTS_WAITING, TOKENS_FREE, EVENTS, ROWS, LAST, HOLE, BUCKET, BUCKET_END, END, BUCKET_US, SEED,
 WITH_ROWS) = range(13)  # fmt: skip
REGISTERS = 13
_COLUMNS = (
    "base number route step attempt tries state called back cutoff patience patience_key effects amount single mending "
    "holds struck before after paid stream lane"
)
TOKEN_ROW = np.dtype([(name, "i8") for name in _COLUMNS.split()])


class Memory(NamedTuple):
    """What a run remembers: events, live lifecycles and their marks, queues, and rows that wait to be written."""

    registers: Rows
    heap: Rows
    tokens: Rows
    marks: Rows
    unused: Rows
    lanes: Rows
    rings: Rows
    rows: Rows


@inlined
def _is_earlier(heap: Any, one: Any, at: Any, key: Any) -> Any:
    return heap[one, 0] < at or (heap[one, 0] == at and heap[one, 1] < key)


@inlined
def sift_down(heap: Any, count: Any, at: Any, key: Any) -> Any:
    """Put an event in place of the first one, among `count`."""
    place = 0
    while True:
        child = 4 * place + 1
        if child >= count:
            break
        best, best_at, best_key = child, heap[child, 0], heap[child, 1]
        last = child + 4 if child + 4 < count else count
        for other in range(child + 1, last):
            if _is_earlier(heap, other, best_at, best_key):
                best, best_at, best_key = other, heap[other, 0], heap[other, 1]
        if best_at > at or (best_at == at and best_key > key):
            break
        heap[place, 0], heap[place, 1] = best_at, best_key
        place = best
    heap[place, 0], heap[place, 1] = at, key


@inlined
def _sift_up(heap: Any, place: Any, at: Any, key: Any) -> Any:
    while place > 0:
        above = (place - 1) >> 2
        if _is_earlier(heap, above, at, key):
            break
        heap[place, 0], heap[place, 1] = heap[above, 0], heap[above, 1]
        place = above
    heap[place, 0], heap[place, 1] = at, key


@inlined
def push(memory: Any, at: Any, kind: Any, index: Any) -> Any:
    """Schedule an event and return its key; the first one takes the place of the event that is being played."""
    registers = memory.registers
    key = (registers[SEQUENCE] << ABOUT_BITS) | (index << KIND_BITS) | kind
    registers[SEQUENCE] += 1
    if registers[HOLE] == 1:
        registers[HOLE] = 0
        sift_down(memory.heap, registers[EVENTS_WAITING], at, key)
    else:
        count = registers[EVENTS_WAITING]
        registers[EVENTS_WAITING] = count + 1
        _sift_up(memory.heap, count, at, key)
    return key


@inlined
def pop(memory: Any) -> Any:
    """Take the first event away."""
    registers = memory.registers
    count = registers[EVENTS_WAITING] - 1
    registers[EVENTS_WAITING] = count
    if count > 0:
        sift_down(memory.heap, count, memory.heap[count, 0], memory.heap[count, 1])


@inlined
def replace_first(free: Any, first: Any, count: Any, at: Any) -> Any:
    """Put another instant in place of the earliest of a station's slots."""
    place = 0
    while True:
        child = 2 * place + 1
        if child >= count:
            break
        if child + 1 < count and free[first + child + 1] < free[first + child]:
            child += 1
        if free[first + child] >= at:
            break
        free[first + place] = free[first + child]
        place = child
    free[first + place] = at


@inlined
def spread(tables: Any, memory: Any, station: Any, row: Any, from_us: Any, until_us: Any) -> Any:
    """Add a stretch of time to a row of a station's series, each bucket its part; what is past the end is cut off."""
    registers = memory.registers
    series = tables.series
    if until_us > registers[END]:
        until_us = registers[END]
    if until_us <= registers[BUCKET_END] and from_us < until_us:
        series[station, row, registers[BUCKET]] += until_us - from_us
        return
    wide = registers[BUCKET_US]
    while from_us < until_us:
        bucket = from_us // wide
        edge = (bucket + 1) * wide
        if edge > until_us:
            edge = until_us
        series[station, row, bucket] += edge - from_us
        from_us = edge


@inlined
def occupy(tables: Any, memory: Any, station: Any, from_us: Any, until_us: Any) -> Any:
    """Note that a slot is in use."""
    spread(tables, memory, station, ROW_BUSY, from_us, until_us)


@inlined
def new_token(tables: Any, memory: Any, stream: Any) -> Any:
    """Return a fresh lifecycle of a stream."""
    registers = memory.registers
    number = (stream << STREAM_BITS) | tables.streams[stream].lives
    tables.streams[stream].lives += 1
    registers[TOKENS_FREE] -= 1
    token = memory.unused[registers[TOKENS_FREE]]
    row = memory.tokens[token]
    row.base = base_of(registers[SEED], number)
    row.number = number
    row.route = tables.streams[stream].route
    row.cutoff = tables.streams[stream].cutoff
    row.stream = stream
    row.effects, row.single, row.mending, row.holds, row.struck, row.paid, row.patience_key = 0, 0, 0, 0, 0, 0, -1
    row.amount = 0
    dist = tables.routes[row.route].amount
    if dist >= 0:
        row.amount = drawn(tables.dists, tables.values, dist, row.base, AMOUNT)
    for mark in range(memory.marks.shape[1]):
        memory.marks[token, mark] = -1
    return token


@inlined
def branch(memory: Any, token: Any) -> Any:
    """Return a branch of a lifecycle: the same one elsewhere, with the marks it has."""
    registers = memory.registers
    registers[TOKENS_FREE] -= 1
    child = memory.unused[registers[TOKENS_FREE]]
    row, parent = memory.tokens[child], memory.tokens[token]
    row.base, row.number, row.route, row.cutoff = parent.base, parent.number, parent.route, parent.cutoff
    row.stream, row.amount = parent.stream, parent.amount
    row.effects, row.single, row.mending, row.holds, row.struck, row.paid, row.patience_key = 0, 0, 0, 0, 0, 0, -1
    for mark in range(memory.marks.shape[1]):
        memory.marks[child, mark] = memory.marks[token, mark]
    return child


@inlined
def release_token(memory: Any, token: Any) -> Any:
    """Give the row of a lifecycle that ended to others."""
    registers = memory.registers
    memory.tokens[token].state = FREE
    memory.unused[registers[TOKENS_FREE]] = token
    registers[TOKENS_FREE] += 1


@inlined
def _bucket_of(value: Any) -> Any:
    shift, rest = 0, value >> 8
    while rest > 0:
        shift += 1
        rest >>= 1
    return (shift << 7) + (value >> shift)


@inlined
def _stop_clock(tables: Any, memory: Any, token: Any, number: Any, now_us: Any) -> Any:
    sla, row, registers = tables.slas[number], memory.tokens[token], memory.registers
    began_us = memory.marks[token, sla.begins]
    if began_us < sla.since or began_us >= sla.until or began_us < 0:
        return
    taken_us = now_us - began_us
    sla.stopped += 1
    sla.total += taken_us
    if taken_us <= sla.bound:
        sla.within += 1
    if taken_us > sla.longest:
        sla.longest = taken_us
    sla.amount_seconds += row.amount * (taken_us // 1_000_000)
    if began_us < row.cutoff < NEVER_US and now_us < row.cutoff:
        sla.made += 1
        sla.amount_made += row.amount
    tables.histograms[number, _bucket_of(taken_us)] += 1
    tables.clocks[number, 1, registers[BUCKET]] += 1
    if registers[WITH_ROWS] == 1:
        count = registers[ROWS]
        memory.rows[count, 0], memory.rows[count, 1] = row.number, number
        memory.rows[count, 2], memory.rows[count, 3] = now_us, taken_us
        registers[ROWS] = count + 1


@inlined
def stamp(tables: Any, memory: Any, token: Any, mark: Any, now_us: Any) -> Any:
    """Stamp a mark on a lifecycle: clocks stop and start."""
    for place in range(tables.stopping.shape[1]):
        number = tables.stopping[mark, place]
        if number < 0:
            break
        _stop_clock(tables, memory, token, number, now_us)
    for place in range(tables.starting.shape[1]):
        number = tables.starting[mark, place]
        if number < 0:
            break
        sla, row = tables.slas[number], memory.tokens[token]
        if sla.since <= now_us < sla.until:
            sla.started += 1
            tables.clocks[number, 0, memory.registers[BUCKET]] += 1
            if now_us < row.cutoff < NEVER_US:
                sla.due += 1
                sla.amount_due += row.amount
    memory.marks[token, mark] = now_us
