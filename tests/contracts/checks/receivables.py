"""Histories of money that goes back or will not come, for the tests of the rules about it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from msgspec.structs import replace

from domain import objects
from domain.history import Flow, Record
from tests.contracts.checks.build import CAPTURED, CASH, POSTED, RECORDED, TAXED, at, changed, clean, entry

REFUND = objects.Refund(id="re_1", payment="pi_1", currency="USD", amount_minor=5_000, status="succeeded")
OWED = 5_000
LATER = 3_000  # minutes
BACK_ON, LOST_ON = date(2026, 12, 4), date(2026, 12, 6)
BY_THE_CFO: dict[str, object] = {
    "status": "written_off", "by": "cfo", "asked_by": "collections", "amount_minor": OWED, "total_minor": 18_700,
}  # fmt: skip


def refunded() -> list[Record]:
    """Return the clean lifecycle with a part of its payment given back, in every book."""
    reopened = replace(POSTED, status="partially_paid", balance_minor=OWED)
    due = replace(TAXED, status="partially_paid", balance_minor=OWED)
    kept = ((("200", 18_700 - OWED),), (("INV-1", 18_700 - OWED),))
    refund = replace(changed(LATER + 1, "erp", "refund", replace(REFUND, id="500", payment="300")), txn="Q-000123")
    recorded = replace(changed(LATER + 2, "billing", "refund", replace(REFUND, id="txn_2")), txn="Q-000123")
    return [
        *clean(),
        replace(changed(LATER, "payment", "refund", REFUND), txn="Q-000123"),
        changed(
            LATER, "payment", "payment",
            replace(CAPTURED, status="partially_refunded", refunded_minor=OWED, payout="po_1"), "settled",
        ),
        refund,
        changed(LATER + 1, "erp", "cash", replace(CASH, applied=kept[0]), "applied"),
        changed(LATER + 1, "erp", "invoice", reopened, "paid"),
        entry(LATER + 1, "GL6", "refund/500", ("1100", OWED), ("1050", -OWED), business_date=BACK_ON),
        recorded,
        changed(LATER + 2, "billing", "cash", replace(RECORDED, applied=kept[1]), "applied"),
        changed(LATER + 2, "billing", "invoice", due, "paid"),
    ]  # fmt: skip


def written_off() -> list[Record]:
    """Return the lifecycle after a refund, with what is owed again given up in billing and in the ERP."""
    given_up: dict[str, Any] = {"status": "written_off", "balance_minor": 0}
    return [
        *refunded(),
        changed(2 * LATER, "billing", "invoice", replace(TAXED, **given_up), "partially_paid"),
        changed(2 * LATER, "erp", "invoice", replace(POSTED, **given_up), "partially_paid"),
        entry(2 * LATER, "GL7", "write_off/600", ("1100", -OWED), ("6200", OWED), business_date=LOST_ON),
        approved("write_off", {**BY_THE_CFO, "approved_minor": OWED}),
    ]  # fmt: skip


def approved(name: str, result: dict[str, object]) -> Flow:
    """Return the end of a flow that asked somebody, with what was agreed to."""
    text = json.dumps(result)
    return Flow(
        at_us=at(2 * LATER + 5), flow=f"{name}/1", name=name, txn="Q-000123", status="finished", result=text
    )  # fmt: skip
