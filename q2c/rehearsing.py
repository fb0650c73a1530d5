"""Rehearse a scenario into a run folder: play it, judge it, write what a person and a machine will read."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import msgspec
import psutil

from contracts.checks.facts import Facts
from contracts.checks.judge import judge
from contracts.checks.verdict import Verdict
from domain.history import Context, Digest, History, MemoryHistory, Record
from mocks.drift.switches import known
from q2c import exits, run_folder
from q2c.beside import Beside
from q2c.mutants import mutant_of
from q2c.rehearsals import Playable, rehearsal_of
from q2c.run_folder import RunFolder
from q2c.trouble import give_up
from scenarios.engines import unheard
from scenarios.language import Scenario
from scenarios.loader import dump, load
from scenarios.problems import ScenarioError
from scenarios.timeline import Timeline, build, estimate_memory
from scenarios.words import REHEARSAL
from simulator.recorder import MemoryRecorder, ParquetRecorder, StoredHistory
from simulator.replay.excerpt import excerpt
from simulator.scene import Progress
from simulator.virtual_asyncio.refusals import Refused

RECORDS_IN_MEMORY_MAX = 1_500_000
_MEMORY_SHARE = 0.8


class Interrupted(Exception):
    """A person stopped the run; what was recorded until then is kept."""


class Played(msgspec.Struct, frozen=True):
    """A run that came to its end and is not judged yet; its `recording` gives the digest once all is on disk.

    `remarks` is what the harness saw of a program besides its history: its own errors, hosts it looked for.
    """

    folder: RunFolder
    timeline: Timeline
    history: History
    recording: Beside[str]
    records: int
    play_seconds: float
    remarks: tuple[str, ...] = ()


class Rehearsed(msgspec.Struct, frozen=True):
    """A judged run: where it lies, what was decided, and what it took (CPU seconds; 0 of a run played earlier)."""

    folder: RunFolder
    timeline: Timeline
    facts: Facts
    verdict: Verdict
    digest: str
    records: int
    play_seconds: float
    judge_seconds: float


class Recording:
    """Keeps records while they are few enough to be judged from memory; when they are more, all stream to disk.

    Those of a live run stream from the first on: it lasts for hours, and must neither grow nor stand still meanwhile.
    """

    def __init__(self, path: Path, *, live: bool = False) -> None:
        self._path = path
        self._memory = MemoryRecorder()
        self._stored: ParquetRecorder | None = None
        if live:
            import pyarrow.parquet

            pyarrow.array([])  # loads pandas, which takes half a second: now, not under load

            self._stored = ParquetRecorder(path, live=True)

    def add(self, record: Record) -> None:
        """Take one record."""
        if self._stored is not None:
            self._stored.add(record)
            return
        self._memory.add(record)
        if len(self._memory.records) > RECORDS_IN_MEMORY_MAX:
            self._stored = _stored(self._path, self._memory.records)
            self._memory = MemoryRecorder()

    def close(self) -> tuple[History, Beside[str], int]:
        """Return the history, what puts it on disk (beside the judging, when it is in memory), and its records."""
        if self._stored is not None:
            digest, history = self._stored.close(), StoredHistory(self._path)
            is_small = self._stored.count <= RECORDS_IN_MEMORY_MAX
            found = MemoryHistory(list(history)) if is_small else history
            return found, Beside(lambda: digest, may_fork=False), self._stored.count
        path, records = self._path, self._memory.records
        return self._memory.history(), Beside(lambda: _stored(path, records).close()), len(records)

    def close_incomplete(self) -> None:
        """Keep what there is, under a name that says that it is not all."""
        stored = self._stored or _stored(self._path, self._memory.records)
        stored.close_incomplete()


def _stored(path: Path, records: Sequence[Record]) -> ParquetRecorder:
    stored = ParquetRecorder(path)
    for record in records:
        stored.add(record)
    return stored


def require_memory(scenario: Scenario) -> None:
    """Refuse a scenario that does not fit into the memory there is, before it starts."""
    wanted, there = estimate_memory(scenario), psutil.virtual_memory().available
    if wanted > there * _MEMORY_SHARE:
        give_up(
            f"{scenario.name} needs about {wanted / 1e9:.1f} GB of memory; {there / 1e9:.1f} GB are free. "
            "Lower world.orders_per_quarter or world.live_subscriptions, rehearse fewer weeks, or use a larger machine."
        )


def require_understood(scenario: Scenario) -> None:
    """Refuse a scenario that says what a rehearsal cannot play: its verdict would be about something else."""
    unknown = unheard(scenario, REHEARSAL)
    if unknown:
        give_up(
            f"{scenario.name} says {', '.join(unknown)}, which a rehearsal cannot play. Ask the model instead "
            f"(q2c whatif {scenario.name}), or leave it out."
        )
    try:
        known(each.name for each in scenario.drifts)
    except ValueError as error:
        give_up(f"{scenario.name}: {error}")
    mutant_of(scenario)


def rehearse_into(
    scenario: Scenario, seed: int, folder: RunFolder, progress: Callable[[Progress], None] | None = None,
    target: str = "",
) -> Played:  # fmt: skip
    """Play and record one scenario; raise Interrupted when a person stops it, with what was recorded kept.

    A `target` is a file that names the Python program to rehearse; the reference integration is when there is none.
    """
    timeline, mutant = build(scenario, seed), mutant_of(scenario)
    folder.scenario.write_text(dump(scenario), encoding="utf-8")
    acts = Beside(lambda: run_folder.write_timeline(folder, timeline))
    if not acts.is_forked:
        acts.result()
    recorder = Recording(folder.history)
    started = time.process_time()
    gc.freeze()  # what is loaded by now stays; the collector need not look at it again and again
    try:
        with _printed(folder, target) as log:
            rehearsal = _prepared(timeline, recorder, target, mutant, log)
            rehearsal.run(progress)
    except KeyboardInterrupt:
        acts.result()
        recorder.close_incomplete()
        folder.mark("stopped by a person; history.incomplete.parquet holds what had happened until then")
        raise Interrupted from None
    except Refused as refused:
        acts.result()
        recorder.close_incomplete()
        folder.mark(f"there is no verdict: {refused}")
        give_up(f"{refused}.\nWhat had happened until then is kept in {folder.path}", exits.COULD_NOT_RUN)
    finally:
        gc.unfreeze()
    acts.result()
    history, recording, records = recorder.close()
    seconds = time.process_time() - started
    return Played(folder, rehearsal.timeline, history, recording, records, seconds, tuple(rehearsal.remarks()))


def _prepared(timeline: Timeline, recorder: Recording, target: str, mutant: str, log: TextIO | None) -> Playable:
    try:
        return rehearsal_of(timeline, recorder, target, mutant, log)
    except ValueError as wrong:
        give_up(str(wrong))


@contextmanager
def _printed(folder: RunFolder, target: str) -> Iterator[TextIO | None]:
    """Yield a file of the run folder for what a program prints; None for the reference integration, which does not."""
    if not target:
        yield None
        return
    folder.program.write_text(target, encoding="utf-8")
    with (folder.path / "program.log").open("w", encoding="utf-8") as log:
        yield log


def judged(played: Played) -> Rehearsed:
    """Judge a run."""
    started = time.process_time()
    facts = Facts(played.history)
    verdict = judge(played.history, facts=facts)
    seconds = time.process_time() - started
    digest = played.recording.result()
    play_seconds = played.play_seconds and played.play_seconds + played.recording.cpu_seconds
    return Rehearsed(
        played.folder, played.timeline, facts, verdict, digest, played.records, play_seconds, seconds
    )  # fmt: skip


def _played_part(timeline: Timeline, context: Context) -> Timeline:
    """Return what was played of a timeline: all of it with our own integration, an excerpt with somebody's."""
    if context.inside:
        return timeline
    return excerpt(timeline, context.at_us, context.heal_us, context.horizon_us - context.heal_us)


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
    timeline = _played_part(build(scenario, history.context.seed), history.context)
    found = MemoryHistory(history) if records <= RECORDS_IN_MEMORY_MAX else history
    return Played(folder, timeline, found, Beside(digest.hex, may_fork=False), records, 0.0)
