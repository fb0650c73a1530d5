"""Trials: one run to try, and what came of it. Both are values, so they travel to other processes and machines.

A trial is a pure function of itself and the code: whoever tries it again, anywhere, finds the same digest.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from io import StringIO
from typing import TextIO

import msgspec

from contracts.checks.coverage import Coverage, coverage_of
from contracts.checks.facts import Facts
from contracts.checks.judge import judge
from contracts.checks.verdict import UNKNOWN, Verdict
from domain.calendar import HOUR_US
from domain.faults import Fault
from domain.history import MemoryHistory, Record
from q2c.hunting.texts import read
from q2c.mutants import mutant_of
from q2c.rehearsals import rehearsal_of
from scenarios.timeline import Timeline, build
from simulator.recorder import MemoryRecorder

PRINTED_MAX = 20_000
"""So many characters of what a program printed travel with what came of a trial."""
_ALONE = threading.Lock()
"""A mutant and a program in virtual time change what belongs to the whole process: its threads play in turn."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One run to try. `scenario` is the text of a scenario (`scenarios.loader.dump` writes it).

    `faults` replaces the plan of the scenario when it is given; `without` leaves out the lifecycles of some
    transactions (quote numbers); `mutant` breaks the integration in a known way, instead of the
    one that the scenario names. `target` is a target file whose Python program is tried instead of the reference
    integration; it must be there wherever the trial is played.
    """

    scenario: str
    seed: int
    faults: tuple[Fault, ...] | None = None
    without: frozenset[str] = frozenset()
    mutant: str = ""
    target: str = ""


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that a trial broke: how often, by which transactions, and the first violation in a sentence."""

    check: str
    count: int
    transactions: tuple[str, ...]
    sentence: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a trial: the status of its verdict, the rules broken and unknown, and what it exercised.

    `digest` is that of the history; `hours` counts virtual time, `cpu_seconds` what playing and judging took.
    `trouble` says why a trial could not be played to its end; then nothing else is known of it. `printed` is the end of
    what the program of a target printed, kept when a rule was broken or the trial was in trouble.
    """

    status: str
    broken: tuple[Broken, ...]
    unknown: tuple[str, ...]
    coverage: Coverage
    digest: str
    lifecycles: int
    hours: float
    cpu_seconds: float
    trouble: str = ""
    printed: str = ""

    @property
    def checks(self) -> frozenset[str]:
        """The ids of the rules that were broken."""
        return frozenset(each.check for each in self.broken)


def timeline_of(trial: Trial) -> Timeline:
    """Return the timeline that a trial plays; ScenarioError when its scenario cannot be read."""
    timeline = build(read(trial.scenario), trial.seed, trial.without)
    return timeline if trial.faults is None else dataclasses.replace(timeline, faults=trial.faults)


def play(trial: Trial, log: TextIO | None = None) -> list[Record]:
    """Play a trial and return its history; `log` takes what the program of a target prints."""
    recorder = MemoryRecorder()
    _play(trial, timeline_of(trial), recorder, log)
    return recorder.records


def attempt(trial: Trial, log: TextIO | None = None) -> Found:
    """Play a trial and judge it; `log` takes what the program of a target prints."""
    started = time.process_time()
    timeline = timeline_of(trial)
    recorder = MemoryRecorder()
    durable_writes = _play(trial, timeline, recorder, log)
    history = MemoryHistory(recorder.records)
    facts = Facts(history)
    verdict = judge(history, facts=facts)
    return Found(
        status=verdict.status, broken=_broken(verdict), unknown=verdict.unknown,
        coverage=coverage_of(facts, durable_writes), digest=history.digest(), lifecycles=timeline.lifecycles,
        hours=(timeline.horizon_us - timeline.start_us) / HOUR_US, cpu_seconds=time.process_time() - started,
    )  # fmt: skip


def _play(trial: Trial, timeline: Timeline, recorder: MemoryRecorder, log: TextIO | None) -> int:
    """Play a trial; return how often the program under test wrote durably."""
    mutant = trial.mutant or mutant_of(timeline.scenario)
    with _ALONE:
        rehearsal = rehearsal_of(timeline, recorder, trial.target, mutant, log)
        rehearsal.run(steps=1)
    return rehearsal.durable_writes


def attempt_encoded(trial: bytes, _seed: int) -> bytes:
    """Attempt an encoded trial and return what came of it, encoded: the form in which executors pass it on.

    Code under test may raise whatever it likes; a hunt notes that and goes on.
    """
    log = StringIO()
    try:
        found = attempt(_trials.decode(trial), log)
    except Exception as error:
        found = _stuck(f"{type(error).__name__}: {error}")
    if found.broken or found.trouble:
        found = msgspec.structs.replace(found, printed=log.getvalue()[-PRINTED_MAX:])
    return _encoder.encode(found)


def encode(trial: Trial) -> bytes:
    """Return a trial as bytes for `attempt_encoded`."""
    return _encoder.encode(trial)


def decode(found: bytes) -> Found:
    """Return what `attempt_encoded` gave."""
    return _found.decode(found)


def _stuck(trouble: str) -> Found:
    nothing = Coverage(cells=(), states=(), reasons=(), plan=())
    return Found(
        status=UNKNOWN, broken=(), unknown=(), coverage=nothing, digest="", lifecycles=0, hours=0.0, cpu_seconds=0.0,
        trouble=trouble,
    )  # fmt: skip


def _broken(verdict: Verdict) -> tuple[Broken, ...]:
    results = [verdict.result(check) for check in (*verdict.broken_safety, *verdict.broken_liveness)]
    return tuple(
        Broken(
            check=each.check, count=each.broken, sentence=each.violations[0].sentence,
            transactions=tuple(dict.fromkeys(violation.txn for violation in each.violations)),
        )
        for each in results
    )  # fmt: skip


_encoder = msgspec.msgpack.Encoder()
_trials = msgspec.msgpack.Decoder(Trial)
_found = msgspec.msgpack.Decoder(Found)
