"""The clocks of people rest on the weekends of their legal entity; those of systems never do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from contracts.checks.facts import Facts
from contracts.checks.sla import NORMAL, SlaResult, at_work_us, sla_results
from domain.calendar import instant_us
from domain.history import Case, Record
from tests.contracts.checks.build import DAY_US, QUOTE, clean, history, walk

HOUR_US = DAY_US // 24
FRIDAY_NOON = instant_us(datetime(2026, 12, 4, 17, tzinfo=UTC))  # in New York


def _sla(records: list[Record], key: str) -> SlaResult:
    return next(r for r in sla_results(Facts(history(records))) if r.sla == key and r.column == NORMAL)


@pytest.mark.parametrize(
    ("hours", "worked"),
    [(1, 1), (12, 12), (13, 12), (60, 12), (61, 13), (61 + 24 * 7, 13 + 24 * 5), (0, 0)],
)
def test_a_weekend_does_not_count(hours: int, worked: int) -> None:
    assert at_work_us(FRIDAY_NOON, FRIDAY_NOON + hours * HOUR_US, "America/New_York") == worked * HOUR_US


def test_a_clock_that_starts_on_a_sunday_waits_for_monday() -> None:
    sunday = FRIDAY_NOON + 48 * HOUR_US
    assert at_work_us(sunday, sunday + 13 * HOUR_US, "America/New_York") == HOUR_US
    assert at_work_us(sunday, sunday + 13 * HOUR_US, "Asia/Tokyo") == 13 * HOUR_US


def test_an_approval_over_the_weekend_is_in_time() -> None:
    steps = walk(0, "crm", "quote", replace(QUOTE, id="Q-9-v1", number="Q-9", txn="Q-9"), "submitted", "approved")
    moved = [replace(steps[0], at_us=FRIDAY_NOON), replace(steps[1], at_us=FRIDAY_NOON + 70 * HOUR_US)]
    assert _sla([*clean(), *moved], "SLA-1").attained_percent == 100
    late = [moved[0], replace(moved[1], at_us=FRIDAY_NOON + 73 * HOUR_US)]
    assert _sla([*clean(), *late], "SLA-1").attained_percent == 50


@pytest.mark.parametrize(("last", "attained"), [("superseded", 100), ("expired", 50)])
def test_nobody_waits_for_the_approval_of_a_version_that_a_newer_one_replaced(last: str, attained: int) -> None:
    """One that expired, nobody having decided, was waited for in vain."""
    steps = walk(0, "crm", "quote", replace(QUOTE, id="Q-9-v1", number="Q-9", txn="Q-9"), "submitted", last)
    monday = FRIDAY_NOON - 96 * HOUR_US
    moved = [replace(steps[0], at_us=monday), replace(steps[1], at_us=monday + HOUR_US)]
    assert _sla([*clean(), *moved], "SLA-1").attained_percent == attained


@pytest.mark.parametrize(("closed_hours", "late_seconds"), [(3, 0), (60, 3600 * 8), (61, 3600 * 9)])
def test_a_case_has_its_own_time_on_business_days(closed_hours: int, late_seconds: int) -> None:
    case = Case(
        at_us=FRIDAY_NOON, case="C1", flow="f", txn="Q-000123", status="new", code="DATA_QUALITY.FORMAT", owner="x",
        opened_us=FRIDAY_NOON, due_us=FRIDAY_NOON + 4 * HOUR_US,
    )  # fmt: skip
    closed = replace(case, at_us=FRIDAY_NOON + closed_hours * HOUR_US, status="auto_resolved")
    assert _sla([*clean(), case, closed], "SLA-8").max_seconds == late_seconds
