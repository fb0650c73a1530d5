"""Dunning: reminders by stages, holds, promises, and debts that come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.faults import Fault
from domain.history import Emitted
from integration.effects import Start
from integration.flows import dunning
from tests.integration.flows.one_invoice import DAY, INVOICE, stage_of
from tests.stage import ACCOUNT, DAY_US, HOUR_US, OPENS_US, Played, Stage


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


def _cancels(stage: Stage) -> None:
    stage.act("integration", "re_drive", 36 * DAY, code="AUTH.FORBIDDEN", decision="cancel", actor="ann")


def _discards(stage: Stage) -> None:
    case = f"dunning/{ACCOUNT}/1#19"
    stage.act("integration", "discard", 36 * DAY, case=case, actor="ann", note="their lawyers write to ours")
    stage.act("integration", "approve_discard", 36 * DAY + 1, case=case, actor="bob")


@pytest.mark.parametrize("gives_up", [_cancels, _discards])
def test_what_a_person_gave_up_to_dun_is_left_alone_and_later_debts_are_not(gives_up: Callable[[Stage], None]) -> None:
    six_us = OPENS_US + 35 * DAY_US - 3 * HOUR_US  # when dunning looks
    refused = Fault(kind="forbidden", system="erp", operation="suiteql", start_us=six_us, end_us=six_us + HOUR_US)
    stage = stage_of("push", refused, pays_after_days=-1)
    stage.signs("Q-000002", at=10 * DAY)
    stage.clerks = 0
    gives_up(stage)
    played = stage.play(days=60)
    told = [(each.subject, day) for each, day in zip(overdue(played), reminded(played), strict=True)]
    assert told == [(INVOICE, 32), ("INV-0000002", 42), ("INV-0000002", 49), ("INV-0000002", 59)]


def test_every_open_invoice_is_dunned_however_few_the_erp_puts_on_a_page() -> None:
    stage = stage_of("push", pays_after_days=-1)
    stage.signs("Q-000002", at=30.0)
    stage.clerks, stage.page_size = 0, 1
    played = stage.play(days=45)
    assert {each.subject for each in overdue(played)} == {INVOICE, "INV-0000002"}
    assert reminded(played) == [32, 32, 39, 39]


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
