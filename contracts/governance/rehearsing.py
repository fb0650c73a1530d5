"""Runs for governance: a short rehearsal of a scenario, so that what the reference integration does is held as well."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from contracts.governance.suite import Run

if TYPE_CHECKING:
    from scenarios.language import Scenario


def rehearsal(scenario: str, seed: int = 1) -> Callable[[], Run]:
    """Return what plays the short form of a scenario; raise ValueError for one that nobody knows."""
    from scenarios.library import find
    from scenarios.problems import ScenarioError

    try:
        return partial(_played, find(scenario), seed)
    except ScenarioError as refusal:
        raise ValueError(str(refusal)) from None


def _played(scenario: Scenario, seed: int) -> Run:
    from scenarios.scale import short
    from scenarios.timeline import build
    from simulator.recorder import MemoryRecorder
    from simulator.rehearsal import Rehearsal

    recorder = MemoryRecorder()
    Rehearsal(build(short(scenario), seed), recorder).run(steps=1)
    return f"a rehearsal of {scenario.name}", recorder.history()
