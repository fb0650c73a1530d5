"""Which rehearsal a run is: of the reference integration, or of a program that a target file names."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, TextIO

from q2c.mutants import broken
from scenarios.timeline import Timeline
from simulator.rehearsal import Rehearsal
from simulator.scene import Progress, Recorder

NEEDS = "a rehearsal of a Python program needs httpx and time-machine: pip install 'q2c-harness[virtual]'"


class Playable(Protocol):
    """A run that can be played once; `timeline` is what it plays of the scenario.

    `durable_writes` counts those of the program once it was played; 0 where nobody counts them.
    """

    timeline: Timeline
    durable_writes: int

    def run(self, progress: Callable[[Progress], None] | None = None, steps: int = 200) -> None:
        """Play it to its horizon."""
        ...

    def remarks(self) -> list[str]:
        """Return what was seen besides the history, in sentences."""
        ...


def rehearsal_of(
    timeline: Timeline, recorder: Recorder, target: str = "", mutant: str = "", log: TextIO | None = None
) -> Playable:
    """Return the rehearsal of the program of a target file, or of the reference integration when none is named.

    Raise ScenarioError for a target file that cannot be read, CannotRehearse (a ValueError) for one whose program
    cannot be rehearsed. A `mutant` breaks the reference integration; `log` takes what a program prints.
    """
    if not target:
        return _Reference(timeline, recorder, mutant)
    if mutant:
        raise ValueError(f"{mutant} breaks the reference integration; the program of {target} has mistakes of its own")
    try:
        from simulator.replay.target import load_target
        from simulator.virtual_asyncio.rehearsing import ProgramRehearsal
    except ImportError as missing:
        raise ValueError(f"{NEEDS} ({missing.name} is not there)") from missing
    file = Path(target)
    return ProgramRehearsal(timeline, recorder, load_target(file), file.parent, log)


class _Reference:
    """The rehearsal of the reference integration, broken in a known way while it is played."""

    def __init__(self, timeline: Timeline, recorder: Recorder, mutant: str) -> None:
        self.timeline, self._recorder, self._mutant = timeline, recorder, mutant
        self.durable_writes = 0

    def run(self, progress: Callable[[Progress], None] | None = None, steps: int = 200) -> None:
        """Play it to its horizon."""
        with ExitStack() as stack:
            stack.enter_context(broken(self._mutant))
            rehearsal = Rehearsal(self.timeline, self._recorder, mutant=self._mutant)
            rehearsal.run(progress, steps)
            self.durable_writes = rehearsal.journal.writes

    def remarks(self) -> list[str]:
        """Return nothing: the reference integration tells all in its history."""
        return []
