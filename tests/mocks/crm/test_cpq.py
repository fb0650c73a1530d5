"""The CPQ router: models as JSON inside JSON."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.mocks.crm.conftest import DATA, decoded

ROUTER = "/services/apexrest/SBQQ/ServiceRouter"


@pytest.fixture
def quoted(new_org: Any) -> Any:
    org = new_org(owns_quotes=False)
    org.account()
    org.act("create_product", sku="SEAT")
    org.draft()
    return org


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _model(reply: Any) -> Any:
    assert reply.status == 200, reply.body
    return msgspec.json.decode(decoded(reply))


def _read(org: Any) -> Any:
    return _model(org.send("GET", f"{ROUTER}?reader=SBQQ.QuoteAPI.QuoteReader&uid={org.quote_id()}"))


def test_a_quote_is_read_as_a_model(quoted: Any) -> None:
    model = _read(quoted)
    assert model["record"]["attributes"]["type"] == "Quote"
    assert [line["record"]["ProductCode__c"] for line in model["lineItems"]] == ["SEAT"]
    assert (model["netTotal"], model["listTotal"], model["nextKey"]) == (285, 300, 2)


def test_a_product_is_loaded_and_added(quoted: Any) -> None:
    product = quoted.found("SELECT Id FROM Product2")[0]["Id"]
    loaded = _model(quoted.send("PATCH", f"{ROUTER}?loader=SBQQ.ProductAPI.ProductLoader&uid={product}", {}))
    context = _text({"quote": _read(quoted), "products": [loaded]})
    added = _model(quoted.send("PATCH", f"{ROUTER}?loader=SBQQ.QuoteAPI.QuoteProductAdder", {"context": context}))
    assert [line["record"].get("Product2Id") for line in added["lineItems"]] == [None, product]


def test_prices_are_worked_out_and_nothing_is_kept(quoted: Any) -> None:
    model = _read(quoted)
    model["lineItems"][0]["record"]["Quantity"] = 10
    context = {"context": _text({"quote": model})}
    priced = _model(quoted.send("PATCH", f"{ROUTER}?loader=SBQQ.QuoteAPI.QuoteCalculator", context))
    assert priced["netTotal"] == 950
    assert _read(quoted)["netTotal"] == 285


def test_a_saved_model_changes_adds_and_deletes_lines(quoted: Any) -> None:
    model = _read(quoted)
    model["lineItems"][0]["record"]["Quantity"] = 10
    model["lineItems"].append({"record": {"ProductCode__c": "SETUP", "Quantity": 1, "UnitPrice": 50}})
    body = {"saver": "SBQQ.QuoteAPI.QuoteSaver", "model": _text(model)}
    saved = _model(quoted.send("POST", ROUTER, body))
    assert saved["netTotal"] == 1000
    assert quoted.found("SELECT TotalPrice FROM Quote")[0]["TotalPrice"] == 1000
    del saved["lineItems"][0]
    _model(quoted.send("POST", ROUTER, {**body, "model": _text(saved)}))
    assert [row["ProductCode__c"] for row in quoted.found("SELECT ProductCode__c FROM QuoteLineItem")] == ["SETUP"]


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "?reader=Nope", b""),
        ("GET", "?reader=SBQQ.QuoteAPI.QuoteReader&uid=x", b""),
        ("PATCH", "?loader=SBQQ.ProductAPI.ProductLoader&uid=x", {}),
        ("PATCH", "?loader=SBQQ.QuoteAPI.QuoteCalculator", {"context": "no JSON"}),
        ("PATCH", "?loader=SBQQ.QuoteAPI.QuoteCalculator", {"context": "{}"}),
        ("PATCH", "?loader=SBQQ.QuoteAPI.QuoteCalculator", {"context": '{"quote":{"record":{},"lineItems":[1]}}'}),
        ("PATCH", "?loader=SBQQ.QuoteAPI.QuoteProductAdder", {"context": '{"quote":{"record":{}}}'}),
        ("PATCH", "?loader=SBQQ.QuoteAPI.QuoteProductAdder", {"context": '{"quote":{"record":{}},"products":[1]}'}),
        ("POST", "", {"saver": "SBQQ.QuoteAPI.QuoteSaver", "model": '{"record":{}}'}),
        ("POST", "", {}),
    ],
)
def test_calls_the_router_refuses(quoted: Any, error_of: Any, method: str, target: str, body: Any) -> None:
    assert error_of(quoted.send(method, ROUTER + target, body)) == (400, "APEX_ERROR")


def test_an_accepted_quote_is_not_saved_again(quoted: Any, error_of: Any) -> None:
    model = _read(quoted)
    quoted.step("submit", "approve", "accept")
    body = {"saver": "SBQQ.QuoteAPI.QuoteSaver", "model": _text(model)}
    assert error_of(quoted.send("POST", ROUTER, body)) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert quoted.send("GET", f"{DATA}/limits").status == 200
