"""Lists answer filters, sort, and page without losing or repeating a row."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from urllib.parse import quote_plus

import pytest


@pytest.fixture
def busy(site: Any) -> Any:
    """Twelve pending invoices, the first one closed."""
    site.subscribe(("SEAT", 1, 1, 3000), start=date(2026, 1, 1), cycles=12)
    for key in range(2, 13):
        fields = [("id", f"Q-{key:06d}"), *site.items(("SEAT", 1, key, 3000))]
        site.now_us += 60_000_000
        site.post("/customers/A-000001/subscription_for_items", fields)
    site.post("/invoices/INV-0000001/close")
    return site


def _ids(answer: Any, name: str = "invoice") -> list[str]:
    return [row[name]["id"] for row in answer["list"]]


def test_a_filter_on_status_answers_from_the_index_oldest_first(busy: Any) -> None:
    answer = busy.get("/invoices?status[is]=pending&limit=100&sort_by[asc]=date")
    assert _ids(answer) == [f"INV-{n:07d}" for n in range(2, 13)]
    assert "next_offset" not in answer
    assert _ids(busy.get("/invoices?status[is]=payment_due")) == ["INV-0000001"]
    assert _ids(busy.get("/invoices?status%5Bis%5D=voided")) == []


@pytest.mark.parametrize("order", ["", "&sort_by[asc]=date", "&sort_by[desc]=updated_at"])
def test_pages_hold_every_row_once(busy: Any, order: str) -> None:
    seen: list[str] = []
    target = f"/invoices?limit=5{order}"
    answer = busy.get(target)
    while True:
        seen += _ids(answer)
        if "next_offset" not in answer:
            break
        answer = busy.get(f"{target}&offset={quote_plus(answer['next_offset'])}")
    assert sorted(seen) == [f"INV-{n:07d}" for n in range(1, 13)]
    assert len(json.dumps(answer)) > 0


def test_ten_rows_newest_first_unless_asked_otherwise(busy: Any) -> None:
    assert _ids(busy.get("/invoices")) == [f"INV-{n:07d}" for n in range(12, 2, -1)]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("subscription_id[is]=Q-000003", 1),
        ("customer_id[is_not]=A-000001", 0),
        ('status[in]=["pending","paid"]', 11),
        ('status[not_in]=["pending"]', 1),
        ("id[starts_with]=INV-000001", 3),
        ("total[gt]=30000", 2),
        ("total[lte]=9000", 2),
        ("total[between]=[6000,9000]", 2),
        ("amount_due[is_present]=true", 12),
    ],
)
def test_operators_of_filters(busy: Any, query: str, count: int) -> None:
    assert len(busy.get(f"/invoices?limit=100&{quote_plus(query, safe='=&')}")["list"]) == count


def test_filters_on_time_see_the_instant_of_making(busy: Any) -> None:
    second = busy.now_us // 1_000_000
    assert len(busy.get(f"/invoices?limit=100&date[after]={second - 61}")["list"]) == 2
    assert len(busy.get(f"/invoices?limit=100&date[before]={second}")["list"]) == 11
    assert len(busy.get(f"/invoices?limit=100&date[on]={second}")["list"]) == 12
    busy.cancel(date(2026, 9, 30), key="Q-000001")
    assert len(busy.get(f"/credit_notes?date[after]={second - 1}")["list"]) == 1
    assert busy.get(f"/credit_notes?date[after]={second}")["list"] == []
    assert busy.get(f"/events?occurred_at[after]={second - 1}&event_type[is]=credit_note_created")["list"]


def test_an_old_invoice_that_changed_is_found_among_those_that_changed_since(busy: Any) -> None:
    last = busy.now_us // 1_000_000
    busy.now_us += 60_000_000
    busy.pay("INV-0000003")
    changed, since = f"/invoices?updated_at[after]={last}", f"/invoices?updated_at[after]={last - 61}"
    assert _ids(busy.get(changed)) == ["INV-0000003"]
    assert _ids(busy.get(f"{changed}&date[after]={last}")) == []
    assert sorted(_ids(busy.get(since))) == ["INV-0000001", "INV-0000003", "INV-0000011", "INV-0000012"]
    assert _ids(busy.get(f"/invoices?paid_at[after]={last}")) == ["INV-0000003"]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("colour[is]=red", "colour[is]"),
        ("status[like]=p", "status[like]"),
        ("limit=101", "limit"),
        ("limit=0", "limit"),
        ("offset=xyz", "offset"),
        ("sort_by[asc]=total", "sort_by[asc]"),
        ("total[gt]=much", "total[gt]"),
        ("status[in]=pending", "status[in]"),
    ],
)
def test_a_wrong_query_is_refused(busy: Any, query: str, param: str) -> None:
    answer = busy.get(f"/invoices?{query}", status=400)
    assert (answer["api_error_code"], answer["param"]) == ("param_wrong_value", param)


def test_every_resource_can_be_listed(busy: Any) -> None:
    assert _ids(busy.get("/customers"), "customer") == ["A-000001"]
    assert len(busy.get("/subscriptions?status[is]=active&limit=100")["list"]) == 12
    assert len(busy.get("/item_prices?limit=1")["list"]) == 1
    assert busy.get("/credit_notes")["list"] == []
    assert busy.get("/transactions")["list"] == []
    assert len(busy.get("/events?limit=100")["list"]) > 12


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("/invoices?status[is]=lost", "status[is]"),
        ('/invoices?status[in]=["paid","lost"]', "status[in]"),
        ("/invoices?recurring[is]=yes", "recurring[is]"),
        ("/customers?auto_collection[is_not]=perhaps", "auto_collection[is_not]"),
        ("/subscriptions?status[is]=running", "status[is]"),
        ("/credit_notes?type[is]=gift", "type[is]"),
        ("/transactions?type[not_in]=[gift]", "type[not_in]"),
    ],
)
def test_a_value_that_no_row_can_have_is_refused(busy: Any, query: str, field: str) -> None:
    path, _, text = query.partition("?")
    refused = busy.get(f"{path}?{quote_plus(text, safe='=')}", 400)
    assert (refused["api_error_code"], refused["param"]) == ("param_wrong_value", field)


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/subscriptions?item_id[is]=SEAT", 10),
        ("/subscriptions?item_price_id[is]=none", 0),
        ("/subscriptions?remaining_billing_cycles[gte]=0", 1),
        ("/subscriptions?next_billing_at[before]=1", 0),
        ("/subscriptions?next_billing_at[after]=1", 10),
        ("/subscriptions?cancelled_at[before]=9999999999", 0),
        ("/subscriptions?cancelled_at[is_present]=false", 10),
        ("/invoices?paid_at[before]=9999999999", 0),
        ("/invoices?paid_at[on]=0", 0),
        ("/invoices?price_type[is]=tax_inclusive", 0),
        ("/customers?channel[is]=web", 1),
    ],
)
def test_what_never_happened_is_not_found_by_when(busy: Any, path: str, count: int) -> None:
    assert len(busy.get(path)["list"]) == count


def test_a_subscription_is_found_by_the_price_it_shows(busy: Any) -> None:
    shown = busy.get("/subscriptions?limit=1")["list"][0]["subscription"]["subscription_items"][0]["item_price_id"]
    assert len(busy.get(f"/subscriptions?limit=100&item_price_id[is]={shown}")["list"]) == 12


def test_an_event_is_found_by_the_webhook_status_it_shows(busy: Any) -> None:
    shown = busy.get("/events?limit=1")["list"][0]["event"]["webhook_status"]
    assert busy.get(f"/events?webhook_status[is]={shown}")["list"]


def test_the_payments_of_an_invoice_are_listed(busy: Any) -> None:
    assert busy.get("/invoices/INV-0000001/payments")["list"] == []
    due = busy.get("/invoices/INV-0000001")["invoice"]["amount_due"]
    for amount in (100, due - 100):
        fields = [("transaction[amount]", amount), ("transaction[payment_method]", "cash"), ("transaction[date]", 1)]
        busy.post("/invoices/INV-0000001/record_payment", fields)
    first = busy.get("/invoices/INV-0000001/payments?limit=1&sort_by[asc]=date")
    assert [row["transaction"]["amount"] for row in first["list"]] == [100]
    rest = busy.get(f"/invoices/INV-0000001/payments?sort_by[asc]=date&offset={quote_plus(first['next_offset'])}")
    assert [row["transaction"]["amount"] for row in rest["list"]] == [due - 100]
