"""Tests of charging (M22): what is charged is due then, and nobody disputes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from domain.history import Record
from tests.contracts.checks.build import CAPTURED, PAYMENT, POSTED, TAXED, attempt, changed, check, clean, walk

LATER = 3 * 24 * 60  # minutes
HALF = 9_000
SECOND = replace(PAYMENT, id="pi_2")
PAID = replace(CAPTURED, id="pi_2", status="captured")


def owed_again(due_minor: int, *, minutes: float = 2_000) -> list[Record]:
    """Return the clean lifecycle with so much of its invoice due again."""
    return [
        *clean(),
        changed(minutes, "billing", "invoice", replace(TAXED, status="posted", balance_minor=due_minor), "paid"),
        changed(minutes, "erp", "invoice", replace(POSTED, balance_minor=due_minor), "paid"),
    ]


def charged(*, sent: float = LATER, status: str = "captured") -> list[Record]:
    """Return a charge of the whole invoice, first sent at a minute and made three days later than the first one."""
    return [
        attempt(sent, "r50", "payment", "create_payment_intent", "q2c/INV-1/pay/2", outcome="unknown", status=0),
        attempt(LATER, "r51", "payment", "create_payment_intent", "q2c/INV-1/pay/2"),
        *walk(LATER, "payment", "payment", SECOND, "created", "authorized", cause="r51"),
        changed(LATER + 2, "payment", "payment", PAID if status == "captured" else SECOND, "authorized", status),
    ]


def _credited_before() -> list[Record]:
    return [*owed_again(HALF), *charged()]


def _nothing_was_due() -> list[Record]:
    return [*clean(), *charged()]


def _disputed() -> list[Record]:
    mark = changed(2_001, "erp", "invoice", replace(POSTED, status="disputed"), "posted")
    return [*owed_again(18_700), mark, *charged()]


@pytest.mark.parametrize("records", [_credited_before, _nothing_was_due, _disputed])
def test_a_charge_of_what_is_not_due_is_found(records: Callable[[], list[Record]]) -> None:
    found = check("M22", records())
    assert found.status == "broken"
    assert "pi_2 charged 187.00 USD for INV-1" in found.violations[0].sentence


def _due() -> list[Record]:
    return [*owed_again(18_700), *charged()]


def _credited_just_before() -> list[Record]:
    credited = changed(LATER - 30, "billing", "invoice", replace(TAXED, status="posted", balance_minor=HALF), "posted")
    return [*owed_again(18_700), credited, *charged()]


def _credited_while_the_answer_was_awaited() -> list[Record]:
    credited = changed(2_500, "billing", "invoice", replace(TAXED, status="posted", balance_minor=HALF), "posted")
    return [*owed_again(18_700), credited, *charged(sent=2_400)]


def _credited_while_no_charge_came_through() -> list[Record]:
    credited = changed(LATER - 120, "billing", "invoice", replace(TAXED, status="posted", balance_minor=HALF), "posted")
    outage = [
        attempt(LATER - minutes, f"r{minutes}", "payment", "find", outcome="failed", status=503)
        for minutes in range(200, 0, -50)
    ]
    return [*owed_again(18_700), credited, *outage, *charged()]


def _declined() -> list[Record]:
    return [*owed_again(HALF), *charged(status="failed")]


@pytest.mark.parametrize(
    "records",
    [clean, _due, _credited_just_before, _credited_while_the_answer_was_awaited, _credited_while_no_charge_came_through,
     _declined],
)  # fmt: skip
def test_a_charge_of_what_was_due_when_it_was_decided_is_fine(records: Callable[[], list[Record]]) -> None:
    assert check("M22", records()).status == "holds"
