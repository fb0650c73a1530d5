"""How long calls take: lognormal per system and kind of call, stretched by load."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from domain.draws import Draws

LOAD_FACTOR_MAX = 10.0


class Latency(msgspec.Struct, frozen=True):
    """Median and 95th percentile of a call, in seconds."""

    p50_seconds: float
    p95_seconds: float


# Every figure but the platforms' published averages is an estimate [E] that a scenario may replace.
DEFAULTS: Mapping[str, Latency] = {
    "crm": Latency(0.25, 0.9),
    "erp": Latency(1.8, 6.0),
    "erp.read": Latency(0.6, 2.0),
    "billing": Latency(1.2, 4.0),
    "tax": Latency(0.18, 0.6),
    "payment": Latency(0.45, 1.2),
    "fulfilment": Latency(0.8, 3.0),
    "webhook": Latency(1.0, 4.0),
}


class LatencyTable:
    """Draws the service time of each call, keyed so that equal calls of two runs take equally long."""

    def __init__(self, draws: Draws, rows: Mapping[str, Latency]) -> None:
        self._draws = draws
        self._rows = {**DEFAULTS, **rows}
        self._chosen: dict[tuple[str, bool], tuple[Latency, Draws]] = {}

    def service_us(self, system: str, write: bool, factor: float, *key: str | int) -> int:
        """Return the service time in microseconds of one call of a system, times a factor."""
        row, draws = self._chosen.get((system, write)) or self._choose(system, write)
        seconds = draws.lognormal(row.p50_seconds, row.p95_seconds, *key)
        return max(1, round(seconds * factor * 1_000_000))

    def _choose(self, system: str, write: bool) -> tuple[Latency, Draws]:
        row = self._rows.get(f"{system}.write" if write else f"{system}.read") or self._rows[system]
        chosen = self._chosen[system, write] = row, self._draws.under("latency", system)
        return chosen


def load_factor(in_use: int, slots: int) -> float:
    """Return how much slower a system is with so many of its slots in use: 1 / (1 - rho), at most tenfold."""
    if not slots:
        return 1.0
    free = 1.0 - in_use / slots
    return min(LOAD_FACTOR_MAX, 1.0 / free) if free > 0 else LOAD_FACTOR_MAX
