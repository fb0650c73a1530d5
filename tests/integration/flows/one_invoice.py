"""One customer, one order and its invoice: what the plays about money have in common."""

from __future__ import annotations

from typing import Any

from domain.faults import Fault
from tests.stage import Played, Stage

INVOICE, TOTAL = "INV-0000001", 54_350  # ten seats at 50.00 and the tax of San Francisco
DAY = 24.0


def stage_of(method: str = "card", *faults: Fault, **behaviour: Any) -> Stage:
    """Return a stage on which one customer has signed one order."""
    stage = Stage(*faults)
    stage.customer(method, **behaviour)
    stage.signs("Q-000001")
    return stage


def ledger(played: Played) -> list[tuple[str, dict[str, int]]]:
    """Return what was posted, by kind of document: account -> amount, tax left out."""
    return [
        (
            entry.source.partition("/")[0],
            {row.account: row.amount_minor for row in entry.postings if row.account != "2100"},
        )
        for entry in played.versions("erp", "entry")
    ]


def invoices(played: Played) -> tuple[list[str], list[str]]:
    """Return the walks of the only invoice in billing and in the ERP."""
    return played.walk("billing", "invoice"), played.walk("erp", "invoice")
