"""The life of a contract beyond more and fewer seats: pauses, terms, frequencies, refunds, notices, renewals."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.calendar import local_date, midnight_us
from domain.events.registry import schema_problem
from domain.objects import Delta
from integration.effects import Emit
from integration.flows import steps
from tests.integration.flows.test_amendments import FIRST, seats, terms
from tests.stage import CORE, LIVE, MORE, Stage

SUCCESSOR = "Q-500001"


def test_a_product_is_removed_from_a_date_on_and_its_rest_is_credited() -> None:
    stage = Stage()
    stage.subscribed((CORE, 10, 1200_00, 12), (MORE, 5, 600_00, 12))
    stage.amends("Q-500001", LIVE, "remove", date(2026, 11, 30), 2, seats(0, MORE, 600_00))
    played = stage.play()
    assert terms(played) == [(MORE, 5, "2026-11-01", "2026-11-30"), (CORE, 10, "2026-11-01", "")]
    (memo,) = played.documents("billing", "credit_memo")
    assert memo.net_minor == 2761_64  # 336 of 365 days of 5 x 600.00, half up
    assert played.broken() == {}


@pytest.mark.parametrize(("kind", "end"), [("extend_term", date(2028, 2, 1)), ("shorten_term", date(2027, 3, 1))])
def test_the_end_of_a_term_is_moved(kind: str, end: date) -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, kind, date(2026, 11, 30), 2, seats(10), co_term_end=end)
    played = stage.play()
    assert played.document("billing", "subscription").term_end == end
    credited = [memo.net_minor for memo in played.documents("billing", "credit_memo")]
    assert credited == ([] if kind == "extend_term" else [8054_79])  # 245 of 365 days of 12,000.00
    assert played.broken() == {}


def test_a_change_of_the_billing_frequency_bills_a_stub_up_to_the_next_boundary() -> None:
    stage = Stage()
    stage.subscribed()
    monthly = Delta(sku=CORE, quantity=10, unit_minor=110_00, months=1)
    stage.amends("Q-500001", LIVE, "billing_change", date(2026, 11, 30), 2, monthly)
    played = stage.play(days=3)
    (note,) = played.documents("billing", "credit_memo")
    credit, stub = note.lines
    assert (credit.period_start, credit.period_end) == (date(2026, 11, 30), date(2027, 11, 1))
    assert (stub.months, stub.period_start, stub.period_end) == (1, date(2026, 11, 30), date(2026, 12, 1))
    assert (stub.amount_minor, stub.reverses) == (-36_67, "")  # one day of thirty of 1,100.00, half up
    (bill,) = [line for invoice in played.documents("billing", "invoice")[1:] for line in invoice.lines if line.months]
    assert (bill.months, bill.period_start, bill.period_end) == (1, date(2026, 12, 1), date(2027, 1, 1))
    assert played.broken() == {}


@pytest.mark.parametrize(("refund", "credited"), [("none", []), ("prorated", [11046_58]), ("full", [12000_00])])
def test_a_cancellation_gives_back_what_its_policy_says(refund: str, credited: list[int]) -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "cancel", date(2026, 11, 30), 2, seats(0), refund=refund)
    played = stage.play()
    assert played.statuses("billing", "subscription") == ["cancelled"]
    assert [memo.net_minor for memo in played.documents("billing", "credit_memo")] == credited
    assert played.broken() == {}


@pytest.mark.parametrize("refund", ["none", "prorated", "full"])
def test_a_cancellation_on_the_last_day_that_is_looked_at_may_reach_into_the_days_before_it(refund: str) -> None:
    stage = Stage()
    stage.subscribed((CORE, 10, 100_00, 1))
    last_day = local_date(stage.timeline(days=2, heal_after=1).horizon_us, "America/New_York")
    stage.amends("Q-500001", LIVE, "cancel", last_day, 2, seats(0), refund=refund)
    played = stage.play(days=2)
    assert played.statuses("billing", "subscription") == ["cancelled"]
    assert played.broken() == {}


# --- pauses ---------------------------------------------------------------------------------------------------------


def test_a_pause_rests_and_goes_on_and_gives_back_the_days_that_were_paid() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "pause", date(2026, 12, 2), 2, seats(10), resume_date=date(2026, 12, 12))
    played = stage.play(days=14)
    assert played.walk("billing", "subscription") == ["active", "suspended", "active"]
    (memo,) = played.documents("billing", "credit_memo")
    assert (memo.lines[0].period_start, memo.lines[0].period_end) == (date(2026, 12, 2), date(2026, 12, 12))
    assert memo.net_minor == 328_77  # ten of 365 days of 12,000.00, half up
    assert played.statuses("erp", "credit_memo") == ["posted"]
    assert played.document("billing", "subscription").applied == (FIRST,)
    assert "subscription.suspended" in played.events()
    assert "subscription.resumed" in played.events()
    assert played.broken() == {}


def test_a_pause_across_a_bill_day_is_charged_again_from_the_day_it_ends() -> None:
    stage = Stage()
    stage.subscribed((CORE, 10, 100_00, 1))
    stage.amends(
        "Q-500001", LIVE, "pause", date(2026, 12, 10), 2, Delta(sku=CORE, quantity=10, unit_minor=100_00, months=1),
        resume_date=date(2027, 1, 5),
    )  # fmt: skip
    played = stage.play(days=40)
    charged = [
        (line.period_start, line.period_end)
        for invoice in played.documents("billing", "invoice")
        for line in invoice.lines
        if line.months
    ]
    assert charged[1:] == [(date(2026, 12, 1), date(2027, 1, 1)), (date(2027, 1, 5), date(2027, 2, 1))]
    memo, tax = played.documents("billing", "credit_memo")
    assert (memo.lines[0].period_start, memo.lines[0].period_end) == (date(2026, 12, 10), date(2027, 1, 1))
    assert (memo.net_minor, tax.tax_minor > 0) == (709_68, True)  # 22 of 31 days of 1,000.00, and the tax on them
    assert played.broken() == {}


def test_an_amendment_signed_during_a_pause_takes_effect_when_the_subscription_goes_on() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "pause", date(2026, 12, 1), 2, seats(10), resume_date=date(2026, 12, 8))
    stage.amends("Q-500002", LIVE, "upsell", date(2026, 12, 3), 60, seats(20), sequence=2)
    played = stage.play(days=10)
    assert terms(played)[-1] == (CORE, 20, "2026-12-08", "")
    assert played.broken() == {}


def test_an_amendment_that_reaches_back_before_a_pause_is_a_case() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "pause", date(2026, 12, 1), 2, seats(10), resume_date=date(2026, 12, 4))
    stage.amends("Q-500002", LIVE, "upsell", date(2026, 11, 29), 60, seats(20), sequence=2)
    played = stage.play(days=8)
    (case,) = played.cases().values()
    assert "before a pause" in case[0].detail
    assert terms(played)[-1][1] == 10
    assert played.statuses("erp", "order") == ["booked", "cancelled"]
    assert played.broken() == {}


# --- the end of a contract ------------------------------------------------------------------------------------------


def test_a_signed_renewal_begins_on_the_day_the_contract_ends() -> None:
    stage = Stage()
    stage.subscribed(start="2025-12-04", term_end="2026-12-04")
    stage.renews(SUCCESSOR, LIVE, date(2026, 12, 4), 2, (CORE, 10, 1248_00, 12))
    played = stage.play(days=8)
    old, new = played.documents("billing", "subscription")
    assert (old.status, new.status, old.term_end, new.start) == ("expired", "active", new.start, date(2026, 12, 4))
    assert new.term_end == date(2027, 12, 4)
    assert played.documents("billing", "invoice")[-1].net_minor == 12_480_00
    assert "renewal.booked" in played.events()
    assert played.document("erp", "order").kind == "renew"
    assert played.documents("fulfilment", "task") == []
    assert played.cases() == {}
    assert played.broken() == {}


def test_a_renewal_signed_a_little_late_begins_in_the_past() -> None:
    stage = Stage()
    stage.subscribed(start="2025-12-02", term_end="2026-12-02")
    stage.renews(SUCCESSOR, LIVE, date(2026, 12, 2), 60, (CORE, 10, 1200_00, 12))
    played = stage.play(days=6)
    old, new = played.documents("billing", "subscription")
    assert (old.status, new.status, new.start) == ("expired", "active", date(2026, 12, 2))
    assert played.broken() == {}


def test_a_renewal_above_the_cap_is_a_case_and_is_undone_when_it_is_given_up() -> None:
    stage = Stage()
    stage.clerks = 0
    stage.subscribed(start="2025-12-20", term_end="2026-12-20")
    stage.renews(SUCCESSOR, LIVE, date(2026, 12, 20), 2, (CORE, 10, 1300_00, 12))
    played = stage.play(days=2)
    (code,) = played.cases()
    assert code == "POLICY.APPROVAL_REQUIRED"
    assert len(played.documents("billing", "subscription")) == 1


def test_a_contract_renews_itself_when_no_notice_came() -> None:
    stage = Stage()
    stage.subscribed(start="2026-01-05", term_end="2027-01-05", meta_data={"auto_renew": True})
    stage.renews(SUCCESSOR, LIVE, date(2027, 1, 5), 2, (CORE, 10, 1200_00, 12), kind="auto")
    played = stage.play(days=8)
    _, new = played.documents("billing", "subscription")
    assert (new.status, new.start) == ("pending_activation", date(2027, 1, 5))
    booked_us = next(change.at_us for change in played.changes("billing", "subscription", SUCCESSOR))
    assert booked_us >= midnight_us(date(2026, 12, 6), "America/New_York")  # notice can be given no more
    assert played.broken() == {}


def test_a_contract_whose_customer_gave_notice_in_time_does_not_renew_itself() -> None:
    stage = Stage()
    stage.subscribed(start="2026-01-05", term_end="2027-01-05", meta_data={"auto_renew": True})
    stage.amends("Q-500002", LIVE, "notice", date(2027, 1, 5), 1, seats(10))
    stage.renews(SUCCESSOR, LIVE, date(2027, 1, 5), 2, (CORE, 10, 1200_00, 12), kind="auto")
    played = stage.play(days=8)
    assert played.statuses("billing", "subscription") == ["pending_cancel"]
    assert played.last("erp", "order")
    assert sorted(played.statuses("erp", "order")) == ["booked", "cancelled"]
    assert "renewal.lost" in played.events()
    assert played.cases() == {}
    assert played.broken() == {}


def test_notice_that_comes_too_late_is_a_case() -> None:
    stage = Stage()
    stage.subscribed(start="2025-12-20", term_end="2026-12-20", meta_data={"auto_renew": True})
    stage.amends("Q-500002", LIVE, "notice", date(2026, 12, 20), 1, seats(10))
    played = stage.play(days=3)
    (case,) = played.cases().values()
    assert "notice came 20 days before the end" in case[0].detail
    assert played.statuses("billing", "subscription") == ["active"]
    assert played.statuses("erp", "order") == ["cancelled"]
    assert played.broken() == {}


# --- prices ---------------------------------------------------------------------------------------------------------


def test_a_quote_that_does_not_list_the_prices_of_the_book_goes_back_to_sales_before_an_order_is_built() -> None:
    stage = Stage()
    stage.customer()
    stage.act("crm", "publish_price_book", 0.1, name="2026", prices=[
        {"sku": CORE, "currency": "USD", "months": 12, "kind": "recurring", "list_unit_minor": 55_00}
    ])  # fmt: skip
    stage.signs("Q-000001")
    played = stage.play()
    (code,) = played.cases()
    assert code == "DATA_QUALITY.PRICE_MISMATCH"
    assert played.documents("erp", "order") == []
    assert played.statuses("crm", "quote") == ["accept_failed"]
    assert [mirror.order_status for mirror in played.documents("crm", "mirror")] == ["rejected"]
    assert played.broken() == {}


def test_the_parts_of_a_bundle_are_ordered_and_delivered_and_only_the_bundle_is_charged() -> None:
    stage = Stage()
    stage.customer()
    stage.act("crm", "create_product", 0.1, sku="SUITE", name="Suite", kind="recurring", parts=[
        {"sku": CORE, "quantity": 1}, {"sku": MORE, "quantity": 2},
    ])  # fmt: skip
    stage.act("erp", "create_item", 0.1, sku="SUITE", kind="recurring")
    price = {"sku": "SUITE", "currency": "USD", "months": 12, "kind": "recurring", "list_unit_minor": 80_00}
    stage.act("billing", "create_item_price", 0.1, **price)
    stage.signs("Q-000001", lines=(("SUITE", 3, 80_00, 12),))
    played = stage.play(map_products=False)
    quote = played.document("crm", "quote")
    assert [(line.sku, line.quantity, line.parent) for line in quote.lines] == [
        ("SUITE", 3, ""), (CORE, 3, "1"), (MORE, 6, "1"),
    ]  # fmt: skip
    ordered = [(line.sku, line.quantity, line.amount_minor) for line in played.document("erp", "order").lines]
    assert ordered == [("SUITE", 3, 240_00), (CORE, 3, 0), (MORE, 6, 0)]
    assert played.document("fulfilment", "task").skus == ("SUITE", CORE, MORE)
    assert [item.sku for item in played.document("billing", "subscription").items] == ["SUITE"]
    assert [invoice.net_minor for invoice in played.documents("billing", "invoice")] == [240_00]
    assert played.broken() == {}


def test_what_is_told_of_contracts_keeps_to_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, list[dict[str, Any]]] = {}

    def emit(**said: Any) -> Emit:
        told.setdefault(said["type"], []).append({"txnid": said["txn"], "aggregate_version": 1, **said["body"]})
        return Emit(**said)

    monkeypatch.setattr(steps, "Emit", emit)
    stage = Stage()
    stage.subscribed(start="2025-12-10", term_end="2026-12-10")
    stage.amends("Q-500002", LIVE, "pause", date(2026, 12, 1), 2, seats(10), resume_date=date(2026, 12, 3))
    stage.renews(SUCCESSOR, LIVE, date(2026, 12, 10), 3, (CORE, 10, 1200_00, 12))
    stage.signs("Q-000001", 4)
    stage.play(days=6)
    ours = ("amendment.", "renewal.", "subscription.", "fulfillment.")
    found = [kind for kind in told if kind.removeprefix("q2c.").startswith(ours)]
    assert {kind.split(".")[1] for kind in found} == {kind[:-1] for kind in ours}
    assert {kind: schema_problem(kind, body) for kind in found for body in told[kind]} == dict.fromkeys(found, "")
