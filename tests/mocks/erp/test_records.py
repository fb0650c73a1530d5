"""Record types: every one is created, read, listed, queried and described alike; transforms chain them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from mocks.erp.columns import TABLES
from mocks.erp.record_types import TYPES

LINE = {"items": [{"item": {"externalId": "CORE"}, "quantity": 2, "rate": 100}]}
OWNER = {"externalId": "A-000001"}
CATALOG = "/services/rest/record/v1/metadata-catalog"


def made(bench: Any, path: str, body: Any = None) -> str:
    """Make a record and return its path below the records."""
    reply = bench.call("POST", path, body or {})
    assert reply.status == 204, reply.body
    return str(reply.headers["location"].partition("/v1/")[2])


@pytest.fixture
def full(bench: Any) -> Any:
    """A bench with at least one record of every type."""
    made(bench, "contact", {"firstName": "Ann", "company": OWNER})
    opportunity = made(bench, "opportunity", {"entity": OWNER, "item": LINE})
    sale = made(bench, made(bench, opportunity + "/!transform/estimate") + "/!transform/salesOrder")
    made(bench, sale + "/!transform/itemFulfillment")
    made(bench, sale + "/!transform/customerDeposit", {"payment": 5})
    paid = made(bench, made(bench, sale + "/!transform/invoice") + "/!transform/customerPayment", {"payment": 150})
    made(bench, made(bench, sale + "/!transform/returnAuthorization") + "/!transform/creditMemo")
    made(bench, "cashSale", {"entity": OWNER, "item": LINE})
    refund = {"customer": OWNER, "apply": {"items": [{"doc": {"id": paid.rpartition("/")[2]}, "amount": 10}]}}
    made(bench, "customerRefund", refund)
    rows = [{"account": {"id": "1000"}, "debit": 1}, {"account": {"id": "1050"}, "credit": 1}]
    made(bench, "journalEntry", {"subsidiary": {"id": "US"}, "line": {"items": rows}})
    return bench


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_what_readers_get_is_what_the_document_says_of_the_type(full: Any, kind: str) -> None:
    for row in full.get(kind)["items"]:
        for query in ("", "?expandSubResources=true&simpleEnumFormat=true"):
            read = full.get(f"{kind}/{row['id']}{query}")
            assert msgspec.to_builtins(msgspec.convert(read, TYPES[kind].shown)) == read  # unknown members get lost


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_every_type_is_listed_read_and_its_lines_followed(full: Any, kind: str) -> None:
    page = full.get(kind)
    assert page["totalResults"] >= 1
    for row in page["items"]:
        shown = full.get(f"{kind}/{row['id']}?expandSubResources=true")
        assert shown["id"] == row["id"]
        for name in TYPES[kind].sublists:
            lines = full.get(f"{kind}/{row['id']}/{name}")["items"]
            assert len(lines) == shown[name]["totalResults"]
            for line in lines:
                assert full.get(line["links"][0]["href"].partition(".test")[2])["line"] == line["line"]


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_table_gives_all_columns_and_displays(full: Any, table: str) -> None:
    assert full.sql(f"SELECT * FROM {table}")["totalResults"] >= 1
    for column in TABLES[table].displays:
        assert full.sql(f"SELECT BUILTIN.DF({column}) AS name FROM {table}")["totalResults"] >= 1


def test_enumerations_are_shown_simply_when_asked(full: Any) -> None:
    simple = full.get("invoice?limit=1")["items"][0]["id"]
    assert full.get(f"invoice/{simple}?simpleEnumFormat=true")["status"] in ("open", "paidInFull")
    assert full.get("customer/1?simpleEnumFormat=true")["creditHoldOverride"] == "AUTO"


def test_an_estimate_becomes_one_order_only(bench: Any) -> None:
    quote = made(bench, "estimate", {"entity": OWNER, "item": LINE, "externalId": "EST-1"})
    made(bench, quote + "/!transform/salesOrder")
    assert bench.refused("POST", quote + "/!transform/salesOrder", {}) == (400, "USER_ERROR", "status")
    assert bench.refused("DELETE", quote) == (400, "USER_ERROR", "status")
    assert bench.refused("PATCH", quote, {"memo": "late"}) == (400, "USER_ERROR", "status")


def test_an_order_is_billed_in_parts_that_add_up(bench: Any) -> None:
    lines = {"items": [{"item": {"externalId": "CORE"}, "quantity": 3, "amount": 100}]}
    sale = made(bench, "salesOrder", {"entity": OWNER, "item": lines})
    part = {"item": {"items": [{"orderLine": 1, "quantity": 1}]}}
    bills = [made(bench, sale + "/!transform/invoice", part) for _ in range(2)] + [
        made(bench, sale + "/!transform/invoice")
    ]
    assert [bench.get(bill)["total"] for bill in bills] == [33.33, 33.33, 33.34]
    assert bench.refused("POST", sale + "/!transform/invoice", {}) == (400, "USER_ERROR", "item")
    too_much = {"item": {"items": [{"orderLine": 1, "quantity": 1}]}}
    assert bench.refused("POST", sale + "/!transform/invoice", too_much)[:2] == (400, "USER_ERROR")
    assert bench.get("customer/1")["unbilledOrders"] == 0


def test_parts_of_a_bundle_are_fulfilled_one_by_one(bench: Any) -> None:
    bench.act("create_item", sku="BUNDLE", components={"CORE": 2, "SETUP": 1})
    lines = {"items": [{"item": {"externalId": "BUNDLE"}, "quantity": 3, "rate": 10}]}
    sale = made(bench, "salesOrder", {"entity": OWNER, "item": lines})
    core = {"item": {"items": [{"orderLine": 1, "item": {"externalId": "CORE"}, "quantity": 6}]}}
    made(bench, sale + "/!transform/itemFulfillment", core)
    line = bench.get(f"{sale}/item/1")
    assert (line["quantityFulfilled"], [part["quantityFulfilled"] for part in line["components"]["items"]]) == (
        0,
        [6, 0],
    )
    assert bench.refused("POST", sale + "/!transform/itemFulfillment", core)[:2] == (400, "USER_ERROR")
    one = {"item": {"items": [{"orderLine": 1, "item": {"externalId": "SETUP"}, "quantity": 1}]}}
    made(bench, sale + "/!transform/itemFulfillment", one)
    assert bench.get(f"{sale}/item/1")["quantityFulfilled"] == 1
    made(bench, sale + "/!transform/itemFulfillment")
    assert bench.get(sale)["orderStatus"]["id"] == "F"


def test_a_line_may_bring_its_own_components(bench: Any) -> None:
    parts = {"items": [{"item": {"externalId": "SETUP"}, "quantity": 2}, {"item": {"externalId": "CORE"}}]}
    lines = {"items": [{"item": {"externalId": "CORE"}, "quantity": 1, "rate": 10, "components": parts}]}
    sale = made(bench, "salesOrder", {"entity": OWNER, "item": lines})
    group = {"item": {"items": [{"orderLine": 1, "quantity": 1}]}}
    delivered = made(bench, sale + "/!transform/itemFulfillment", group)
    rows = bench.get(f"{delivered}?expandSubResources=true")["item"]["items"]
    assert [(row["item"]["refName"], row["quantity"]) for row in rows] == [("SETUP", 2), ("CORE", 1)]


def test_lines_are_merged_by_a_patch_or_replaced(bench: Any) -> None:
    bench.put("salesOrder/eid:Q-1", bench.order())
    assert bench.call("PATCH", "salesOrder/eid:Q-1", {"item": {"items": [{"line": 2, "quantity": 2}]}}).status == 204
    assert bench.get("salesOrder/eid:Q-1")["total"] == 1800.0
    new = {"item": {"items": [{"item": {"externalId": "SETUP"}, "rate": 7}]}}
    bench.call("PATCH", "salesOrder/eid:Q-1", new)
    assert bench.get("salesOrder/eid:Q-1/item")["totalResults"] == 3
    bench.call("PATCH", "salesOrder/eid:Q-1?replace=item", new)
    assert bench.get("salesOrder/eid:Q-1")["total"] == 7.0
    wrong = {"item": {"items": [{"line": 9, "quantity": 2}]}}
    assert bench.refused("PATCH", "salesOrder/eid:Q-1", wrong) == (400, "INVALID_KEY_OR_REF", "item.items.line")


def test_what_nothing_depends_on_can_be_deleted(bench: Any) -> None:
    sale = made(bench, "salesOrder", {"entity": OWNER, "item": LINE, "externalId": "SO-9"})
    assert bench.refused("DELETE", "customer/eid:A-000001") == (400, "USER_ERROR", "id")
    assert bench.call("DELETE", sale).status == 204
    assert bench.refused("GET", "salesOrder/eid:SO-9")[0] == 404
    assert bench.statuses("order")[-1] == "cancelled"
    assert bench.get("customer/1")["unbilledOrders"] == 0
    made(bench, "salesOrder", {"entity": OWNER, "item": LINE, "externalId": "SO-9"})
    contact = made(bench, "contact", {"entityId": "Ann Other"})
    assert bench.get(contact)["lastName"] == "Other"
    assert bench.call("DELETE", contact).status == 204
    bench.put("invoice/eid:inv_1", bench.invoice())
    assert bench.refused("DELETE", "invoice/eid:inv_1") == (400, "USER_ERROR", "id")


def test_a_deposit_is_cash_without_an_invoice(bench: Any) -> None:
    sale = made(bench, "salesOrder", {"entity": OWNER, "item": LINE})
    deposit = made(bench, sale + "/!transform/customerDeposit", {"payment": 50})
    assert bench.get(deposit)["salesOrder"]["id"] == sale.rpartition("/")[2]
    assert bench.get("customer/1")["balance"] == -50.0
    key = deposit.rpartition("/")[2]
    assert bench.refused("GET", f"customerPayment/{key}")[0] == 404
    body = {"customer": OWNER, "payment": 1, "externalId": "D-1"}
    made(bench, "customerDeposit", body)
    assert bench.refused("POST", "customerDeposit", body) == (400, "DUP_RCRD", "externalId")
    body["salesOrder"] = {"id": "404"}
    assert bench.refused("PUT", "customerDeposit/eid:D-2", body | {"externalId": "D-2"})[1:] == (
        "INVALID_KEY_OR_REF", "salesOrder",
    )  # fmt: skip


def test_a_cash_sale_is_posted_and_paid_at_once(bench: Any) -> None:
    body = {"entity": OWNER, "item": LINE, "custbody_method": "push"}
    sold = bench.put("cashSale/eid:CS-1", body).headers["location"]
    assert bench.put("cashSale/eid:CS-1", body).headers["location"] == sold
    assert [row.document.status for row in bench.changes("invoice")] == ["posted", "paid"]
    assert bench.erp.ledger.trial_balance("US")["1000"] == (20_000, 20_000)
    other = bench.refused("PUT", "cashSale/eid:CS-1", {**body, "tranDate": "2026-11-11"})
    assert other == (400, "USER_ERROR", "item")
    unknown = bench.refused("POST", "cashSale", {**body, "custbody_method": "barter"})
    assert unknown == (400, "INVALID_CONTENT", "custbody_method")


def test_items_are_written_by_api_users(bench: Any) -> None:
    made(bench, "serviceSaleItem", {"itemId": "HOURS", "custitem_kind": "usage"})
    assert bench.get("serviceSaleItem/eid:HOURS")["custitem_kind"] == "usage"
    assert bench.put("inventoryItem/eid:HOURS", {"itemId": "HOURS", "custitem_kind": "one_time"}).status == 204
    assert bench.get("serviceSaleItem/eid:HOURS")["custitem_kind"] == "one_time"
    assert bench.refused("POST", "serviceSaleItem", {"itemId": "HOURS"}) == (400, "DUP_RCRD", "itemId")
    assert bench.refused("POST", "serviceSaleItem", {}) == (400, "USER_ERROR", "itemId")
    odd = {"itemId": "ODD", "custitem_kind": "odd"}
    assert bench.refused("POST", "serviceSaleItem", odd) == (400, "INVALID_KEY_OR_REF", "custitem_kind")
    rule = {"itemId": "ODD", "revenueRecognitionRule": {"id": "never"}}
    assert bench.refused("POST", "serviceSaleItem", rule)[1:] == ("INVALID_KEY_OR_REF", "revenueRecognitionRule")


def test_the_catalogue_describes_every_type(bench: Any) -> None:
    listed = bench.get(CATALOG)["items"]
    assert [row["name"] for row in listed] == list(TYPES)
    for kind in TYPES:
        reply = bench.call("GET", f"{CATALOG}/{kind}", None, {"accept": "application/schema+json"})
        assert reply.headers["content-type"] == "application/schema+json"
        assert "id" in json.loads(reply.body)["properties"]
    reply = bench.call("GET", f"{CATALOG}?select=invoice,customer", None, {"accept": "application/swagger+json"})
    assert set(json.loads(reply.body)["paths"]) == {"/invoice", "/invoice/{id}", "/customer", "/customer/{id}"}
    one = bench.call("GET", f"{CATALOG}/invoice", None, {"accept": "application/swagger+json"})
    assert "InvoiceBody" in json.loads(one.body)["components"]["schemas"]
    assert bench.refused("GET", f"{CATALOG}/spaceship")[:2] == (404, "NONEXISTENT_ID")
    assert bench.refused("GET", f"{CATALOG}?select=spaceship")[:2] == (404, "NONEXISTENT_ID")


@pytest.mark.parametrize("table", sorted(name for name, table in TABLES.items() if table.finds))
def test_an_index_finds_what_a_scan_finds(full: Any, table: str) -> None:
    for column in TABLES[table].finds:
        values = {row.get(column) for row in full.sql(f"SELECT {column} FROM {table}")["items"]} - {None}
        for value in [*sorted(values), "404"]:
            shown = value if value.isdecimal() else f"'{value}'"
            indexed = full.sql(f"SELECT * FROM {table} WHERE {column} = {shown}")["items"]
            scanned = full.sql(f"SELECT * FROM {table} WHERE NVL({column}, '') = '{value}'")["items"]
            assert indexed == scanned, (table, column, value)
            joined = full.sql(f"SELECT b.{column} FROM {table} a JOIN {table} b ON b.{column} = a.{column}")["items"]
            assert {row[column] for row in joined} == values


def test_lines_are_found_by_their_transaction(full: Any) -> None:
    query = "SELECT t.id, tl.id AS line FROM {} t JOIN transactionline tl ON {} ORDER BY t.id, tl.id"
    by_index = full.sql(query.format("transaction", "tl.transaction = t.id"))["items"]
    by_scan = full.sql(query.format("transaction", "tl.transaction + 0 = t.id"))["items"]
    assert by_index == by_scan
    assert len(by_index) == 14
