"""Scenarios that nobody thought of: the correct integration is accused of nothing in them."""

from __future__ import annotations

import pytest

from benchmarks.drawing import drawn
from benchmarks.false_alarms import DRAWN, play
from scenarios.loader import dump


@pytest.mark.parametrize("seed", range(10))
def test_the_correct_integration_is_accused_of_nothing_in_a_scenario_that_was_drawn(seed: int) -> None:
    played = play(DRAWN, seed)
    assert played.status in ("holds", "unknown"), played


def test_a_seed_draws_the_same_scenario_again_and_another_one_another() -> None:
    assert dump(drawn(7)) == dump(drawn(7)) != dump(drawn(8))
