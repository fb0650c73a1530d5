"""The outcome of a replay besides its history: how exactly the load was offered, how it came to rest."""

from __future__ import annotations

import msgspec

from simulator.replay.pacing import Kept

SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Shares of the orders at which both curves are told."""


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


class Fit(msgspec.Struct, frozen=True):
    """What was learned of an integration: its steps take `scale` times the model's, and it needs `own_us` besides.

    `corrections` says, at each of `SHARES`, how many times what the model then says the replay really took: what the
    model does not know (polls, pauses, a slow process) shows most in the tail. Empty: none is known.
    """

    scale: float = 1.0
    own_us: int = 0
    corrections: tuple[float, ...] = ()


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """Both curves, from signed to booked, in seconds of the wall at each of `SHARES` of the orders.

    A replay is one run. Of single runs of the model nine in ten lie between `least_seconds` and `most_seconds` (empty
    in folders of earlier releases): nothing that is known before a replay says where in between it will lie.
    """

    calibrated_by: str
    fit: Fit
    orders: int
    predicted_seconds: tuple[float, ...]
    measured_seconds: tuple[float, ...]
    least_seconds: tuple[float, ...] = ()
    most_seconds: tuple[float, ...] = ()

    def error(self, share: float) -> float:
        """Return how far the prediction is off at a share, as a part of what was measured."""
        place = SHARES.index(share)
        measured = self.measured_seconds[place]
        return abs(self.predicted_seconds[place] - measured) / measured if measured else 0.0

    def luck(self, share: float) -> float:
        """Return by how much single runs of the model differ at a share, as a part of the prediction: half the band."""
        place = SHARES.index(share)
        predicted = self.predicted_seconds[place]
        if not self.least_seconds or not predicted:
            return 0.0
        return (self.most_seconds[place] - self.least_seconds[place]) / 2 / predicted
