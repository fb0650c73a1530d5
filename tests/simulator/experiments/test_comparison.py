from __future__ import annotations

import pytest

from simulator.experiments.comparison import compared
from simulator.experiments.replications import Model, Sample
from tests.simulator.experiments.urns import laboratory, urn


def pair(first: Model, second: Model, count: int = 20) -> tuple[Sample, Sample]:
    samples = Sample(first), Sample(second)
    laboratory().extend(samples, count)
    return samples


def test_a_difference_that_chance_explains_has_no_winner_and_says_what_would_settle_it() -> None:
    (found,) = compared(*pair(urn(10, own=1.0), urn(10.05, own=1.0)), ["wait"], 0.95)
    assert found.difference.spans_zero
    assert found.verdict == "undecided"
    assert found.needed is not None
    assert found.needed > 20


def test_as_many_replications_as_were_said_settle_it() -> None:
    first, second = urn(10, own=0.2), urn(10.1, own=0.2)  # the true difference is -0.099
    (found,) = compared(*pair(first, second, 12), ["wait"], 0.95)
    assert found.verdict == "undecided"
    assert found.needed is not None
    (settled,) = compared(*pair(first, second, 4 * found.needed), ["wait"], 0.95)
    assert settled.verdict == "lower"


def test_common_seeds_find_a_small_difference_and_say_what_they_saved() -> None:
    (found,) = compared(*pair(urn(10, noise=5.0, own=0.01), urn(10.1, noise=5.0, own=0.01)), ["wait"], 0.95)
    assert found.verdict == "lower"
    assert found.needed is None
    assert found.gain is not None
    assert found.gain > 10_000


def test_equal_models_are_called_the_same() -> None:
    (found,) = compared(*pair(urn(10), urn(10)), ["wait"], 0.95)
    assert (found.verdict, found.needed, found.gain) == ("same", None, None)


def test_what_was_asked_for_does_not_pay_for_what_is_shown_beside_it() -> None:
    samples = pair(urn(10, own=0.5), urn(10.9, own=0.5))
    alone = compared(*samples, ["wait"], 0.95)[0].p
    many = [Sample(each.model, [{**row, **{f"x{i}": row["wait"] for i in range(9)}} for row in each.observed])
            for each in samples]  # fmt: skip
    names = ["wait", *(f"x{i}" for i in range(9))]
    assert compared(many[0], many[1], names, 0.95)[0].p == pytest.approx(10 * alone)
    assert compared(many[0], many[1], names, 0.95, chief=["wait"])[0].p == pytest.approx(alone)


def test_a_measure_that_only_one_side_has_is_left_out() -> None:
    first, second = pair(urn(10), urn(11))
    assert [found.measure for found in compared(first, second, ["wait", "nowhere"], 0.95)] == ["wait"]


def test_of_no_difference_at_most_one_in_twenty_is_called_one() -> None:
    called = 0
    for seed in range(200):
        samples = Sample(urn(10, own=1.0)), Sample(urn(10.0000001, own=1.0))
        laboratory(seed=seed).extend(samples, 10)
        called += compared(*samples, ["wait"], 0.95)[0].verdict != "undecided"
    assert called <= 18
