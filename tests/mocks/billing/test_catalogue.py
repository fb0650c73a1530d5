"""The catalogue: what belongs together, what may be sold, and who may change it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mocks.billing.live import MONTHLY, opened, price, start, tier


@pytest.fixture
def site(sites: type[Any]) -> Any:
    return opened(sites)


def test_the_price_list_of_sales_is_a_catalogue_too(sites: type[Any]) -> None:
    site = sites()
    assert site.get("/items/SEAT")["item"]["type"] == "plan"
    assert site.get("/items/SETUP")["item"]["type"] == "charge"
    assert site.get("/item_prices/SEAT-EUR-12")["item_price"]["item_family_id"] == "price-list"
    assert site.post("/items/SEAT/delete", status=403)["api_error_code"] == "api_authorization_failed"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"item_id": "none", **MONTHLY}, "item_id"),
        ({"item_id": "plan", "currency_code": "EUR", "price": 1}, "period"),
        ({"item_id": "setup", "price": 1, **MONTHLY}, "period"),
        ({"item_id": "plan", **MONTHLY, "period_unit": "week", "price": 1}, "period_unit"),
        ({"item_id": "plan", **MONTHLY, "period": 2}, "price"),
        ({"item_id": "plan", **MONTHLY, "period": 2, "pricing_model": "volume"}, "tiers[starting_unit][0]"),
        ({"item_id": "plan", **MONTHLY, "period": 2, "price": 1, **tier(0, 1, "", 1)}, "tiers[starting_unit][0]"),
        (
            {
                "item_id": "plan",
                **MONTHLY,
                "period": 2,
                "pricing_model": "tiered",
                **tier(0, 1, 5, 1),
                **tier(1, 7, "", 1),
            },
            "tiers[starting_unit][1]",
        ),
        (
            {"item_id": "plan", **MONTHLY, "period": 2, "pricing_model": "tiered", **tier(0, 5, 1, 1)},
            "tiers[starting_unit][0]",
        ),
    ],
)
def test_a_wrong_price_names_its_parameter(site: Any, fields: dict[str, Any], param: str) -> None:
    answer = site.post("/item_prices", {"id": "x", "name": "x", **fields}, status=400)
    assert (answer["api_error_code"], answer["param"]) == ("param_wrong_value", param)


def test_an_item_has_one_price_for_a_currency_and_a_period(site: Any) -> None:
    answer = price(site, "other", "plan", status=400, price=1, pricing_model="per_unit", **MONTHLY)
    assert answer["api_error_code"] == "duplicate_entry"
    price(
        site, "plan-q", "plan", price=8000, pricing_model="per_unit", currency_code="EUR", period=3, period_unit="month"
    )
    yearly = price(site, "plan-y", "plan", price=9, currency_code="EUR", period=1, period_unit="year")["item_price"]
    assert (yearly["period"], yearly["period_unit"]) == (1, "year")


def test_a_price_in_use_is_archived_and_one_out_of_use_deleted(site: Any) -> None:
    start(site, "plan-m:2")
    assert site.post("/item_prices/plan-m/delete")["item_price"]["status"] == "archived"
    assert site.post("/item_prices/addon-m/delete")["item_price"]["status"] == "deleted"
    assert start(site, "plan-m", status=400, id="sub-2")["param"] == "subscription_items[item_price_id][0]"
    assert start(site, "addon-m", status=400, id="sub-2")["param"] == "subscription_items[item_price_id][0]"
    assert [row["item_price"]["id"] for row in site.get("/item_prices?limit=100&item_id[is]=addon")["list"]] == []
    with_deleted = site.get("/item_prices?limit=100&item_id[is]=addon&include_deleted=true")["list"]
    assert [row["item_price"]["id"] for row in with_deleted] == ["addon-m"]


def test_a_new_price_holds_for_new_subscriptions_only(site: Any) -> None:
    start(site, "plan-m:2")
    site.post("/item_prices/plan-m", {"price": 4000})
    assert site.get("/subscriptions/sub")["subscription"]["subscription_items"][0]["unit_price"] == 3000
    assert start(site, "plan-m:2", id="sub-2")["subscription"]["subscription_items"][0]["unit_price"] == 4000


def test_a_subscription_needs_a_plan(site: Any) -> None:
    assert start(site, "addon-m", status=400)["param"] == "subscription_items[item_price_id][0]"
    types = [
        item["item_type"]
        for item in start(site, "plan-m", "addon-m", "setup-once")["subscription"]["subscription_items"]
    ]
    assert types == ["plan", "addon", "charge"]


def test_a_family_with_items_stays(site: Any) -> None:
    assert site.post("/item_families/fam/delete", status=409)["api_error_code"] == "invalid_state_for_request"
    site.post("/item_families", {"id": "new", "name": "New"})
    assert site.post("/item_families/new/delete")["item_family"]["deleted"]
    assert site.get("/item_families/new", status=404)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"discount_type": "percentage"}, "discount_percentage"),
        ({"discount_percentage": "100.5"}, "discount_percentage"),
        ({"discount_type": "fixed_amount"}, "discount_amount"),
        ({"discount_percentage": 5, "duration_type": "limited_period"}, "period"),
    ],
)
def test_a_wrong_coupon_names_its_parameter(site: Any, fields: dict[str, Any], param: str) -> None:
    answer = site.post("/coupons/create_for_items", {"id": "C", "name": "C", **fields}, status=400)
    assert answer["param"] == param
