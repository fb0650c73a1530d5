from __future__ import annotations

import pytest

from scenarios.assertions import METRICS as LANGUAGE
from scenarios.words import WHATIF
from simulator.experiments.metrics import METRICS, is_share, measure, measures, resolved
from tests.simulator.experiments.outcomes import HOUR_US, booked, outage, outcome, station


def test_every_figure_is_what_its_name_says() -> None:
    found = measures(outcome())
    assert found["within SLA-2"] == 0.5  # two of four: a clock that never stopped missed its bound
    assert found["p50 SLA-2"] == pytest.approx(20, rel=0.01)
    assert found["p99 SLA-2"] == pytest.approx(400, rel=0.01)
    assert found["mean SLA-2"] == pytest.approx(430 / 3)
    assert found["made SLA-2"] == 0.75
    assert found["unfinished SLA-2"] == 1
    assert found["money_days SLA-2"] == 700
    assert (found["late"], found["late_amount"]) == (1, 1_500)
    assert (found["lost"], found["lost_amount"], found["duplicates"], found["doubled_amount"]) == (1, 900, 3, 50)
    assert (found["estimated"], found["attempts"], found["calls erp"], found["refused erp"]) == (2, 10, 10, 2)
    assert found["utilisation erp"] == pytest.approx((0.5 + 1.0 + 0.96) / 6)
    assert found["utilisation_peak erp"] == 1.0
    assert found["wait_mean erp"] == pytest.approx(4 * 3600 / 10)
    assert (found["queue_max erp"], found["backlog erp"], found["drain erp"]) == (7, 4, 3600)


def test_clocks_of_one_service_level_that_start_in_two_ways_count_as_one() -> None:
    found = measures(outcome(slas=(booked(), booked(seconds=(100, 200), never=0))))
    assert found["within SLA-2"] == 4 / 6
    assert found["mean SLA-2"] == pytest.approx(730 / 5)
    assert found["late"] == 2


def test_an_outage_that_was_never_worked_off_took_until_the_end_at_least() -> None:
    assert measures(outcome(outages=(outage(recovered=4),)))["drain erp"] == 8 * 3600


def test_what_has_no_case_is_left_out_rather_than_called_nothing() -> None:
    found = measures(outcome(slas=(booked(seconds=(), never=0, due=0, made=0),), outages=()))
    assert not {"within SLA-2", "p95 SLA-2", "made SLA-2", "late", "drain erp", "backlog erp"} & set(found)
    assert measure(outcome(), "p95", "SLA-9") is None


def test_a_station_without_slots_has_no_utilisation() -> None:
    people = station("clerks")
    found = measures(outcome(stations=(type(people)(name="tax", counts=people.counts, series=people.series,
                                                    slots_us=(0,) * 6),)))  # fmt: skip
    assert "utilisation tax" not in found
    assert "utilisation_peak tax" not in found


def test_people_may_name_figures_as_they_think_of_them() -> None:
    names = tuple(measures(outcome()))
    assert resolved(names, "SLA-2") == "within SLA-2"
    assert resolved(names, "SLA-2 p95") == resolved(names, "p95 SLA-2") == "p95 SLA-2"
    with pytest.raises(ValueError, match=r"the nearest: .*p95 SLA-2"):
        resolved(names, "p96 SLA-2")


def test_every_figure_of_the_scenario_language_exists_with_the_same_unit() -> None:
    for name, (engine, unit, of, _) in LANGUAGE.items():
        if engine == WHATIF:
            assert METRICS[name].unit == unit
            assert METRICS[name].of == of


def test_shares_are_told_from_other_units() -> None:
    assert is_share("within SLA-2")
    assert not is_share("late")
    assert HOUR_US == 3_600_000_000
