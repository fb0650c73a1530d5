from __future__ import annotations

from collections.abc import Mapping

import pytest

from simulator.experiments.ranges import parsed as values
from simulator.experiments.replications import Model
from simulator.experiments.sensitivity import ranked, runs_of
from simulator.experiments.sweeps import Axis
from tests.simulator.experiments.urns import laboratory, urn

pytest.importorskip("SALib")
AXES = (Axis("slots", values("10..109")), Axis("clerks", values("0..99")), Axis("paint", values("1..100")))


def mixed(settings: Mapping[str, str]) -> Model:
    """Return an urn whose wait is linear: slots weigh 3, clerks 1, paint nothing."""
    return urn(100 / (3 * int(settings["slots"]) + int(settings["clerks"])), noise=0.5)


def test_morris_ranks_what_matters_and_clears_what_does_not() -> None:
    (found,) = ranked(laboratory(), mixed, AXES, ["wait"], "morris", 8, 3, 0.95)
    assert [effect.path for effect in found.effects] == ["slots", "clerks", "paint"]
    strengths = {effect.path: effect.strength for effect in found.effects}
    assert strengths["slots"] == pytest.approx(300, rel=0.1)  # from 10 to 109 slots, three each
    assert strengths["clerks"] == pytest.approx(100, rel=0.1)
    assert strengths["paint"] == 0.0


def test_sobol_shares_of_a_linear_model_are_its_squared_weights() -> None:
    (found,) = ranked(laboratory(), mixed, AXES, ["wait"], "sobol", 256, 1, 0.95)
    shares = {effect.path: effect for effect in found.effects}
    assert shares["slots"].strength == pytest.approx(0.9, abs=0.06)
    assert shares["clerks"].strength == pytest.approx(0.1, abs=0.03)
    assert shares["slots"].alone == pytest.approx(0.9, abs=0.06)
    assert abs(shares["slots"].strength - 0.9) <= 2 * shares["slots"].half_width


def test_a_measure_that_never_moves_says_so() -> None:
    (found,) = ranked(laboratory(), lambda _: urn(5), AXES, ["wait"], "morris", 3, 1, 0.95)
    assert not found.varies


def test_the_number_of_points_is_known_before() -> None:
    lab = laboratory()
    ranked(lab, mixed, AXES[:2], ["wait"], "morris", 5, 2, 0.95)
    assert lab.made <= 2 * runs_of("morris", 2, 5) == 30
