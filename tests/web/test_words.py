"""Instants, durations, money and shares are said the same way everywhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.calendar import SECOND_US, instant_us
from web import words

EVE_US = instant_us(datetime(2026, 12, 31, 19, 0, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("span_us", "said"),
    [
        (0, "0 s"),
        (1_500, "2 ms"),
        (999_400, "999 ms"),
        (3_920_542, "3.9 s"),
        (59_600_000, "1 min"),
        (681 * SECOND_US, "11 min 21 s"),
        (3600 * SECOND_US, "1 h"),
        (3605 * SECOND_US, "1 h"),
        (15_000 * SECOND_US, "4 h 10 min"),
        (90_000 * SECOND_US, "1 d 1 h"),
        (-681 * SECOND_US, "-11 min 21 s"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(span_us: int, said: str) -> None:
    assert words.duration(span_us) == said


def test_instants_are_said_in_utc_and_in_the_zone_of_an_entity() -> None:
    assert words.instant(EVE_US) == "Thu 31 Dec 19:00 UTC"
    assert words.instant(EVE_US, seconds=True) == "Thu 31 Dec 19:00:05 UTC"
    assert words.instant_with_year(EVE_US) == "Thu 31 Dec 2026 19:00 UTC"
    assert words.local_time(EVE_US, "America/New_York") == "Thu 31 Dec 14:00 New York"
    assert words.local_time(EVE_US, "Asia/Tokyo") == "Fri 1 Jan 04:00 Tokyo"


def test_a_window_names_the_second_day_only_when_it_is_another() -> None:
    assert words.between(EVE_US, EVE_US + 4 * 3600 * SECOND_US) == "Thu 31 Dec 19:00 to 23:00 UTC"
    assert words.between(EVE_US, EVE_US + 6 * 3600 * SECOND_US) == "Thu 31 Dec 19:00 to Fri 1 Jan 01:00 UTC"


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(0, 0, "–"), (9_999, 10_000, "99.9 %"), (3, 3, "100 %"), (1, 3, "33.3 %")]
)
def test_only_all_is_a_hundred_percent(part: int, whole: int, said: str) -> None:
    assert words.share(part, whole) == said


def test_nouns_agree_with_their_numbers_and_lists_end_in_and() -> None:
    assert words.counted(1, "order") == "1 order"
    assert words.counted(1_200, "order") == "1,200 orders"
    assert words.counted(2, "case is", "cases are") == "2 cases are"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.listed([]) == ""
    assert words.sentence("the ERP is down") == "The ERP is down."
