"""Money that goes back, comes late or never: refunds, disputes, returns, dunning, write-offs, and the books of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.faults import Fault
from domain.history import Emitted
from integration.effects import Start
from integration.flows import dunning
from tests.stage import ACCOUNT, DAY_US, HOUR_US, OPENS_US, SECOND_US, Played, Stage

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


# --- disputes -------------------------------------------------------------------------------------------------------


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


# --- returned debits ------------------------------------------------------------------------------------------------


def returned(code: str, *faults: Fault) -> Played:
    """Return the play of a debit that comes back on the eighth day."""
    stage = stage_of("debit", *faults)
    stage.act("payment", "return_debit", 8 * DAY, invoice=INVOICE, code=code)
    return stage.play(days=24)


def test_a_debit_that_comes_back_for_lack_of_funds_is_presented_again() -> None:
    played = returned("insufficient_funds")
    assert played.statuses("payment", "payment")[0] == "returned"
    for walk in invoices(played):
        assert walk[-3:] == ["paid", "posted", "paid"]
    assert len(played.attempts("create_payment_intent")) == 2
    assert played.cases() == {}
    assert "payment.returned" in played.events()
    assert played.broken() == {}


def test_a_payment_whose_copy_was_recorded_late_is_recorded_once() -> None:
    """A copy is on its way while billing refuses the next one; people have it tried again once the first was taken."""
    plans = (
        Fault(kind="late_arrival", system="billing", operation="record_payment", nth=1, seconds=300.0),
        Fault(kind="forbidden", system="billing", operation="record_payment", nth=1),
    )
    played = stage_of("card", *plans).play(days=4)
    (recorded,) = played.last("billing", "cash").values()
    assert recorded.document.applied == ((INVOICE, TOTAL),)
    assert played.broken() == {}


def test_tax_whose_copy_was_added_late_is_added_once() -> None:
    plans = (
        Fault(kind="repeated", system="billing", operation="add_charge", nth=1, seconds=20.0),
        Fault(kind="too_large", system="billing", operation="add_charge", nth=1),
    )
    played = stage_of("card", *plans).play(days=4)
    assert played.document("billing", "invoice").total_minor == TOTAL
    assert played.broken() == {}


@pytest.mark.parametrize("method", ["debit", "push"])
def test_money_whose_message_is_lost_is_in_the_books_half_a_day_after_it_came(method: str) -> None:
    lost = Fault(kind="loss", system="payment", operation="payment_intent.succeeded")
    played = stage_of(method, lost).play(days=10)
    taken = next(change for change in played.changes("payment", "payment") if change.document.captured_minor)
    booked = played.changes("erp", "cash")[0]
    assert 60 * SECOND_US < booked.at_us - taken.at_us < 13 * 3600 * SECOND_US
    assert played.broken() == {}


def test_a_debit_the_customer_never_authorised_is_never_presented_again() -> None:
    played = returned("debit_not_authorized")
    assert "PAYMENT.UNAUTHORIZED_RETURN" in played.cases()
    assert played.document("erp", "invoice").balance_minor == 0  # the customer gave another means of payment
    assert played.broken() == {}


def test_a_return_is_booked_once_whatever_is_lost_and_repeated() -> None:
    faults = (
        Fault(kind="lost_reply", system="billing", nth=1, operation="remove_payment"),
        Fault(kind="lost_reply", system="billing", nth=1, operation="record_transaction_refund"),
        Fault(kind="lost_reply", system="erp", nth=1, operation="upsert_refund"),
        Fault(kind="duplicate", system="payment", operation="charge.dispute.closed", count=2),
    )
    played = returned("insufficient_funds", *faults)
    assert len(played.documents("erp", "refund")) == len(played.documents("billing", "refund")) == 1
    assert played.broken() == {}


# --- refunds --------------------------------------------------------------------------------------------------------


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


# --- write-offs -----------------------------------------------------------------------------------------------------


def test_a_write_off_waits_for_a_second_person_and_then_is_a_loss() -> None:
    stage = stage_of("push", pays_after_days=-1)
    stage.act("integration", "write_off", 1.6 * DAY, "Q-000001")
    played = stage.play(days=4)
    assert [walk[-1] for walk in invoices(played)] == ["written_off", "written_off"]
    assert ledger(played)[-1] == ("write_off", {"1100": -TOTAL, "6200": TOTAL})
    assert len(played.attempts("cancel_payment_intent")) == 1
    assert played.broken() == {}


def test_a_write_off_that_is_not_approved_changes_nothing() -> None:
    stage = stage_of("push", pays_after_days=-1)
    stage.clerks = 0
    stage.act("integration", "write_off", 1.6 * DAY, "Q-000001")
    played = stage.play(days=4)
    assert [walk[-1] for walk in invoices(played)] == ["posted", "posted"]
    assert played.attempts("write_off_invoice") == []


def given_up_while_money_goes_back(*approvals: float) -> Played:
    """Return the play of a write-off asked for on the third day, and of a refund that adds to the debt on the fourth.

    The write-off is approved after so many days each time that somebody is asked.
    """
    stage = stage_of("card")
    stage.clerks = 0
    stage.act("integration", "refund", 1.6 * DAY, "Q-000001", percent=40, approved_by="bob")
    stage.act("integration", "write_off", 3 * DAY, "Q-000001", invoice=INVOICE)
    stage.act("integration", "refund", 4 * DAY, "Q-000001", percent=60, request="R-2", approved_by="bob")
    for day in approvals:
        stage.act("integration", "re_drive", day * DAY, code="POLICY.APPROVAL_REQUIRED", decision="retry", actor="cfo")
    return stage.play(days=9)


def test_no_more_is_written_off_than_somebody_approved() -> None:
    asked = TOTAL * 40 // 100
    played = given_up_while_money_goes_back(6.0)
    assert played.attempts("write_off_invoice") == []
    assert f"write off {TOTAL} USD" in played.cases()["POLICY.APPROVAL_REQUIRED"][-1].detail
    assert f"write off {asked} USD" in played.cases()["POLICY.APPROVAL_REQUIRED"][0].detail


def test_what_is_written_off_was_approved_once_more_when_it_has_grown() -> None:
    played = given_up_while_money_goes_back(6.0, 7.0)
    assert ledger(played)[-1] == ("write_off", {"1100": -TOTAL, "6200": TOTAL})
    assert played.broken() == {}


def test_a_debit_on_its_way_is_not_written_off() -> None:
    stage = stage_of("debit")
    stage.act("integration", "write_off", 5.0, "Q-000001", approved_by="cfo")
    played = stage.play(days=8)
    assert [walk[-1] for walk in invoices(played)] == ["paid", "paid"]
    assert played.broken() == {}


def test_a_write_off_that_was_refused_can_be_asked_for_again() -> None:
    stage = stage_of("push", pays_after_days=-1)
    stage.clerks = 0
    stage.act("integration", "write_off", 1.6 * DAY, "Q-000001")
    stage.act("integration", "re_drive", 2 * DAY, code="POLICY.APPROVAL_REQUIRED", decision="cancel", actor="cfo")
    stage.act("integration", "write_off", 3 * DAY, "Q-000001", request="W-2")
    stage.act("integration", "re_drive", 4 * DAY, code="POLICY.APPROVAL_REQUIRED", decision="retry", actor="cfo")
    played = stage.play(days=6)
    assert [walk[-1] for walk in invoices(played)] == ["written_off", "written_off"]
    assert played.broken() == {}


# --- disputes by the customer ---------------------------------------------------------------------------------------


def test_an_invoice_the_customer_disputes_is_marked_until_a_person_settles_it() -> None:
    stage = stage_of("push", pays_after_days=8)
    stage.act("integration", "dispute_invoice", 1.6 * DAY, "Q-000001", percent=50)
    played = stage.play(days=12)
    assert played.walk("erp", "invoice") == ["posted", "disputed", "posted", "paid"]
    assert [event for event in played.events() if event.startswith("dispute")] == ["dispute.opened", "dispute.resolved"]
    assert played.broken() == {}


def test_a_dispute_of_an_invoice_that_is_not_posted_yet_waits_for_its_posting() -> None:
    """People post it again a day later; an invoice that is not in the books is not marked in vain."""
    stage = stage_of(
        "push", Fault(kind="too_large", system="erp", operation="upsert_invoice", nth=1), pays_after_days=8
    )
    stage.clerks = 0
    stage.act("integration", "dispute_invoice", 1.6 * DAY, "Q-000001", percent=50)
    stage.act("integration", "re_drive", 2.6 * DAY, code="VALIDATION.LIMIT", decision="retry", actor="ann")
    stage.act("integration", "re_drive", 4 * DAY, code="PAYMENT.DISPUTE", decision="retry", actor="ann")
    played = stage.play(days=12)
    assert played.walk("erp", "invoice") == ["posted", "disputed", "posted", "paid"]
    assert [attempt.status for attempt in played.attempts("update_invoice")] == [204, 204]
    assert set(played.cases()) == {"VALIDATION.LIMIT", "PAYMENT.DISPUTE"}
    assert played.broken() == {}


def test_a_dispute_in_the_customers_favour_is_credited_with_its_tax() -> None:
    stage = stage_of("push", pays_after_days=9)
    stage.clerks = 0
    stage.act("integration", "dispute_invoice", 1.6 * DAY, "Q-000001", percent=50)
    stage.act("integration", "re_drive", 3 * DAY, code="PAYMENT.DISPUTE", decision="cancel", actor="ann")
    played = stage.play(days=14)
    credit = sum(note.total_minor for note in played.documents("billing", "credit_memo"))
    assert abs(credit - TOTAL // 2) <= 1
    assert played.document("erp", "credit_memo").total_minor == credit
    assert played.walk("erp", "invoice")[:2] == ["posted", "disputed"]
    assert [walk[-1] for walk in invoices(played)] == ["paid", "paid"]
    assert played.document("payment", "payment").captured_minor == TOTAL  # what is too much is the customer's credit
    assert played.broken() == {}


def test_money_that_comes_while_an_invoice_is_disputed_settles_it() -> None:
    stage = stage_of("push", pays_after_days=3)
    stage.clerks = 0
    stage.act("integration", "dispute_invoice", 1.6 * DAY, "Q-000001")
    played = stage.play(days=8)
    assert played.walk("erp", "invoice") == ["posted", "disputed", "posted", "paid"]
    assert played.walk("billing", "invoice")[-1] == "paid"


def test_what_was_paid_while_people_decided_is_credited_as_money_to_pay_back() -> None:
    stage = stage_of("push", pays_after_days=3)
    stage.clerks = 0
    stage.act("integration", "dispute_invoice", 1.6 * DAY, "Q-000001", percent=50)
    stage.act("integration", "re_drive", 6 * DAY, code="PAYMENT.DISPUTE", decision="cancel", actor="ann")
    played = stage.play(days=14)
    credit = sum(note.total_minor for note in played.documents("billing", "credit_memo"))
    assert abs(credit - TOTAL // 2) <= 1
    assert played.document("erp", "credit_memo").total_minor == credit
    assert played.broken() == {}


# --- dunning --------------------------------------------------------------------------------------------------------


def dunned(pays_after_days: int, days: float, clerks: int = 0, **acts: Any) -> Played:
    """Return the play of an invoice due after thirty days that is paid so many days after it was asked for."""
    stage = stage_of("push", pays_after_days=pays_after_days)
    stage.clerks = clerks
    for action, (hours, arguments) in acts.items():
        stage.act("integration", action, hours, "Q-000001", **arguments)
    return stage.play(days=days)


def stages(played: Played) -> int:
    return played.events().count("dunning.stage_changed")


def test_who_pays_before_the_due_date_hears_nothing() -> None:
    played = dunned(pays_after_days=20, days=40)
    assert not {"dunning.stage_changed", "invoice.overdue"} & set(played.events())
    assert played.broken() == {}


def test_who_pays_late_is_reminded_by_stages_and_left_in_peace_afterwards() -> None:
    played = dunned(pays_after_days=52, days=75)
    assert played.events().count("invoice.overdue") == 3  # after 3, 10 and 20 days
    assert stages(played) == 4  # and back to current
    assert played.documents("erp", "hold") == []
    assert played.broken() == {}


def test_who_does_not_pay_for_forty_days_is_on_hold_until_the_debt_is_gone() -> None:
    played = dunned(pays_after_days=78, days=90)
    (hold,) = played.documents("erp", "hold")
    assert (hold.level, hold.status) == ("hard", "released")
    assert [event for event in played.events() if "hold" in event] == ["credit_hold.applied", "credit_hold.released"]
    assert played.document("crm", "account").credit_status == "clear"
    assert played.broken() == {}


def test_after_four_months_the_write_off_is_asked_for() -> None:
    played = dunned(pays_after_days=-1, days=160)
    assert stages(played) == 7
    (case,) = {step.case: step for step in played.cases()["POLICY.APPROVAL_REQUIRED"]}.values()
    assert case.flow == f"write-off/{INVOICE}/dunning-{ACCOUNT}-1"
    assert played.broken() == {}


def test_an_invoice_in_dispute_is_not_dunned() -> None:
    asked: tuple[float, dict[str, Any]] = (20 * DAY, {})
    played = dunned(pays_after_days=-1, days=60, dispute_invoice=asked)
    assert "dispute.opened" in played.events()
    assert stages(played) == 0


def reminded(played: Played) -> list[int]:
    """Return on which days, from the opening, the customer was reminded of an invoice."""
    return [(each.at_us - OPENS_US) // DAY_US for each in overdue(played)]


def overdue(played: Played) -> list[Emitted]:
    return [each for each in played.of(Emitted) if each.type == "q2c.invoice.overdue.v1"]


def objecting(decision: str) -> Played:
    """Return the play of an objection that is decided five days later, after the first reminder."""
    stage = stage_of("push", pays_after_days=-1)
    stage.clerks = 0
    stage.act("integration", "dispute_invoice", 34 * DAY, "Q-000001")
    stage.act("integration", "re_drive", 39 * DAY, code="PAYMENT.DISPUTE", decision=decision, actor="ann")
    return stage.play(days=80)


def test_who_objects_in_vain_is_reminded_again_from_the_stage_that_the_debt_has_reached() -> None:
    played = objecting("retry")
    assert reminded(played) == [32, 40, 49, 59, 69]
    assert played.walk("erp", "hold") == ["active"]
    assert played.broken() == {}


def test_who_objects_rightly_is_left_in_peace() -> None:
    played = objecting("cancel")
    assert reminded(played) == [32]
    assert played.broken() == {}


@pytest.mark.parametrize("hour", [4, 14])
def test_a_sweep_at_any_hour_of_the_day_leaves_the_reminders_as_they_are(hour: int) -> None:
    """At four in the morning UTC the invoice is overdue in London, and not yet in New York where it is owed."""
    stage = stage_of("push", pays_after_days=-1)
    stage.clerks = 0
    sweep = Start(flow_id="sweep_overdue/by-hand", name="sweep_overdue", arguments={"since_us": 0})
    played = stage.play(days=60, starts=[(30 * DAY + hour, sweep)])
    assert reminded(played) == [32, 39, 49, 59]


def test_money_that_goes_back_after_the_debt_was_paid_is_dunned_again() -> None:
    stage = stage_of("debit")
    stage.act("payment", "return_debit", 31 * DAY, invoice=INVOICE, code="no_account")
    stage.clerks = 0
    played = stage.play(days=75)
    assert reminded(played)
    assert played.broken() == {}


def test_what_a_person_gave_up_to_dun_is_left_alone_and_later_debts_are_not() -> None:
    six_us = OPENS_US + 35 * DAY_US - 3 * HOUR_US  # when dunning looks
    refused = Fault(kind="forbidden", system="erp", operation="suiteql", start_us=six_us, end_us=six_us + HOUR_US)
    stage = stage_of("push", refused, pays_after_days=-1)
    stage.signs("Q-000002", at=10 * DAY)
    stage.clerks = 0
    stage.act("integration", "re_drive", 36 * DAY, code="AUTH.FORBIDDEN", decision="cancel", actor="ann")
    played = stage.play(days=60)
    told = [(each.subject, day) for each, day in zip(overdue(played), reminded(played), strict=True)]
    assert told == [(INVOICE, 32), ("INV-0000002", 42), ("INV-0000002", 49), ("INV-0000002", 59)]


def test_a_promise_to_pay_is_waited_for() -> None:
    promised = (34 * DAY, {"account": ACCOUNT, "until": "2027-01-25"})
    waited, plain = dunned(-1, 60, promise=promised), dunned(-1, 60)
    assert 0 < stages(waited) < stages(plain)
    assert _told(plain)[1] < _told(waited)[1]


def _told(played: Played) -> list[int]:
    return [each.at_us for each in played.of(Emitted) if each.type == "q2c.dunning.stage_changed.v1"]


def test_a_hold_of_somebody_else_is_never_released_by_dunning() -> None:
    stage = stage_of("push", pays_after_days=78)
    stage.clerks = 0
    stage.act("erp", "place_hold", 20 * DAY, account=ACCOUNT, level="soft")
    played = stage.play(days=90)
    (hold,) = played.documents("erp", "hold")
    assert (hold.level, hold.status) == ("soft", "active")


def test_the_stages_are_those_of_the_profile() -> None:
    assert dunning.STAGES[0] == "current"
    assert dunning.STAGES[dunning.HOLD_FROM] == "suspended"
    assert dunning.STAGES[dunning.WRITE_OFF_FROM] == "written_off"
