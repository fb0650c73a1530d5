from hypothesis import given, settings
from hypothesis import strategies as st

from mocks.crm.ids import canonical, eighteen, record_id

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def test_the_suffix_counts_capitals_from_the_left_of_each_group_of_five() -> None:
    assert eighteen("00D000000000001") == "00D000000000001EAA"
    assert eighteen("0010000000000AB") == "0010000000000ABAAY"
    assert eighteen("ABCDE" * 3) == "ABCDEABCDEABCDE555"


def test_ids_count_in_base_62_behind_their_key_prefix() -> None:
    assert record_id("001", 1)[:15] == "001000000000001"
    assert record_id("001", 62)[:15] == "001000000000010"
    assert record_id("0Q0", 61)[:15] == "0Q000000000000z"


@settings(max_examples=100)
@given(st.text(CHARACTERS, min_size=15, max_size=15))
def test_both_forms_of_an_id_are_the_same_id(id15: str) -> None:
    assert canonical(id15) == canonical(eighteen(id15)) == eighteen(id15)


@settings(max_examples=100)
@given(st.text(CHARACTERS, min_size=15, max_size=15), st.integers(0, 14))
def test_a_letter_in_the_wrong_case_breaks_the_checksum(id15: str, place: int) -> None:
    whole = eighteen(id15)
    swapped = whole[:place] + whole[place].swapcase() + whole[place + 1 :]
    assert (canonical(swapped) is None) == (swapped != whole)


def test_what_is_no_id_has_no_canonical_form() -> None:
    for text in ("", "abc", "001000000000001A", "00100000000000é", "001000000000-01"):
        assert canonical(text) is None
