"""How long calls take: lognormal per system and kind of call, stretched by load."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log
from statistics import NormalDist

import msgspec

from mocks.kernel.luck import MASK, multiplier

LOAD_FACTOR_MAX = 10.0
_P95_DEVIATIONS = 1.6448536269514722
_ODD = multiplier(1 << 32)  # no fault of a plan draws with it
_deviations = NormalDist().inv_cdf


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
    """Turns the luck of each call into its service time, so that equal calls of two runs take equally long."""

    def __init__(self, rows: Mapping[str, Latency]) -> None:
        self._rows = {**DEFAULTS, **rows}
        self._chosen: dict[tuple[str, bool], tuple[float, float]] = {}

    def service_us(self, system: str, write: bool, factor: float, luck: int) -> int:
        """Return the service time in microseconds of one call of a system, times a factor."""
        median_us, sigma = self._chosen.get((system, write)) or self._choose(system, write)
        share = (((luck * _ODD & MASK) >> 12) + 0.5) * 2.0**-52
        return round(median_us * factor * exp(sigma * _deviations(share))) or 1

    def _choose(self, system: str, write: bool) -> tuple[float, float]:
        row = self._rows.get(f"{system}.write" if write else f"{system}.read") or self._rows[system]
        sigma = log(row.p95_seconds / row.p50_seconds) / _P95_DEVIATIONS
        chosen = self._chosen[system, write] = row.p50_seconds * 1_000_000, sigma
        return chosen


def load_factor(in_use: int, slots: int) -> float:
    """Return how much slower a system is with so many of its slots in use: 1 / (1 - rho), at most tenfold."""
    if not slots:
        return 1.0
    free = 1.0 - in_use / slots
    return min(LOAD_FACTOR_MAX, 1.0 / free) if free > 0 else LOAD_FACTOR_MAX
