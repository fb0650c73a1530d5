"""Runs the kernel: gives it memory, lets it go on until it is done, and takes the outcome from its tables."""

from __future__ import annotations

import numpy as np

from simulator.whatif import kernel
from simulator.whatif.kernel_parts import (
    BUCKET_END,
    BUCKET_US,
    END,
    EVENT_ROW,
    EVENTS,
    EVENTS_WAITING,
    LAST,
    NOTHING_US,
    REGISTERS,
    ROWS,
    SEED,
    TOKEN_ROW,
    TOKENS_FREE,
    WITH_ROWS,
    Memory,
)
from simulator.whatif.model import Model
from simulator.whatif.numbering import mark_names
from simulator.whatif.outcome import Outcome
from simulator.whatif.results import outcome_of
from simulator.whatif.rows import CHUNK, Sink
from simulator.whatif.states import BATCH_MAX
from simulator.whatif.tables import Rows, Tables, lower

_FIRST_TOKENS = 256


def run(model: Model, seed: int, sink: Sink | None = None) -> Outcome:
    """Return the outcome of a model and a seed; rows go to `sink` if there is one."""
    tables, _ = lower(model, seed)
    margin = BATCH_MAX + len(tables.steps) + 4
    wide = max(tables.starting.shape[1], tables.stopping.shape[1])
    memory = _memory(model, tables, seed, margin, margin * wide + CHUNK if sink else 1)
    if sink is None:
        wide = 0
    kernel.start(tables, memory)
    while kernel.advance(tables, memory, margin, wide) == kernel.MORE_MEMORY:
        if sink:
            _flush(memory, sink)
        memory = _grown(tables, memory, margin)
    if sink:
        _flush(memory, sink)
    registers = memory.registers
    return outcome_of(model, model.digest(), tables, int(registers[EVENTS]), int(registers[LAST]))


def _memory(model: Model, tables: Tables, seed: int, margin: int, rows: int) -> Memory:
    registers = np.zeros(REGISTERS, np.int64)
    tokens = max(_FIRST_TOKENS, 2 * margin)
    registers[SEED] = np.array(seed, np.uint64).astype(np.int64)
    registers[END], registers[BUCKET_US] = model.end_us, model.bucket_us
    registers[BUCKET_END], registers[TOKENS_FREE], registers[WITH_ROWS] = model.bucket_us, tokens, rows > 1
    stations = len(tables.stations)
    lanes = int(tables.stations["lanes"].max())
    events = 4 * tokens + len(tables.streams) + 2 * stations
    return Memory(
        registers=registers,
        heap=_heap(events),
        tokens=np.zeros(tokens, TOKEN_ROW),
        marks=np.full((tokens, max(1, len(mark_names(model)))), -1, np.int64),
        unused=np.arange(tokens - 1, -1, -1),
        lanes=np.full((stations, lanes, 2), -1, np.int64),
        rings=np.zeros((stations, tokens + 1), np.int64),
        rows=np.zeros((rows, 4), np.int64),
    )


def _heap(events: int) -> Rows:
    """Return an empty heap of events."""
    heap = np.zeros(events, EVENT_ROW)
    heap["at"] = NOTHING_US
    return heap


def _grown(tables: Tables, memory: Memory, margin: int) -> Memory:
    """Return the memory with twice the room for what had none left."""
    if memory.registers[TOKENS_FREE] < margin:
        memory = _with_tokens(tables, memory)
    live = len(memory.tokens) - int(memory.registers[TOKENS_FREE])
    needed = int(memory.registers[EVENTS_WAITING]) + 2 * live + margin
    if needed > len(memory.heap):
        heap = _heap(2 * needed)
        heap[: len(memory.heap)] = memory.heap
        memory = memory._replace(heap=heap)
    return memory


def _with_tokens(tables: Tables, memory: Memory) -> Memory:
    before = len(memory.tokens)
    tokens = np.zeros(2 * before, TOKEN_ROW)
    tokens[:before] = memory.tokens
    marks = np.full((2 * before, memory.marks.shape[1]), -1, np.int64)
    marks[:before] = memory.marks
    unused = np.zeros(2 * before, np.int64)
    free = int(memory.registers[TOKENS_FREE])
    unused[:before] = np.arange(2 * before - 1, before - 1, -1)
    unused[before : before + free] = memory.unused[:free]
    memory.registers[TOKENS_FREE] = before + free
    return memory._replace(
        tokens=tokens, marks=marks, unused=unused, rings=_longer_rings(tables, memory.rings, 2 * before + 1)
    )


def _longer_rings(tables: Tables, rings: Rows, wide: int) -> Rows:
    longer = np.zeros((len(rings), wide), np.int64)
    for row, ring, after in zip(tables.stations, rings, longer, strict=True):
        count = row["ring_count"]
        after[:count] = np.roll(ring, -row["ring"])[:count]
        row["ring"] = 0
    return longer


def _flush(memory: Memory, sink: Sink) -> None:
    count = int(memory.registers[ROWS])
    if count:
        sink(memory.rows[:count].copy())
        memory.registers[ROWS] = 0
