"""Cases of people in the what-if company last as long as with the clerks of a rehearsal."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from functools import partial
from statistics import fmean

import msgspec
import pytest

from domain.calendar import HOUR_US, MINUTE_US, SECOND_US
from scenarios.language import Scenario
from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import build
from simulator.setup import staff_of
from simulator.whatif import process, translation
from simulator.whatif.journeys import MONEY_CASE
from simulator.whatif.model import Arrivals
from simulator.whatif.rows import Collected
from simulator.whatif.systems import CLERKS
from tests.simulator.test_clerks import Case, Office

CASES, EVERY_US = 1_500, 20 * MINUTE_US + 7 * SECOND_US
"""Three weeks full of cases, in the last of which clerks work longer."""
SEEDS = 8


def _with_clerks(clerks: int) -> Scenario:
    scenario = scaled(find("quarter_end_spike"), orders=20, subscriptions=20)
    return scenario.model_copy(update={"people": scenario.people.model_copy(update={"clerks": clerks})})


def _rehearsed(scenario: Scenario, seed: int) -> list[float]:
    timeline = build(scenario, 1)
    office = Office(staff_of(timeline), start_us=timeline.start_us, seed=seed)
    cases = [Case(f"{number:04}") for number in range(CASES)]
    for number, case in enumerate(cases):
        office.at(timeline.start_us + number * EVERY_US, partial(office.opens, case))
    office.run((timeline.horizon_us - timeline.start_us) / HOUR_US)
    return [hours - int(case) * EVERY_US / HOUR_US for hours, case, _, _ in office.done]


def _modelled(scenario: Scenario, seed: int) -> list[float]:
    cases = Arrivals(name="cases", route=MONEY_CASE, count=CASES, every_us=EVERY_US)
    rows = Collected()
    model = msgspec.structs.replace(translation.translate(scenario), arrivals=(cases,))
    process.run(model, seed, rows)
    level = [sla.name for sla in model.slas].index("SLA-8")
    return [taken_us / HOUR_US for _, sla, _, taken_us in rows.rows.tolist() if sla == level]


@pytest.mark.parametrize("clerks", [200, 12])
def test_cases_last_as_long_as_with_the_clerks_of_a_rehearsal(clerks: int) -> None:
    scenario = _with_clerks(clerks)
    rehearsed, modelled = (
        [hours for seed in range(1, SEEDS + 1) for hours in play(scenario, seed)] for play in (_rehearsed, _modelled)
    )
    for hours in (1, 2, 4, 8, 16, 24, 48):
        closed = [sum(taken <= hours for taken in each) / CASES / SEEDS for each in (modelled, rehearsed)]
        assert closed[0] == pytest.approx(closed[1], abs=0.03), hours
    assert fmean(modelled) == pytest.approx(fmean(rehearsed), rel=0.06)


def test_clerks_who_have_too_much_to_do_get_as_much_done_as_those_of_a_rehearsal() -> None:
    """Cases of 22.5 minutes keep a clerk for 25, because somebody looks for the next one every five minutes."""
    scenario = _with_clerks(4)
    touch = timedelta(minutes=22.5)
    same = scenario.people.model_copy(update={"touch_median": touch, "touch_p95": touch, "wait_external": Fraction(0)})
    alike = scenario.model_copy(update={"people": same})
    rehearsed, modelled = _rehearsed(alike, 1), _modelled(alike, 1)
    assert len(modelled) == pytest.approx(len(rehearsed), rel=0.01)
    assert fmean(rehearsed) > 24
    assert fmean(modelled) == pytest.approx(fmean(rehearsed), rel=0.02)


def test_an_office_that_is_open_when_the_run_begins_has_its_clerks() -> None:
    stations = translation.translate(_with_clerks(6)).stations
    shifts = next(station.shifts for station in stations if station.name == CLERKS)
    assert [(shift.from_us / HOUR_US, shift.slots) for shift in shifts[:3]] == [(0, 6), (8, 0), (23, 6)]
