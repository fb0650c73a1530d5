"""Rehearse a scenario into a run folder: play it, judge it, write what a person and a machine will read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import psutil

from contracts.checks import Verdict, judge
from domain.history import MemoryHistory, Record
from q2c import run_folder
from q2c.run_folder import RunFolder
from q2c.trouble import give_up
from scenarios.language import Scenario
from scenarios.loader import dump
from scenarios.timeline import Timeline, build, estimate_memory
from simulator.recorder import MemoryRecorder, ParquetRecorder, StoredHistory
from simulator.rehearsal import Progress, Rehearsal

RECORDS_IN_MEMORY_MAX = 3_000_000
_MEMORY_SHARE = 0.8


class Interrupted(Exception):
    """A person stopped the run; what was recorded until then is kept."""


class Rehearsed(msgspec.Struct, frozen=True):
    """A finished run: where it lies, what was decided, and what it took."""

    folder: RunFolder
    timeline: Timeline
    history: Any
    verdict: Verdict
    digest: str
    records: int
    play_seconds: float
    judge_seconds: float


class _Both:
    """Writes records to disk, and keeps them while they are few enough to be judged from memory."""

    def __init__(self, stored: ParquetRecorder) -> None:
        self._stored = stored
        self._memory: MemoryRecorder | None = MemoryRecorder()
        self.count = 0

    def add(self, record: Record) -> None:
        """Take one record."""
        self.count += 1
        self._stored.add(record)
        if self._memory is not None:
            self._memory.add(record)
            if self.count > RECORDS_IN_MEMORY_MAX:
                self._memory = None

    def history(self) -> MemoryHistory | StoredHistory:
        """Return the history: from memory, or from disk once it is closed."""
        return self._memory.history() if self._memory is not None else StoredHistory(self._stored.path)


def require_memory(scenario: Scenario) -> None:
    """Refuse a scenario that does not fit into the memory there is, before it starts."""
    wanted, there = estimate_memory(scenario), psutil.virtual_memory().available
    if wanted > there * _MEMORY_SHARE:
        give_up(
            f"{scenario.name} needs about {wanted / 1e9:.1f} GB of memory; {there / 1e9:.1f} GB are free. "
            "Lower world.orders_per_quarter or world.live_subscriptions, rehearse fewer weeks, or use a larger machine."
        )


def rehearse(
    scenario: Scenario, seed: int, folder: RunFolder, progress: Callable[[Progress], None] | None = None
) -> Rehearsed:
    """Play, record and judge one scenario; raise Interrupted when a person stops it."""
    timeline = build(scenario, seed)
    folder.scenario.write_text(dump(scenario), encoding="utf-8")
    run_folder.write_timeline(folder, timeline)
    stored = ParquetRecorder(folder.history)
    recorder = _Both(stored)
    started = time.process_time()
    try:
        Rehearsal(timeline, recorder).run(progress)
    except KeyboardInterrupt:
        stored.close()
        folder.history.replace(folder.history.with_suffix(".incomplete.parquet"))
        folder.mark("stopped by a person; history.incomplete.parquet holds what had happened until then")
        raise Interrupted from None
    digest = stored.close()
    played = time.process_time()
    history = recorder.history()
    verdict = judge(history)
    judged = time.process_time()
    return Rehearsed(folder, timeline, history, verdict, digest, recorder.count, played - started, judged - played)
