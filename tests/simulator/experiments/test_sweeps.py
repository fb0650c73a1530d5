from __future__ import annotations

import pytest

from scenarios.library import find
from simulator.experiments.sweeps import axes, grid, points_of, require_size

SCENARIO = find("billing_outage_last_day")


def test_every_combination_is_named_by_full_parameters() -> None:
    found = axes(SCENARIO, ["erp.slots=5,7", "outages.lasts=1..3h:1h"])
    assert [axis.path for axis in found] == ["systems.erp.slots", "outages[0].lasts"]
    assert points_of(found) == 6
    assert list(grid(found))[:4] == [("5", "1h"), ("5", "2h"), ("5", "3h"), ("7", "1h")]


def test_a_million_points_are_refused_with_the_figure() -> None:
    found = axes(SCENARIO, ["erp.slots=1..1000", "clerks=1..1000"])
    with pytest.raises(ValueError, match=r"1,000,000 points \(1,000 of systems.erp.slots x 1,000 of people.clerks\)"):
        require_size(found, 10)
    require_size(axes(SCENARIO, ["erp.slots=1..100", "clerks=1..100"]), 10)


def test_a_parameter_is_varied_once() -> None:
    with pytest.raises(ValueError, match="varied twice"):
        axes(SCENARIO, ["erp.slots=5", "systems.erp.slots=7"])


def test_an_axis_without_values_says_what_it_should_look_like() -> None:
    with pytest.raises(ValueError, match="expected PATH=VALUES, for example"):
        axes(SCENARIO, ["erp.slots"])
