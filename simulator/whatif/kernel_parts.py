"""Parts of the kernel: its memory, the event list, marks and series. Everything is inlined into the kernel.

Events lie in a four-ary heap of (time, key); the key is a sequence number with what it is about in its low bits, so
ties go by the sequence in which events were scheduled. That is SimPy's rule too.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from simulator.whatif.compiled import inlined, part
from simulator.whatif.draws import AMOUNT, STREAM_BITS
from simulator.whatif.kernel_draws import base_of, drawn
from simulator.whatif.states import FREE, ROW_BUSY
from simulator.whatif.tables import Rows
from simulator.whatif.trouble import NEVER_US

KIND_BITS, ABOUT_BITS = 3, 27
ABOUT = (1 << ABOUT_BITS) - 1
(SEQUENCE, EVENTS_WAITING, TOKENS_FREE, EVENTS, ROWS, LAST, HOLE, BUCKET, BUCKET_END, END, BUCKET_US, SEED,
 WITH_ROWS, NEXT_AT, NEXT_KEY, DIED, BACK, CALLS_MADE) = range(18)  # fmt: skip
REGISTERS = 18
NOTHING_US = np.iinfo(np.int64).max
"""When nothing happens: the time of the places of the heap that are not in use."""
FEW_SLOTS = 24
"""So many slots are sooner put in order without a branch than a heap of them is mended."""
EVENT_ROW = np.dtype([("at", "i8"), ("key", "i8")])
_COLUMNS = (
    "base number route step attempt tries state called back cutoff patience patience_key effects amount single mending "
    "holds struck before after paid stream lane done looking attempt_before asked"
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
def _later(heap: Any, one: Any, other: Any) -> Any:
    """Return 1 if one event comes after another, else 0; without a branch, which nobody could predict."""
    mine, yours = heap[one], heap[other]
    return np.int64((yours.at < mine.at) | ((yours.at == mine.at) & (yours.key < mine.key)))


@inlined
def _first_child(heap: Any, place: Any) -> Any:
    """Return the place of the first of the four events below one; the mask tells that places are not negative."""
    child = (4 * place + 1) & ABOUT
    left = child + _later(heap, child, child + 1)
    right = child + 2 + _later(heap, child + 2, child + 3)
    return left + (right - left) * _later(heap, left, right)


@inlined
def put_first(heap: Any, count: Any, at: Any, key: Any) -> Any:
    """Put an event in place of the first one, among `count`; what lies behind them comes last of all."""
    place = 0
    while 4 * place + 1 < count:
        best = _first_child(heap, place)
        if heap[best].at > at or (heap[best].at == at and heap[best].key > key):
            break
        heap[place].at, heap[place].key = heap[best].at, heap[best].key
        place = best
    heap[place].at, heap[place].key = at, key


@part
def _put_last(heap: Any, place: Any, at: Any, key: Any) -> Any:
    while place > 0:
        above = (place - 1) >> 2
        if heap[above].at < at or (heap[above].at == at and heap[above].key < key):
            break
        heap[place].at, heap[place].key = heap[above].at, heap[above].key
        place = above
    heap[place].at, heap[place].key = at, key


@inlined
def push(memory: Any, at: Any, kind: Any, index: Any) -> Any:
    """Schedule an event and return its key; the first one will take the place of the event that is being played."""
    registers = memory.registers
    key = (registers[SEQUENCE] << ABOUT_BITS) | (index << KIND_BITS) | kind
    registers[SEQUENCE] += 1
    if registers[HOLE] == 1:
        registers[HOLE], registers[NEXT_AT], registers[NEXT_KEY] = 0, at, key
    else:
        count = registers[EVENTS_WAITING]
        registers[EVENTS_WAITING] = count + 1
        _put_last(memory.heap, count, at, key)
    return key


@inlined
def fill_hole(memory: Any) -> Any:
    """Put what follows the event that was played in its place: the first event it scheduled, or else the last one."""
    registers, heap = memory.registers, memory.heap
    at, key = registers[NEXT_AT], registers[NEXT_KEY]
    if registers[HOLE] == 1:
        last = registers[EVENTS_WAITING] - 1
        registers[HOLE], registers[EVENTS_WAITING] = 0, last
        at, key = heap[last].at, heap[last].key
        heap[last].at = NOTHING_US
    put_first(heap, registers[EVENTS_WAITING], at, key)


@inlined
def replace_first(free: Any, first: Any, count: Any, at: Any) -> Any:
    """Put another instant in place of the earliest of a station's slots: few lie in order, many in a heap."""
    if count <= FEW_SLOTS:
        for place in range(first + 1, first + count):
            other = free[place]
            free[place - 1] = min(other, at)
            at = max(other, at)
        free[first + count - 1] = at
        return
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
    row.looking, row.asked = 0, -1
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
    row.looking, row.asked = 0, -1
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
def _counts(sla: Any, began_us: Any, cutoff_us: Any) -> Any:
    """Tell whether a clock counts that began at an instant, of a lifecycle with that cut-off."""
    if sla.before_cutoff > 0 and cutoff_us < NEVER_US:
        return max(0, cutoff_us - sla.before_cutoff) <= began_us < cutoff_us
    return sla.since <= began_us < sla.until


@inlined
def _stop_clock(tables: Any, memory: Any, token: Any, number: Any, now_us: Any) -> Any:
    sla, row, registers = tables.slas[number], memory.tokens[token], memory.registers
    began_us = memory.marks[token, sla.begins]
    if not _counts(sla, began_us, row.cutoff):
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
        if _counts(sla, now_us, row.cutoff):
            sla.started += 1
            tables.clocks[number, 0, memory.registers[BUCKET]] += 1
            if now_us < row.cutoff < NEVER_US:
                sla.due += 1
                sla.amount_due += row.amount
    memory.marks[token, mark] = now_us
