"""Sweeps look at every hour once nobody has told, whatever becomes of the one that should have."""

from __future__ import annotations

import pytest

from domain.faults import Fault
from domain.objects import Delta
from tests.integration.flows.one_invoice import DAY, TOTAL, stage_of
from tests.stage import CORE, HOUR_US, OPENS_US, TODAY


@pytest.mark.parametrize("decision", ["retry", "cancel"])
def test_what_nobody_told_is_found_although_people_gave_up_the_sweep_that_was_to_find_it(decision: str) -> None:
    untold = Fault(kind="loss", system="billing", operation="credit_note_created", share_ppm=1_000_000)
    start_us = OPENS_US + round(23.9 * HOUR_US)
    refused = Fault(
        kind="forbidden", system="billing", operation="list_credit_notes", start_us=start_us,
        end_us=start_us + HOUR_US // 2,
    )  # fmt: skip
    stage = stage_of("card", untold, refused)
    stage.clerks = 0
    stage.amends("Q-500001", "Q-000001", "cancel", TODAY, 20, Delta(sku=CORE, quantity=0, unit_minor=0), refund="full")
    stage.act("integration", "re_drive", DAY + 1, code="AUTH.FORBIDDEN", decision=decision, actor="ops")
    played = stage.play(days=4)
    assert played.cases()["AUTH.FORBIDDEN"][-1].status == "verified"
    assert sum(memo.total_minor for memo in played.documents("erp", "credit_memo")) == TOTAL
    assert played.broken() == {}
