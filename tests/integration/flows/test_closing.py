"""Closing a period: a checklist, receivables before the ledger, what comes later, reopening, and giving up half way."""

from __future__ import annotations

from typing import Any

import pytest

from domain.faults import Fault
from tests.stage import Played, Stage

DAY = 24.0
NOVEMBER = {"entity": "US", "period": "2026-11"}


def closing(*faults: Fault, days: float = 12, clerks: int = 6, stage: Stage | None = None) -> Played:
    """Return the play of an order in November and of the closing of that month, asked for on its last day."""
    stage = stage or _sold(*faults)
    stage.clerks = clerks
    stage.act("integration", "close_period", 2, **NOVEMBER)
    return stage.play(days=days)


def _sold(*faults: Fault, method: str = "card", **behaviour: Any) -> Stage:
    stage = Stage(*faults)
    stage.customer(method, **behaviour)
    stage.signs("Q-000001")
    return stage


def months(played: Played, module: str, period: str = "2026-11") -> list[str]:
    """Return the statuses of a period of the US in a module."""
    return played.walk("erp", "period", f"US/{module}/{period}")


def test_receivables_close_first_then_revenue_runs_then_the_ledger_closes() -> None:
    played = closing()
    assert months(played, "ar") == months(played, "gl") == ["open", "soft_closed", "closed"]
    closed = {change.id: change.at_us for change in played.changes("erp", "period") if change.status == "closed"}
    assert closed["US/ar/2026-11"] < closed["US/gl/2026-11"]
    revenue = [e for e in played.versions("erp", "entry") if e.source.startswith("revenue/") and e.period == "2026-11"]
    assert len(revenue) == 1
    assert played.events().count("period.status_changed") == 4
    assert played.cases() == {}
    assert played.broken() == {}


def test_other_entities_and_months_stay_open() -> None:
    played = closing()
    assert months(played, "ar", "2026-12") == ["open"]
    assert played.walk("erp", "period", "UK/ar/2026-11") == ["open"]


def test_an_invoice_that_is_not_posted_keeps_the_month_open_and_people_are_told_which() -> None:
    stage = _sold()
    stage.missing = ("PLAT-STD",)
    stage.clerks = 0
    unposted = Fault(kind="error_before", system="tax", operation="create_transaction", share_ppm=1_000_000)
    stage.faults = (unposted,)
    stage.missing = ()
    stage.act("integration", "close_period", 2, **NOVEMBER)
    played = stage.play(days=9, heal_after=8.9)
    assert months(played, "ar") == ["open"]
    (case,) = {step.case: step for step in played.cases()["CONFLICT.PERIOD_CLOSED.checklist"]}.values()
    assert "INV-0000001" in case.detail
    assert case.owner == "finance"


def test_a_credit_note_that_is_not_posted_keeps_the_month_open_and_people_are_told_which() -> None:
    """The customer is paid back in November, and the ERP takes no credit memo until the month is over."""
    stage = _sold(Fault(kind="error_before", system="erp", operation="upsert_credit_memo"))
    stage.act("integration", "refund", 10, "Q-000001", percent=50, adjust=True, approved_by="bob")
    played = closing(stage=stage, days=9, clerks=0)
    assert months(played, "ar") == ["open"]
    (case,) = {step.case: step for step in played.cases()["CONFLICT.PERIOD_CLOSED.checklist"]}.values()
    assert "1 credit notes that are not posted: CN-0000001" in case.detail


def test_what_comes_after_the_closing_goes_into_the_next_month() -> None:
    """An invoice of November that the ERP takes only in December, when November is closed, is posted in December."""
    stage = _sold(Fault(kind="error_before", system="erp", operation="upsert_invoice", share_ppm=1_000_000))
    for module in ("ar", "gl"):
        stage.act("erp", "close_period", 2 * DAY, entity="US", module=module, name="2026-11")
    played = stage.play(days=6, heal_after=3.0)
    posted = played.document("erp", "invoice")
    assert posted.business_date.isoformat() >= "2026-12-01"
    assert played.document("billing", "invoice").business_date.isoformat() == "2026-11-30"
    assert played.broken() == {}


def test_reopening_needs_a_second_person() -> None:
    stage = _sold()
    stage.act("integration", "close_period", 2, **NOVEMBER)
    stage.act("integration", "reopen_period", 12 * DAY, **NOVEMBER, module="gl", requested_by="clerk")
    played = stage.play(days=14)
    assert months(played, "gl")[-1] == "closed"
    assert played.cases()["POLICY.APPROVAL_REQUIRED"][-1].status != "verified"


def test_a_reopened_month_takes_postings_and_is_closed_again_in_a_second_round() -> None:
    stage = _sold()
    stage.act("integration", "close_period", 2, **NOVEMBER)
    stage.act("integration", "reopen_period", 12 * DAY, **NOVEMBER, module="ar", approved_by="cfo")
    stage.act("integration", "close_period", 13 * DAY, **NOVEMBER, round=2)
    played = stage.play(days=15)
    assert months(played, "ar") == ["open", "soft_closed", "closed", "open", "soft_closed", "closed"]
    assert months(played, "gl") == ["open", "soft_closed", "closed"]
    assert played.broken() == {}


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_a_step_whose_answer_is_lost_is_taken_once(nth: int) -> None:
    played = closing(Fault(kind="lost_reply", system="erp", operation="restlet_post", nth=nth))
    assert months(played, "ar") == months(played, "gl") == ["open", "soft_closed", "closed"]
    assert played.broken() == {}
