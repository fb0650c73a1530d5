from __future__ import annotations

import pytest

from simulator.experiments.conditions import judge, parsed
from simulator.experiments.replications import Rule
from simulator.experiments.search import break_point
from tests.simulator.experiments.urns import laboratory, urn

RULE = Rule(maximum=100)
TEXTS = [str(slots) for slots in range(1, 41)]


def test_the_smallest_value_that_keeps_a_level_is_found_and_both_neighbours_are_tried() -> None:
    condition = parsed("kept >= 99%")  # 1 - exp(-s/4) >= 0.99 from s = 18.42 on
    lab = laboratory()
    found = break_point(lab, lambda i: urn(i + 1), TEXTS, condition, RULE, smallest=True)
    assert (found.value, found.neighbour) == ("19", "18")
    assert found.is_sharp
    assert found.is_monotone
    tried = {each.value: each.judged.judgement for each in found.tried}
    assert tried["18"] == tried["17"] == "broken"
    assert tried["19"] == tried["20"] == "kept"
    assert len(tried) <= 9


def test_the_largest_value_that_keeps_a_level_is_found_from_the_other_side() -> None:
    condition = parsed("wait >= 9")  # 100/s + noise
    found = break_point(laboratory(), lambda i: urn(i + 1, noise=0.1), TEXTS, condition, RULE, smallest=False)
    assert (found.value, found.neighbour) == ("11", "12")


def test_a_level_that_no_value_keeps_is_said() -> None:
    found = break_point(laboratory(), lambda i: urn(i + 1), TEXTS[:5], parsed("kept >= 99%"), RULE, smallest=True)
    assert (found.value, found.neighbour) == (None, "5")


def test_a_level_that_every_value_keeps_is_said() -> None:
    found = break_point(laboratory(), lambda i: urn(i + 20), TEXTS[:5], parsed("kept >= 99%"), RULE, smallest=True)
    assert (found.value, found.neighbour) == ("1", None)


def test_a_bound_that_lies_on_the_value_is_not_called_sharp() -> None:
    at_bound = 1 - 2.718281828459045 ** (-18 / 4)
    condition = parsed(f"kept >= {at_bound * 100:.6f}%")
    found = break_point(laboratory(), lambda i: urn(i + 1), TEXTS, condition, RULE, smallest=True)
    assert found.neighbour == "18"
    assert not found.is_sharp


def test_a_system_that_gets_worse_with_more_is_noticed() -> None:
    found = break_point(laboratory(), lambda i: urn(20 - i), TEXTS[:19], parsed("kept >= 95%"), RULE, smallest=True)
    assert not found.is_monotone or found.value is None


def test_a_measure_without_a_case_is_no_answer() -> None:
    with pytest.raises(ValueError, match="rare has no case"):
        break_point(laboratory(), lambda i: urn(i + 1), TEXTS, parsed("rare >= 1"), RULE, smallest=True)


@pytest.mark.parametrize(
    ("text", "measure", "at_least", "bound"),
    [
        ("SLA-2 >= 99%", "SLA-2", True, 0.99),
        ("p95 SLA-2 <= 5m", "p95 SLA-2", False, 300.0),
        ("late<=0", "late", False, 0.0),
        ("utilisation_peak erp <= 0.9", "utilisation_peak erp", False, 0.9),
    ],
)
def test_conditions_as_people_write_them(text: str, measure: str, at_least: bool, bound: float) -> None:
    found = parsed(text)
    assert (found.measure, found.at_least, found.bound) == (measure, at_least, bound)


@pytest.mark.parametrize("text", ["SLA-2", ">= 99%", "SLA-2 >= many", "SLA-2 >= 99 apples"])
def test_what_is_no_condition_says_what_one_is(text: str) -> None:
    with pytest.raises(ValueError, match="expected MEASURE >= BOUND"):
        parsed(text)


def test_a_sign_that_no_condition_has_is_named() -> None:
    with pytest.raises(ValueError, match="> is not one of >=, <="):
        parsed("SLA-2 > 99%")


def test_a_bound_met_exactly_is_kept_and_chance_leaves_it_open() -> None:
    condition = parsed("late <= 0")
    assert judge(condition, [0.0] * 10, 0.95).judgement == "kept"
    assert judge(condition, [1.0] * 10, 0.95).judgement == "broken"
    judged = judge(condition, [0.0] * 9 + [1.0], 0.95)
    assert (judged.judgement, judged.kept, judged.count) == ("undecided", 9, 10)
