"""Durations, shares and instants mean what they say and write back what they read."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios import values


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("250ms", "0.25"), ("30s", "30"), ("15m", "900"), ("4h", "14400"), ("2d", "172800"), ("1w", "604800")),
        *(("1h30m", "5400"), ("1h 30m", "5400"), ("1.5h", "5400"), ("0s", "0")),
    ],
)
def test_a_duration_has_its_length(text: str, seconds: str) -> None:
    assert values.duration(text) == timedelta(microseconds=int(Fraction(seconds) * 1_000_000))


@settings(max_examples=100)
@given(st.integers(0, 400 * 86_400_000_000))
def test_a_duration_reads_back_as_it_was_written(microseconds: int) -> None:
    length = timedelta(microseconds=microseconds)
    assert values.duration(values.duration_text(length)) == length


@settings(max_examples=100)
@given(st.integers(0, 1_000_000))
def test_a_share_reads_back_as_it_was_written(parts_per_million: int) -> None:
    share = Fraction(parts_per_million, 1_000_000)
    assert values.share(values.share_text(share)) == share


def test_a_percentage_and_its_fraction_are_the_same_share() -> None:
    assert values.share("5%") == values.share(0.05) == values.share("0.05") == Fraction(1, 20)


def test_instants_are_local_or_relative() -> None:
    assert values.instant("2026-12-31 14:00") == values.Instant("", 14 * 3_600_000_000, date(2026, 12, 31))
    assert values.instant("2026-12-31") == values.Instant("", 0, date(2026, 12, 31))
    assert values.instant("quarter_end - 10h") == values.Instant("quarter_end", -10 * 3_600_000_000)
    assert values.instant("rehearsal_start") == values.Instant("rehearsal_start", 0)
