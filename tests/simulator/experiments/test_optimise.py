from __future__ import annotations

from collections.abc import Mapping

import pytest

from simulator.experiments.conditions import parsed
from simulator.experiments.optimise import Optimum, Term, cost_of, optimum
from simulator.experiments.ranges import parsed as values
from simulator.experiments.replications import Model, Rule
from simulator.experiments.sweeps import Axis
from tests.simulator.experiments.urns import laboratory, urn

pytest.importorskip("optuna")
RULE = Rule(maximum=40)
AXES = (Axis("slots", values("1..40")), Axis("clerks", values("1..40")))


def together(settings: Mapping[str, str]) -> Model:
    """Return an urn whose slots are those of both parameters, clerks counting twice."""
    return urn(int(settings["slots"]) + 2 * int(settings["clerks"]), noise=0.2)


def answer(trials: int, seed: int = 5) -> Optimum:
    terms = cost_of("1*slots + 3*clerks", lambda name: name)
    return optimum(laboratory(seed), together, AXES, terms, [parsed("kept >= 99%")], RULE, trials)


def test_few_points_are_all_tried_and_the_best_is_the_best_there_is() -> None:
    small = (Axis("slots", values("10..20")),)
    found = optimum(
        laboratory(), lambda s: urn(int(s["slots"])), small, [Term(2.0, "slots")], [parsed("kept >= 99%")], RULE, 50
    )
    assert found.is_exhaustive
    assert found.best is not None
    assert (found.best.settings, found.best.cost) == ({"slots": "19"}, 38.0)


def test_a_search_among_many_comes_near_the_cheapest() -> None:
    found = answer(60)  # needs slots + 2 clerks >= 19: 17 slots and 1 clerk cost 20
    assert not found.is_exhaustive
    assert found.points == 1600
    assert found.best is not None
    assert found.best.is_feasible
    assert 20 <= found.best.cost <= 26


def test_the_same_seed_gives_the_same_answer() -> None:
    assert answer(15) == answer(15)
    assert answer(15).trials != answer(15, seed=6).trials


def test_no_feasible_point_is_no_best_one() -> None:
    tight = (Axis("slots", values("1..4")),)
    found = optimum(
        laboratory(), lambda s: urn(int(s["slots"])), tight, [Term(1.0, "slots")], [parsed("kept >= 99%")], RULE, 9
    )
    assert found.best is None
    assert len(found.trials) == 4


def test_costs_as_people_write_them() -> None:
    assert cost_of("12*erp.slots + 300 * clerks - 5", str.upper) == (
        Term(12.0, "ERP.SLOTS"), Term(300.0, "CLERKS"), Term(-5.0, ""),
    )  # fmt: skip
    assert cost_of("slots", str.upper) == (Term(1.0, "SLOTS"),)


@pytest.mark.parametrize("text", ["", "12", "a b", "12**x", "x + ", "__import__('os')"])
def test_what_is_no_cost_says_what_one_is(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        cost_of(text, str.upper)
