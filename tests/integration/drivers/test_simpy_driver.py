"""Tests of integration.drivers.simpy_driver: the clock and the timers of a host in virtual time."""

from __future__ import annotations

from integration.drivers.simpy_driver import SimpyHost
from integration.drivers.virtual_time import VirtualTime


def test_actions_happen_at_their_instant_in_the_order_they_were_planned() -> None:
    time = VirtualTime(100)
    host = SimpyHost(time, lambda request, call, done: None, lambda record: None, lambda crash: None)
    seen: list[tuple[str, int]] = []
    for name, at_us in (("c", 300), ("a", 100), ("b", 100)):
        host.call_at(at_us, lambda name=name: seen.append((name, host.now_us())))  # type: ignore[misc]
    time.run()
    assert seen == [("a", 100), ("b", 100), ("c", 300)]
