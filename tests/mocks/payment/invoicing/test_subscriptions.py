"""Subscriptions: periods, renewals, trials, changes in between, dunning, schedules and quotes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocks.payment.invoicing.terms import later


def subscribe(shop: Any, price: str, **fields: Any) -> Any:
    """Subscribe the customer to a price."""
    return shop.make("subscriptions", customer=shop.customer, items__0__price=price, **fields)


def test_a_subscription_is_billed_at_once_and_again_every_month(shop: Any) -> None:
    made = subscribe(shop, shop.price(), items__0__quantity=3)
    assert made["status"] == "active"
    shop.bench.wait(65)
    found = shop.get(f"invoices?subscription={made['id']}")["data"]
    assert [(each["status"], each["total"], each["billing_reason"]) for each in found] == [
        ("paid", 9_000, "subscription_cycle"),
        ("paid", 9_000, "subscription_cycle"),
        ("paid", 9_000, "subscription_create"),
    ]
    lines = [each["lines"]["data"][0]["period"] for each in found]
    assert all(lines[index]["start"] == lines[index + 1]["end"] for index in range(2)), "no gap, no overlap"


@settings(max_examples=100, deadline=None)
@given(st.integers(1_700_000_000, 1_900_000_000), st.integers(1, 36))
def test_months_follow_each_other_without_drift(start: int, count: int) -> None:
    at = start
    for _ in range(count):
        at = later(at, "month", 1, start)
    assert at == later(start, "month", count)


def test_a_change_in_the_middle_is_prorated_to_the_second(shop: Any) -> None:
    made = subscribe(shop, shop.price(3_000), items__0__quantity=2)
    item = made["items"]["data"][0]
    half = (item["current_period_end"] - item["current_period_start"]) / 2 / 86_400
    shop.bench.wait(half)
    shop.make(f"subscriptions/{made['id']}", items__0__id=item["id"], items__0__quantity=5)
    waiting = shop.get(f"invoiceitems?customer={shop.customer}&pending=true")["data"]
    assert sorted(each["amount"] for each in waiting) == [-3_000, 7_500]
    assert all(each["proration"] for each in waiting)
    preview = shop.make("invoices/create_preview", subscription=made["id"])
    assert preview["total"] == 4_500 + 15_000
    shop.bench.wait(half + 1)
    newest = shop.get(f"invoices?subscription={made['id']}")["data"][0]
    assert newest["total"] == preview["total"], "the preview told the truth"


def test_always_invoice_bills_the_difference_now(shop: Any) -> None:
    made = subscribe(shop, shop.price(3_000))
    item = made["items"]["data"][0]["id"]
    after = shop.make(
        f"subscriptions/{made['id']}", items__0__id=item, items__0__quantity=2, proration_behavior="always_invoice"
    )
    invoice = shop.get(f"invoices/{after['latest_invoice']}")
    assert (invoice["status"], invoice["total"]) == ("paid", 3_000)


def test_a_trial_costs_nothing_and_then_begins(shop: Any) -> None:
    made = subscribe(shop, shop.price(), trial_period_days=14)
    assert made["status"] == "trialing"
    assert shop.get(f"invoices/{made['latest_invoice']}")["total"] == 0
    shop.bench.wait(12)
    assert "customer.subscription.trial_will_end" in shop.topics()
    shop.bench.wait(3)
    found = shop.get(f"subscriptions/{made['id']}")
    assert found["status"] == "active"
    assert shop.get(f"invoices/{found['latest_invoice']}")["total"] == 3_000


def test_a_subscription_ends_with_its_period_or_at_once(shop: Any) -> None:
    price = shop.price()
    made = subscribe(shop, price, cancel_at_period_end="true")
    shop.bench.wait(32)
    assert shop.get(f"subscriptions/{made['id']}")["status"] == "canceled"
    other = subscribe(shop, price)
    assert shop.drop(f"subscriptions/{other['id']}?prorate=true&invoice_now=true")["status"] == "canceled"
    assert shop.get(f"customers/{shop.customer}")["balance"] < 0, "what is not used becomes credit"


def test_nobody_pays_and_the_subscription_ends(shop: Any) -> None:
    made = subscribe(shop, shop.price())
    method = shop.get(f"customers/{shop.customer}")["invoice_settings"]["default_payment_method"]
    shop.bench.act("set_behaviour", payment_method=method, hard=True, decline_code="lost_card")
    shop.bench.wait(32)
    assert shop.get(f"subscriptions/{made['id']}")["status"] == "past_due"
    shop.bench.wait(20)
    found = shop.get(f"subscriptions/{made['id']}")
    assert (found["status"], found["cancellation_details"]["reason"]) == ("canceled", "payment_failed")
    assert shop.get(f"invoices?subscription={made['id']}")["data"][0]["attempt_count"] == 4


def test_a_declined_first_invoice_is_one_attempt(shop: Any) -> None:
    method = shop.make("payment_methods/pm_card_chargeDeclined/attach", customer=shop.customer)["id"]
    made = subscribe(shop, shop.price(), default_payment_method=method)
    shop.bench.wait(0.5)
    invoice = shop.get(f"invoices/{made['latest_invoice']}")
    assert (made["status"], invoice["status"], invoice["attempt_count"]) == ("incomplete", "open", 1)
    assert invoice["next_payment_attempt"] - invoice["created"] == 3 * 86_400


def test_an_unpaid_first_invoice_leaves_it_incomplete_for_a_day(shop: Any) -> None:
    price = shop.price()
    made = subscribe(shop, price, payment_behavior="default_incomplete")
    assert made["status"] == "incomplete"
    paid = shop.make(f"invoices/{made['latest_invoice']}/pay")
    assert paid["status"] == "paid"
    assert shop.get(f"subscriptions/{made['id']}")["status"] == "active"
    other = subscribe(shop, price, payment_behavior="default_incomplete")
    shop.bench.wait(1)
    assert shop.get(f"subscriptions/{other['id']}")["status"] == "incomplete_expired"
    assert shop.get(f"invoices/{other['latest_invoice']}")["status"] == "void"


def test_error_if_incomplete_makes_nothing(shop: Any) -> None:
    method = shop.make("payment_methods/pm_card_chargeDeclined/attach", customer=shop.customer)["id"]
    fields = {"default_payment_method": method, "payment_behavior": "error_if_incomplete"}
    price = shop.price()
    assert shop.refused("subscriptions", customer=shop.customer, items__0__price=price, **fields) == (
        402,
        "card_declined",
    )
    assert shop.get("subscriptions?status=all")["data"] == []


def test_sent_invoices_wait_an_hour_and_then_for_the_customer(shop: Any) -> None:
    made = subscribe(shop, shop.price(), collection_method="send_invoice", days_until_due=14)
    assert (made["status"], shop.get(f"invoices/{made['latest_invoice']}")["status"]) == ("active", "draft")
    shop.bench.wait(0.1)
    found = shop.get(f"invoices/{made['latest_invoice']}")
    assert (found["status"], found["due_date"] - found["created"]) == ("open", 14 * 86_400)


def test_what_is_metered_is_billed_when_it_was_used(shop: Any) -> None:
    meter = shop.make("billing/meters", display_name="Calls", event_name="calls", default_aggregation__formula="sum")
    price = shop.price(5, recurring__usage_type="metered", recurring__meter=meter["id"])
    made = subscribe(shop, price)
    for value in ("10", "32"):
        payload = {"payload__stripe_customer_id": shop.customer, "payload__value": value}
        shop.make("billing/meter_events", event_name="calls", **payload)
    shop.bench.wait(32)
    newest = shop.get(f"invoices?subscription={made['id']}")["data"][0]
    assert (newest["total"], newest["lines"]["data"][0]["quantity"]) == (210, 42)


@pytest.mark.parametrize("at_once", [True, False])
def test_what_was_used_is_billed_when_a_subscription_ends(shop: Any, at_once: bool) -> None:
    meter = shop.make("billing/meters", display_name="Calls", event_name="calls", default_aggregation__formula="sum")
    made = subscribe(shop, shop.price(5, recurring__usage_type="metered", recurring__meter=meter["id"]))
    payload = {"payload__stripe_customer_id": shop.customer, "payload__value": "42"}
    shop.make("billing/meter_events", event_name="calls", **payload)
    shop.bench.wait(3)
    assert shop.make("invoices/create_preview", subscription=made["id"])["total"] == 210
    if at_once:
        shop.drop(f"subscriptions/{made['id']}?invoice_now=true")
    else:
        shop.make(f"subscriptions/{made['id']}", cancel_at_period_end="true")
    shop.bench.wait(40)
    assert shop.get(f"subscriptions/{made['id']}")["status"] == "canceled"
    last, first = shop.get(f"invoices?subscription={made['id']}")["data"]
    assert (last["status"], last["total"], first["total"]) == ("paid", 210, 0)


def test_a_schedule_changes_the_items_when_the_phase_begins(shop: Any) -> None:
    price = shop.price(1_000)
    plan = shop.make(
        "subscription_schedules", customer=shop.customer, start_date="now", end_behavior="cancel",
        phases__0__items__0__price=price, phases__0__items__0__quantity=1, phases__0__iterations=1,
        phases__1__items__0__price=price, phases__1__items__0__quantity=4, phases__1__iterations=1,
    )  # fmt: skip
    quantity = "items"
    assert shop.get(f"subscriptions/{plan['subscription']}")[quantity]["data"][0]["quantity"] == 1
    shop.bench.wait(32)
    assert shop.get(f"subscriptions/{plan['subscription']}")[quantity]["data"][0]["quantity"] == 4
    shop.bench.wait(32)
    assert shop.get(f"subscription_schedules/{plan['id']}")["status"] == "completed"
    assert shop.get(f"subscriptions/{plan['subscription']}")["status"] == "canceled"


def test_an_accepted_quote_becomes_what_was_offered(shop: Any) -> None:
    product = shop.make("products", name="Setup")["id"]
    once = shop.make("prices", product=product, currency="usd", unit_amount=900)["id"]
    quote = shop.make("quotes", customer=shop.customer, line_items__0__price=once, line_items__0__quantity=2)["id"]
    assert shop.refused(f"quotes/{quote}/accept")[0] == 400
    shop.make(f"quotes/{quote}/finalize")
    taken = shop.make(f"quotes/{quote}/accept")
    invoice = shop.get(f"invoices/{taken['invoice']}")
    assert (taken["status"], invoice["total"], invoice["billing_reason"]) == ("accepted", 1_800, "quote_accept")


def test_tiers_cost_what_they_say(shop: Any) -> None:
    fields = {
        "billing_scheme": "tiered", "tiers_mode": "graduated", "tiers__0__up_to": 5, "tiers__0__unit_amount": 700,
        "tiers__1__up_to": "inf", "tiers__1__unit_amount": 650, "recurring__interval": "month", "currency": "usd",
    }  # fmt: skip
    product = shop.make("products", name="Seat")["id"]
    graduated = shop.make("prices", product=product, **fields)["id"]
    volume = shop.make("prices", product=product, **{**fields, "tiers_mode": "volume"})["id"]
    for price, total in ((graduated, 5 * 700 + 2 * 650), (volume, 7 * 650)):
        made = subscribe(shop, price, items__0__quantity=7)
        assert shop.get(f"invoices/{made['latest_invoice']}")["total"] == total


def test_a_first_period_that_ends_on_the_anchor_costs_its_share(shop: Any) -> None:
    price, now = shop.price(3_000), shop.bench.service.model.now
    anchor = later(now, "month", 1) - 10 * 86_400
    whole = anchor - later(anchor, "month", -1)
    made = subscribe(shop, price, billing_cycle_anchor=anchor)
    assert made["items"]["data"][0]["current_period_end"] == anchor
    share = round(3_000 * (anchor - now) / whole)
    assert shop.get(f"invoices/{made['latest_invoice']}")["total"] == share < 3_000
    free = subscribe(shop, price, billing_cycle_anchor=anchor, proration_behavior="none")
    assert shop.get(f"invoices/{free['latest_invoice']}")["total"] == 0
    shop.bench.wait((anchor - now) / 86_400 + 0.1)
    for each in (made, free):
        renewed = shop.get(f"subscriptions/{each['id']}")
        assert shop.get(f"invoices/{renewed['latest_invoice']}")["total"] == 3_000


def test_an_anchor_out_of_reach_is_refused(shop: Any) -> None:
    fields = {"customer": shop.customer, "items__0__price": shop.price()}
    for days in (-1, 40):
        anchor = shop.bench.service.model.now + days * 86_400
        assert shop.refused("subscriptions", billing_cycle_anchor=anchor, **fields)[0] == 400
    assert shop.refused("subscriptions", billing_cycle_anchor_config__day_of_month=31, **fields)[0] == 400


def test_a_trial_that_is_ended_now_begins_a_whole_period_now(shop: Any) -> None:
    made = subscribe(shop, shop.price(), trial_period_days=14)
    shop.bench.wait(5)
    period = shop.make(f"subscriptions/{made['id']}", trial_end="now")["items"]["data"][0]
    assert period["current_period_end"] == later(period["current_period_start"], "month", 1)


def test_a_proration_gives_back_no_more_than_was_paid(shop: Any) -> None:
    half = shop.make("coupons", percent_off=50, duration="once")["id"]
    made = subscribe(shop, shop.price(3_000), discounts__0__coupon=half)
    assert shop.get(f"invoices/{made['latest_invoice']}")["total"] == 1_500
    item = made["items"]["data"][0]["id"]
    shop.make(f"subscriptions/{made['id']}", items__0__id=item, items__0__quantity=2)
    waiting = shop.get(f"invoiceitems?customer={shop.customer}&pending=true")["data"]
    assert sorted(each["amount"] for each in waiting) == [-1_500, 6_000], "the coupon was for the first invoice"


def test_a_subscription_is_paid_with_a_method_that_its_customer_has(shop: Any) -> None:
    fields = {"customer": shop.customer, "items__0__price": shop.price()}
    other = shop.make("customers", payment_method="pm_card_visa")
    foreign = other["invoice_settings"]["default_payment_method"]
    for method in ("pm_card_chargeDeclined", foreign):
        assert shop.refused("subscriptions", default_payment_method=method, **fields) == (400, "resource_missing")
    made = subscribe(shop, shop.price())
    reply = shop.bench.post(f"/subscriptions/{made['id']}", {"default_payment_method": foreign})
    assert (reply.status, b'"param":"default_payment_method"' in reply.body) == (400, True)


def test_tiers_rise_and_the_last_has_no_limit(shop: Any) -> None:
    fields = {"product": shop.make("products", name="Seat")["id"], "currency": "usd", "recurring__interval": "month"}
    for limits in ((10, 5, "inf"), (10, 20), ("inf", 10, "inf")):
        tiers = {f"tiers__{place}__up_to": limit for place, limit in enumerate(limits)}
        tiers |= {f"tiers__{place}__unit_amount": 5 for place in range(len(limits))}
        assert shop.refused("prices", billing_scheme="tiered", tiers_mode="volume", **fields, **tiers)[0] == 400


def test_a_deleted_customer_is_subscribed_to_nothing_any_more(shop: Any) -> None:
    made = subscribe(shop, shop.price())
    shop.drop(f"customers/{shop.customer}")
    assert shop.get(f"subscriptions/{made['id']}")["status"] == "canceled"
    shop.bench.wait(32)
    assert len(shop.get(f"invoices?subscription={made['id']}")["data"]) == 1


def test_a_change_in_a_short_first_period_gives_back_no_more_than_it_cost(shop: Any) -> None:
    anchor = shop.bench.service.model.now + 8 * 86_400
    made = subscribe(shop, shop.price(3_000), billing_cycle_anchor=anchor)
    paid = shop.get(f"invoices/{made['latest_invoice']}")["total"]
    item = made["items"]["data"][0]["id"]
    shop.make(f"subscriptions/{made['id']}", items__0__id=item, items__0__quantity=3)
    waiting = shop.get(f"invoiceitems?customer={shop.customer}&pending=true")["data"]
    credit, charge = sorted(each["amount"] for each in waiting)
    assert (credit, charge) == (-paid, pytest.approx(3 * paid, abs=1))


def test_a_trial_gives_nothing_back(shop: Any) -> None:
    made = subscribe(shop, shop.price(), trial_period_days=14)
    shop.drop(f"subscriptions/{made['id']}?prorate=true&invoice_now=true")
    assert shop.get(f"customers/{shop.customer}")["balance"] == 0
    assert shop.get(f"invoiceitems?customer={shop.customer}")["data"] == []


def test_a_subscription_may_have_begun_in_the_past(shop: Any) -> None:
    now, price = shop.bench.service.model.now, shop.price(3_000)
    month_ago = later(now, "month", -1)
    since = month_ago - 10 * 86_400
    made = subscribe(shop, price, backdate_start_date=since, items__0__quantity=2)
    past = 6_000 + round(6_000 * (month_ago - since) / (month_ago - later(now, "month", -2)))
    lines = shop.get(f"invoices/{made['latest_invoice']}")["lines"]["data"]
    assert (made["start_date"], made["items"]["data"][0]["current_period_start"]) == (since, now)
    assert sorted(each["amount"] for each in lines) == sorted([past, 6_000])
    free = subscribe(shop, price, backdate_start_date=since, proration_behavior="none")
    assert shop.get(f"invoices/{free['latest_invoice']}")["total"] == 3_000
    fields = {"customer": shop.customer, "items__0__price": price}
    assert shop.refused("subscriptions", backdate_start_date=now + 60, **fields)[0] == 400
