"""The site itself: estimates that change nothing, quotes, coupons, endpoints, the time machine."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

import pytest

from domain.history import Changed
from tests.mocks.billing.live import bills, opened, start

QUOTED = {"subscription_items[item_price_id][0]": "plan-m", "subscription_items[quantity][0]": 2}
PERCENT = {"id": "TEN", "name": "Ten", "discount_percentage": 10, "duration_type": "limited_period", "period": 2}
FIXED = {"id": "OFF", "name": "Off", "discount_type": "fixed_amount", "discount_amount": 700, "currency_code": "EUR",
         "duration_type": "forever"}  # fmt: skip


@pytest.fixture
def site(sites: type[Any]) -> Any:
    return opened(sites)


def _state(site: Any) -> Any:
    book = site.service.desk.book
    changes = [record for record in site.records if isinstance(record, Changed)]
    return {kind: dict(book.table(kind)) for kind in tuple(book.kinds()) if book.table(kind)}, len(changes)


# --- estimates and quotes ---------------------------------------------------------------------------------------------


def test_estimates_say_what_would_happen_and_change_nothing(site: Any) -> None:
    start(site, "plan-m:1", "calls-m")
    site.at(date(2026, 10, 11))
    before = _state(site)
    estimate = site.post("/estimates/create_subscription_for_items", QUOTED)["estimate"]
    assert estimate["invoice_estimate"]["total"] == 6000
    fields = {"subscription[id]": "sub", **QUOTED}
    estimate = site.post("/estimates/update_subscription_for_items", fields)["estimate"]
    assert estimate["invoice_estimate"]["total"] == round(6000 * 21 / 31)
    assert estimate["credit_note_estimates"][0]["total"] == round(3000 * 21 / 31)
    assert site.get("/subscriptions/sub/renewal_estimate")["estimate"]["invoice_estimate"]["total"] == 3000
    assert _state(site) == before


def test_what_was_estimated_is_what_happens(site: Any) -> None:
    start(site, "plan-m:1")
    site.at(date(2026, 10, 11))
    wanted = site.post("/estimates/update_subscription_for_items", {"subscription[id]": "sub", **QUOTED})["estimate"]
    done = site.post("/subscriptions/sub/update_for_items", QUOTED)
    assert done["invoice"]["total"] == wanted["invoice_estimate"]["total"]
    assert [note["total"] for note in done["credit_notes"]] == [
        note["total"] for note in wanted["credit_note_estimates"]
    ]


def test_a_quote_is_converted_once_and_not_after_its_time(site: Any) -> None:
    path = "/customers/A-000001/create_subscription_quote_for_items"
    quote = site.post(path, {**QUOTED, "subscription[id]": "won"})["quote"]
    assert (quote["total"], site.get("/subscriptions")["list"]) == (6000, [])
    assert site.post(f"/quotes/{quote['id']}/convert")["subscription"]["id"] == "won"
    assert site.post(f"/quotes/{quote['id']}/convert", status=409)["http_status_code"] == 409
    late = site.post(path, {**QUOTED, "expires_at": site.seconds(date(2026, 10, 5))})["quote"]
    site.at(date(2026, 10, 6))
    assert site.post(f"/quotes/{late['id']}/convert", status=409)["http_status_code"] == 409
    declined = site.post(path, QUOTED)["quote"]
    site.post(f"/quotes/{declined['id']}/update_status", {"status": "declined"})
    assert site.post(f"/quotes/{declined['id']}/convert", status=409)["http_status_code"] == 409


# --- coupons ----------------------------------------------------------------------------------------------------------


def test_coupons_hold_as_long_as_they_say(site: Any) -> None:
    site.post("/coupons/create_for_items", PERCENT)
    site.post("/coupons/create_for_items", FIXED)
    start(site, "plan-m:1", "addon-m", **{"coupon_ids[0]": "TEN", "coupon_ids[1]": "OFF"})
    site.at(date(2026, 12, 2))
    assert [bill["total"] for bill in bills(site)] == [2450, 2450, 2800]
    first = bills(site)[0]
    assert (first["sub_total"], {d["entity_id"]: d["amount"] for d in first["discounts"]}) == (
        3500, {"TEN": 350, "OFF": 700},
    )  # fmt: skip
    assert sum(line["amount"] - line["discount_amount"] for line in first["line_items"]) == first["total"]


def test_a_credit_gives_back_what_was_paid_not_what_is_listed(site: Any) -> None:
    site.post("/coupons/create_for_items", PERCENT)
    start(site, "plan-m:1", **{"coupon_ids[0]": "TEN"})
    answer = site.post("/subscriptions/sub/cancel_for_items", {"credit_option_for_current_term_charges": "prorate"})
    assert answer["credit_notes"][0]["total"] == 2700


def test_a_coupon_is_used_up_deleted_or_unknown(site: Any) -> None:
    site.post("/coupons/create_for_items", {**PERCENT, "max_redemptions": 1})
    start(site, "plan-m:1", **{"coupon_ids[0]": "TEN"})
    assert start(site, "plan-m:1", status=400, id="b", **{"coupon_ids[0]": "TEN"})["param"] == "coupon_ids[0]"
    site.post("/coupons/create_for_items", FIXED)
    site.post("/coupons/OFF/delete")
    assert start(site, "plan-m:1", status=400, id="b", **{"coupon_ids[0]": "OFF"})["param"] == "coupon_ids[0]"


# --- credits ----------------------------------------------------------------------------------------------------------


def test_promotional_credits_and_open_credit_notes_settle_new_invoices(site: Any) -> None:
    site.post("/customers/A-000001/add_promotional_credits", {"amount": 400, "description": "hello"})
    invoice = start(site, "plan-m:1")["invoice"]
    assert (invoice["credits_applied"], invoice["amount_due"]) == (400, 2600)
    fields = {"customer_id": "A-000001", "amount": 1, "description": "back"}
    assert site.post("/promotional_credits/deduct", fields, status=400)["param"] == "amount"


def test_a_voided_credit_note_can_be_issued_again(site: Any) -> None:
    invoice = start(site, "plan-m:1")["invoice"]
    site.post(f"/invoices/{invoice['id']}/record_payment", {"transaction[payment_method]": "cash"})
    fields = {"reference_invoice_id": invoice["id"], "type": "refundable", "total": 3000}
    note = site.post("/credit_notes", fields)["credit_note"]
    assert site.post("/credit_notes", fields, status=400)["param"] == "total"
    assert site.post(f"/credit_notes/{note['id']}/void")["credit_note"]["status"] == "voided"
    assert site.post("/credit_notes", fields)["credit_note"]["status"] == "refund_due"
    assert site.post(f"/credit_notes/{note['id']}/void", status=409)["http_status_code"] == 409


# --- endpoints --------------------------------------------------------------------------------------------------------


def test_registered_endpoints_are_told_by_address_and_login(site: Any) -> None:
    fields = {"name": "ours", "url": "http://127.0.0.1:9000/hooks?a=1", "basic_auth_username": "u",
              "basic_auth_password": "p", "enabled_events[0]": "customer_created"}  # fmt: skip
    endpoint = site.post("/webhook_endpoints", fields)["webhook_endpoint"]
    site.customer("A-2")
    site.post("/customers/A-2", {"company": "B"})
    (delivery,) = site.collected()
    request = site.service.prepare(delivery, site.now_us)
    assert (request.host, request.target) == ("http://127.0.0.1:9000", "/hooks?a=1")
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"u:p").decode()
    assert site.post("/webhook_endpoints", fields, status=400)["api_error_code"] == "duplicate_entry"
    site.post(f"/webhook_endpoints/{endpoint['id']}", {"disabled": "true"})
    site.customer("A-3")
    assert all(each.message.topic != "customer_created" or each.message.content for each in site.collected())
    site.post(f"/webhook_endpoints/{endpoint['id']}/delete")
    assert site.get("/webhook_endpoints")["list"] == []


def test_there_are_at_most_sixteen_endpoints(site: Any) -> None:
    for number in range(16):
        site.post("/webhook_endpoints", {"name": f"e{number}", "url": "http://127.0.0.1:9/"})
    answer = site.post("/webhook_endpoints", {"name": "e", "url": "http://127.0.0.1:9/"}, status=400)
    assert answer["api_error_code"] == "resource_limit_exceeded"
    assert site.post("/webhook_endpoints", {"name": "x", "url": "ftp://x"}, status=400)["param"] == "url"


# --- the time machine -------------------------------------------------------------------------------------------------


def test_the_time_machine_asks_for_the_worlds_clock(site: Any) -> None:
    destination = site.now_us // 1_000_000 + 86_400
    machine = site.post("/time_machines/delorean/travel_forward", {"destination_time": destination})["time_machine"]
    assert (machine["time_travel_status"], site.service.desk.wished_us) == ("in_progress", destination * 1_000_000)
    assert site.post("/time_machines/delorean/travel_forward", status=409)["http_status_code"] == 409
    site.until(destination * 1_000_000)
    assert site.get("/time_machines/delorean")["time_machine"]["time_travel_status"] == "succeeded"
    fields = {"destination_time": destination - 10}
    assert site.post("/time_machines/delorean/travel_forward", fields, status=400)["param"] == "destination_time"


def test_a_fresh_start_forgets_customers_and_keeps_the_catalogue(site: Any) -> None:
    start(site, "plan-m:1", "calls-m")
    site.post("/time_machines/delorean/start_afresh")
    for path in ("customers", "subscriptions", "invoices", "events", "usages"):
        assert site.get(f"/{path}")["list"] == []
    site.at(date(2026, 12, 2))
    site.customer()
    assert start(site, "plan-m:1")["invoice"]["total"] == 3000


def test_a_live_site_has_no_time_machine(sites: type[Any]) -> None:
    site = sites(time_machine=False)
    assert site.get("/time_machines/delorean", status=400)["api_error_code"] == "configuration_incompatible"
    assert sites().get("/time_machines/other", status=404)["api_error_code"] == "resource_not_found"


def test_promotional_credits_of_a_voided_invoice_are_the_customers_again(site: Any) -> None:
    """The vendor adds them back to the balance of the customer."""
    site.post("/customers/A-000001/add_promotional_credits", {"amount": 400, "description": "hello"})
    invoice = start(site, "plan-m:1")["invoice"]
    assert invoice["credits_applied"] == 400
    site.post(f"/invoices/{invoice['id']}/void")
    assert site.get("/customers/A-000001")["customer"]["promotional_credits"] == 400


def test_an_invoice_that_used_a_credit_note_is_not_voided(site: Any) -> None:
    paid = start(site, "plan-m:1")["invoice"]
    site.post(f"/invoices/{paid['id']}/record_payment", {"transaction[payment_method]": "cash"})
    fields = {"reference_invoice_id": paid["id"], "type": "refundable", "total": 1000}
    note = site.post("/credit_notes", fields)["credit_note"]["id"]
    invoice = start(site, "plan-m:1", id="b")["invoice"]
    assert invoice["credits_applied"] == 1000
    site.post(f"/invoices/{invoice['id']}/void", status=409)
    assert site.get(f"/credit_notes/{note}")["credit_note"]["amount_allocated"] == 1000
