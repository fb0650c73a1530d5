"""Invoices that a customer objects to: marked until a person settles it, credited when the customer is right."""

from __future__ import annotations

from domain.faults import Fault
from tests.integration.flows.one_invoice import DAY, TOTAL, invoices, stage_of


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


def test_an_objection_to_what_was_paid_before_it_could_be_marked_is_settled() -> None:
    refused = Fault(kind="forbidden", system="erp", operation="update_invoice", nth=1)
    stage = stage_of("push", refused, pays_after_days=3)
    stage.clerks = 0
    stage.act("integration", "dispute_invoice", 1.6 * DAY, "Q-000001")
    stage.act("integration", "re_drive", 6 * DAY, code="AUTH.FORBIDDEN", decision="retry", actor="ann")
    played = stage.play(days=8)
    assert [each.status for each in played.attempts("update_invoice")] == [403, 400]
    assert set(played.cases()) == {"AUTH.FORBIDDEN"}
    assert [walk[-1] for walk in invoices(played)] == ["paid", "paid"]
    assert not [event for event in played.events() if event.startswith("dispute")]
    assert played.broken() == {}


def test_a_credit_that_money_overtook_is_money_to_pay_back() -> None:
    """The note waits for people; by the time they send it again nothing is due, and billing refuses it as it was."""
    refused = Fault(kind="forbidden", system="billing", operation="create_credit_note", nth=1)
    stage = stage_of("push", refused, pays_after_days=4)
    stage.clerks = 0
    stage.act("integration", "dispute_invoice", 1.6 * DAY, "Q-000001", percent=50)
    stage.act("integration", "re_drive", 3 * DAY, code="PAYMENT.DISPUTE", decision="cancel", actor="ann")
    stage.act("integration", "re_drive", 6 * DAY, code="AUTH.FORBIDDEN", decision="retry", actor="ann")
    played = stage.play(days=10)
    asked = [(each.key, each.status) for each in played.attempts("create_credit_note")][:3]
    assert [status for _, status in asked] == [403, 400, 200]
    assert asked[0][0] == asked[1][0] != asked[2][0], "another credit has a key of its own"
    assert set(played.cases()) == {"PAYMENT.DISPUTE", "AUTH.FORBIDDEN"}
    assert played.document("payment", "payment").captured_minor == TOTAL
    assert played.broken() == {}


def test_reminders_that_billing_would_not_take_up_again_are_peoples() -> None:
    """What stays stopped in billing looks disputed for ever: nobody would charge it."""
    refused = Fault(kind="key_mismatch", system="billing", operation="resume_dunning", nth=1)
    stage = stage_of("push", refused, pays_after_days=60)
    stage.act("integration", "dispute_invoice", 32 * DAY, "Q-000001")
    statuses = [each.status for each in stage.play(days=40).attempts("resume_dunning")]
    assert statuses == [400, 200]


def test_a_copy_that_lags_does_not_tell_that_reminders_were_taken_up_again() -> None:
    """It shows the invoice as it was before they were stopped; billing had not heard of the end of the dispute."""
    lost = Fault(kind="forbidden", system="billing", operation="resume_dunning", nth=1)
    old = Fault(kind="stale_read", system="billing", operation="read_invoice", seconds=7 * 86_400.0)
    stage = stage_of("push", lost, old, pays_after_days=60)
    stage.act("integration", "dispute_invoice", 32 * DAY, "Q-000001")
    assert [each.status for each in stage.play(days=40).attempts("resume_dunning")][:2] == [403, 200]
