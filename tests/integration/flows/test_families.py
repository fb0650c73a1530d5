"""A quote of several legal entities: one order for each, shown together, given up together, square between them."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from domain.objects import Delta
from integration.effects import Call
from integration.flow import FlowContext
from integration.flows.families import _together
from integration.flows.steps import ask_a_person, do
from integration.outcomes import Answer
from tests.stage import ACCOUNT, CORE, MORE, Played, Stage

DEAL = "Q-000001"


def deal(**said: Any) -> Stage:
    """Return a stage on which the US sell one product and Germany another."""
    stage = Stage()
    stage.customer()
    stage.signs_with_entities(DEAL, (CORE, 10, 50_00, "", ""), (MORE, 2, 40_00, "DE", ""), **said)
    return stage


def mirror(played: Played) -> Any:
    return played.document("crm", "mirror")


def test_each_entity_books_delivers_and_bills_its_own_lines() -> None:
    played = deal().play(days=3)
    orders = played.documents("erp", "order")
    assert {(order.ref, order.entity, order.customer, order.total_minor) for order in orders} == {
        (f"{DEAL}.US-v1", "US", ACCOUNT, 500_00), (f"{DEAL}.DE-v1", "DE", f"{ACCOUNT}.DE", 80_00),
    }  # fmt: skip
    assert played.statuses("erp", "order") == ["billed", "billed"]
    subscriptions = {(each.entity, each.id) for each in played.documents("billing", "subscription")}
    assert subscriptions == {("US", f"{DEAL}.US"), ("DE", f"{DEAL}.DE")}
    assert played.statuses("billing", "invoice") == played.statuses("erp", "invoice") == ["paid", "paid"]
    assert played.broken() == {}


def test_a_new_method_of_the_customer_pays_what_every_entity_sold() -> None:
    stage = Stage()
    stage.customer(declines=99, decline_code="expired_card", hard=True)
    stage.signs_with_entities(DEAL, (CORE, 10, 50_00, "DE", ""))
    played = stage.play(days=4)
    assert played.cases()["PAYMENT.HARD_DECLINE"][-1].status == "verified"
    assert played.statuses("erp", "invoice") == ["paid"]
    assert played.broken() == {}


def test_sales_sees_both_orders_and_the_quote_is_converted_when_all_are_booked() -> None:
    played = deal().play(days=3)
    shown = mirror(played)
    assert sorted(shown.order_number.split(", ")) == sorted(order.number for order in played.documents("erp", "order"))
    assert (shown.order_status, shown.invoice_status, shown.payment_status) == ("fulfilled", "paid", "received")
    assert shown.invoice_balance_minor == 0
    (told,) = [event for event in played.events() if event == "quote.converted"]
    assert told
    assert played.statuses("crm", "quote") == ["converted"]


def held(stage: Stage, release: float) -> Stage:
    """Have the customer of the German entity known, and on hold from before the signature until an hour."""
    name = f"{ACCOUNT}.DE"
    stage.act("erp", "create_customer", 0.1, account=name, name="Acme", entity="DE", currency="USD", terms_days=30)
    stage.act("erp", "place_hold", 0.2, account=name, level="hard")
    stage.act("erp", "release_hold", release, account=name)
    return stage


def test_a_hold_of_one_entity_does_not_hold_the_other() -> None:
    played = held(deal(), release=30).play(days=4)
    us, de = played.documents("billing", "invoice")
    assert (us.entity, de.entity) == ("US", "DE")
    first, second = (change.at_us for change in played.changes("billing", "subscription") if not change.before)
    assert second - first > 24 * 3600 * 1_000_000
    assert played.broken() == {}


def test_a_deal_that_ships_complete_waits_for_the_entity_that_is_held() -> None:
    played = held(deal(ship_complete=True), release=30).play(days=4)
    released_us = next(change.at_us for change in played.changes("erp", "hold") if change.status == "released")
    assert all(change.at_us > released_us for change in played.changes("billing", "subscription"))
    assert played.statuses("billing", "invoice") == ["paid", "paid"]
    assert played.broken() == {}


@pytest.mark.parametrize(("victim", "orders"), [(f"{DEAL}.DE-v1", 1), (f"q2c/{DEAL}.DE-v1/create_subscription", 2)])
def test_giving_up_one_part_gives_up_the_whole_deal(monkeypatch: pytest.MonkeyPatch, victim: str, orders: int) -> None:
    """A person gives up the German part: the order before it is booked, or its subscription after that."""

    async def refusing(context: FlowContext, call: Call, *more: Any, **named: Any) -> Answer:
        if call.key == victim and call.write:
            # No history tells why: the refusal is the test's.
            await ask_a_person("DATA_QUALITY.PRICE_MISMATCH", f"{victim} is refused", call)
        return await do(context, call, *more, **named)

    monkeypatch.setattr("integration.flows.orders.do", refusing)
    played = deal().play(days=4)
    ended = played.statuses("erp", "order")
    assert len(ended) == orders
    assert set(ended) <= {"cancelled", "closed"}  # what was billed already is closed, and credited
    assert {each.status for each in played.last("billing", "subscription").values()} == {"cancelled"}
    assert mirror(played).order_status in ("rejected", "cancelled")
    assert all(memo.balance_minor >= 0 for memo in played.documents("erp", "credit_memo"))
    assert sum(invoice.balance_minor for invoice in played.documents("erp", "invoice")) == 0
    assert played.broken() == {}


def test_what_another_entity_delivers_is_square_between_the_two() -> None:
    stage = Stage()
    stage.customer()
    stage.signs_with_entities(DEAL, (CORE, 10, 50_00, "", ""), (MORE, 3, 33_33, "", "DE"))
    gone = [Delta(sku=sku, quantity=0, unit_minor=unit) for sku, unit in ((CORE, 50_00), (MORE, 33_33))]
    stage.amends("Q-500001", f"{DEAL}.US", "cancel", date(2026, 11, 30), 60, *gone, refund="full")
    played = stage.play(days=5)
    entries = [entry for entry in played.documents("erp", "entry") if entry.source.startswith("journal/IC-")]
    assert [entry.entity for entry in entries] == ["US", "DE", "US", "DE"]
    share = 69_99  # 70 % of 99.99
    rows = [[(row.account, row.amount_minor) for row in entry.postings] for entry in entries]
    assert rows[:2] == [[("5900", share), ("2900", -share)], [("2900", share), ("4900", -share)]]
    assert rows[2:] == [[("5900", -share), ("2900", share)], [("2900", -share), ("4900", share)]]
    assert entries[1].base_currency == "EUR"
    assert played.broken() == {}


@pytest.mark.parametrize(
    ("statuses", "shown"),
    [
        (("credit_hold", "booked", ""), "credit_hold"),
        (("fulfilled", "rejected", ""), "rejected"),
        (("fulfilled", "booked", ""), ""),
        (("fulfilled", "booked", "fulfilled"), "booked"),
        (("fulfilled", "cancelled", "credit_hold"), "cancelled"),
    ],
)
def test_what_sales_sees_of_a_family_does_not_depend_on_the_order_of_its_members(
    statuses: tuple[str, ...], shown: str
) -> None:
    for order in permutations(statuses):
        members = [{"OrderStatus__c": status} if status else {} for status in order]
        assert _together(members).get("OrderStatus__c", "") == shown


@pytest.mark.parametrize(("status", "shown"), [("cancelled", "paid"), ("rejected", "paid"), ("booked", "posted")])
def test_nobody_waits_for_the_invoice_of_a_part_that_was_undone(status: str, shown: str) -> None:
    billed = {"OrderStatus__c": "cancelled", "InvoiceStatus__c": "paid", "PaymentStatus__c": "received"}
    found = _together([billed, {"OrderStatus__c": status}])
    assert found["InvoiceStatus__c"] == shown
    assert found.get("PaymentStatus__c", "") == ("received" if shown == "paid" else "")
