"""Parameters are named and changed by the paths of the scenario file, and a wrong name is answered with the nearest."""

from __future__ import annotations

import pytest

from scenarios.library import find
from scenarios.paths import changed, parameters, resolved, value_of
from scenarios.problems import ScenarioError

OUTAGE = find("billing_outage_last_day")
EVERYTHING = find("quarter_end")


def trouble(name: str, value: object = "1") -> str:
    with pytest.raises(ScenarioError) as raised:
        changed(EVERYTHING, {name: value})
    return str(raised.value)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("systems.erp.slots", "systems.erp.slots"),
        ("erp.slots", "systems.erp.slots"),
        ("clerks", "people.clerks"),
        ("outages.lasts", "outages[0].lasts"),
        ("outages[0].lasts", "outages[0].lasts"),
        ("outages[billing].lasts", "outages[0].lasts"),
        ("entities[UK].share", "world.entities[1].share"),
        ("pattern", "world.quarter.pattern"),
    ],
)
def test_any_end_that_fits_one_parameter_will_do(said: str, meant: str) -> None:
    assert resolved(OUTAGE, said) == meant


def test_a_value_means_what_it_means_in_a_file() -> None:
    found = changed(OUTAGE, {"erp.slots": "7", "outages.lasts": "2h", "mix.lost": "30%", "pattern": "severe"})
    assert found.systems.erp.slots == 7
    assert found.outages[0].lasts is not None
    assert found.outages[0].lasts.total_seconds() == 7200
    assert float(found.mix.lost) == 0.3
    assert found.world.quarter.pattern == "severe"
    assert found.systems.billing == OUTAGE.systems.billing


def test_values_may_be_given_as_values() -> None:
    assert changed(OUTAGE, {"clerks": 3}).people.clerks == 3


def test_nothing_changed_is_the_same_scenario() -> None:
    assert changed(OUTAGE, {}) == OUTAGE
    assert changed(OUTAGE, {"erp.slots": value_of(OUTAGE, "systems.erp.slots")}) == OUTAGE


def test_an_unknown_parameter_is_answered_with_the_nearest_ones() -> None:
    assert "the nearest: systems.erp.slots" in trouble("erp.slotz")
    assert "the nearest: people.clerks" in trouble("klerks")


def test_a_name_that_fits_several_is_answered_with_all_of_them() -> None:
    said = trouble("slots")
    assert "6 parameters that end so" in said
    assert "systems.billing.slots" in said


def test_a_value_that_the_language_does_not_allow_is_refused_by_the_parameter_s_name() -> None:
    assert trouble("erp.slots", "-1") == (
        "command line: at systems.erp.slots found -1, expected a number greater than or equal to 0"
    )
    assert "add the unit: 4s, 4m or 4h" in trouble("outages.lasts", "4")
    assert "a window inside the rehearsed days" in trouble("outages.from", "quarter_end + 400d")


def test_words_that_are_no_parameters_cannot_be_changed() -> None:
    assert not {name.partition(".")[0].partition("[")[0] for name in parameters(EVERYTHING)} & {
        "name", "title", "question", "about", "expected", "seed", "assertions", "variants",
    }  # fmt: skip
