"""Rehearse a scenario into a run folder: play it, judge it, write what a person and a machine will read."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import msgspec
import psutil

from contracts.checks.facts import Facts
from contracts.checks.judge import judge
from contracts.checks.verdict import Verdict
from domain.history import Digest, History, MemoryHistory, Record
from q2c import run_folder
from q2c.run_folder import RunFolder
from q2c.trouble import give_up
from scenarios.language import Scenario
from scenarios.loader import dump, load
from scenarios.problems import ScenarioError
from scenarios.timeline import Timeline, build, estimate_memory
from simulator.recorder import MemoryRecorder, ParquetRecorder, StoredHistory
from simulator.rehearsal import Progress, Rehearsal

RECORDS_IN_MEMORY_MAX = 1_500_000
_MEMORY_SHARE = 0.8


class Interrupted(Exception):
    """A person stopped the run; what was recorded until then is kept."""


class Played(msgspec.Struct, frozen=True):
    """A run that came to its end and is not judged yet."""

    folder: RunFolder
    timeline: Timeline
    history: History
    digest: str
    records: int
    play_seconds: float


class Rehearsed(msgspec.Struct, frozen=True):
    """A judged run: where it lies, what was decided, and what it took (CPU seconds)."""

    folder: RunFolder
    timeline: Timeline
    facts: Facts
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


def rehearse_into(
    scenario: Scenario, seed: int, folder: RunFolder, progress: Callable[[Progress], None] | None = None
) -> Played:
    """Play and record one scenario; raise Interrupted when a person stops it, with what was recorded kept."""
    timeline = build(scenario, seed)
    folder.scenario.write_text(dump(scenario), encoding="utf-8")
    run_folder.write_timeline(folder, timeline)
    stored = ParquetRecorder(folder.history)
    recorder = _Both(stored)
    started = time.process_time()
    gc.freeze()  # what is loaded by now stays; the collector need not look at it again and again
    try:
        Rehearsal(timeline, recorder).run(progress)
    except KeyboardInterrupt:
        stored.close_incomplete()
        folder.mark("stopped by a person; history.incomplete.parquet holds what had happened until then")
        raise Interrupted from None
    finally:
        gc.unfreeze()
    digest = stored.close()
    seconds = time.process_time() - started
    return Played(folder, timeline, recorder.history(), digest, recorder.count, seconds)


def judged(played: Played) -> Rehearsed:
    """Judge a run."""
    started = time.process_time()
    facts = Facts(played.history)
    verdict = judge(played.history, facts=facts)
    return Rehearsed(
        played.folder, played.timeline, facts, verdict, played.digest, played.records, played.play_seconds,
        time.process_time() - started,
    )  # fmt: skip


def reopened(folder: RunFolder) -> Played:
    """Return a run from its folder; Trouble says why it cannot be."""
    try:
        scenario = load(folder.scenario)
        history = StoredHistory(folder.history)
    except (ScenarioError, ValueError, OSError) as error:
        give_up(f"{folder.path} is not a whole run: {error}")
    digest, records = Digest(), 0
    for body in history.bodies():
        digest.add(body)
        records += 1
    timeline = build(scenario, history.context.seed)
    found = MemoryHistory(history) if records <= RECORDS_IN_MEMORY_MAX else history
    return Played(folder, timeline, found, digest.hex(), records, 0.0)
