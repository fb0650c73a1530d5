"""The reference network q2c-net: one set of figures for every engine. Times are seconds."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

PEAK, BASE_RATE = 3.0, 2.0  # quotes a second: twice, at the end of the quarter three times as many
ERP, BILLING = 3, 4
STEPS = (0, 1, 2, 3, 4, 4, 4, 2, 5, 0)
ERP_RATE, ERP_BURST, REFUSED = 6.2, 12.0, 0.02
OUTAGE_FROM, OUTAGE_LASTS, REJECTED = 0.3, 60.0, 0.05
RETRIES, PAUSE, PAUSE_LONGEST = 5, 1.0, 30.0
CLERKS, TOUCH_MEAN, TOUCH_VARIATION = 3, 60.0, 1.0


class Service(NamedTuple):
    """One service: slots, mean and variation of its lognormal time, and how long a caller waits."""

    name: str
    slots: int
    mean: float
    variation: float
    timeout: float


SERVICES = (
    Service("crm", 8, 0.15, 0.5, 2.0),
    Service("credit", 10, 0.6, 1.0, 3.0),
    Service("tax", 6, 0.1, 0.7, 1.0),
    Service("erp", 12, 1.2, 1.0, 5.0),
    Service("billing", 12, 0.4, 0.8, 3.0),
    Service("payment", 10, 0.8, 0.7, 6.0),
)


def multiple(at: float, seconds: float) -> float:
    """Return how many times the usual rate quotes come."""
    part = at / seconds
    if part < 0.6:
        return 1.0
    if part < 0.8:
        return 1.0 + (PEAK - 1.0) * (part - 0.6) / 0.2
    return PEAK if part < 0.9 else 1.0


def lognormal(mean: float, variation: float) -> tuple[float, float]:
    """Return mu and sigma of a lognormal time."""
    variance = math.log(1 + variation * variation)
    return math.log(mean) - variance / 2, math.sqrt(variance)


TIMES = tuple(lognormal(each.mean, each.variation) for each in SERVICES)
TOUCH = lognormal(TOUCH_MEAN, TOUCH_VARIATION)


def tell(engine: str, play: Callable[[int, float], tuple[int, list[float]]]) -> None:
    """Play the network as the arguments say (seconds, replications, first seed) and print what it took, as JSON."""
    seconds, replications, seed = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    started, calls, ended = time.process_time(), 0, 0
    latencies: list[float] = []
    for number in range(replications):
        made, measured = play(seed + number, seconds)
        calls, ended = calls + made, ended + len(measured)
        latencies += measured
    spent = time.process_time() - started
    latencies.sort()
    told = {
        "engine": engine, "calls": calls, "lifecycles": ended, "cpu": spent,
        "p50": latencies[len(latencies) // 2], "p95": latencies[len(latencies) * 95 // 100],
    }  # fmt: skip
    print(json.dumps(told))
