"""Cases about money in the what-if company: how many there are, when they come, and what takes them away."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from domain.calendar import DAY_US
from scenarios.language import Scenario
from scenarios.library import find
from scenarios.scale import scaled
from simulator.whatif import translation
from simulator.whatif.model import Arrivals, Model
from simulator.whatif.money_cases import money_cases
from simulator.whatif.systems import frame_of


def _company(**sections: dict[str, Any]) -> Scenario:
    scenario = scaled(find("quarter_end_spike"), orders=200, subscriptions=300)
    return scenario.model_copy(
        update={name: getattr(scenario, name).model_copy(update=said) for name, said in sections.items()}
    )


def _streams(scenario: Scenario, signed: dict[int, float]) -> dict[str, Arrivals]:
    return {stream.name: stream for stream in money_cases(frame_of(scenario), signed)}


def _expected(stream: Arrivals) -> float:
    return sum(piece.expected for piece in stream.pieces)


def _clerks(model: Model, route: str) -> list[float]:
    return [step.share for step in model.route(route).steps if step.station == "clerks"]


def test_customers_object_two_to_ten_days_after_they_signed() -> None:
    objections = _streams(_company(), {1: 1000.0})["objections"]
    assert [piece.from_us // DAY_US for piece in objections.pieces] == list(range(3, 12))
    first, *between, last = [piece.expected for piece in objections.pieces]
    assert between == pytest.approx([between[0]] * 7)
    assert [2 * first, 2 * last] == pytest.approx([between[0]] * 2)


def test_nobody_objects_to_what_is_paid_and_nothing_unpaid_is_given_back() -> None:
    cards = {"card": Fraction(1), "debit": Fraction(0), "push": Fraction(0)}
    transfers = {"card": Fraction(0), "debit": Fraction(0), "push": Fraction(1), "never": Fraction(1)}
    at_once, never = (_streams(_company(payments=said), {0: 1000.0}) for said in (cards, transfers))
    assert set(at_once) == {"refunds", "chargebacks"}
    assert set(never) == {"objections"}
    assert _expected(at_once["refunds"]) == pytest.approx(1000 * 0.005)
    assert _expected(never["objections"]) == pytest.approx(1000 * 0.03)


def test_what_would_come_after_the_run_does_not_come() -> None:
    scenario = _company()
    frame = frame_of(scenario)
    last = (frame.moments.ends_us - frame.moments.start_us) // DAY_US - 1
    assert _streams(scenario, {last: 1000.0}) == {}
    some, all_of_them = (_streams(scenario, {day: 1000.0})["objections"] for day in (last - 5, 0))
    assert 0 < _expected(some) < _expected(all_of_them)


def test_a_card_that_is_declined_for_good_is_a_case_of_its_invoice() -> None:
    model, without = (translation.translate(_company(payments=said)) for said in ({}, {"hard_declines": Fraction(0)}))
    assert len(_clerks(model, "invoice")) == 1
    assert 0 < _clerks(model, "invoice")[0] < 0.13 * 0.09 * 0.35
    assert _clerks(without, "invoice") == []


def test_an_integration_without_cases_has_none_about_money() -> None:
    model = translation.translate(_company(integration={"style": "naive"}))
    assert all(route.name != "case about money" for route in model.routes)
    assert _clerks(model, "invoice") == []


def test_a_fallout_that_is_said_is_all_causes_together() -> None:
    model = translation.translate(_company(failures={"fallout": Fraction(1, 20)}))
    assert all(route.name != "case about money" for route in model.routes)
    assert _clerks(model, "invoice") == []
