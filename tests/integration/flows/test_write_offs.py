"""Write-offs: a second person agrees to what is given up, and to no more."""

from __future__ import annotations

from domain.money import said
from tests.integration.flows.one_invoice import DAY, INVOICE, TOTAL, invoices, ledger, stage_of
from tests.stage import Played


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
    assert f"write off {said(TOTAL, 'USD')}" in played.cases()["POLICY.APPROVAL_REQUIRED"][-1].detail
    assert f"write off {said(asked, 'USD')}" in played.cases()["POLICY.APPROVAL_REQUIRED"][0].detail


def test_what_is_written_off_was_approved_once_more_when_it_has_grown() -> None:
    played = given_up_while_money_goes_back(6.0, 7.0)
    assert ledger(played)[-1] == ("write_off", {"1100": -TOTAL, "6200": TOTAL})
    assert played.broken() == {}


def test_what_went_back_after_a_write_off_is_written_off_as_well() -> None:
    stage = stage_of("card")
    stage.clerks = 0
    told = {"invoice": INVOICE, "approved_by": "cfo"}
    stage.act("integration", "refund", 1.6 * DAY, "Q-000001", percent=40, approved_by="bob")
    stage.act("integration", "write_off", 3 * DAY, "Q-000001", request="W-1", **told)
    stage.act("integration", "refund", 4 * DAY, "Q-000001", percent=60, request="R-2", approved_by="bob")
    stage.act("integration", "write_off", 6 * DAY, "Q-000001", request="W-2", **told)
    played = stage.play(days=9)
    first, second = TOTAL * 40 // 100, TOTAL * 60 // 100
    assert [walk[-3:] for walk in invoices(played)] == [["written_off", "partially_paid", "written_off"]] * 2
    assert [row for row in ledger(played) if row[0] == "write_off"] == [
        ("write_off", {"1100": -first, "6200": first}),
        ("write_off", {"1100": -second, "6200": second}),
    ]
    assert played.events().count("invoice.written_off") == 2
    assert played.cases() == played.broken() == {}


def test_what_a_bank_takes_back_after_a_write_off_is_owed_again() -> None:
    stage = stage_of("card")
    stage.clerks = 0
    stage.act("integration", "refund", 1.6 * DAY, "Q-000001", percent=40, approved_by="bob")
    stage.act("integration", "write_off", 3 * DAY, "Q-000001", invoice=INVOICE, approved_by="cfo")
    stage.act("payment", "open_dispute", 4 * DAY, invoice=INVOICE)
    played = stage.play(days=7)
    assert [walk[-1] for walk in invoices(played)] == ["partially_paid", "partially_paid"]
    owed = [played.documents(system, "invoice")[0].balance_minor for system in ("billing", "erp")]
    assert owed == [TOTAL * 60 // 100] * 2
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
