"""The knee: what measurements prove, and what they do not."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.knee import REPEATS_MAX, Knee, Search, Step, decided, interval, knee, next_rate

SEARCH = Search(first_rate=1, highest_rate=64, percent=95)


def searched(search: Search, share: float, breaks_at: float, count: int = 200, seed: int = 1) -> Knee:
    """Search against a system that keeps `share` of all below its knee, and half of all above it."""
    luck = random.Random(seed)
    steps: list[Step] = []
    while (rate := next_rate(steps, search)) is not None:
        chance = share if rate < breaks_at else 0.5
        within = sum(luck.random() < chance for _ in range(count))
        steps.append(Step(rate=rate, within=within, count=count))
    return knee(steps, search)


@given(knee_at=st.floats(1.5, 60), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_a_sharp_knee_lies_between_what_holds_and_what_breaks(knee_at: float, seed: int) -> None:
    found = searched(SEARCH, 1.0, knee_at, seed=seed)
    assert found.status == "found"
    assert found.low < knee_at <= found.high
    assert found.high / found.low <= 1 + SEARCH.tolerance


@given(within=st.integers(0, 500), more=st.integers(0, 500))
@settings(max_examples=100, deadline=None)
def test_the_interval_holds_the_share_and_narrows_with_more_of_the_same(within: int, more: int) -> None:
    count = within + more
    low, high = interval(within, count)
    assert 0 <= low <= (within / count if count else 0.5) <= high <= 1
    wide, narrow = high - low, interval(within * 10, count * 10)
    assert narrow[1] - narrow[0] <= wide


def test_a_share_at_the_target_itself_is_repeated_and_then_left_undecided() -> None:
    found = searched(SEARCH, 0.95, 1000, count=40, seed=3)
    assert found.status == "unknown"
    assert found.confidence == 0
    assert len(found.steps) <= REPEATS_MAX * 2


def test_a_step_that_was_not_offered_as_asked_says_nothing() -> None:
    weak = Step(rate=1, within=0, count=500, kept=False)
    assert decided([weak], 1, 95) == "undecided"
    assert next_rate([weak], SEARCH) == 1
    undecided = knee([weak] * REPEATS_MAX, SEARCH)
    assert undecided.status == "unknown"
    assert undecided.sentence == "no step could be decided with 95% confidence; make them longer"


def test_few_measurements_decide_nothing() -> None:
    assert decided([Step(rate=1, within=10, count=10)], 1, 95) == "undecided"
    assert decided([Step(rate=1, within=0, count=2)], 1, 95) == "breaks"
    assert decided([], 1, 95) == "undecided"


def test_what_never_breaks_is_above_and_what_breaks_at_once_is_below() -> None:
    assert searched(SEARCH, 1.0, 1000).status == "above"
    below = searched(SEARCH, 1.0, 0.5)
    assert (below.status, below.high) == ("below", 1)


def test_contradicting_measurements_are_unknown() -> None:
    steps = [Step(rate=1, within=0, count=200), Step(rate=2, within=200, count=200)]
    assert knee(steps, SEARCH).status == "unknown"
    assert next_rate(steps, SEARCH) is None


def test_the_search_is_bounded() -> None:
    few = Search(first_rate=0.001, highest_rate=1e9, percent=95, steps_max=5)
    assert len(searched(few, 1.0, 1e8).steps) == 5
