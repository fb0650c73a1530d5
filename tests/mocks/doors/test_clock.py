"""The clock of a live world."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocks.doors.clock import Clock
from tests.mocks.doors.conftest import SECOND_US, START_US, Wall


def test_a_new_clock_shows_the_wall() -> None:
    wall = Wall()
    clock = wall.clock()
    wall.now_us += 5 * SECOND_US
    assert clock.now_us() == START_US + 5 * SECOND_US
    assert clock.reading().offset_us == 0


def test_a_frozen_clock_moves_only_when_it_is_moved() -> None:
    wall = Wall()
    clock = wall.clock()
    clock.freeze()
    wall.now_us += 5 * SECOND_US
    assert clock.now_us() == START_US
    clock.move_to(START_US + SECOND_US)
    assert clock.now_us() == START_US + SECOND_US
    assert clock.wall_seconds_until(START_US + 9 * SECOND_US) is None


def test_a_clock_that_was_moved_runs_on_from_there() -> None:
    wall = Wall()
    clock = wall.clock()
    clock.move_to(START_US + 100 * SECOND_US)
    wall.now_us += SECOND_US
    assert clock.now_us() == START_US + 101 * SECOND_US


def test_a_fast_clock_passes_many_seconds_in_one() -> None:
    wall = Wall()
    clock = wall.clock()
    clock.run(3600)
    wall.now_us += 2 * SECOND_US
    assert clock.now_us() == START_US + 7200 * SECOND_US
    assert clock.wall_seconds_until(START_US + 10_800 * SECOND_US) == pytest.approx(1.0)


@pytest.mark.parametrize("speed", [0.0, -1.0, 2e6, float("nan")])
def test_a_mad_speed_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        Wall().clock().run(speed)


def test_a_resumed_clock_is_as_far_ahead_of_the_wall_as_it_was() -> None:
    wall = Wall()
    clock = wall.clock()
    clock.move_to(START_US + 100 * SECOND_US)
    reading = clock.reading()
    wall.now_us += 50 * SECOND_US
    again = Clock(wall=wall)
    again.resume(reading, reading.now_us)
    assert again.now_us() == START_US + 150 * SECOND_US


def test_a_resumed_frozen_clock_stands_where_it_stood() -> None:
    wall = Wall()
    clock = wall.clock()
    clock.freeze()
    reading = clock.reading()
    wall.now_us += 50 * SECOND_US
    again = Clock(wall=wall)
    again.resume(reading, 0)
    assert (again.now_us(), again.frozen) == (START_US, True)


STEPS = st.lists(st.sampled_from(["wait", "back", "freeze", "run", "move", "rewind"]), max_size=12)


@given(STEPS)
@settings(max_examples=100)
def test_a_clock_never_goes_back(steps: list[str]) -> None:
    wall = Wall()
    clock = wall.clock()
    seen = clock.now_us()
    for step in steps:
        if step == "wait":
            wall.now_us += 7
        elif step == "back":
            wall.now_us -= 5
        elif step == "freeze":
            clock.freeze()
        elif step == "run":
            clock.run(1.5)
        else:
            clock.move_to(clock.now_us() + (100 if step == "move" else -100))
        assert clock.now_us() >= seen
        seen = clock.now_us()
