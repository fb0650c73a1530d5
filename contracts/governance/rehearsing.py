"""Runs for governance: a short rehearsal of a scenario, so that what the reference integration does is held as well."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from contracts.governance.suite import Run


def rehearsal(scenario: str, seed: int = 1) -> Callable[[], Run]:
    """Return what plays the short form of a scenario of the library; it raises ScenarioError for an unknown one."""
    return partial(_played, scenario, seed)


def _played(scenario: str, seed: int) -> Run:
    from scenarios.library import find
    from scenarios.scale import short
    from scenarios.timeline import build
    from simulator.recorder import MemoryRecorder
    from simulator.rehearsal import Rehearsal

    recorder = MemoryRecorder()
    Rehearsal(build(short(find(scenario)), seed), recorder).run(steps=1)
    return f"a rehearsal of {scenario}", recorder.history()
