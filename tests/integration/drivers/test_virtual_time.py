"""Virtual time: plain callbacks and SimPy's own events share one queue and one clock."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest
import simpy

from integration.drivers.virtual_time import VirtualTime


def _planned(time: VirtualTime, seen: list[tuple[str, int]]) -> None:
    """Plan callbacks and a process that interleave."""

    def note(name: str) -> None:
        seen.append((name, time.now_us))

    def process() -> Generator[simpy.Event, Any, None]:
        for name in ("p1", "p2"):
            yield time.timeout(10)
            note(name)

    time.process(process())
    time.call_at(110, note, "at 110")
    time.call_at(105, note, "at 105")
    time.call_at(120, note, "at 120")
    time.call_at(500, note, "late")


@pytest.mark.parametrize("let", [lambda time: time.play(500), lambda time: time.run(until=500)], ids=["play", "run"])
def test_callbacks_and_processes_happen_in_one_order(let: Callable[[VirtualTime], None]) -> None:
    time = VirtualTime(100)
    seen: list[tuple[str, int]] = []
    _planned(time, seen)
    let(time)
    assert seen == [("at 105", 105), ("at 110", 110), ("p1", 110), ("at 120", 120), ("p2", 120)]
    assert time.now == 500


def test_what_lies_at_the_end_happens_in_the_next_stretch() -> None:
    time = VirtualTime(100)
    seen: list[tuple[str, int]] = []
    _planned(time, seen)
    time.play(500)
    assert ("late", 500) not in seen
    time.play(501)
    assert seen[-1] == ("late", 500)
    assert (time.now_us, time.now) == (501, 501)


def test_a_callback_may_plan_for_its_own_instant() -> None:
    time = VirtualTime(0)
    seen: list[int] = []
    time.call_at(5, lambda: time.call_at(time.now_us, seen.append, 5))
    time.play(10)
    assert seen == [5]


def test_nothing_is_planned_for_the_past() -> None:
    time = VirtualTime(100)
    with pytest.raises(AssertionError, match="in the past"):
        time.call_at(99, print)
