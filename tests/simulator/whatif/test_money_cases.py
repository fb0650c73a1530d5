"""Cases about money in the what-if company: how many there are, when they come, and what takes them away."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from domain.calendar import HOUR_US, utc_midnight_us
from scenarios.language import Scenario
from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import build
from simulator.whatif import translation
from simulator.whatif.accounts import compared_share
from simulator.whatif.model import Model, Piece
from simulator.whatif.money_cases import money_cases
from simulator.whatif.systems import frame_of

NEVER_PAID = {
    "card": Fraction(0), "debit": Fraction(0), "push": Fraction(1), "never": Fraction(1), "refunded": Fraction(0),
}  # fmt: skip


def _company(orders: int = 200, **sections: dict[str, Any]) -> Scenario:
    scenario = scaled(find("quarter_end_spike"), orders=orders, subscriptions=300)
    return scenario.model_copy(
        update={name: getattr(scenario, name).model_copy(update=said) for name, said in sections.items()}
    )


def _streams(scenario: Scenario, orders: dict[int, float]) -> dict[str, tuple[Piece, ...]]:
    """Return the cases about money that come of orders, by the hour of the run in which they are signed."""
    frame = frame_of(scenario)
    signed = [orders.get(hour, 0.0) for hour in range(frame.end_us // HOUR_US)]
    return dict(money_cases(frame, signed))


def _hour(scenario: Scenario, day: str) -> int:
    """Return the hour of the run in which a day of UTC begins."""
    return (utc_midnight_us(date.fromisoformat(day)) - frame_of(scenario).moments.start_us) // HOUR_US


def _expected(pieces: Iterable[Piece]) -> float:
    return sum(piece.expected for piece in pieces)


def _clerks(model: Model, route: str) -> list[float]:
    return [step.share for step in model.route(route).steps if step.station == "clerks"]


def test_customers_object_two_to_ten_days_after_they_signed() -> None:
    objections = _streams(_company(payments=NEVER_PAID), {30: 1000.0})["objections"]
    assert objections[0].from_us <= (30 + 48) * HOUR_US < objections[0].until_us
    assert objections[-1].from_us <= (30 + 240) * HOUR_US < objections[-1].until_us
    assert _expected(objections) == pytest.approx(1000 * 0.03)
    between = [piece.expected for piece in objections[1:-1]]
    assert between == pytest.approx([1000 * 0.03 * 6 / (240 - 48 + 1)] * len(between))


def test_nobody_objects_to_what_is_paid_and_nothing_unpaid_is_given_back() -> None:
    cards = {"card": Fraction(1), "debit": Fraction(0), "push": Fraction(0)}
    at_once, never = (_streams(_company(payments=said), {0: 1000.0}) for said in (cards, NEVER_PAID))
    assert set(at_once) == {"refunds", "chargebacks"}
    assert set(never) == {"objections"}
    assert _expected(at_once["refunds"]) == pytest.approx(1000 * 0.005)
    assert _expected(never["objections"]) == pytest.approx(1000 * 0.03)


@pytest.mark.parametrize(
    ("signed", "decided"), [("2026-12-14", "2026-12-18"), ("2026-12-17", "2026-12-23"), ("2026-12-19", "2026-12-24")]
)
def test_a_debit_can_be_objected_to_until_its_bank_has_decided_within_four_business_days(
    signed: str, decided: str
) -> None:
    scenario = _company(payments={"card": Fraction(0), "debit": Fraction(1), "push": Fraction(0)})
    objections = _streams(scenario, {_hour(scenario, signed) + 10: 1000.0})["objections"]
    last = objections[-1]  # banks close at 17:00 of UTC
    assert last.from_us < (_hour(scenario, decided) + 17) * HOUR_US <= last.until_us


def test_what_would_come_after_the_run_does_not_come() -> None:
    scenario = _company()
    last = frame_of(scenario).days_end_us // HOUR_US - 1
    assert _streams(scenario, {last: 1000.0}) == {}
    some, all_of_them = (_streams(scenario, {hour: 1000.0})["objections"] for hour in (last - 120, 0))
    assert some[-1].until_us == frame_of(scenario).days_end_us
    assert 0 < _expected(some) < _expected(all_of_them)


def test_customers_object_as_often_as_those_of_the_timeline() -> None:
    scenario = _company(1_000, payments=NEVER_PAID, failures={"invoice_dispute": Fraction(1)})
    model = translation.translate(scenario)
    objections = [piece for each in model.arrivals if each.name.startswith("objections") for piece in each.pieces]
    acts = [act for act in build(scenario, 1).acts if act.action == "dispute_invoice"]
    assert len(acts) == pytest.approx(_expected(objections), abs=3 * _expected(objections) ** 0.5)
    middle_us = statistics.median(act.at_us for act in acts) - model.origin_us
    before = sum(piece.expected for piece in objections if piece.until_us <= middle_us)
    assert before == pytest.approx(_expected(objections) / 2, rel=0.15)


def test_a_case_is_of_the_legal_entity_that_sold_so_that_it_has_the_cut_off_of_that_one() -> None:
    model = translation.translate(_company(failures={"invoice_dispute": Fraction(1)}))
    cutoffs = {each.name.removeprefix("orders "): each.cutoff_us for each in model.arrivals if "orders" in each.name}
    objected = {each.name.removeprefix("objections "): each for each in model.arrivals if "objections" in each.name}
    assert {name: each.cutoff_us for name, each in objected.items()} == cutoffs
    assert len(set(cutoffs.values())) > 1


def test_stewards_compare_as_many_accounts_as_those_of_the_timeline() -> None:
    mistakes = {"duplicate_customer": Fraction(1, 2), "lookalike_customer": Fraction(1, 2)}
    scenario = _company(1_000, failures=mistakes)
    timeline = build(scenario, 1)
    asked = sum(each.cause == "duplicate_customer" for each in timeline.fallout())
    assert asked / timeline.acts.orders == pytest.approx(compared_share(scenario), rel=0.2)
    nobody = scenario.model_copy(update={"world": scenario.world.model_copy(update={"live_subscriptions": 0})})
    assert compared_share(nobody) == 0.0


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
