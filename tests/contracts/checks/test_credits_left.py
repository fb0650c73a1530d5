"""An invoice is not given up while a credit of it has something left (M17)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.history import Changed, Flow, Record
from tests.contracts.checks.build import CREDIT_NOTE, MEMO, POSTED, TAXED, at, changed, check, clean

DAY = 1440
NOTED, LOST = 1 * DAY, 3 * DAY  # minutes
LEFT = "is left that nobody used for it"


def said(*more: Record, noted: float = NOTED) -> list[str]:
    """Return what M17 says of a paid invoice that is credited, owed again and given up."""
    owed = {"status": "posted", "balance_minor": 18_700}
    lost = {"status": "written_off", "balance_minor": 0}
    records = [
        *clean(),
        changed(noted, "billing", "credit_memo", CREDIT_NOTE),
        changed(noted + 1, "erp", "credit_memo", MEMO),
        changed(LOST - 5, "billing", "invoice", replace(TAXED, **owed), "paid"),
        changed(LOST - 5, "erp", "invoice", replace(POSTED, **owed), "paid"),
        changed(LOST, "billing", "invoice", replace(TAXED, **lost), "posted"),
        changed(LOST, "erp", "invoice", replace(POSTED, **lost), "posted"),
        *more,
    ]
    return [each.sentence for each in check("M17", records).violations if LEFT in each.sentence]


def used(minutes: float, document: object, system: str, left_minor: int = 0) -> Changed:
    """Return a credit of which so much is left."""
    status = "partially_applied" if left_minor else "applied"
    return changed(minutes, system, "credit_memo", replace(document, balance_minor=left_minor), "posted", status)  # type: ignore[type-var]


@pytest.mark.parametrize("minutes", [LOST - 1, LOST + DAY])
def test_a_credit_that_was_used_for_its_invoice_or_is_paid_back_later_holds(minutes: float) -> None:
    assert said(used(minutes, CREDIT_NOTE, "billing"), used(minutes, MEMO, "erp")) == []


def test_a_credit_that_is_left_beside_the_loss_is_noticed_in_each_system() -> None:
    assert said(used(LOST - 1, CREDIT_NOTE, "billing", 200), used(LOST - 1, MEMO, "erp", 200)) == [
        f"billing invoice INV-1 was given up, and of its billing credit_memo CN-1 2.00 USD {LEFT}",
        f"erp invoice 200 was given up, and of its erp credit_memo 400 2.00 USD {LEFT}",
    ]


@pytest.mark.parametrize("noted", [LOST - 30, LOST + DAY])
def test_a_credit_that_nobody_knew_of_or_that_came_later_holds(noted: float) -> None:
    assert said(noted=noted) == []


def test_a_credit_that_people_have_in_hand_holds() -> None:
    waits = Flow(at_us=at(LOST), flow="refund/R-1", name="refund", txn=CREDIT_NOTE.txn, status="parked")
    assert said(waits) == []
