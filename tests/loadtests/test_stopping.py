"""Stopping: a load always ends, and early where it was asked to."""

from __future__ import annotations

import pytest

from loadtests.stopping import Limits, Seen, reason

LIMITS = Limits(seconds=60, arrivals=1000, errors_percent=10, late_percent=5, backlog=50)


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        (Seen(seconds=60, arrivals=0), "60 s"),
        (Seen(seconds=1, arrivals=1000), "1000 acts"),
        (Seen(seconds=1, arrivals=1, requests=100, errors=11), "11 of 100 requests"),
        (Seen(seconds=1, arrivals=1, clocks=100, late=6), "6 of 100 lifecycles"),
        (Seen(seconds=1, arrivals=1, backlog=51), "51 lifecycles"),
    ],
)
def test_each_limit_stops_the_load_and_says_so(seen: Seen, word: str) -> None:
    assert word in reason(seen, LIMITS)


def test_within_its_limits_a_load_goes_on() -> None:
    seen = Seen(seconds=59, arrivals=999, requests=100, errors=10, clocks=100, late=5, backlog=50)
    assert reason(seen, LIMITS) == ""


def test_a_share_of_a_few_says_nothing() -> None:
    assert reason(Seen(seconds=1, arrivals=1, requests=19, errors=19), LIMITS) == ""


def test_what_nobody_asked_for_does_not_stop_it() -> None:
    wild = Seen(seconds=1, arrivals=1, requests=100, errors=100, clocks=100, late=100, backlog=10_000)
    assert reason(wild, Limits(seconds=60, arrivals=1000)) == ""
