from __future__ import annotations

import pytest

from simulator.experiments.student import both_sides, cumulative, quantile

special = pytest.importorskip("scipy.special")


@pytest.mark.parametrize("freedom", [1, 2, 3, 9, 19, 99, 1_000, 100_000])
def test_quantiles_and_probabilities_agree_with_a_numeric_library(freedom: int) -> None:
    for probability in (0.001, 0.025, 0.3, 0.5, 0.9, 0.95, 0.975, 0.995, 0.9999):
        assert quantile(probability, freedom) == pytest.approx(
            special.stdtrit(freedom, probability), rel=2e-9, abs=1e-9
        )
    for t in (-40.0, -3.2, -0.5, 0.0, 0.1, 1.0, 2.0, 7.5, 100.0):
        assert cumulative(t, freedom) == pytest.approx(special.stdtr(freedom, t), rel=1e-9, abs=1e-15)
        assert both_sides(t, freedom) == pytest.approx(2 * special.stdtr(freedom, -abs(t)), rel=1e-8, abs=1e-300)
