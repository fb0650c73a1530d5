"""The outcome of a replay besides its history: how exactly the load was offered, and how it came to rest."""

from __future__ import annotations

import msgspec

from simulator.replay.pacing import Kept


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """A replay that came to its end.

    `settled` tells whether it came to rest within the target's patience, and after how many seconds. `unasked` acts
    are requests that people make of our own integration only; `deaths` of the process were our doing, and so many
    more of the scenario had no room (`deaths_left_out`). `asked` and `offered` count acts by steps of `step_us` of
    business time from the start on: when they were due, and when they were done.
    """

    kept: Kept
    settled: bool
    settled_seconds: float
    unasked: int
    deaths: int
    deaths_left_out: int = 0
    step_us: int = 0
    asked: tuple[int, ...] = ()
    offered: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()
