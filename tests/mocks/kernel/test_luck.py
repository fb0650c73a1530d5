"""The luck of calls: keyed, even, and forgotten in time."""

from __future__ import annotations

from domain.draws import Draws
from mocks.kernel.luck import MASK, REMEMBERED_US, Luck, stirred

SUBJECTS = [f"q2c/Q-{number:06d}/invoice/1" for number in range(4_000)]


def test_the_same_call_has_the_same_luck_whatever_came_between() -> None:
    alone, among = Luck(Draws(1), "erp", "put"), Luck(Draws(1), "erp", "put")
    words = [alone.word("Q-000001", at_us) for at_us in range(3)]
    found = []
    for at_us in range(3):
        found.append(among.word("Q-000001", at_us))
        among.word("Q-000002", at_us)
    assert words == found
    assert len(set(words)) == 3


def test_seed_and_operation_make_other_luck() -> None:
    one, other, elsewhere = Luck(Draws(1), "erp", "put"), Luck(Draws(2), "erp", "put"), Luck(Draws(1), "erp", "get")
    assert len({luck.word("Q-000001", 0) for luck in (one, other, elsewhere)}) == 3


def test_words_are_pinned_so_that_no_version_or_hash_seed_changes_a_run() -> None:
    assert stirred(1, 0) == 0xF4A90164C4749E1A
    assert Luck(Draws(1), "erp", "put").word("Q-000001", 0) == 0x8134BCE10D57A3C0


def test_every_bit_of_the_words_is_even() -> None:
    luck = Luck(Draws(1), "erp", "put")
    words = [luck.word(subject, 0) for subject in SUBJECTS]
    for bit in range(64):
        assert 1_800 <= sum(word >> bit & 1 for word in words) <= 2_200  # a standard deviation of 32
    assert max(words) <= MASK


def test_a_subject_is_counted_across_a_renewal_and_forgotten_after_two() -> None:
    luck, fresh = Luck(Draws(1), "erp", "put"), Luck(Draws(1), "erp", "put")
    first, second = fresh.word("s", 0), fresh.word("s", 0)
    assert luck.word("s", 0) == first
    assert luck.word("s", REMEMBERED_US + 1) == second
    luck.word("other", 3 * REMEMBERED_US)
    luck.word("other", 5 * REMEMBERED_US)
    assert luck.word("s", 6 * REMEMBERED_US) == first
