"""Bundles: a line of one brings the lines of its parts."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def bundled(org: Any) -> Any:
    org.account()
    org.act("create_product", sku="ROUTER", kind="one_time")
    org.act("create_product", sku="SUPPORT", kind="recurring")
    parts = [{"sku": "ROUTER", "quantity": 2}, {"sku": "SUPPORT"}]
    org.act("create_product", sku="SITE", kind="recurring", parts=parts)
    return org


def _lines(org: Any) -> list[Any]:
    return org.found(
        "SELECT Id, LineNumber, ProductCode__c, ProductKind__c, Quantity, TotalPrice, SBQQ__RequiredBy__c "
        "FROM QuoteLineItem ORDER BY LineNumber"
    )


def test_a_bundle_brings_a_line_per_part_that_requires_it(bundled: Any) -> None:
    line = {"sku": "SITE", "kind": "recurring", "quantity": 3, "list_unit_minor": 10000, "unit_minor": 9500}
    bundled.draft(lines=[line])
    lines = _lines(bundled)
    assert [(each["ProductCode__c"], each["ProductKind__c"], each["Quantity"]) for each in lines] == [
        ("SITE", "recurring", 3),
        ("ROUTER", "one_time", 6),
        ("SUPPORT", "recurring", 3),
    ]
    assert [each["SBQQ__RequiredBy__c"] for each in lines] == [None, lines[0]["Id"], lines[0]["Id"]]


def test_the_price_of_a_bundle_stands_on_its_own_line(bundled: Any) -> None:
    line = {"sku": "SITE", "kind": "recurring", "quantity": 3, "list_unit_minor": 10000, "unit_minor": 9500}
    bundled.draft(lines=[line])
    assert [each["TotalPrice"] for each in _lines(bundled)] == [285, 0, 0]
    assert bundled.found("SELECT TotalPrice FROM Quote")[0]["TotalPrice"] == 285


def test_the_parts_follow_the_quantity_of_their_bundle_and_go_with_it(new_org: Any, json_of: Any) -> None:
    org = new_org(owns_quotes=False)
    org.account()
    org.act("create_product", sku="ROUTER", kind="one_time")
    org.act("create_product", sku="SITE", parts=[{"sku": "ROUTER", "quantity": 2}])
    org.draft(lines=[])
    quote = org.found("SELECT Id FROM Quote")[0]["Id"]
    body = {"QuoteId": quote, "ProductCode__c": "SITE", "Quantity": 2, "UnitPrice": 10}
    line = json_of(org.send("POST", "/services/data/v62.0/sobjects/QuoteLineItem", body))["id"]
    assert [each["Quantity"] for each in _lines(org)] == [2, 4]
    assert org.send("PATCH", f"/services/data/v62.0/sobjects/QuoteLineItem/{line}", {"Quantity": 5}).status == 204
    assert [each["Quantity"] for each in _lines(org)] == [5, 10]
    assert org.send("DELETE", f"/services/data/v62.0/sobjects/QuoteLineItem/{line}").status == 204
    assert _lines(org) == []
