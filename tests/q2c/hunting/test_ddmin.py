"""Delta debugging, on its own."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from q2c.hunting.ddmin import smallest


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 40).flatmap(lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1), max_size=4))))
def test_exactly_the_items_that_matter_are_kept(case: tuple[int, set[int]]) -> None:
    size, needed = case
    assert smallest(range(size), lambda kept: needed <= set(kept)) == tuple(sorted(needed))


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(1, 5))
def test_no_single_item_of_the_result_can_be_left_out(size: int, least: int) -> None:
    def does(kept: tuple[int, ...]) -> bool:
        return len(kept) >= min(least, size)

    kept = smallest(range(size), does)
    assert does(kept)
    assert not any(does(kept[:index] + kept[index + 1 :]) for index in range(len(kept)))


def test_one_item_among_a_thousand_is_found_in_a_few_dozen_questions() -> None:
    asked: list[tuple[int, ...]] = []

    def does(kept: tuple[int, ...]) -> bool:
        asked.append(kept)
        return 617 in kept

    assert smallest(range(1_000), does) == (617,)
    assert len(asked) < 40


def test_nothing_is_kept_when_nothing_is_needed() -> None:
    assert smallest(range(9), lambda kept: True) == ()
