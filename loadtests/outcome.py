"""The outcome of a campaign: what was offered, how exactly, what the business made of it, and why it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from loadtests.knee import Knee
from loadtests.settings import Settings
from simulator.replay.pacing import Kept

FILE: Final = "load.json"
READY: Final = "ready"


class LagRow(msgspec.Struct, frozen=True, kw_only=True):
    """One lag under load: how many ended, how many had begun and not ended; `limit_seconds` 0: nobody promised one."""

    name: str
    count: int
    waiting: int
    late: int
    limit_seconds: float
    percentiles_ms: dict[str, float]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign that ended. `problem` says why it could not run; `stopped` why it ended before its time.

    `asked` is how many arrivals the played levels have; `refused` ones were due while too many were without an answer.
    `lifecycles` were signed. `backlog` is a row a look: seconds since the start, lifecycles signed and not booked.
    Of the storm, `idle` strokes found no message that could be repeated, `copies` came to their receiver.
    """

    settings: Settings
    workers: int = 1
    problem: str = ""
    stopped: str = ""
    asked: int = 0
    kept: Kept | None = None
    refused: int = 0
    unasked: int = 0
    requests: int = 0
    errors: int = 0
    lifecycles: int = 0
    lags: tuple[LagRow, ...] = ()
    duplicates: tuple[str, ...] = ()
    duplicate_count: int = 0
    strokes: int = 0
    idle: int = 0
    copies: int = 0
    copies_refused: int = 0
    backlog: tuple[tuple[float, int], ...] = ()
    knee: Knee | None = None
    times_ms: dict[str, dict[str, float]] = {}

    @property
    def is_kept(self) -> bool:
        """Whether the load was the one that was asked for: every arrival offered, 99 of 100 in time."""
        if self.idle * 10 > self.strokes + self.idle:
            return False
        if self.kept is None or self.problem or self.refused or not self.kept.is_kept:
            return False
        return bool(self.stopped) or self.kept.offered + self.unasked == self.asked

    def write(self, folder: Path) -> None:
        """Keep it in a folder, under its final name in one step."""
        partial = folder / f"{FILE}.partial"
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")
        partial.replace(folder / FILE)


def read(folder: Path) -> Outcome:
    """Return the outcome in a folder; raise OSError when there is none."""
    return msgspec.json.decode((folder / FILE).read_bytes(), type=Outcome)
