"""Tests of domain.draws: a draw depends on the seed and its key, and on nothing that was drawn before."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.draws import Draws

PARTS = st.lists(st.text(st.characters(categories=["L", "N"])) | st.integers(0, 10**6), min_size=1, max_size=4)


@settings(max_examples=100)
@given(PARTS, PARTS)
def test_draws_under_a_prefix_are_those_of_the_whole_key(prefix: list[str | int], key: list[str | int]) -> None:
    draws = Draws(7)
    below = draws.under(*prefix)
    assert below.unit(*key) == draws.unit(*prefix, *key)
    assert below.under(*key).unit("x") == draws.unit(*prefix, *key, "x")


def test_a_draw_is_the_same_whatever_was_drawn_before_and_another_under_another_seed_or_key() -> None:
    draws = Draws(7)
    first = draws.unit("latency", "erp", 1)
    assert draws.unit("latency", "erp", 2) != first
    assert draws.unit("latency", "erp", 1) == first == Draws(7).unit("latency", "erp", 1)
    assert Draws(8).unit("latency", "erp", 1) != first


def test_a_draw_has_not_changed_since_histories_were_published() -> None:
    assert Draws(7).unit("latency", "erp", 1) == 0.039082871400566266
