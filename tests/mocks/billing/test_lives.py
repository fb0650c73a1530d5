"""Trials, pauses, second lives, advance charges, imports and ramps: each day is billed at most once, and when due."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mocks.billing.charts import CHARTS
from tests.mocks.billing.live import bills, opened, price, start


@pytest.fixture
def site(sites: type[Any]) -> Any:
    return opened(sites)


def _status(site: Any, key: str = "sub") -> str:
    status: str = site.get(f"/subscriptions/{key}")["subscription"]["status"]
    return status


def _totals(site: Any, key: str = "sub") -> list[int]:
    return [bill["total"] for bill in bills(site, key)]


# --- trials -----------------------------------------------------------------------------------------------------------


def test_a_trial_is_free_and_bills_from_its_end(site: Any) -> None:
    answer = start(site, "plan-m:1", trial_end=site.seconds(date(2026, 10, 15)))
    assert "invoice" not in answer
    assert answer["subscription"]["trial_start"] == site.seconds(date(2026, 10, 1))
    assert _status(site) == "in_trial"
    site.at(date(2026, 10, 15))
    assert _status(site) == "active"
    assert _totals(site) == [3000]
    assert bills(site)[0]["line_items"][0]["date_to"] == site.seconds(date(2026, 11, 15))
    assert "subscription_activated" in [row["event"]["event_type"] for row in site.get("/events?limit=100")["list"]]


def test_a_plan_brings_its_trial_and_a_future_start_delays_it(site: Any) -> None:
    site.post("/items", {"id": "tried", "name": "t", "type": "plan", "item_family_id": "fam"})
    price(site, "tried-m", "tried", price=100, currency_code="EUR", period=1, period_unit="month", trial_period=10)
    start(site, "tried-m", start_date=site.seconds(date(2026, 10, 5)))
    assert _status(site) == "future"
    site.at(date(2026, 10, 6))
    assert _status(site) == "in_trial"
    site.at(date(2026, 10, 15))
    assert (_status(site), _totals(site)) == ("active", [100])


def test_a_trial_can_be_cancelled_and_costs_nothing(site: Any) -> None:
    start(site, "plan-m:1", trial_end=site.seconds(date(2026, 10, 15)))
    site.post("/subscriptions/sub/cancel_for_items")
    site.at(date(2026, 11, 20))
    assert (_status(site), _totals(site)) == ("cancelled", [])


# --- pauses -----------------------------------------------------------------------------------------------------------


def test_a_pause_stops_the_bills_and_a_resumption_prorates(site: Any) -> None:
    start(site, "plan-m:1")
    site.at(date(2026, 10, 10))
    assert site.post("/subscriptions/sub/pause", {"pause_option": "immediately"})["subscription"]["status"] == "paused"
    site.at(date(2026, 12, 11))
    assert _totals(site) == [3000]
    answer = site.post("/subscriptions/sub/resume", {"resume_option": "immediately"})
    assert answer["invoice"]["total"] == round(3000 * 21 / 31)
    site.at(date(2027, 1, 2))
    assert _totals(site) == [3000, 2032, 3000]


def test_a_pause_within_a_paid_period_charges_nothing_twice(site: Any) -> None:
    start(site, "plan-m:1")
    site.at(date(2026, 10, 10))
    site.post("/subscriptions/sub/pause", {"pause_option": "immediately"})
    site.at(date(2026, 10, 20))
    assert "invoice" not in site.post("/subscriptions/sub/resume")
    site.at(date(2026, 11, 2))
    assert _totals(site) == [3000, 3000]


def test_pauses_and_resumptions_wait_for_their_days(site: Any) -> None:
    start(site, "plan-m:1")
    fields = {"pause_option": "specific_date", "pause_date": site.seconds(date(2026, 11, 10)),
              "resume_date": site.seconds(date(2027, 1, 1))}  # fmt: skip
    assert site.post("/subscriptions/sub/pause", fields)["subscription"]["status"] == "active"
    site.at(date(2026, 11, 11))
    assert _status(site) == "paused"
    site.at(date(2027, 1, 2))
    assert (_status(site), _totals(site)) == ("active", [3000, 3000, 3000])


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("pause", {"pause_option": "specific_date"}),
        ("resume", {}),
        ("reactivate", {}),
        ("remove_scheduled_changes", {}),
    ],
)
def test_what_the_state_does_not_allow_is_refused(site: Any, path: str, fields: dict[str, Any]) -> None:
    start(site, "plan-m:1")
    reply = site.call("POST", f"/subscriptions/sub/{path}", fields)
    assert reply.status in (400, 409)
    assert _status(site) == "active"


# --- second lives -----------------------------------------------------------------------------------------------------


def test_a_reactivation_within_the_paid_period_goes_on(site: Any) -> None:
    start(site, "plan-m:1")
    site.at(date(2026, 10, 10))
    site.post("/subscriptions/sub/cancel_for_items")
    site.at(date(2026, 10, 20))
    answer = site.post("/subscriptions/sub/reactivate")
    assert (answer["subscription"]["status"], "invoice" in answer) == ("active", False)
    site.at(date(2026, 11, 2))
    assert _totals(site) == [3000, 3000]


def test_a_later_reactivation_starts_a_new_period(site: Any) -> None:
    start(site, "plan-m:2")
    site.post("/subscriptions/sub/cancel_for_items", {"credit_option_for_current_term_charges": "prorate"})
    site.at(date(2026, 12, 10))
    answer = site.post("/subscriptions/sub/reactivate")
    assert answer["invoice"]["total"] == 6000
    assert answer["subscription"]["current_term_end"] == site.seconds(date(2027, 1, 10))
    assert CHARTS["subscription"].allows("cancelled", "active")


# --- ahead, from elsewhere, and in steps ------------------------------------------------------------------------------


def test_renewals_charged_ahead_are_not_charged_again(site: Any) -> None:
    start(site, "plan-m:1")
    answer = site.post("/subscriptions/sub/charge_future_renewals", {"terms_to_charge": 2})
    assert answer["invoice"]["total"] == 6000
    site.at(date(2026, 12, 15))
    assert _totals(site) == [3000, 6000]
    site.at(date(2027, 1, 2))
    assert _totals(site) == [3000, 6000, 3000]


def test_an_imported_subscription_is_billed_from_its_terms_end_on(site: Any) -> None:
    fields = {"id": "old", "start_date": site.seconds(date(2026, 8, 15)), "status": "active",
              "current_term_end": site.seconds(date(2026, 10, 15)), "subscription_items[item_price_id][0]": "plan-m",
              "subscription_items[quantity][0]": 4}  # fmt: skip
    answer = site.post("/customers/A-000001/import_for_items", fields)
    assert (answer["subscription"]["status"], "invoice" in answer) == ("active", False)
    site.at(date(2026, 10, 16))
    assert _totals(site, "old") == [12_000]


def test_a_ramp_changes_the_terms_on_its_day(site: Any) -> None:
    start(site, "plan-m:1", "addon-m")
    fields = {"effective_from": site.seconds(date(2026, 11, 1)), "items_to_update[item_price_id][0]": "plan-m",
              "items_to_update[quantity][0]": 3, "items_to_remove[0]": "addon-m"}  # fmt: skip
    ramp = site.post("/subscriptions/sub/create_ramp", fields)["ramp"]
    assert (ramp["status"], ramp["items_to_remove"]) == ("scheduled", ["addon-m"])
    site.at(date(2026, 11, 2))
    assert _totals(site) == [3500, 9000]
    assert site.get(f"/ramps/{ramp['id']}")["ramp"]["status"] == "succeeded"


def test_quarters_are_billed_by_the_quarter_and_prorated(site: Any) -> None:
    price(site, "plan-q", "plan", price=9000, pricing_model="per_unit", currency_code="EUR", period=3,
          period_unit="month")  # fmt: skip
    start(site, "plan-q:1")
    site.at(date(2026, 11, 16))
    fields = {"subscription_items[item_price_id][0]": "plan-q", "subscription_items[quantity][0]": 2}
    answer = site.post("/subscriptions/sub/update_for_items", fields)
    left = 46  # days of 92
    assert answer["credit_notes"][0]["total"] == 9000 * left // 92
    assert answer["invoice"]["total"] == 18_000 * left // 92
    site.at(date(2027, 1, 2))
    assert _totals(site) == [9000, 9000, 18_000]


def test_tiers_are_billed_and_credited_whole(site: Any) -> None:
    for key, model in (("vol", "volume"), ("step", "stairstep"), ("grad", "tiered")):
        site.post("/items", {"id": key, "name": key, "type": "plan", "item_family_id": "fam"})
        tiers = {"tiers[starting_unit][0]": 1, "tiers[ending_unit][0]": 10, "tiers[price][0]": 100,
                 "tiers[starting_unit][1]": 11, "tiers[price][1]": 80}  # fmt: skip
        price(site, f"{key}-m", key, pricing_model=model, currency_code="EUR", period=1, period_unit="month", **tiers)
        line = start(site, f"{key}-m:12", id=key)["invoice"]["line_items"][0]
        assert (line["amount"], line["pricing_model"]) == ({"vol": 960, "step": 80, "grad": 1160}[key], model)
        answer = site.post(
            f"/subscriptions/{key}/cancel_for_items", {"credit_option_for_current_term_charges": "prorate"}
        )  # fmt: skip
        assert answer["credit_notes"][0]["total"] == line["amount"]
