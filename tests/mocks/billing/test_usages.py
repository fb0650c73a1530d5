"""Usage is billed when its period is over, once, at what the whole period costs."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.calendar import midnight_us
from tests.mocks.billing.live import MONTHLY, bills, opened, price, start


@pytest.fixture
def site(sites: type[Any]) -> Any:
    """A live site with a subscription that has a metered addon, since 1 October."""
    site = opened(sites)
    start(site, "plan-m:1", "calls-m")
    return site


def _report(site: Any, quantity: int, day: date, status: int = 200, **more: Any) -> Any:
    seconds = midnight_us(day, site.zone) // 1_000_000 + 3600
    fields = {"item_price_id": "calls-m", "quantity": quantity, "usage_date": seconds, **more}
    return site.post("/subscriptions/sub/usages", fields, status=status)


def _used(site: Any) -> list[tuple[int, int]]:
    return [
        (line["quantity"], line["amount"])
        for bill in bills(site)
        for line in bill["line_items"]
        if line.get("entity_id") == "calls-m"
    ]


def test_a_metered_charge_is_not_billed_in_advance(site: Any) -> None:
    (bill,) = bills(site)
    assert bill["total"] == 3000
    item = site.get("/subscriptions/sub")["subscription"]["subscription_items"][1]
    assert item["metered_quantity"] == "0"
    assert "quantity" not in item


def test_usage_is_billed_by_tiers_after_its_period(site: Any) -> None:
    site.at(date(2026, 10, 20))
    _report(site, 8, date(2026, 10, 3))
    _report(site, 7, date(2026, 10, 19))
    assert site.get("/subscriptions/sub")["subscription"]["subscription_items"][1]["metered_quantity"] == "15"
    assert _used(site) == []
    site.at(date(2026, 11, 2))
    assert _used(site) == [(15, 10 * 100 + 5 * 50)]


def test_late_usage_goes_on_the_next_bill_at_what_the_whole_period_costs(site: Any) -> None:
    site.at(date(2026, 10, 20))
    _report(site, 8, date(2026, 10, 3))
    site.at(date(2026, 11, 5))
    _report(site, 4, date(2026, 10, 30))
    site.at(date(2026, 12, 2))
    assert _used(site) == [(8, 800), (4, 2 * 100 + 2 * 50)]
    late = bills(site)[-1]["line_items"][-1]
    assert late["date_from"] == site.seconds(date(2026, 10, 1))


def test_a_cancellation_bills_what_was_used(site: Any) -> None:
    site.at(date(2026, 10, 20))
    _report(site, 3, date(2026, 10, 3))
    site.post("/subscriptions/sub/cancel_for_items", {"end_of_term": "false"})
    assert _used(site) == [(3, 300)]


def test_the_end_of_a_term_bills_what_was_used(sites: type[Any]) -> None:
    site = opened(sites)
    start(site, "plan-m:1", "calls-m", billing_cycles=1)
    site.at(date(2026, 10, 20))
    _report(site, 3, date(2026, 10, 3))
    site.at(date(2026, 11, 2))
    assert site.get("/subscriptions/sub")["subscription"]["status"] == "cancelled"
    assert _used(site) == [(3, 300)]


@pytest.mark.parametrize(("way", "counted"), [("last_usage", 4), ("max_usage", 9), ("sum_of_usages", 13)])
def test_an_item_says_how_its_usage_counts(sites: type[Any], way: str, counted: int) -> None:
    site = opened(sites)
    fields = {"id": "seats", "name": "seats", "type": "addon", "item_family_id": "fam", "metered": "true"}
    site.post("/items", {**fields, "usage_calculation": way})
    price(site, "seats-m", "seats", pricing_model="per_unit", price=10, **MONTHLY)
    start(site, "plan-m:1", "seats-m")
    site.at(date(2026, 10, 20))
    _report(site, 9, date(2026, 10, 3), item_price_id="seats-m")
    _report(site, 4, date(2026, 10, 9), item_price_id="seats-m")
    site.at(date(2026, 11, 2))
    assert bills(site)[-1]["line_items"][-1]["quantity"] == counted


def test_a_report_is_taken_once(site: Any) -> None:
    site.at(date(2026, 10, 20))
    _report(site, 8, date(2026, 10, 3), id="u1")
    assert _report(site, 8, date(2026, 10, 3), id="u1", status=400)["api_error_code"] == "duplicate_entry"
    _report(site, 8, date(2026, 10, 3), id="u1", dedupe_option="skip")
    assert _report(site, 6, date(2026, 10, 3), id="u1", dedupe_option="update_existing")["usage"]["quantity"] == "6"
    site.post("/subscriptions/sub/delete_usage", {"id": "u1"})
    assert site.get("/usages?subscription_id[is]=sub")["list"] == []
    site.at(date(2026, 11, 2))
    assert _used(site) == []


@pytest.mark.parametrize(
    ("quantity", "day", "param"),
    [
        ("-1", date(2026, 10, 3), "quantity"), ("1.5", date(2026, 10, 3), "quantity"),
        (1, date(2026, 12, 1), "usage_date"), (1, date(2026, 9, 1), "usage_date"),
    ],
)  # fmt: skip
def test_a_wrong_report_is_refused(site: Any, quantity: Any, day: date, param: str) -> None:
    site.at(date(2026, 10, 20))
    assert _report(site, quantity, day, status=400)["param"] == param
