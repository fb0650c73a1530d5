from __future__ import annotations

import pytest

from simulator.experiments.ranges import parsed


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5,7,15", ["5", "7", "15"]),
        ("severe, mild", ["severe", "mild"]),
        ("5..15:2", ["5", "7", "9", "11", "13", "15"]),
        ("3..6", ["3", "4", "5", "6"]),
        ("1..3h:1h", ["1h", "2h", "3h"]),
        ("30m..2h:30m", ["30m", "1h", "1h30m", "2h"]),
        ("0%..10%:5%", ["0%", "5%", "10%"]),
        ("0.1..0.4:0.1", ["0.1", "0.2", "0.3", "0.4"]),
        ("5..8:2", ["5", "7"]),
        ("7", ["7"]),
    ],
)
def test_values_as_people_write_them(text: str, values: list[str]) -> None:
    found = parsed(text)
    assert [found.text(i) for i in range(found.count)] == values


def test_a_billion_values_are_counted_and_not_made() -> None:
    assert parsed("1..1000000000").count == 1_000_000_000
    assert parsed("1..1000000000").text(999_999_999) == "1000000000"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("5..1", "rises by a step greater than zero"),
        ("1..5:0", "rises by a step greater than zero"),
        ("1h..5h", "without a step"),
        ("1h..5:1h", "units that do not go together"),
        ("1h..5h:10%", "units that do not go together"),
        ("a..b", "expected values such as"),
        ("5,,7", "expected values such as"),
        ("", "expected values such as"),
        ("5,5", "a value twice"),
    ],
)
def test_what_is_no_range_says_what_one_is(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parsed(text)


def test_numbers_to_plot_against() -> None:
    assert [parsed("30m,2h").number(i) for i in range(2)] == [0.5, 2.0]
    assert parsed("30m..2h:30m").number(1) == 1.0
    assert [parsed("mild,severe").number(i) for i in range(2)] == [0.0, 1.0]
