"""The filter language: what it finds, and what it refuses."""

from __future__ import annotations

import datetime
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocks.kernel.operations import Refusal
from mocks.tax.filters import test_of as filter_of

ROWS: list[dict[str, Any]] = [
    {"code": "INV-1", "day": datetime.date(2026, 1, 1), "amount": Decimal("10.5"), "version": 1, "locked": False},
    {"code": "INV-2", "day": datetime.date(2026, 6, 1), "amount": Decimal(-1), "version": 2, "locked": True},
    {"code": "o'hara", "day": None, "amount": Decimal(0), "version": 3, "locked": False},
]
FIELDS = {name: (lambda row, name=name: row[name]) for name in ROWS[0]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("code eq 'INV-1'", [0]),
        ("CODE EQ inv-1", [0]),
        ("code ne 'INV-1'", [1, 2]),
        ("code eq 'o''hara'", [2]),
        ("version gt 1 and version lt 3", [1]),
        ("version eq 1 or version eq 3", [0, 2]),
        ("version eq 3 or version eq 1 and locked eq true", [2]),
        ("(version eq 3 or version eq 1) and locked eq false", [0, 2]),
        ("locked eq true", [1]),
        ("amount ge 0", [0, 2]),
        ("amount between -5 and 5", [1, 2]),
        ("day between '2026-01-01' and '2026-03-01'", [0]),
        ("day gte '2026-06-01T00:00:00'", [1]),
        ("code in ('INV-1', 'INV-2')", [0, 1]),
        ("code contains 'nv-'", [0, 1]),
        ("code startswith 'INV'", [0, 1]),
        ("code endswith '2'", [1]),
        ("code like '%HAR%'", [2]),
        ("code like 'INV-%'", [0, 1]),
        ("code like '%-2'", [1]),
        ("code like 'NV%'", []),
        ("code like 'INV__'", [0, 1]),
        ("code like 'INV'", []),
        ("day is null", [2]),
        ("day is not null", [0, 1]),
        ("day ne '2026-01-01'", [1, 2]),
    ],
)
def test_a_filter_finds(text: str, found: list[int]) -> None:
    test = filter_of(text, FIELDS)
    assert [index for index, row in enumerate(ROWS) if test(row)] == found


@pytest.mark.parametrize(
    "text",
    ["code", "code eq", "nothing eq 1", "code is", "code eq 'a' and", "(code eq 'a'", "code eq 'a')", "code in ()",
     "code between 1", "'code' eq 1", "code eq 'a", "(" * 50, "code eq " + "x" * 5000, "version eq many",
     "day eq 'soon'", "amount gt NaN", "version lt infinity", "code eq 'a' code eq 'b'"],
)  # fmt: skip
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        [filter_of(text, FIELDS)(row) for row in ROWS]


@settings(max_examples=200)
@given(text=st.text(alphabet="code eqin()',and or'1-%\u00e9 ", max_size=40) | st.text(max_size=30))
def test_any_text_is_understood_or_refused(text: str) -> None:
    with suppress(Refusal):
        test = filter_of(text, FIELDS)
        assert all(isinstance(test(row), bool) for row in ROWS)
