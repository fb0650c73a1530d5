"""Charges that a bank disputes: the invoice opens, evidence is a person's, and what is lost is a loss."""

from __future__ import annotations

from datetime import date

from domain.faults import Fault
from tests.integration.flows.one_invoice import DAY, INVOICE, TOTAL, invoices, ledger, stage_of
from tests.stage import Played


def disputed(won: bool | None, days: float = 20, clerks: int = 6, *faults: Fault) -> Played:
    """Return the play of a card payment that is charged back on the third day and decided on the seventh."""
    stage = stage_of("card", *faults)
    stage.clerks = clerks
    stage.act("payment", "open_dispute", 2.5 * DAY, invoice=INVOICE)
    if won is not None:
        stage.act("payment", "close_dispute", 6 * DAY, invoice=INVOICE, won=won)
    return stage.play(days=days)


def test_a_dispute_that_is_won_opens_the_invoice_and_closes_it_again() -> None:
    played = disputed(won=True)
    assert played.walk("payment", "dispute") == ["needs_response", "under_review", "won"]
    for walk in invoices(played):
        assert walk[-3:] == ["paid", "posted", "paid"]
    entries = ledger(played)
    assert ("refund", {"1100": TOTAL, "1050": -TOTAL}) in entries
    assert entries[-1] == ("cash", {"1050": TOTAL, "1100": -TOTAL})
    assert [event for event in played.events() if "dispute" in event] == [
        "payment_dispute.opened",
        "payment_dispute.won",
    ]
    assert played.document("crm", "mirror").invoice_status == "paid"
    assert played.broken() == {}


def test_a_decision_whose_message_is_lost_is_in_the_books_half_a_day_later() -> None:
    lost = Fault(kind="loss", system="payment", operation="charge.dispute.closed")
    played = disputed(True, 6.75, 6, lost)
    for walk in invoices(played):
        assert walk[-3:] == ["paid", "posted", "paid"]


def test_evidence_is_submitted_once_and_by_a_person() -> None:
    played = disputed(won=True)
    (answer,) = played.attempts("update_dispute")
    assert answer.outcome == "ok"
    case = played.cases()["PAYMENT.DISPUTE"]
    assert case[0].owner == "collections"
    assert case[-1].status == "verified"


def test_a_dispute_that_is_lost_is_written_off_when_a_second_person_agrees() -> None:
    played = disputed(won=False)
    assert played.walk("payment", "dispute")[-1] == "lost"
    assert [walk[-1] for walk in invoices(played)] == ["written_off", "written_off"]
    assert ledger(played)[-1] == ("write_off", {"1100": -TOTAL, "6200": TOTAL})
    assert "POLICY.APPROVAL_REQUIRED" in played.cases()
    assert played.document("crm", "mirror").invoice_status == "written_off"
    assert played.broken() == {}


def test_a_dispute_that_nobody_answers_is_lost_at_its_deadline_and_the_case_is_escalated() -> None:
    played = disputed(won=None, clerks=0)
    assert played.walk("payment", "dispute") == ["needs_response", "lost"]
    assert [walk[-1] for walk in invoices(played)] == ["posted", "posted"]
    assert "escalated" in [step.status for step in played.cases()["PAYMENT.DISPUTE"]]
    assert played.attempts("update_dispute") == []


def test_a_dispute_whose_message_is_lost_is_found_by_the_sweep() -> None:
    played = disputed(True, 20, 6, Fault(kind="loss", system="payment", operation="charge.dispute.created"))
    assert played.walk("erp", "invoice")[-3:] == ["paid", "posted", "paid"]
    assert played.broken() == {}


def test_a_dispute_that_is_heard_of_the_next_day_is_booked_on_the_day_the_money_went() -> None:
    stage = stage_of("card", Fault(kind="loss", system="payment", operation="charge.dispute.created"))
    stage.act("payment", "open_dispute", 2 * DAY + 14.5, invoice=INVOICE)  # half past eleven in the evening
    entries = [each for each in stage.play(days=5).versions("erp", "entry") if each.source.startswith("refund/")]
    assert [each.business_date for each in entries] == [date(2026, 12, 2)]


def test_a_won_dispute_that_was_given_up_half_way_and_is_tried_again_is_booked_once() -> None:
    stage = stage_of("card", Fault(kind="too_large", system="erp", operation="upsert_payment", nth=2))
    stage.clerks = 0
    stage.act("payment", "open_dispute", 2.5 * DAY, invoice=INVOICE)
    stage.act("integration", "re_drive", 3 * DAY, code="PAYMENT.DISPUTE", decision="retry", actor="ann")
    stage.act("payment", "close_dispute", 6 * DAY, invoice=INVOICE, won=True)
    stage.act("integration", "re_drive", 8 * DAY, code="VALIDATION.LIMIT", decision="cancel", actor="ann")
    stage.act("integration", "re_drive", 9 * DAY, code="INTEGRITY.TOTAL_MISMATCH", decision="retry", actor="ann")
    played = stage.play(days=13)
    assert [each[-1].status for each in played.cases().values()] == ["verified"] * 3
    for walk in invoices(played):
        assert walk[-3:] == ["paid", "posted", "paid"]
    assert played.broken() == {}


def test_cash_whose_reply_was_lost_and_that_went_back_since_is_not_posted_again() -> None:
    lost = Fault(kind="lost_reply", system="erp", operation="upsert_payment", nth=1)
    stage = stage_of("card", lost, Fault(kind="too_large", system="erp", operation="upsert_payment", nth=2))
    stage.clerks = 0
    stage.act("payment", "open_dispute", 2 * DAY, invoice=INVOICE)
    stage.act("integration", "re_drive", 3 * DAY, code="VALIDATION.LIMIT", decision="retry", actor="ann")
    played = stage.play(days=5)
    assert [each[-1].status for each in played.cases().values() if each[0].code == "VALIDATION.LIMIT"] == ["verified"]
    assert [each.status for each in played.documents("erp", "cash")] == ["refunded"]
    assert "VALIDATION.BUSINESS_RULE" not in {each[0].code for each in played.cases().values()}


def test_the_fee_of_a_dispute_comes_into_the_ledger_with_its_payout() -> None:
    stage = stage_of()
    stage.act("payment", "open_dispute", 0.7 * DAY, invoice=INVOICE)
    stage.customer("card", "A-000002", at=30.0)
    stage.signs("Q-000002", at=31.0, account="A-000002", lines=(("PLAT-STD", 100, 50_00, 12),))
    played = stage.play(days=6)
    payouts = [rows for kind, rows in ledger(played) if kind == "journal"]
    fees = sum(rows["6100"] for rows in payouts)
    captured = sum(each.fee_minor for each in played.documents("payment", "payment"))
    assert fees == captured + 1_500
    assert sum(rows["1050"] for rows in payouts) == -sum(
        row.captured_minor - row.disputed_minor for row in played.documents("payment", "payment")
    )
    assert played.broken() == {}
