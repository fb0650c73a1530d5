"""The catalogue: items, prices of every model, coupons."""

import chargebee
from chargebee import Filters
from shop import cb, raises


def check_catalogue_is_built():
    family = cb.ItemFamily.create({"id": "software", "name": "Software"}).item_family
    assert (family.id, family.status) == ("software", "active")
    for key, kind in (("core", "plan"), ("support", "addon"), ("setup", "charge"), ("api-calls", "addon")):
        params = {"id": key, "name": key.title(), "type": kind, "item_family_id": "software"}
        if key == "api-calls":
            params |= {"metered": True, "usage_calculation": "sum_of_usages"}
        item = cb.Item.create(params).item
        assert (item.id, item.type, item.metered) == (key, kind, key == "api-calls")
    assert cb.Item.update("core", {"description": "The product"}).item.description == "The product"


def check_item_prices_of_every_model():
    monthly = {"currency_code": "USD", "period": 1, "period_unit": "month"}
    price = cb.ItemPrice.create(
        {
            "id": "core-usd-monthly",
            "name": "Core monthly",
            "item_id": "core",
            "pricing_model": "per_unit",
            "price": 5000,
            **monthly,
        }
    ).item_price
    assert (price.price, price.period, price.period_unit, price.item_type) == (5000, 1, "month", "plan")
    yearly = cb.ItemPrice.create(
        {
            "id": "core-usd-yearly",
            "name": "Core yearly",
            "item_id": "core",
            "pricing_model": "per_unit",
            "price": 50_000,
            "currency_code": "USD",
            "period": 1,
            "period_unit": "year",
        }
    ).item_price
    assert (yearly.period, yearly.period_unit) == (1, "year")
    cb.ItemPrice.create(
        {
            "id": "core-usd-quarterly",
            "name": "Core quarterly",
            "item_id": "core",
            "pricing_model": "tiered",
            "currency_code": "USD",
            "period": 3,
            "period_unit": "month",
            "tiers": [{"starting_unit": 1, "ending_unit": 10, "price": 1000}, {"starting_unit": 11, "price": 800}],
        }
    )
    found = cb.ItemPrice.retrieve("core-usd-quarterly").item_price
    assert [(t.starting_unit, t.price) for t in found.tiers] == [(1, 1000), (11, 800)]
    cb.ItemPrice.create(
        {
            "id": "support-usd-monthly",
            "name": "Support",
            "item_id": "support",
            "pricing_model": "flat_fee",
            "price": 2500,
            **monthly,
        }
    )
    cb.ItemPrice.create(
        {"id": "setup-usd", "name": "Setup", "item_id": "setup", "pricing_model": "per_unit", "price": 10_000}
    )
    cb.ItemPrice.create(
        {
            "id": "api-usd-monthly",
            "name": "API calls",
            "item_id": "api-calls",
            "pricing_model": "volume",
            "tiers": [{"starting_unit": 1, "ending_unit": 100, "price": 10}, {"starting_unit": 101, "price": 7}],
            **monthly,
        }
    )


def check_catalogue_errors():
    with raises(chargebee.InvalidRequestError, "duplicate_entry", "id"):
        cb.Item.create({"id": "core", "name": "Core", "type": "plan", "item_family_id": "software"})
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "item_family_id"):
        cb.Item.create({"id": "x", "name": "X", "type": "plan", "item_family_id": "none"})
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "type"):
        cb.Item.create({"id": "x", "name": "X", "type": "song", "item_family_id": "software"})
    with raises(chargebee.InvalidRequestError, "resource_not_found"):
        cb.ItemPrice.retrieve("nothing")


def check_catalogue_lists_and_deletes():
    assert {row.item.id for row in cb.Item.list(cb.Item.ListParams(type=Filters.EnumFilter(IS="addon"))).list} == {
        "support",
        "api-calls",
    }
    names = [row.item_price.id for row in cb.ItemPrice.list({"sort_by": {"asc": "name"}, "limit": 100}).list]
    assert len(names) == 6, names
    cb.ItemPrice.create({"id": "gone", "name": "Gone", "item_id": "setup", "currency_code": "EUR", "price": 1})
    assert cb.ItemPrice.delete("gone").item_price.status == "deleted"
    with raises(chargebee.InvalidRequestError, "resource_not_found"):
        cb.ItemPrice.retrieve("gone")
    assert cb.ItemPrice.update("setup-usd", {"price": 12_000}).item_price.price == 12_000


def check_coupons():
    coupon = cb.Coupon.create_for_items(
        {
            "id": "TEN",
            "name": "Ten off",
            "discount_type": "percentage",
            "discount_percentage": 10.0,
            "apply_on": "invoice_amount",
            "duration_type": "one_time",
        }
    ).coupon
    assert (coupon.discount_percentage, coupon.status) == (10, "active")
    cb.Coupon.create_for_items(
        {
            "id": "FIVE",
            "name": "Five dollars",
            "discount_type": "fixed_amount",
            "discount_amount": 500,
            "currency_code": "USD",
            "apply_on": "invoice_amount",
            "duration_type": "forever",
        }
    )
    assert cb.Coupon.retrieve("TEN").coupon.name == "Ten off"
    assert {row.coupon.id for row in cb.Coupon.list().list} == {"TEN", "FIVE"}
