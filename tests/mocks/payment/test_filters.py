"""Filters of lists: each one narrows the list to what fits, and none is taken and forgotten."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mocks.payment.api import OPERATIONS
from mocks.payment.queries import Paging

LISTS = [row for row in OPERATIONS if row.query is not None and issubclass(row.query, Paging) and "{" not in row.path]
PAGING = {*Paging.__struct_fields__, "subscription", "customer", "end_time", "start_time"}
NAMES = sorted(
    (row.path.removeprefix("/v1"), field.name, str(field.type))
    for row in LISTS
    for field in msgspec.structs.fields(row.query)
    if field.name not in PAGING
)


@pytest.fixture
def shelf(bench: Any) -> Any:
    """Return a processor with an object of most kinds."""
    bench.pay()
    product = bench.post("/products", {"name": "Seat", "id": "prod_seat"})
    assert product.status == 200
    for number in (1, 2):
        fields = {"product": "prod_seat", "currency": "usd", "unit_amount": 100 * number, "lookup_key": f"k{number}"}
        assert bench.post("/prices", fields).status == 200
    for coupon in ("TEN", "FIVE"):
        assert bench.post("/coupons", {"id": coupon, "percent_off": 10, "duration": "once"}).status == 200
        promotion = {"promotion[type]": "coupon", "promotion[coupon]": coupon, "code": f"CODE{coupon}"}
        assert bench.post("/promotion_codes", promotion).status == 200
    for due in ("", "5"):
        terms = {"collection_method": "send_invoice", "days_until_due": due} if due else {}
        assert bench.post("/invoices", {"customer": "cus_A000001", **terms}).status == 200
    assert bench.post("/payouts", {"amount": 100, "currency": "usd"}).status == 200
    return bench


@pytest.mark.parametrize(("path", "name", "kind"), NAMES, ids=[f"{path}?{name}" for path, name, _ in NAMES])
def test_no_filter_breaks_a_list(shelf: Any, path: str, name: str, kind: str) -> None:
    forms = {"list": f"{name}[]=x", "Range": f"{name}[gt]=1", "bool": f"{name}=true", "PaidBy": f"{name}[type]=x"}
    query = next((text for part, text in forms.items() if part in kind), f"{name}=x")
    found = shelf.get(f"{path}?{query}")
    assert "data" in found or found["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/prices?lookup_keys[]=k1", 1),
        ("/prices?lookup_keys[]=k1&lookup_keys[]=k2&expand[]=data.product", 2),
        ("/prices?lookup_keys[]=none", 0),
        ("/products?ids[]=prod_seat", 1),
        ("/promotion_codes?coupon=TEN", 1),
        ("/invoices?due_date[gt]=1", 1),
        ("/invoices?due_date[lt]=1", 0),
        ("/payouts?arrival_date[gt]=1", 1),
        ("/payouts?destination=ba_none", 0),
        ("/charges?transfer_group=none", 0),
        ("/events?type=invoice.*", 2),
        ("/events?type=invoice.created", 2),
        ("/invoices?status=draft", 2),
        ("/invoices?status=paid", 0),
    ],
)
def test_a_filter_leaves_what_fits(shelf: Any, path: str, count: int) -> None:
    assert len(shelf.get(path)["data"]) == count


def test_payments_of_invoices_are_found_by_their_intent(shelf: Any) -> None:
    key = shelf.get("/invoices?limit=1")["data"][0]["id"]
    assert shelf.post("/invoiceitems", {"customer": "cus_A000001", "invoice": key, "amount": 900}).status == 200
    assert shelf.post(f"/invoices/{key}/finalize").status == 200
    paid = shelf.get("/invoice_payments")["data"][0]["payment"]["payment_intent"]
    query = "/invoice_payments?payment[type]=payment_intent&payment[payment_intent]="
    assert [len(shelf.get(query + each)["data"]) for each in (paid, "pi_none")] == [1, 0]


@pytest.mark.parametrize(
    "query",
    [
        "/invoices?status=lost",
        "/invoices?collection_method=by_pigeon",
        "/subscriptions?status=lost",
        "/quotes?status=lost",
        "/prices?type=often",
        "/payment_methods?type=gold",
    ],
)
def test_a_value_that_no_object_can_have_is_refused(shelf: Any, query: str) -> None:
    refused = shelf.get(query)["error"]
    assert (refused["type"], refused["param"]) == ("invalid_request_error", query.partition("?")[2].partition("=")[0])


def test_a_charge_shows_its_refunds_when_asked_to(shelf: Any) -> None:
    charge = shelf.get("/charges")["data"][0]["id"]
    for amount in (100, 200):
        assert shelf.post("/refunds", {"charge": charge, "amount": amount}).status == 200
    assert "refunds" not in shelf.get(f"/charges/{charge}")
    shown = shelf.get(f"/charges/{charge}?expand[]=refunds")["refunds"]
    assert ([each["amount"] for each in shown["data"]], shown["url"]) == ([200, 100], f"/v1/charges/{charge}/refunds")
    assert [each["amount"] for each in shelf.get(f"/charges/{charge}/refunds?limit=1")["data"]] == [200]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/customers", {"tax_exempt": "sometimes"}),
        ("/prices", {"product": "prod_seat", "currency": "usd", "unit_amount": 1, "tax_behavior": "unknown"}),
        ("/payment_intents", {"amount": 500, "currency": "usd", "setup_future_usage": "later"}),
        ("/payment_intents", {"amount": 500, "currency": "usd", "confirmation_method": "by_pigeon"}),
        ("/invoices", {"customer": "cus_A000001", "pending_invoice_items_behavior": "maybe"}),
        ("/subscriptions", {"customer": "cus_A000001", "proration_behavior": "some"}),
        ("/subscriptions", {"customer": "cus_A000001", "payment_behavior": "some"}),
        ("/quotes", {"customer": "cus_A000001", "collection_method": "by_pigeon"}),
        ("/payouts", {"amount": 100, "currency": "usd", "method": "slow"}),
        ("/products", {"name": "Seat", "type": "idea"}),
    ],
)
def test_a_word_that_no_object_can_have_is_not_written(shelf: Any, path: str, fields: dict[str, Any]) -> None:
    reply = shelf.post(path, fields)
    refused = msgspec.json.decode(reply.body)["error"]
    assert (reply.status, refused["param"]) == (400, list(fields)[-1])
