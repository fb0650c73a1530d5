"""Credits of an invoice that is owed again are used for it before anything of it is given up."""

from __future__ import annotations

from datetime import date

import pytest

from domain.faults import Fault
from domain.objects import Delta
from integration.flows.credits_used import credits_of
from integration.systems.billing import TAX_REASON, CreditNote
from integration.systems.billing.receivables import REFUND_REASON
from tests.integration.flows.one_invoice import DAY, INVOICE, TOTAL, invoices, stage_of
from tests.stage import CORE, Played


def note(number: int, reason: str, remark: str = "", status: str = "refund_due") -> CreditNote:
    return CreditNote(
        f"CN-{number}", "INV-1", "A-1", status, "refundable", "USD", 1, 100, [], reason_code=reason,
        customer_notes=remark, amount_available=100,
    )  # fmt: skip


def test_a_note_and_that_of_its_tax_are_one_credit() -> None:
    notes = [
        note(1, "subscription_change"),
        note(2, TAX_REASON, "Tax of CN-1"),
        note(3, REFUND_REASON, "Dispute D-1"),  # the invoice was paid while people decided: nobody pays it back
    ]
    assert [each.id for each in credits_of(notes)] == ["CN-1", "CN-2", "CN-3"]


def test_what_a_refund_is_to_pay_back_is_left_alone() -> None:
    notes = [
        note(1, REFUND_REASON, "Refund R-1"),
        note(2, TAX_REASON, "Tax of CN-1"),
        note(3, "other", status="voided"),
    ]
    assert credits_of(notes) == []


def lost(*faults: Fault) -> Played:
    """Return the play of a paid and then credited invoice, whose payment a bank takes back for good."""
    stage = stage_of("card", *faults)
    fewer = Delta(sku=CORE, quantity=5, unit_minor=50_00)
    stage.amends("Q-500001", "Q-000001", "downsell", date(2026, 12, 2), 40, fewer)
    stage.act("payment", "open_dispute", 2.5 * DAY, invoice=INVOICE)
    stage.act("payment", "close_dispute", 6 * DAY, invoice=INVOICE, won=False)
    return stage.play(days=20)


@pytest.mark.parametrize(
    "faults",
    [
        (),
        (Fault(kind="error_after", system="billing", operation="apply_credits"),),
        (Fault(kind="error_after", system="erp", operation="update_credit_memo"),),
        (Fault(kind="stale_read", system="billing", operation="list_credit_notes", seconds=1800.0),),
    ],
)
def test_of_a_lost_dispute_only_what_the_credits_leave_is_written_off(faults: tuple[Fault, ...]) -> None:
    played = lost(*faults)
    memo = played.document("erp", "credit_memo")
    assert memo.total_minor > 0
    assert {each.balance_minor for each in played.documents("billing", "credit_memo")} == {memo.balance_minor} == {0}
    assert [walk[-1] for walk in invoices(played)] == ["written_off", "written_off"]
    rows = next(each.postings for each in played.versions("erp", "entry") if each.source.startswith("write_off/"))
    assert {row.account: row.amount_minor for row in rows}["1100"] == memo.total_minor - TOTAL
    assert played.broken() == {}
