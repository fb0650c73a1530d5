from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.draws import Draws
from simulator.experiments.intervals import difference, holm, interval, needed, p_value
from simulator.experiments.student import quantile

normals = [math.log(Draws(4).lognormal(1.0, math.exp(1.6448536269514722), i)) for i in range(12_000)]


def test_a_textbook_interval() -> None:
    found = interval([4.0, 5.0, 6.0, 7.0, 8.0])  # t(0.975, 4) = 2.776, s = 1.5811
    assert (found.mean, found.count) == (6.0, 5)
    assert found.half_width == pytest.approx(2.7764451 * 1.5811388 / math.sqrt(5))
    assert found.relative == pytest.approx(found.half_width / 6)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    covered = sum(abs(interval(normals[i : i + 10]).mean) <= interval(normals[i : i + 10]).half_width
                  for i in range(0, 12_000, 10))  # fmt: skip
    assert 0.935 <= covered / 1_200 <= 0.965


def test_one_observation_knows_nothing_of_its_own_chance() -> None:
    assert interval([3.0]).half_width == math.inf
    assert interval([3.0]).spans_zero


def test_equal_observations_leave_no_doubt() -> None:
    found = interval([0.1, 0.1, 0.1])
    assert (found.mean, found.half_width, found.relative) == (0.1, 0.0, 0.0)
    assert interval([0.0, 0.0]).relative == 0.0


def test_pairs_cancel_what_both_sides_share() -> None:
    first = normals[:20]
    second = [value + 0.01 for value in first]
    found = difference(first, second)
    assert found.mean == pytest.approx(0.01)
    assert found.half_width < 1e-12
    assert not found.spans_zero


def test_p_values_of_no_difference_are_uniform_and_of_a_sure_one_zero() -> None:
    ps = [p_value(interval(normals[i : i + 10])) for i in range(0, 12_000, 10)]
    assert 0.035 <= sum(p < 0.05 for p in ps) / len(ps) <= 0.065
    assert p_value(interval([2.0, 2.0])) == 0.0
    assert p_value(interval([0.0, 0.0])) == 1.0


def test_holm_adjusts_in_steps_and_keeps_the_order() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert holm([0.9, 0.8]) == (1.0, 1.0)
    assert holm([]) == ()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
@settings(max_examples=100)
def test_holm_lies_between_the_raw_value_and_bonferroni(ps: list[float]) -> None:
    for raw, adjusted in zip(ps, holm(ps), strict=True):
        assert raw <= adjusted <= min(1.0, raw * len(ps)) + 1e-12 or adjusted <= max(ps) * len(ps)


@pytest.mark.parametrize("half_width", [0.5, 0.2, 0.1, 0.05, 0.02])
def test_the_number_of_replications_that_is_said_is_enough_and_not_much_more(half_width: float) -> None:
    found = interval(normals[:1_000])
    count = needed(found, half_width)
    assert count is not None
    enough = quantile(0.975, count - 1) * found.deviation / math.sqrt(count)
    fewer = round(count / 1.05) - 1
    assert enough <= half_width < quantile(0.975, fewer - 1) * found.deviation / math.sqrt(fewer)
    assert interval(normals[:count]).half_width == pytest.approx(half_width, rel=0.3)


def test_nothing_would_settle_a_difference_of_nothing() -> None:
    assert needed(interval([1.0, -1.0]), 0.0) is None


@pytest.mark.parametrize("noise", [1e-9, 1e-19, 1e-300])
def test_nothing_that_anybody_plays_would_settle_the_rounding_of_floats(noise: float) -> None:
    assert needed(interval([1.0, -1.0, 0.5, -0.5]), noise) is None
