"""Customers over the wire: upsert, credit standing, ownership."""

from __future__ import annotations

from typing import Any

from mocks.erp import Quirks

BODY = {
    "companyName": "Borealis",
    "subsidiary": {"id": "DE"},
    "currency": {"refName": "EUR"},
    "terms": {"id": "NET45"},
}


def test_an_upsert_creates_a_customer_and_answers_with_its_address(bench: Any) -> None:
    reply = bench.put("customer/eid:A-000777", BODY)
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["location"] == "https://erp.test/services/rest/record/v1/customer/2"
    shown = bench.get("customer/eid:A-000777?fields=id,balance,creditLimit,custentity_credit_status,unbilledOrders")
    del shown["links"]
    assert shown == {"id": "2", "balance": 0.0, "custentity_credit_status": "clear", "unbilledOrders": 0.0}
    document = bench.changes("customer")[-1].document
    assert (document.id, document.ref, document.terms_days, document.currency) == ("A-000777", "A-000777", 45, "EUR")


def test_an_identical_upsert_changes_nothing(bench: Any) -> None:
    bench.put("customer/eid:A-000777", BODY)
    before = len(bench.changes("customer"))
    again = bench.put("customer/eid:A-000777", BODY)
    assert (again.status, again.headers["location"][-2:]) == (204, "/2")
    assert len(bench.changes("customer")) == before
    bench.put("customer/eid:A-000777", {**BODY, "companyName": "Borealis GmbH"})
    assert len(bench.changes("customer")) == before + 1


def test_a_customer_that_is_not_there_is_nonexistent(bench: Any) -> None:
    assert bench.refused("GET", "customer/eid:A-000404") == (404, "NONEXISTENT_ID", "")


def test_wrong_references_and_missing_fields_are_named_by_their_path(bench: Any) -> None:
    path = "customer/eid:A-000777"
    assert bench.refused("PUT", path, {**BODY, "subsidiary": {"id": "XX"}}) == (
        400,
        "INVALID_KEY_OR_REF",
        "subsidiary",
    )
    assert bench.refused("PUT", path, {**BODY, "currency": {"refName": "ABC"}})[1:] == (
        "INVALID_KEY_OR_REF",
        "currency",
    )
    assert bench.refused("PUT", path, {"subsidiary": {"id": "US"}}) == (400, "USER_ERROR", "companyName")
    assert bench.refused("PUT", "customer/12", BODY) == (400, "INVALID_CONTENT", "id")


def test_credit_belongs_to_the_erp_not_to_its_api_users(bench: Any, make: Any) -> None:
    for field, value in (("creditLimit", 5000), ("creditHoldOverride", "ON"), ("custentity_credit_status", "clear")):
        refused = bench.refused("PUT", "customer/eid:A-000001", {**BODY, field: value})
        assert refused == (403, "INSUFFICIENT_PERMISSION", field)
    generous = make(Quirks(owns_credit=False))
    assert generous.put("customer/eid:A-000777", {**BODY, "creditLimit": 5000}).status == 204
    assert generous.get("customer/eid:A-000777")["creditLimit"] == 5000.0


def test_currency_and_subsidiary_are_fixed_once_there_are_transactions(bench: Any) -> None:
    bench.put("salesOrder/eid:Q-000123-v1", bench.order())
    moved = {"companyName": "Acme", "subsidiary": {"id": "DE"}}
    assert bench.refused("PUT", "customer/eid:A-000001", moved) == (400, "USER_ERROR", "subsidiary")


def test_posting_a_taken_external_id_is_a_duplicate(bench: Any) -> None:
    assert bench.call("POST", "customer", {**BODY, "externalId": "A-000778"}).status == 204
    assert bench.refused("POST", "customer", {**BODY, "externalId": "A-000778"}) == (400, "DUP_RCRD", "externalId")
    patched = bench.call("PATCH", "customer/eid:A-000778", {"email": "ap@example.org"})
    assert patched.status == 204
    assert bench.get("customer/eid:A-000778")["email"] == "ap@example.org"
