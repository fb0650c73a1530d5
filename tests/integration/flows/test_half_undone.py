"""What is given up while answers are missing: what was done all the same or arrives late, and whoever gives up twice.

In these plays clerks cancel every case that can be cancelled. The faults are those that hunts met first.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from contracts.checks.judge import judge
from domain.faults import Fault
from domain.history import Changed, Flow, MemoryHistory
from integration.effects import Call
from integration.flow import FlowContext
from integration.flows import quotes
from integration.flows.steps import ask_a_person, do
from integration.outcomes import Answer
from q2c.hunting.trial import Trial, play
from tests.integration.flows.test_amendments import seats
from tests.integration.flows.test_families import DEAL
from tests.mutants.giving_up import GIVEN_UP_CLOSINGS
from tests.stage import CORE, LIVE, MORE, Stage

QUOTE = "Q-000001"


def forbidden(system: str, operation: str, nth: int) -> Fault:
    return Fault(kind="forbidden", system=system, operation=operation, nth=nth)


def stage_of(*faults: Fault) -> Stage:
    stage = Stage(*faults)
    stage.gives_up = Fraction(1)
    return stage


def buying(*faults: Fault) -> Stage:
    stage = stage_of(*faults)
    stage.customer()
    stage.signs(QUOTE)
    return stage


def test_an_order_that_the_erp_took_without_an_answer_is_undone_when_it_is_given_up() -> None:
    lost = Fault(kind="lost_reply", system="erp", operation="upsert_order", nth=1)
    played = buying(lost, forbidden("erp", "upsert_order", 2)).play()
    assert played.statuses("erp", "order") == ["cancelled"]
    assert played.document("crm", "mirror").order_status == "cancelled"
    assert played.broken() == {}


def test_an_order_that_arrives_after_it_went_back_to_sales_is_undone_as_well() -> None:
    late = Fault(kind="late_arrival", system="erp", operation="upsert_order", nth=1, seconds=1500.0)
    played = buying(late, forbidden("erp", "upsert_order", 1)).play()  # of those that arrived
    returned = next(each for each in played.changes("crm", "quote") if each.status == "accept_failed")
    assert returned.at_us < played.changes("erp", "order")[0].at_us
    assert played.statuses("erp", "order") == ["cancelled"]
    assert played.document("crm", "mirror").order_status == "cancelled"
    assert played.broken() == {}


@pytest.mark.parametrize("method", ["card", "debit"])
def test_an_order_that_is_undone_after_it_was_billed_is_credited_wholly_and_shown_as_cancelled(method: str) -> None:
    """Its activation was not answered. What is charged once ends with no subscription, and a debit is on its way."""
    stage = stage_of(Fault(kind="lost_reply", system="billing", operation="update_subscription", nth=1))
    stage.faults = (*stage.faults, forbidden("billing", "read_subscription", 1))
    stage.customer(method)
    stage.signs(QUOTE, lines=((CORE, 10, 50_00, 12), ("SETUP-S", 1, 900_00, 0)))
    played = stage.play(days=5)
    invoice, memos = played.document("erp", "invoice"), played.documents("erp", "credit_memo")
    assert sum(memo.total_minor for memo in memos) == invoice.total_minor > 1400_00
    assert played.statuses("erp", "order") == ["closed"]
    assert played.document("crm", "mirror").order_status == "cancelled"
    assert played.broken() == {}


def test_an_order_that_is_undone_after_its_delivery_and_before_its_invoice_is_closed() -> None:
    refused = [Fault(kind="forbidden", system="billing", operation="update_subscription", nth=1)]
    played = buying(*refused).play()
    assert played.walk("erp", "order")[-2:] == ["fulfilled", "closed"]
    assert played.statuses("fulfilment", "task") == ["reversed"]
    assert played.documents("erp", "invoice") == []
    assert played.broken() == {}


def test_a_subscription_that_arrives_after_its_order_was_undone_is_cancelled_as_well() -> None:
    late = Fault(kind="late_arrival", system="billing", operation="create_subscription", nth=1, seconds=1500.0)
    played = buying(late, forbidden("billing", "create_subscription", 1)).play()  # of those that arrived
    assert played.walk("billing", "subscription") == ["pending_activation", "cancelled"]
    undone = next(each for each in played.changes("erp", "order") if each.status == "cancelled")
    assert undone.at_us < played.changes("billing", "subscription")[0].at_us
    assert played.broken() == {}


def test_whoever_gives_up_the_undoing_is_asked_until_it_is_done() -> None:
    refused = [forbidden("billing", "create_subscription", 1), forbidden("billing", "read_subscription", 1)]
    refused += [forbidden("fulfilment", "cancel_task", 1), forbidden("erp", "update_order", 1)]
    played = buying(*refused).play()
    assert len([case for case in played.cases()["INTEGRITY.TOTAL_MISMATCH"] if case.status == "new"]) == 3
    assert (played.statuses("erp", "order"), played.statuses("fulfilment", "task")) == (["cancelled"], ["reversed"])
    assert played.broken() == {}


def test_a_quote_that_is_given_up_goes_back_to_sales_although_the_look_at_it_is_given_up_too() -> None:
    played = buying(forbidden("crm", "query", 1), forbidden("crm", "query", 2)).play()
    assert played.statuses("crm", "quote") == ["accept_failed"]
    assert played.broken() == {}


@pytest.mark.parametrize(("takes_seconds", "ends"), [(1800, "closed"), (90_000, "cancelled")])
def test_a_part_that_is_given_up_before_anything_was_read_gives_up_the_deal(
    monkeypatch: pytest.MonkeyPatch, takes_seconds: int, ends: str
) -> None:
    """The other part is undone, also one that is delivered and billed."""

    async def refused(context: FlowContext, call: Call, *more: Any) -> Answer:
        if context.flow_id == f"quote/{DEAL}.DE-v1":
            await ask_a_person("DATA_QUALITY.PRICE_MISMATCH", f"{call.operation} is refused", call)
        return await do(context, call, *more)

    monkeypatch.setattr(quotes, "do", refused)
    stage = stage_of()
    stage.customer()
    stage.signs_with_entities(DEAL, (CORE, 10, 50_00, "", ""), (MORE, 2, 40_00, "DE", ""), takes_seconds=takes_seconds)
    played = stage.play(days=3)
    assert played.statuses("erp", "order") == [ends]
    assert played.document("crm", "mirror").order_status in ("rejected", "cancelled")
    assert played.broken() == {}


def test_a_cancellation_that_billing_carried_out_without_an_answer_stands() -> None:
    lost = Fault(kind="lost_reply", system="billing", operation="cancel_subscription", nth=1)
    stage = stage_of(lost, forbidden("billing", "read_subscription", 2))
    stage.subscribed()
    stage.amends(QUOTE, LIVE, "cancel", date(2026, 11, 30), 4, seats(0))
    played = stage.play(days=4)
    assert played.cases()["AUTH.FORBIDDEN"]
    assert played.statuses("billing", "subscription") == ["cancelled"]
    assert played.statuses("erp", "order") == ["booked"]
    assert "amendment.applied" in played.events()
    assert played.broken() == {}


def test_an_amendment_that_arrives_after_it_was_given_up_is_taken_back_as_well() -> None:
    late = Fault(kind="late_arrival", system="billing", operation="update_subscription", nth=1, seconds=1500.0)
    stage = stage_of(late, forbidden("billing", "read_subscription", 2))
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "upsell", date(2026, 11, 30), 2, seats(15))
    played = stage.play(days=3)
    assert ("Q-500001-v1",) in [each.applied for each in played.versions("billing", "subscription")]
    assert played.document("billing", "subscription").applied == ()
    assert played.statuses("erp", "order") == ["cancelled"]
    assert played.broken() == {}


def test_what_comes_after_an_amendment_is_applied_again_though_taking_it_back_was_interrupted() -> None:
    """The first change of the undoing is done and its answer lost; the look at it is refused, and given up."""
    lost = Fault(kind="lost_reply", system="billing", operation="update_subscription", nth=4)
    refused = [forbidden("billing", "update_subscription", 3), forbidden("billing", "read_subscription", 4)]
    stage = stage_of(lost, *refused)
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "upsell", date(2026, 11, 29), 2, seats(15))
    stage.amends("Q-500002", LIVE, "price_change", date(2026, 11, 20), 6, seats(10, unit_minor=1100_00), sequence=2)
    played = stage.play(days=4)
    assert len(played.cases()["INTEGRITY.TOTAL_MISMATCH"]) >= 1
    assert played.document("billing", "subscription").applied == ("Q-500001-v1",)
    assert played.broken() == {}


def test_an_amendment_that_was_never_booked_goes_back_to_sales_while_its_subscription_rests() -> None:
    stage = stage_of(Fault(kind="forbidden", system="erp", operation="upsert_order", txn="Q-500002"))
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "pause", date(2026, 11, 30), 2, seats(10), resume_date=date(2026, 12, 14))
    stage.amends("Q-500002", LIVE, "upsell", date(2026, 12, 1), 6, seats(12), sequence=2)
    played = stage.play(days=3)
    assert played.last("crm", "quote")["Q-500002-v1"].status == "accept_failed"
    assert played.broken() == {}


def test_a_closing_that_is_given_up_leaves_its_month_open() -> None:
    """Many are given up half way, when receivables are closed already."""
    ends: set[tuple[str, str]] = set()
    for seed in range(1, 9):
        records = play(Trial(scenario=GIVEN_UP_CLOSINGS.text, seed=seed))
        assert [each.check for each in judge(MemoryHistory(records)).results if each.broken] == []
        moved = [record for record in records if isinstance(record, Changed) and record.kind == "period"]
        standing = {record.id: record.status for record in moved if "2026-11" in record.id}
        for flow in (record for record in records if isinstance(record, Flow) and record.ending):
            if flow.name == "close_period":
                entity = flow.flow.split("/")[1]
                own = {status for name, status in standing.items() if name.startswith(f"{entity}/")}
                ends.add((flow.ending, "/".join(sorted(own))))
    assert ends == {("given_up", "open"), ("done", "closed")}
