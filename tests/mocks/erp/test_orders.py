"""Sales orders over the wire: identity, life, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from domain.charts import ORDER
from mocks.erp import Quirks

PATH = "salesOrder/eid:Q-000123-v1"
FULFIL = f"{PATH}/!transform/itemFulfillment"


def test_an_order_is_booked_with_the_terms_it_came_with(bench: Any) -> None:
    assert bench.put(PATH, bench.order()).status == 204
    shown = bench.get(PATH)
    assert shown["status"] == {"id": "pendingFulfillment", "refName": "Pending Fulfillment"}
    assert (shown["orderStatus"]["id"], shown["total"], shown["tranDate"]) == ("B", 1500.0, "2026-12-10")
    change = bench.changes("order")[-1]
    assert (change.txn, change.status, change.cause) == ("Q-000123", "booked", "r1")
    document = change.document
    assert (document.ref, document.version, document.customer) == ("Q-000123-v1", 1, "A-000001")
    assert [(line.sku, line.amount_minor, line.months) for line in document.lines] == [
        ("CORE", 120_000, 12),
        ("SETUP", 30_000, 0),
    ]
    assert document.lines[0].list_unit_minor == 15_000


def test_repeating_the_put_changes_nothing_and_gives_the_same_order(bench: Any) -> None:
    first = bench.put(PATH, bench.order())
    before = len(bench.changes("order"))
    again = bench.put(PATH, bench.order())
    assert again.headers["location"] == first.headers["location"]
    assert len(bench.changes("order")) == before
    assert len(bench.erp.orders.records) == 1


def test_a_changed_put_updates_an_order_not_yet_fulfilled(bench: Any) -> None:
    bench.put(PATH, bench.order())
    assert bench.put(PATH, bench.order("2400.00")).status == 204
    assert bench.get(PATH)["total"] == 2700.0
    assert bench.erp.credit.balance("1", "USD").unbilled_minor == 270_000
    bench.call("POST", FULFIL, {"externalId": "task_1"})
    assert bench.refused("PUT", PATH, bench.order("1200.00")) == (400, "USER_ERROR", "item")
    assert bench.put(PATH, bench.order("2400.00")).status == 204


def test_the_naive_erp_makes_an_order_per_request(make: Any) -> None:
    bench = make(Quirks(loses_identity=True))
    bench.put(PATH, bench.order())
    bench.put(PATH, bench.order())
    assert len(bench.erp.orders.records) == 2


def test_posting_without_external_id_duplicates_and_with_it_refuses(bench: Any) -> None:
    assert bench.call("POST", "salesOrder", bench.order()).status == 204
    assert bench.call("POST", "salesOrder", bench.order()).status == 204
    named = bench.order(externalId="Q-000123-v2")
    assert bench.call("POST", "salesOrder", named).status == 204
    assert bench.refused("POST", "salesOrder", named) == (400, "DUP_RCRD", "externalId")


def test_unknown_items_and_customers_are_invalid_references(bench: Any) -> None:
    body = bench.order()
    body["item"]["items"][1]["item"] = {"externalId": "ITM-NOWHERE"}
    assert bench.refused("PUT", PATH, body) == (400, "INVALID_KEY_OR_REF", "item.items[1].item")
    stranger = bench.order(entity={"externalId": "A-000404"})
    assert bench.refused("PUT", PATH, stranger) == (400, "INVALID_KEY_OR_REF", "entity")
    wrong_entity = bench.order(subsidiary={"id": "UK"})
    assert bench.refused("PUT", PATH, wrong_entity) == (400, "INVALID_KEY_OR_REF", "subsidiary")


def test_amounts_must_fit_currency_and_total(bench: Any) -> None:
    body = bench.order()
    body["item"]["items"][0]["amount"] = 1200.001
    assert bench.refused("PUT", PATH, body) == (400, "INVALID_CONTENT", "item.items[0].amount")
    assert bench.refused("PUT", PATH, bench.order(total=1499.99)) == (400, "USER_ERROR", "total")
    assert bench.refused("PUT", PATH, bench.order(item={"items": []})) == (400, "USER_ERROR", "item")
    assert bench.put(PATH, bench.order(total=1500)).status == 204


def test_fulfilment_takes_the_order_to_billing_once(bench: Any) -> None:
    bench.put(PATH, bench.order())
    reply = bench.call("POST", FULFIL, {"externalId": "task_1"})
    assert reply.status == 204
    assert "/itemFulfillment/" in reply.headers["location"]
    assert bench.get(PATH)["status"]["id"] == "pendingBilling"
    assert bench.refused("POST", FULFIL, {"externalId": "task_1"}) == (400, "DUP_RCRD", "externalId")
    assert bench.refused("POST", FULFIL, {"externalId": "task_2"}) == (400, "USER_ERROR", "item")
    shown = bench.get("itemFulfillment/eid:task_1")
    assert shown["createdFrom"]["id"] == "1000001"


def test_fulfilment_by_upsert_is_repeatable(bench: Any) -> None:
    bench.put(PATH, bench.order())
    body = {"createdFrom": {"externalId": "Q-000123-v1"}}
    first, again = (bench.put("itemFulfillment/eid:task_1", body) for _ in range(2))
    assert first.headers["location"] == again.headers["location"]
    assert [change.document.skus for change in bench.changes("task")] == [("CORE", "SETUP")]


def test_part_fulfilment_counts_quantities(bench: Any) -> None:
    bench.put(PATH, bench.order())
    part = {"externalId": "task_1", "item": {"items": [{"orderLine": 1, "quantity": 4}]}}
    assert bench.call("POST", FULFIL, part).status == 204
    assert bench.get(PATH)["status"]["id"] == "partiallyFulfilled"
    much = {"externalId": "task_2", "item": {"items": [{"orderLine": 1, "quantity": 7}]}}
    assert bench.refused("POST", FULFIL, much) == (400, "USER_ERROR", "item.items[0].quantity")
    assert bench.call("POST", FULFIL, {"externalId": "task_2"}).status == 204
    assert bench.statuses("order")[-3:] == ["in_fulfilment", "partially_fulfilled", "fulfilled"]


@pytest.mark.parametrize("body", [{"orderStatus": {"id": "C"}}, {"item": {"items": [
    {"line": 1, "isClosed": True}, {"line": 2, "isClosed": True}]}}])  # fmt: skip
def test_closing_an_unfulfilled_order_cancels_it_and_frees_the_exposure(bench: Any, body: Any) -> None:
    bench.put(PATH, bench.order())
    assert bench.call("PATCH", PATH, body).status == 204
    assert bench.statuses("order") == ["submitted", "booked", "cancelling", "compensating", "cancelled"]
    assert bench.get(PATH)["orderStatus"]["id"] == "C"
    assert bench.erp.credit.balance("1", "USD").exposure_minor == 0
    assert bench.call("PATCH", PATH, body).status == 204
    assert bench.refused("POST", FULFIL, {"externalId": "task_1"}) == (400, "USER_ERROR", "item")


@pytest.mark.parametrize("is_billed", [False, True])
def test_a_fulfilled_order_is_closed_and_no_more_billed(bench: Any, is_billed: bool) -> None:
    bench.put(PATH, bench.order())
    bench.call("POST", FULFIL, {"externalId": "task_1"})
    if is_billed:
        bench.put("invoice/eid:inv_1", bench.invoice())
    assert bench.call("PATCH", PATH, {"orderStatus": {"id": "C"}}).status == 204
    assert bench.get(PATH)["status"]["id"] == "closed"
    assert bench.erp.credit.balance("1", "USD").unbilled_minor == 0
    assert bench.refused("POST", f"{PATH}/!transform/invoice", {"externalId": "inv_2"})[:2] == (400, "USER_ERROR")


def test_an_order_pending_approval_waits_for_its_approval(bench: Any) -> None:
    bench.put(PATH, bench.order(orderStatus={"id": "A"}))
    assert bench.get(PATH)["status"]["id"] == "pendingApproval"
    assert bench.refused("POST", FULFIL, {"externalId": "t"})[1] == "USER_ERROR"
    assert bench.call("PATCH", PATH, {"orderStatus": {"id": "B"}}).status == 204
    assert bench.get(PATH)["status"]["id"] == "pendingFulfillment"


def test_an_invoice_bills_the_orders_of_its_transaction_whenever_they_are_fulfilled(bench: Any) -> None:
    bench.put(PATH, bench.order())
    bench.put("invoice/eid:inv_1", bench.invoice())
    assert bench.get(PATH)["status"]["id"] == "pendingFulfillment"
    assert bench.erp.credit.balance("1", "USD").unbilled_minor == 0
    bench.call("POST", FULFIL, {"externalId": "task_1"})
    assert bench.get(PATH)["status"]["id"] == "fullyBilled"


def test_a_transform_to_an_invoice_bills_the_lines_of_the_order(bench: Any) -> None:
    bench.put(PATH, bench.order())
    assert bench.call("POST", f"{PATH}/!transform/invoice", {"externalId": "inv_9"}).status == 204
    shown = bench.get("invoice/eid:inv_9")
    assert (shown["total"], shown["createdFrom"]["id"]) == (1500.0, "1000001")


def test_every_step_of_every_order_is_on_the_chart(bench: Any) -> None:
    test_part_fulfilment_counts_quantities(bench)
    for change in bench.changes("order"):
        assert not change.before or change.before == change.status or ORDER.allows(change.before, change.status)


def test_a_get_finds_the_transaction_of_an_external_id_without_a_quote_number(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.get("invoice/eid:inv_1")
    assert bench.records[-1].txn == "Q-000123"
    assert bench.records[-1].operation == "read_invoice"
    bench.get("customer/1")
    assert bench.records[-1].txn == ""
