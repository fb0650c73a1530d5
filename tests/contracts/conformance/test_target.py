"""Target files: what is put into them, and what is counted where they point to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.conformance.assertion import Skipped
from contracts.conformance.target import Unusable, counted, filled, with_environment

WORDS = st.text(st.sampled_from("${}\\1aid_A "), min_size=1, max_size=12)


@given(secret=WORDS, other=WORDS)
@example(secret="${OTHER}", other="x")
def test_values_of_the_environment_are_put_in_as_they_are(secret: str, other: str) -> None:
    found = with_environment({"a": ["${SECRET}/${OTHER}!"]}, Path("t.yaml"), {"SECRET": secret, "OTHER": other})
    assert found == {"a": [f"{secret}/{other}!"]}


def test_a_name_that_is_not_set_is_refused() -> None:
    with pytest.raises(Unusable, match=r"\$\{Q2C_NEVER_SET\} is not set"):
        with_environment("x ${Q2C_NEVER_SET}", Path("t.yaml"))


@given(unique=WORDS)
@example(unique="{id}")
def test_words_are_filled_in_once(unique: str) -> None:
    words = {"unique": unique, "id": "7"}
    assert filled({"a": ["{unique}-{id}", 1]}, words) == {"a": [f"{unique}-7", 1]}
    assert filled("{other} {} {{id}}", words) == "{other} {} {7}"


@pytest.mark.parametrize(("value", "number"), [([1, 2], 2), ({"a": 1}, 1), (3, 3), ("4", 4), (None, 0), ([], 0)])
def test_effects_are_a_number_or_the_length_of_a_list(value: Any, number: int) -> None:
    assert counted(value, "GET /x") == number


def test_what_is_no_number_is_not_counted() -> None:
    with pytest.raises(Skipped, match="GET /x has 'three'"):
        counted("three", "GET /x")
