"""A small model that tests change where they need to."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.calendar import HOUR_US, MINUTE_US, SECOND_US
from simulator.whatif.durations import Duration
from simulator.whatif.model import Arrivals, Model, Repair, Retry, Route, Sla, Station, Step

RETRY = Retry(attempts=3, base_us=SECOND_US, cap_us=4 * SECOND_US, jitter="none")


def call(station: str = "erp", **more: Any) -> Step:
    """Return a call with three attempts."""
    return msgspec.structs.replace(Step(name=f"call {station}", station=station, retry=RETRY), **more)


def erp(**more: Any) -> Station:
    """Return a station with one slot whose work takes ten seconds."""
    return msgspec.structs.replace(Station(name="erp", slots=1, service=Duration.fixed(10 * SECOND_US)), **more)


def at_once(count: int, at_us: int = 0, every_us: int = 0, **more: Any) -> Arrivals:
    """Return so many orders from an instant on."""
    return Arrivals(name="orders", route="order", at_us=at_us, count=count, every_us=every_us, **more)


def model(*steps: Step, stations: tuple[Station, ...] = (), arrivals: Arrivals | None = None, **more: Any) -> Model:
    """Return a model of one route and one service level, from its beginning to its end."""
    clerks = Station(name="clerks", kind="people", slots=2, service=Duration.fixed(5 * MINUTE_US))
    said: dict[str, Any] = {
        "slas": (Sla(name="whole", begins="in", ends="out", bound_us=MINUTE_US),),
        "repair": Repair(station="clerks"),
        "end_us": 4 * HOUR_US,
        **more,
    }
    amount = Duration.fixed(1_000)
    return Model(
        name="simple",
        stations=(*(stations or (erp(),)), clerks),
        routes=(Route(name="order", steps=steps or (call(),), begins="in", ends="out", amount=amount),),
        arrivals=(arrivals or at_once(1),),
        **said,
    )
