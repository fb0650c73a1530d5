"""The parameters of generated durations are found again, with and without timeouts, and the right family wins."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from domain.draws import Draws
from simulator.calibration.fitting import FAMILIES, Family, best, fit
from simulator.calibration.goodness import goodness, measured

SIZE = 600
shapes = st.floats(0.4, 2.5)
scales = st.floats(0.05, 200.0)


def drawn(family: Family, scale: float, shape: float, seed: int, size: int = SIZE) -> list[float]:
    """Draw durations in seconds from a distribution, by keyed chance."""
    draws = Draws(seed)
    units = np.array([draws.unit("duration", index) for index in range(size)])
    frozen = {
        "lognormal": stats.lognorm(shape, scale=scale),
        "gamma": stats.gamma(shape, scale=scale),
        "weibull": stats.weibull_min(shape, scale=scale),
    }[family]
    return [float(value) for value in frozen.ppf(units)]


def cut_at(values: list[float], timeout: float) -> tuple[list[float], list[float]]:
    """Return what is known of durations when callers give up after a timeout."""
    return [value for value in values if value <= timeout], [timeout for value in values if value > timeout]


def is_near(found: float, low: float, high: float, true: float) -> bool:
    """Tell whether a true parameter lies within twice the 95% interval (of many examples some miss it)."""
    middle = math.log(found)
    reach = max(middle - math.log(low), math.log(high) - middle)
    return abs(math.log(true) - middle) <= 2.2 * reach


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=20, deadline=None)
@given(scale=scales, shape=shapes, seed=st.integers(0, 10_000), kept=st.sampled_from([1.0, 0.9, 0.6]))
def test_parameters_are_found_again_under_any_timeout(
    family: Family, scale: float, shape: float, seed: int, kept: float
) -> None:
    values = drawn(family, scale, shape, seed)
    timeout = math.inf if kept == 1.0 else sorted(values)[int(kept * SIZE)]
    found = fit(family, *cut_at(values, timeout))
    assert found.count + found.censored == SIZE
    assert is_near(found.curve.scale, found.scale_low, found.scale_high, scale)
    assert is_near(found.curve.shape, found.shape_low, found.shape_high, shape)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    covered = 0
    for seed in range(60):
        found = fit("lognormal", *cut_at(drawn("lognormal", 2.0, 0.8, seed, 200), 4.0))
        covered += found.scale_low <= 2.0 <= found.scale_high
    assert 51 <= covered <= 60  # 95% of 60 is 57; fewer than 51 has a chance of one in five hundred


def test_leaving_out_what_timed_out_makes_a_system_look_faster_than_it_is() -> None:
    values = drawn("lognormal", 2.0, 0.8, 1, 2_000)
    done, cut = cut_at(values, 3.0)
    honest, hasty = fit("lognormal", done, cut).curve, fit("lognormal", done).curve
    assert honest.quantile(0.95) == pytest.approx(2.0 * math.exp(0.8 * 1.645), rel=0.1)
    assert hasty.quantile(0.95) < 0.6 * honest.quantile(0.95)


@pytest.mark.parametrize(("family", "shape"), [("lognormal", 1.0), ("gamma", 3.0), ("weibull", 2.5)])
def test_the_family_that_durations_come_from_is_chosen(family: Family, shape: float) -> None:
    fits = best(drawn(family, 2.0, shape, 7, 2_000))
    assert fits[0].family == family
    assert [each.aic for each in fits] == sorted(each.aic for each in fits)


def test_quantiles_distribution_and_mean_belong_together() -> None:
    for family in FAMILIES:
        found = fit(family, drawn(family, 2.0, 1.2, 3)).curve
        assert float(found.distribution(np.array([found.quantile(0.3)]))[0]) == pytest.approx(0.3)
        grid = np.linspace(1e-4, found.quantile(0.9999), 20_001)
        assert float(np.trapezoid(found.density(grid), grid)) == pytest.approx(1, abs=0.01)
        assert found.mean == pytest.approx(float(np.trapezoid(grid * found.density(grid), grid)), rel=0.02)


def test_a_fit_is_close_to_the_one_of_scipy_where_scipy_can_tell() -> None:
    values = drawn("gamma", 2.0, 1.7, 5)
    shape, _, scale = stats.gamma.fit(values, floc=0)
    found = fit("gamma", values).curve
    assert [found.shape, found.scale] == pytest.approx([shape, scale], rel=1e-3)


@pytest.mark.parametrize("finished", [[], [1.0] * 3, [1.0] * 50])
def test_too_few_or_equal_durations_are_refused_with_their_number(finished: list[float]) -> None:
    with pytest.raises(ValueError, match=rf"found {len(finished)} \w+ durations, expected at least 10"):
        fit("lognormal", finished)


# --- goodness -------------------------------------------------------------------------------------------------------


def test_the_measured_distribution_knows_what_a_timeout_hides() -> None:
    found = measured([1.0, 2.0, 2.0, 3.0], [2.5, 2.5])
    assert found.seconds == (1.0, 2.0, 3.0)
    assert found.below == pytest.approx((1 / 6, 1 / 2, 1.0))
    assert found.quantile(0.5) == 2.0
    assert measured([1.0, 2.0], [3.0, 3.0]).quantile(0.9) is None


def test_without_timeouts_the_distances_are_those_of_the_textbook() -> None:
    values = drawn("weibull", 2.0, 1.5, 11, 300)
    found = fit("weibull", values)
    judged = goodness(found, values)
    frozen = stats.weibull_min(found.curve.shape, scale=found.curve.scale)
    assert judged.ks == pytest.approx(stats.kstest(values, frozen.cdf).statistic, abs=1e-9)
    ordered = frozen.cdf(np.sort(values))
    ranks = np.arange(1, 301)
    textbook = -300 - np.mean((2 * ranks - 1) * (np.log(ordered) + np.log1p(-ordered[::-1])))
    assert judged.ad == pytest.approx(textbook, abs=1e-3)


@pytest.mark.parametrize("timeout", [math.inf, 3.0])
def test_the_right_family_is_plausible_and_a_wrong_one_is_not(timeout: float) -> None:
    values = drawn("lognormal", 2.0, 0.8, 21, 400)
    done, cut = cut_at(values, timeout)
    assert goodness(fit("lognormal", done, cut), done, cut).is_plausible
    bent = [value if index % 2 else 0.01 * value for index, value in enumerate(values)]
    assert not goodness(fit("lognormal", bent), bent).is_plausible


def test_a_good_fit_is_called_good_about_as_often_as_p_says() -> None:
    plausible = sum(
        goodness(fit("lognormal", values), values).ks_p >= 0.2
        for values in (drawn("lognormal", 2.0, 0.8, seed, 40) for seed in range(12))
    )
    assert plausible >= 6  # 80% of 12 are 10; fewer than 6 has a chance of one in two hundred


def test_many_durations_are_judged_by_a_part_of_them() -> None:
    values = drawn("gamma", 1.0, 2.0, 2, 5_000)
    judged = goodness(fit("gamma", values), values)
    assert judged.sampled <= 250
    assert judged.ks < 0.03
