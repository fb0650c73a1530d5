"""The business clock: the wall's, never backwards, and moved by tests only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.drivers.clock import BusinessClock

SECOND_NS = 1_000_000_000


class Hands:
    """A wall clock and a steady clock that a test moves."""

    def __init__(self) -> None:
        self.wall_ns = 1_790_000_000 * SECOND_NS
        self.steady_ns = 5 * SECOND_NS

    def clock(self) -> BusinessClock:
        return BusinessClock(lambda: self.wall_ns, lambda: self.steady_ns)

    def pass_by(self, seconds: float, wall_jumps_seconds: float = 0.0) -> None:
        """Let time pass, while somebody sets the wall clock."""
        self.steady_ns += round(seconds * SECOND_NS)
        self.wall_ns += round((seconds + wall_jumps_seconds) * SECOND_NS)


def test_it_is_the_time_of_the_wall() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.pass_by(12.5)
    assert clock.now_us() == 1_790_000_012_500_000


def test_a_wall_clock_set_back_slows_it_down_until_both_agree() -> None:
    hands = Hands()
    clock = hands.clock()
    before_us = clock.now_us()
    hands.pass_by(0.0, wall_jumps_seconds=-10)
    assert clock.now_us() == before_us
    hands.pass_by(10)
    assert clock.now_us() == before_us + 5_000_000
    hands.pass_by(10)
    assert clock.now_us() == before_us + 10_000_000 == hands.wall_ns // 1000
    hands.pass_by(1)
    assert clock.now_us() == before_us + 11_000_000


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(-500, 500)), max_size=20))
def test_it_never_runs_backwards(jumps: list[tuple[float, float]]) -> None:
    hands = Hands()
    clock = hands.clock()
    told = [clock.now_us()]
    for seconds, jump in jumps:
        hands.pass_by(seconds, jump)
        told.append(clock.now_us())
    assert told == sorted(told)


def test_a_test_moves_it_forward_and_whoever_follows_is_told() -> None:
    hands = Hands()
    clock = hands.clock()
    moves: list[int] = []
    clock.follow(lambda: moves.append(clock.now_us()))
    clock.move(clock.now_us() + 86_400_000_000)
    assert moves == [1_790_086_400_000_000]
    hands.pass_by(1)
    assert clock.now_us() == 1_790_086_401_000_000


def test_nobody_moves_it_back() -> None:
    clock = Hands().clock()
    with pytest.raises(ValueError, match="cannot go back"):
        clock.move(clock.now_us() - 1)
