from __future__ import annotations

import math

import pytest

from domain.draws import Draws
from simulator.experiments.warmup import mser5


def noisy(length: int, level: float = 10.0) -> list[float]:
    return [level + Draws(1).unit("noise", i) for i in range(length)]


def test_a_start_that_is_far_off_is_cut_where_it_is_forgotten() -> None:
    series = [value + 200 * math.exp(-i / 40) for i, value in enumerate(noisy(2_000))]
    assert 150 <= mser5(series) <= 400


def test_a_series_without_warm_up_keeps_its_beginning() -> None:
    assert mser5(noisy(2_000)) <= 200


def test_a_series_that_never_settles_is_refused() -> None:
    with pytest.raises(ValueError, match="does not settle"):
        mser5([float(i * i) for i in range(500)])


def test_too_few_observations_are_refused_with_the_number_wanted() -> None:
    with pytest.raises(ValueError, match="49 observations are too few to find a warm-up; expected 50"):
        mser5(noisy(49))


def test_a_level_far_from_zero_costs_no_digits() -> None:
    series = noisy(1_000)
    assert mser5([value + 1e9 for value in series]) == mser5(series)
