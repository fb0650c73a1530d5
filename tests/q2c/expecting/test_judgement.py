"""An assertion holds when all that chance leaves open is expected, is broken when none of it is, else it is open."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.checks.verdict import BROKEN, HOLDS, UNKNOWN
from q2c.expecting.judgement import judged
from scenarios.assertions import Assertion


def asked(**given: Any) -> Assertion:
    return Assertion.model_validate({"says": "s", "metric": "late", **given})


@pytest.mark.parametrize(
    ("comparison", "value", "figures", "status"),
    [
        ("at_most", 0, [0.0, 0.0, 0.0], HOLDS),
        ("at_most", 5, [1.0, 2.0, 3.0], HOLDS),
        ("at_most", 2, [1.0, 2.0, 3.0], UNKNOWN),
        ("at_most", 2, [9.0, 9.5, 10.0], BROKEN),
        ("at_least", 5, [9.0, 9.5, 10.0], HOLDS),
        ("at_least", 50, [9.0, 9.5, 10.0], BROKEN),
        ("about", 10, [10.1, 10.2, 10.3], HOLDS),
        ("about", 10, [12.1, 12.2, 12.3], BROKEN),
        ("about", 10, [9.0, 10.0, 11.0], UNKNOWN),
        ("at_most", 3, [3.0], HOLDS),  # one rehearsal is exact
        ("at_most", 3, [4.0], BROKEN),
        ("at_most", 3, [], UNKNOWN),
    ],
)
def test_a_figure_is_judged_with_its_interval(comparison: str, value: float, figures: list[float], status: str) -> None:
    answer = judged(asked(**{"is": comparison, "value": value}), figures)
    assert answer.status == status
    assert bool(answer.reason) == (status == UNKNOWN)


BASE = [10.0, 20.0, 30.0, 40.0]


@pytest.mark.parametrize(
    ("given", "figures", "status"),
    [
        ({"is": "more"}, [11.0, 21.0, 31.0, 41.1], HOLDS),
        ({"is": "more"}, [9.0, 19.0, 29.0, 38.9], BROKEN),
        ({"is": "more"}, BASE, BROKEN),
        ({"is": "more"}, [12.0, 19.0, 32.0, 39.0], UNKNOWN),
        ({"is": "less"}, [9.0, 19.0, 29.0, 38.9], HOLDS),
        ({"is": "same"}, BASE, HOLDS),
        ({"is": "same", "tolerance": "1%"}, [11.0, 21.0, 31.0, 41.1], BROKEN),
        ({"is": "about", "value": 2}, [20.0, 40.0, 60.0, 80.0], HOLDS),
        ({"is": "about", "value": 2}, BASE, BROKEN),
        ({"is": "at_least", "value": 1.5}, [20.0, 40.0, 60.0, 80.0], HOLDS),
        ({"is": "at_most", "value": 1.5}, [20.0, 40.0, 60.0, 80.0], BROKEN),
        ({"is": "at_most", "value": 0}, [0.0] * 4, HOLDS),
    ],
)
def test_two_variants_are_compared_run_by_run(given: dict[str, Any], figures: list[float], status: str) -> None:
    answer = judged(asked(against="base", variant="other", **given), figures, BASE)
    assert (answer.status, answer.other) == (status, 25.0)


def test_two_single_runs_are_compared_as_they_are() -> None:
    more = asked(against="base", variant="other", **{"is": "more"})
    assert judged(more, [2.0], [1.0]).status == HOLDS
    assert judged(more, [1.0], [1.0]).status == BROKEN
    assert judged(more, [1.0], []).status == UNKNOWN


def test_differences_are_counted_and_not_divided() -> None:
    same = asked(metric="differences", against="base", variant="other", **{"is": "at_most", "value": 0})
    assert judged(same, [0.0]).status == HOLDS
    assert judged(same, [3.0]).status == BROKEN
