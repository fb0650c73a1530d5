"""Outcomes made by hand: one service level, one station, one outage, with whatever a test wants to be different."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.calendar import HOUR_US, SECOND_US
from simulator.whatif.histogram import of_values
from simulator.whatif.outcome import (
    ROUTE_COUNTS,
    STATION_COUNTS,
    OutageOutcome,
    Outcome,
    RouteOutcome,
    SlaOutcome,
    StationOutcome,
)

HOURS = 6


def booked(seconds: tuple[int, ...] = (10, 20, 400), never: int = 1, **more: Any) -> SlaOutcome:
    """Return SLA-2 with clocks of so many seconds, bound to five minutes."""
    found = SlaOutcome(
        name="SLA-2", bound_us=300 * SECOND_US, share=0.95, started=len(seconds) + never, stopped=len(seconds),
        within=sum(each <= 300 for each in seconds), total_us=sum(seconds) * SECOND_US,
        longest_us=max(seconds, default=0) * SECOND_US, due=4, made=3, amount_due=4_000, amount_made=2_500,
        amount_seconds=86_400 * 700, began=(2, 2, 0, 0, 0, 0), ended=(1, 0, 1, 1, 0, 0),
        histogram=of_values(each * SECOND_US for each in seconds),
    )  # fmt: skip
    return msgspec.structs.replace(found, **more)


def station(name: str = "erp", busy: tuple[float, ...] = (0.5, 1.0, 0.96, 0, 0, 0), queue: int = 7) -> StationOutcome:
    """Return a station of one slot, used so much in each hour, with a queue in the hours in which it is used up."""
    return StationOutcome(
        name=name,
        counts=dict.fromkeys(STATION_COUNTS, 0) | {"calls": 10, "refused": 2},
        series={
            "calls": (5, 5, 0, 0, 0, 0),
            "refused": (0, 2, 0, 0, 0, 0),
            "busy_us": tuple(round(share * HOUR_US) for share in busy),
            "waiting_us": tuple(HOUR_US * 2 if share > 0.9 else 0 for share in busy),
            "queue_max": tuple(queue if share > 0.9 else 0 for share in busy),
        },
        slots_us=(HOUR_US,) * HOURS,
        waited=4,
        wait_longest_us=90 * SECOND_US,
    )


def outage(drained_us: int = 3 * HOUR_US, recovered: int = 5, peak: int = 4) -> OutageOutcome:
    """Return an outage of the second hour."""
    return OutageOutcome(
        station="erp", from_us=HOUR_US, until_us=2 * HOUR_US, kind="rejects", struck=5, recovered=recovered, peak=peak,
        drained_us=drained_us,
    )  # fmt: skip


def outcome(**more: Any) -> Outcome:
    """Return an outcome with these parts."""
    values: dict[str, Any] = {
        "model": "by hand", "bucket_us": HOUR_US, "last_us": 10 * HOUR_US, "slas": (booked(),),
        "stations": (station(),), "outages": (outage(),),
        "routes": (
            RouteOutcome(
                name="order", counts=dict.fromkeys(ROUTE_COUNTS, 0) | {"lost": 1, "duplicates": 3, "fallbacks": 2},
                amount_lost=900, amount_doubled=50,
            ),
        ),
    }  # fmt: skip
    return Outcome(**(values | more))
