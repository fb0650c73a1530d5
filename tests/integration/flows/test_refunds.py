"""Refunds: who approves them, what they leave on the invoice, and when the money left."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.faults import Fault
from tests.integration.flows.one_invoice import DAY, INVOICE, TOTAL, invoices, ledger, stage_of
from tests.stage import CORE, Delta, Played

FEWER = Delta(sku=CORE, quantity=5, unit_minor=50_00)


def refunded(percent: int, adjust: bool, *faults: Fault, **more: Any) -> Played:
    """Return the play of an order of which a part of the payment is asked back on the second day."""
    stage = stage_of("card", *faults)
    stage.act("integration", "refund", 1.6 * DAY, "Q-000001", percent=percent, adjust=adjust, **more)
    return stage.play(days=5)


def test_a_refund_without_an_adjustment_opens_the_invoice() -> None:
    played = refunded(100, adjust=False)
    assert [walk[-2:] for walk in invoices(played)] == [["paid", "posted"], ["paid", "posted"]]
    assert ledger(played)[-1] == ("refund", {"1100": TOTAL, "1050": -TOTAL})
    assert played.document("payment", "refund").amount_minor == TOTAL
    assert played.broken() == {}


def test_a_partial_refund_keeps_the_rest_of_the_payment_on_the_invoice() -> None:
    played = refunded(40, adjust=False)
    part = TOTAL * 40 // 100
    assert [walk[-1] for walk in invoices(played)] == ["partially_paid", "partially_paid"]
    assert (
        played.document("billing", "invoice").balance_minor == played.document("erp", "invoice").balance_minor == part
    )
    assert played.broken() == {}


def test_a_refund_with_an_adjustment_lowers_invoice_and_cash_together() -> None:
    played = refunded(100, adjust=True)
    assert [walk[-1] for walk in invoices(played)] == ["paid", "paid"]
    memo = played.document("erp", "credit_memo")
    assert (memo.total_minor, memo.balance_minor) == (TOTAL, 0)
    kinds = [kind for kind, _ in ledger(played)]
    assert kinds[-2:] == ["credit_memo", "refund"]
    assert ledger(played)[-2][1] == {"1100": -TOTAL, "2200": 50_000}
    assert [tax.kind for tax in played.documents("tax", "tax_document")] == ["invoice", "return"]
    assert played.broken() == {}


def test_a_refund_with_an_adjustment_gives_the_tax_back_although_the_list_of_credits_lags() -> None:
    lagging = Fault(kind="stale_read", system="billing", operation="list_credit_notes", seconds=1800.0)
    played = refunded(40, True, lagging)
    part = TOTAL * 40 // 100
    assert played.document("payment", "refund").amount_minor == part
    assert played.document("erp", "credit_memo").balance_minor == 0
    assert played.broken() == {}


def test_two_partial_refunds_of_one_payment_add_up() -> None:
    stage = stage_of()
    stage.act("integration", "refund", 1.6 * DAY, "Q-000001", percent=40)
    stage.act("integration", "refund", 3.6 * DAY, "Q-000001", percent=60, request="R-2")
    played = stage.play(days=7)
    assert sum(each.amount_minor for each in played.documents("payment", "refund")) == TOTAL
    assert played.document("erp", "invoice").balance_minor == TOTAL
    assert played.broken() == {}


def test_more_than_what_is_left_is_nobodys_to_refund_without_a_person() -> None:
    stage = stage_of()
    stage.clerks = 0
    stage.act("integration", "refund", 1.6 * DAY, "Q-000001", amount_minor=TOTAL + 1)
    played = stage.play(days=4)
    assert "VALIDATION.BUSINESS_RULE" in played.cases()
    assert played.documents("payment", "refund") == []


def test_nobody_refunds_alone() -> None:
    played = refunded(100, adjust=False, requested_by="clerk")  # who approves cases is called clerk
    assert played.documents("payment", "refund") == []
    assert played.cases()["POLICY.APPROVAL_REQUIRED"][-1].status != "verified"


def test_a_refund_that_somebody_else_approved_beforehand_waits_for_nobody() -> None:
    played = refunded(100, adjust=False, requested_by="ann", approved_by="bob")
    assert played.cases() == {}
    assert played.document("payment", "refund").amount_minor == TOTAL


@pytest.mark.parametrize("adjust", [False, True])
def test_a_refund_that_waited_for_its_approval_is_booked_on_the_day_the_money_left(adjust: bool) -> None:
    stage = stage_of()
    stage.clerks = 0
    stage.act("integration", "refund", 1.6 * DAY, "Q-000001", percent=40, adjust=adjust)
    stage.act("integration", "re_drive", 9 * DAY, code="POLICY.APPROVAL_REQUIRED", decision="retry", actor="ann")
    played = stage.play(days=11)
    entry = next(each for each in played.versions("erp", "entry") if each.source.startswith("refund/"))
    assert entry.business_date == date(2026, 12, 9)
    assert played.broken() == {}


def test_a_refund_takes_account_of_what_went_back_while_it_waited() -> None:
    stage = stage_of()
    stage.clerks = 0
    stage.act("integration", "refund", 1.6 * DAY, "Q-000001", percent=40)
    stage.act("integration", "refund", 2 * DAY, "Q-000001", percent=60, request="R-2")
    for day in (3, 4):
        stage.act("integration", "re_drive", day * DAY, code="POLICY.APPROVAL_REQUIRED", decision="retry", actor="ann")
    played = stage.play(days=6)
    assert sum(each.amount_minor for each in played.documents("erp", "refund")) == TOTAL
    assert played.document("erp", "invoice").balance_minor == TOTAL
    assert played.broken() == {}


@pytest.mark.parametrize(
    "operation", ["remove_payment", "record_transaction_refund", "apply_payments", "upsert_refund"]
)
def test_a_refund_that_was_given_up_half_way_and_is_tried_again_is_booked_once(operation: str) -> None:
    system = "erp" if operation == "upsert_refund" else "billing"
    stage = stage_of("card", Fault(kind="too_large", system=system, operation=operation, nth=1))
    stage.clerks = 0
    stage.act("integration", "refund", 1.6 * DAY, "Q-000001", percent=40, approved_by="cfo")
    stage.act("integration", "re_drive", 3 * DAY, code="VALIDATION.LIMIT", decision="cancel", actor="ann")
    stage.act("integration", "re_drive", 4 * DAY, code="INTEGRITY.TOTAL_MISMATCH", decision="retry", actor="ann")
    played = stage.play(days=6)
    assert [each[-1].status for each in played.cases().values()] == ["verified", "verified"]
    for system in ("billing", "erp"):
        assert played.document(system, "invoice").balance_minor == TOTAL * 40 // 100
        assert played.document(system, "refund").amount_minor == TOTAL * 40 // 100
    assert played.broken() == {}


def test_a_refund_of_a_payment_whose_dispute_was_won_comes_from_what_came_back() -> None:
    stage = stage_of()
    stage.clerks = 0
    stage.act("payment", "open_dispute", 2.5 * DAY, invoice=INVOICE)
    stage.act("integration", "re_drive", 3 * DAY, code="PAYMENT.DISPUTE", decision="retry", actor="ann")
    stage.act("payment", "close_dispute", 6 * DAY, invoice=INVOICE, won=True)
    stage.act("integration", "refund", 9 * DAY, "Q-000001", percent=40, approved_by="cfo")
    played = stage.play(days=12)
    assert [walk[-1] for walk in invoices(played)] == ["partially_paid", "partially_paid"]
    assert played.cases()["PAYMENT.DISPUTE"][-1].status == "verified"
    assert len(played.cases()) == 1
    assert played.broken() == {}


def test_the_same_refund_asked_for_twice_is_one() -> None:
    stage = stage_of()
    for hours in (40, 41, 70):
        stage.act("integration", "refund", hours, "Q-000001", percent=50, request="R-1", requested_by="support")
    played = stage.play(days=5)
    assert len(played.documents("payment", "refund")) == 1


@pytest.mark.parametrize(
    ("system", "operation"),
    [
        ("payment", "create_refund"),
        ("billing", "remove_payment"),
        ("billing", "apply_payments"),
        ("billing", "record_transaction_refund"),
        ("erp", "upsert_refund"),
    ],
)
def test_a_refund_whose_answer_is_lost_is_made_once(system: str, operation: str) -> None:
    played = refunded(40, False, Fault(kind="lost_reply", system=system, operation=operation, nth=1))
    assert next(attempt.outcome for attempt in played.attempts(operation)) == "unknown"
    assert len(played.documents("payment", "refund")) == len(played.documents("erp", "refund")) == 1
    assert played.document("billing", "invoice").balance_minor == TOTAL * 40 // 100
    assert played.broken() == {}


def downsold(percent: int) -> Played:
    """Return the play of a paid order that lost half of its seats, and of which a part is then paid back."""
    stage = stage_of()
    stage.amends("Q-500001", "Q-000001", "downsell", date(2026, 12, 1), 20, FEWER)
    stage.act("integration", "refund", 4 * DAY, "Q-000001", percent=percent, adjust=True, approved_by="cfo")
    return stage.play(days=9)


@pytest.mark.parametrize(("percent", "paid_back"), [(100, 27_249), (45, 24_456)])
def test_a_refund_with_an_adjustment_credits_what_was_not_credited_before(percent: int, paid_back: int) -> None:
    played = downsold(percent)
    assert played.document("payment", "refund").amount_minor == paid_back
    assert played.versions("erp", "credit_memo")[-1].balance_minor == 0
    assert played.cases() == played.broken() == {}


def test_what_is_paid_back_is_what_was_credited_to_the_cent() -> None:
    played = refunded(33, adjust=True)  # 164.99 and its tax are 179.34, 165.00 and its tax are more than 179.35
    assert played.document("payment", "refund").amount_minor == 17_934
    assert [note.status for note in played.documents("billing", "credit_memo")] == ["refunded", "refunded"]
    assert (played.document("erp", "credit_memo").balance_minor, played.broken()) == (0, {})


def test_a_credit_that_went_to_what_is_owed_is_not_paid_back_as_well() -> None:
    stage = stage_of()
    stage.clerks = 0
    stage.act("integration", "refund", 2 * DAY, "Q-000001", percent=40, approved_by="cfo", request="R-1")
    stage.act("integration", "refund", 3 * DAY, "Q-000001", percent=30, adjust=True, approved_by="cfo", request="R-2")
    played = stage.play(days=6)
    assert [each.amount_minor for each in played.documents("payment", "refund")] == [21_740]
    assert "nothing is left to credit" in played.cases()["VALIDATION.BUSINESS_RULE"][0].detail
    assert played.document("billing", "invoice").balance_minor == played.document("erp", "invoice").balance_minor
    assert played.broken() == {}
