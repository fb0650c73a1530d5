"""Subscriptions begin, bill in advance on their days, and end."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pytest

OCT1, OCT5 = date(2026, 10, 1), date(2026, 10, 5)
SEAT, CORE, PLUS, SETUP = (
    ("SEAT", 1, 10, 3000),
    ("CORE", 12, 1, 1_200_000),
    ("PLUS", 3, 2, 90_000),
    ("SETUP", 0, 1, 50_000),
)


def _lines(invoice: Any) -> list[tuple[str, int]]:
    return [(line["entity_id"], line["amount"]) for line in invoice["line_items"]]


def test_a_start_to_come_waits_and_bills_nothing(site: Any) -> None:
    made = site.subscribe(SEAT, CORE, SETUP, start=OCT5, cycles=12)
    assert made["subscription"]["status"] == "future"
    assert "invoice" not in made
    assert site.topics() == ["subscription_created"]
    document = site.last("subscription", "Q-000001")
    assert (document.status, document.start, document.term_end) == ("pending_activation", OCT5, date(2027, 10, 5))
    assert (document.txn, document.ref, document.entity) == ("Q-000001", "Q-000001-v1", "DE")


def test_activation_moves_the_start_and_the_term_and_bills_everything_at_once(site: Any) -> None:
    site.subscribe(SEAT, CORE, SETUP, start=date(2026, 11, 1), cycles=12)
    site.at(OCT5)
    fields = {"start_date": site.seconds(OCT5), "invoice_immediately": "true"}
    made = site.post("/subscriptions/Q-000001/update_for_items", fields)
    assert made["subscription"]["status"] == "active"
    invoice = made["invoice"]
    assert (invoice["status"], invoice["total"]) == ("pending", 1_280_000)
    assert _lines(invoice) == [("SEAT-EUR-1", 30_000), ("CORE-EUR-12", 1_200_000), ("SETUP-EUR-0", 50_000)]
    assert site.topics() == ["subscription_created", "subscription_activated", "invoice_generated"]
    document = site.last("subscription", "Q-000001")
    assert (document.start, document.term_end) == (OCT5, date(2027, 10, 5))
    assert all(item.start == OCT5 for item in document.items)


def test_a_start_that_comes_activates_by_itself_at_local_midnight(sites: type[Any]) -> None:
    site = sites("US", "USD")
    site.subscribe(SEAT, start=OCT5)
    site.until(site.service.due_us())
    assert site.get("/subscriptions/Q-000001")["subscription"]["status"] == "active"
    change = site.changes("invoice")[0]
    assert change.cause == "agenda"
    assert change.document.business_date == OCT5
    assert change.at_us % 86_400_000_000 == 4 * 3_600_000_000  # New York is four hours behind in October


def test_a_start_in_the_past_is_active_at_once_and_bills_all_periods_since(site: Any) -> None:
    made = site.subscribe(SEAT, start=date(2026, 8, 15), cycles=12)
    periods = [(line["date_from"], line["date_to"]) for line in made["invoice"]["line_items"]]
    days = [date(2026, month, 15) for month in (8, 9, 10)]
    assert periods == [(site.seconds(a), site.seconds(b)) for a, b in pairwise(days)]


def test_charges_of_different_cadence_are_billed_on_their_own_days(site: Any) -> None:
    site.subscribe(SEAT, PLUS, CORE, start=OCT1, cycles=24)
    site.at(date(2027, 10, 1))
    by_day: dict[date, list[str]] = {}
    for invoice in site.documents("invoice"):
        by_day[invoice.business_date] = [line.sku for line in invoice.lines]
    assert by_day[OCT1] == ["SEAT", "PLUS", "CORE"]
    assert by_day[date(2026, 11, 1)] == ["SEAT"]
    assert by_day[date(2027, 1, 1)] == ["SEAT", "PLUS"]
    assert by_day[date(2027, 10, 1)] == ["SEAT", "PLUS", "CORE"]
    assert len(by_day) == 13


def test_each_bill_day_makes_one_pending_invoice(site: Any) -> None:
    site.subscribe(SEAT, start=OCT1, cycles=12)
    site.at(date(2026, 12, 31))
    found = [(i.business_date, i.bill_from, i.due_date, i.status) for i in site.documents("invoice")]
    assert found == [
        (date(2026, 10, 1), date(2026, 10, 1), date(2026, 10, 31), "tax_pending"),
        (date(2026, 11, 1), date(2026, 11, 1), date(2026, 12, 1), "tax_pending"),
        (date(2026, 12, 1), date(2026, 12, 1), date(2026, 12, 31), "tax_pending"),
    ]


def test_the_last_period_is_cut_at_the_end_of_the_term_and_the_subscription_expires(site: Any) -> None:
    site.subscribe(SEAT, start=OCT1, cycles=2)
    site.post("/subscriptions/Q-000001/change_term_end", {"term_ends_at": site.seconds(date(2026, 11, 16))})
    site.at(date(2026, 12, 5))
    last = site.documents("invoice")[-1].lines[0]
    assert (last.period_start, last.period_end, last.full_end) == (
        date(2026, 11, 1), date(2026, 11, 16), date(2026, 12, 1),
    )  # fmt: skip
    assert last.amount_minor == 15_000
    assert site.last("subscription", "Q-000001").status == "expired"
    assert "subscription_cancelled" in site.topics()


def test_a_term_that_renews_goes_on(site: Any) -> None:
    site.subscribe(SEAT, start=OCT1, cycles=1, **{"contract_term[action_at_term_end]": "renew"})
    site.at(date(2026, 11, 2))
    document = site.last("subscription", "Q-000001")
    assert (document.status, document.term_end) == ("active", date(2026, 12, 1))
    assert len(site.documents("invoice")) == 2


def test_without_billing_cycles_a_subscription_has_no_end(site: Any) -> None:
    site.customer()
    fields = [("id", "Q-000001"), ("start_date", site.seconds(OCT1)), *site.items(SEAT)]
    made = site.post("/customers/A-000001/subscription_for_items", fields)
    assert "contract_term" not in made["subscription"]
    assert site.last("subscription", "Q-000001").term_end == date.max


def test_the_list_price_holds_when_no_other_is_given(site: Any) -> None:
    site.customer()
    fields = {"id": "Q-000001", "subscription_items[item_price_id][0]": "SEAT-EUR-1"}
    made = site.post("/customers/A-000001/subscription_for_items", fields)
    assert made["invoice"]["line_items"][0]["amount"] == 3000


PRICE = "subscription_items[item_price_id][0]"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({PRICE: "NONE-EUR-1"}, PRICE),
        ({}, PRICE),
        ({PRICE: "SEAT-EUR-1", "subscription_items[item_price_id][1]": "SEAT-EUR-12"}, PRICE.replace("0", "1")),
        ({PRICE: "SEAT-EUR-1", "subscription_items[quantity][0]": "0"}, "subscription_items[quantity][0]"),
        ({PRICE: "SEAT-EUR-1", "plan_id": "x"}, "plan_id"),
        ({PRICE: "SEAT-EUR-1", "meta_data": "[1]"}, "meta_data"),
    ],
)
def test_a_wrong_subscription_is_refused_and_leaves_nothing(site: Any, fields: Any, param: str) -> None:
    site.customer()
    answer = site.post("/customers/A-000001/subscription_for_items", {"id": "Q-000001", **fields}, status=400)
    assert (answer["api_error_code"], answer["param"], answer["type"]) == (
        "param_wrong_value", param, "invalid_request",
    )  # fmt: skip
    assert answer["http_status_code"] == 400
    assert site.documents("subscription") == []


def test_an_id_is_taken_once(site: Any) -> None:
    site.subscribe(SEAT, start=OCT1)
    fields = [("id", "Q-000001"), *site.items(SEAT)]
    answer = site.post("/customers/A-000001/subscription_for_items", fields, status=400)
    assert (answer["api_error_code"], answer["param"]) == ("duplicate_entry", "id")
    assert len(site.documents("invoice")) == 1


def test_an_item_price_in_another_currency_is_refused(sites: type[Any]) -> None:
    site = sites()
    site.act("create_item_price", sku="SEAT", currency="USD", months=1, kind="recurring", list_unit_minor=1)
    site.customer()
    fields = {"subscription_items[item_price_id][0]": "SEAT-USD-1"}
    assert site.post("/customers/A-000001/subscription_for_items", fields, status=400)["param"]


def test_a_subscription_of_an_unknown_customer_is_not_found(site: Any) -> None:
    answer = site.post("/customers/A-999999/subscription_for_items", site.items(SEAT), status=404)
    assert answer["api_error_code"] == "resource_not_found"


def test_a_local_midnight_means_the_same_day_as_a_utc_midnight(sites: type[Any]) -> None:
    site = sites("JP", "JPY")
    site.customer()
    tokyo_midnight = site.seconds(date(2026, 9, 30)) + 15 * 3600  # 1 October in Tokyo
    fields = [("id", "Q-000001"), ("start_date", tokyo_midnight), *site.items(SEAT)]
    site.post("/customers/A-000001/subscription_for_items", fields)
    assert site.last("subscription", "Q-000001").start == OCT1


def test_contract_dates_can_travel_as_local_midnights(sites: type[Any]) -> None:
    site = sites("JP", "JPY", dates_at="local")
    made = site.subscribe(SEAT, start=OCT1)
    assert made["invoice"]["date"] == site.seconds(date(2026, 9, 30)) + 15 * 3600


def test_an_unknown_day_count_is_refused_at_once(sites: type[Any]) -> None:
    with pytest.raises(ValueError, match="no day count is called"):
        sites(day_count="GUESS")
