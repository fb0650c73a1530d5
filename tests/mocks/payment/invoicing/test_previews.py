"""Previews: what the next invoice would be, with what is asked for and in the words of the caller's version."""

from __future__ import annotations

import json
from typing import Any

ACACIA = {"stripe-version": "2024-09-30.acacia"}


def previewed(shop: Any, **fields: Any) -> Any:
    """Ask for a preview."""
    return shop.make("invoices/create_preview", **fields)


def test_an_item_that_would_be_added_is_prorated_and_billed(shop: Any) -> None:
    made = shop.make("subscriptions", customer=shop.customer, items__0__price=shop.price(3_000))
    support = shop.price(1_000)
    shown = previewed(
        shop, subscription=made["id"], subscription_details__items__0__price=support,
        subscription_details__items__0__quantity=2,
    )  # fmt: skip
    assert sorted(line["amount"] for line in shown["lines"]["data"]) == [2_000, 2_000, 3_000]
    assert len(shop.get(f"subscriptions/{made['id']}")["items"]["data"]) == 1, "nothing is kept of it"


def test_an_item_that_is_not_there_cannot_be_changed(shop: Any) -> None:
    made = shop.make("subscriptions", customer=shop.customer, items__0__price=shop.price())
    asked = {"subscription": made["id"], "subscription_details__items__0__id": "si_none"}
    assert shop.refused("invoices/create_preview", **asked) == (400, "resource_missing")


def test_a_discount_is_tried_without_being_used(shop: Any) -> None:
    coupon = shop.make("coupons", percent_off=10, duration="once", max_redemptions=1)["id"]
    price = shop.price(3_000)
    asked = {"customer": shop.customer, "discounts__0__coupon": coupon, "subscription_details__items__0__price": price}
    assert [previewed(shop, **asked)["total"] for _ in range(2)] == [2_700, 2_700]
    assert shop.get(f"coupons/{coupon}")["times_redeemed"] == 0


def test_a_customer_is_billed_next_for_the_subscription_that_renews_first(shop: Any) -> None:
    shop.make("subscriptions", customer=shop.customer, items__0__price=shop.price(90_000, "year"))
    monthly = shop.make("subscriptions", customer=shop.customer, items__0__price=shop.price(3_000))
    shown = previewed(shop, customer=shop.customer)
    assert (shown["total"], shown["parent"]["subscription_details"]["subscription"]) == (3_000, monthly["id"])


def test_nothing_to_come_is_told(shop: Any) -> None:
    assert shop.refused("invoices/create_preview", customer=shop.customer) == (404, "invoice_upcoming_none")
    ends = shop.make("subscriptions", customer=shop.customer, items__0__price=shop.price(), cancel_at_period_end="true")
    assert shop.refused("invoices/create_preview", subscription=ends["id"]) == (404, "invoice_upcoming_none")


def test_what_is_not_played_is_refused_and_not_left_out(shop: Any) -> None:
    made = shop.make("subscriptions", customer=shop.customer, items__0__price=shop.price())
    asked = {"subscription": made["id"], "subscription_details__trial_end": "now"}
    assert shop.refused("invoices/create_preview", **asked)[0] == 400


def test_a_preview_is_expanded_and_told_in_the_callers_version(shop: Any) -> None:
    made = shop.make("subscriptions", customer=shop.customer, items__0__price=shop.price())
    assert previewed(shop, subscription=made["id"], expand__0="customer")["customer"]["id"] == shop.customer
    raw = f"subscription={made['id']}".encode()
    old = json.loads(shop.bench.send("POST", "/v1/invoices/create_preview", raw, **ACACIA).body)
    assert (old["subscription"], "parent" in old) == (made["id"], False)


def test_the_upcoming_invoice_of_older_versions_is_the_preview_of_newer_ones(shop: Any) -> None:
    made = shop.make("subscriptions", customer=shop.customer, items__0__price=shop.price(3_000))
    row = made["items"]["data"][0]["id"]
    query = f"subscription={made['id']}&subscription_items[0][id]={row}&subscription_items[0][quantity]=2"
    old = json.loads(shop.bench.send("GET", f"/v1/invoices/upcoming?{query}", **ACACIA).body)
    new = previewed(
        shop, subscription=made["id"], subscription_details__items__0__id=row,
        subscription_details__items__0__quantity=2,
    )  # fmt: skip
    assert (old["total"], new["total"]) == (9_000, 9_000)
    assert old["lines"]["data"][-1]["price"]["unit_amount"] == 3_000, "lines held the whole price"
    path = f"/v1/invoices/upcoming/lines?limit=2&{query}"
    page = json.loads(shop.bench.send("GET", path, **ACACIA).body)
    assert (len(page["data"]), page["has_more"]) == (2, True)
    rest = json.loads(shop.bench.send("GET", f"{path}&starting_after={page['data'][-1]['id']}", **ACACIA).body)
    assert (len(rest["data"]), rest["has_more"]) == (1, False)
    gone = shop.bench.send("GET", f"/v1/invoices/upcoming?{query}")
    assert (gone.status, json.loads(gone.body)["error"]["code"]) == (404, "resource_missing")
