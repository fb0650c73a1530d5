"""The dialect's manners: credentials, errors, idempotency, limits, webhooks."""

from __future__ import annotations

import base64
import json
from datetime import date
from typing import Any

import pytest

from domain.acts import Act, UnknownAct
from mocks.billing.api import OPERATIONS
from mocks.billing.errors import ERRORS
from mocks.kernel.operations import Refusal

START = date(2026, 10, 1)
MINUTE_US = 60_000_000


def test_replies_are_compact_json(site: Any) -> None:
    reply = site.call("GET", "/item_prices?limit=1")
    assert reply.headers["content-type"] == "application/json;charset=utf-8"
    assert b'": ' not in reply.body


@pytest.mark.parametrize("value", ["", "Bearer x", "Basic %%%", "Basic " + base64.b64encode(b":").decode(),
                                   "Basic " + base64.b64encode(b"key:secret").decode(),
                                   "Basic " + base64.b64encode(b"live_key:").decode()])  # fmt: skip
def test_wrong_credentials_are_refused(site: Any, value: str) -> None:
    reply = site.call("GET", "/customers/A-1", headers={"authorization": value})
    assert reply.status == 401
    assert json.loads(reply.body)["api_error_code"] == "api_authentication_failed"


def test_a_site_may_insist_on_its_key(sites: type[Any]) -> None:
    assert sites(api_key="test_q2c_key").call("GET", "/customers").status == 200
    assert sites(api_key="another").call("GET", "/customers").status == 401


def test_unknown_paths_and_methods(site: Any) -> None:
    assert site.get("/nothing", status=404)["api_error_code"] == "resource_not_found"
    reply = site.call("DELETE", "/customers/A-1")
    assert (reply.status, json.loads(reply.body)["api_error_code"]) == (405, "http_method_not_supported")
    assert set(reply.headers["allow"].split(",")) == {"GET", "POST"}


def test_an_error_is_one_flat_object(site: Any) -> None:
    site.customer()
    reply = site.call("POST", "/customers", {"id": "A-000001"})
    assert reply.status == 400
    assert json.loads(reply.body) == {
        "message": "id : the value A-000001 is already present",
        "type": "invalid_request",
        "api_error_code": "duplicate_entry",
        "param": "id",
        "error_code": "duplicate_entry",
        "error_msg": "the value A-000001 is already present",
        "http_status_code": 400,
    }


def test_a_body_that_is_no_form_is_malformed(site: Any) -> None:
    reply = site.call("POST", "/customers", [("a", 1), ("a[b]", 2)])
    assert (reply.status, json.loads(reply.body)["api_error_code"]) == (400, "invalid_request")


def test_the_kernels_refusals_all_have_a_shape() -> None:
    kernel = (
        "not_found method_not_allowed malformed unauthenticated throttled throttled_silently concurrency server_error "
        "maintenance conflict_state idempotency_mismatch idempotency_in_progress"
    )
    assert set(kernel.split()) <= set(ERRORS)
    assert "idempotency" in ERRORS["idempotency_in_progress"].message
    assert {row.type for row in ERRORS.values()} <= {"invalid_request", "operation_failed", "payment"}
    assert str(Refusal("not_found")) == "not_found"


def test_every_operation_says_what_it_does() -> None:
    assert all(operation.summary.endswith(".") for operation in OPERATIONS)


def test_the_catalogue_belongs_to_sales(site: Any) -> None:
    answer = site.post("/item_prices", {"id": "X", "name": "X", "item_id": "SEAT"}, status=403)
    assert answer["api_error_code"] == "api_authorization_failed"
    assert site.get("/item_prices/NONE", status=404)["api_error_code"] == "resource_not_found"


def test_an_unknown_act_is_not_ignored(site: Any) -> None:
    with pytest.raises(UnknownAct):
        site.service.act(Act(at_us=0, system="billing", action="dance", arguments={}))


# --- customers --------------------------------------------------------------------------------------------------------


def test_a_customer_is_billed_by_its_entity(site: Any) -> None:
    site.customer(**{"billing_address[line1]": "Weg 1", "billing_address[country]": "DE"})
    shown = site.get("/customers/A-000001")["customer"]
    assert (shown["business_entity_id"], shown["billing_address"]["line1"]) == ("DE", "Weg 1")
    assert shown["meta_data"] == {"entity": "DE"}
    document = site.last("customer", "A-000001")
    assert (document.entity, document.currency, document.terms_days) == ("DE", "EUR", 30)


def test_a_customer_can_be_changed(site: Any) -> None:
    site.customer()
    shown = site.post("/customers/A-000001", {"company": "Acme AG", "net_term_days": 60})["customer"]
    assert (shown["company"], shown["net_term_days"], shown["resource_version"]) == ("Acme AG", 60, 2)
    shown = site.post("/customers/A-000001/update_billing_info", {"billing_address[city]": "Bonn"})["customer"]
    assert shown["billing_address"]["city"] == "Bonn"
    assert site.post("/customers/A-000001", {"meta_data": "x"}, status=400)["param"] == "meta_data"


# --- idempotency ------------------------------------------------------------------------------------------------------


def test_a_repeated_key_replays_the_first_answer(site: Any) -> None:
    fields = {"id": "A-000001", "company": "Acme"}
    first = site.call("POST", "/customers", fields, key="k1")
    again = site.call("POST", "/customers", fields, key="k1")
    assert (again.status, again.body) == (200, first.body)
    assert "chargebee-idempotency-replayed" not in first.headers
    assert again.headers["chargebee-idempotency-replayed"] == "true"
    assert len(site.changes("customer")) == 1


def test_a_key_with_other_parameters_is_refused(site: Any) -> None:
    site.call("POST", "/customers", {"id": "A-000001"}, key="k1")
    reply = site.call("POST", "/customers", {"id": "A-000002"}, key="k1")
    assert (reply.status, json.loads(reply.body)["param"]) == (400, "chargebee-idempotency-key")


def test_a_key_is_forgotten_after_thirty_minutes(site: Any) -> None:
    site.call("POST", "/customers", {"id": "A-000001"}, key="k1")
    site.now_us += 30 * MINUTE_US
    assert site.call("POST", "/customers", {"id": "A-000002"}, key="k1").status == 200


def test_a_key_counts_as_it_was_when_the_request_arrived_however_long_its_work_takes(site: Any) -> None:
    request = site.request("POST", "/customers", {"id": "A-000001"}, key="k1")
    slow = site.service.open(request, "r1", site.now_us)
    assert site.service.admit(slow, site.now_us) is None
    assert site.service.handle(request, site.now_us + MINUTE_US, "r2").reply.status == 200
    late = site.service.perform(slow, site.now_us + 40 * MINUTE_US).reply
    assert (late.status, late.headers["chargebee-idempotency-replayed"]) == (200, "true")


def test_a_refusal_is_not_kept_under_its_key(site: Any) -> None:
    assert site.call("POST", "/invoices/INV-0000001/close", key="k1").status == 404
    site.subscribe(("SEAT", 1, 1, 1), start=START)
    assert site.call("POST", "/invoices/INV-0000001/close", key="k1").status == 200


def test_reads_know_no_keys(site: Any) -> None:
    site.customer()
    site.call("GET", "/customers/A-000001", key="k1")
    assert "chargebee-idempotency-replayed" not in site.call("GET", "/customers/A-000001", key="k1").headers


def test_a_key_is_at_most_a_hundred_characters(site: Any) -> None:
    reply = site.call("POST", "/customers", {"id": "A-1"}, key="k" * 101)
    assert (reply.status, json.loads(reply.body)["param"]) == (400, "chargebee-idempotency-key")
    assert site.call("POST", "/customers", {"id": "A-1"}, key="k" * 100).status == 200


def test_requests_are_counted_per_minute(sites: type[Any]) -> None:
    site = sites(requests_per_minute=3)
    assert [site.call("GET", "/customers").status for _ in range(4)] == [200, 200, 200, 429]
    reply = site.call("GET", "/customers")
    assert json.loads(reply.body)["api_error_code"] == "api_request_limit_exceeded"
    assert int(reply.headers["retry-after"]) > 0
    site.now_us += MINUTE_US
    assert site.call("GET", "/customers").status == 200


# --- webhooks ---------------------------------------------------------------------------------------------------------


def test_a_webhook_carries_the_event_as_it_happened(site: Any) -> None:
    site.subscribe(("SEAT", 1, 10, 3000), start=START)
    deliveries = {delivery.message.topic: delivery for delivery in site.collected()}
    site.post("/invoices/INV-0000001/close")
    request = site.service.prepare(deliveries["invoice_generated"], site.now_us)
    assert (request.host, request.method, request.target) == ("integration", "POST", "/webhooks/billing")
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"q2c:webhook-secret").decode()
    event = json.loads(request.body)
    assert {key: event[key] for key in ("object", "api_version", "event_type", "source")} == {
        "object": "event", "api_version": "v2", "event_type": "invoice_generated", "source": "api",
    }  # fmt: skip
    assert event["id"].startswith("ev_")
    assert event["occurred_at"] == site.now_us // 1_000_000
    assert event["content"]["invoice"]["status"] == "pending"


def test_a_subscription_event_shows_subscription_and_customer(site: Any) -> None:
    site.subscribe(("SEAT", 1, 10, 3000), start=START)
    request = site.service.prepare(site.collected()[0], site.now_us)
    assert set(json.loads(request.body)["content"]) == {"subscription", "customer"}


def test_a_failed_delivery_is_tried_seven_times_more(site: Any) -> None:
    site.customer()
    site.subscribe(("SEAT", 1, 10, 3000), start=START)
    (delivery, *_) = site.collected()
    pauses, sent_us = [], site.now_us
    while True:
        site.service.settle(delivery, 500, sent_us)
        due_us = [due_us for due_us, action, _ in site.service.desk.agenda.planned() if action == "redeliver"]
        if not due_us:
            break
        pauses.append((due_us[0] - sent_us) // MINUTE_US)
        sent_us = due_us[0]
        site.until(sent_us)
        delivery = next(again for again in site.collected() if again.message.id == delivery.message.id)
    assert pauses == [2, 6, 30, 60, 300, 1440, 2880]
    assert delivery.attempt == 8


def test_an_accepted_delivery_is_not_repeated(site: Any) -> None:
    site.subscribe(("SEAT", 1, 10, 3000), start=START)
    planned = len(site.service.desk.agenda)
    site.service.settle(site.collected()[0], 200, site.now_us)
    assert len(site.service.desk.agenda) == planned


def test_topics_not_subscribed_to_are_only_logged(sites: type[Any]) -> None:
    site = sites(topics=frozenset({"customer_created"}))
    site.subscribe(("SEAT", 1, 10, 3000), start=START)
    assert site.topics() == ["customer_created"]
    logged = {row["event"]["event_type"]: row["event"] for row in site.get("/events?limit=100")["list"]}
    assert logged["invoice_generated"]["webhook_status"] == "not_configured"
    shown = site.get(f"/events/{logged['invoice_generated']['id']}")["event"]
    assert shown["content"]["invoice"]["id"] == "INV-0000001"
    assert site.get("/events/ev_0", status=404)["api_error_code"] == "resource_not_found"


def test_calls_are_correlated_by_quote_number(site: Any) -> None:
    site.subscribe(("SEAT", 1, 10, 3000), start=START)
    site.post("/invoices/INV-0000001/close")
    arrived = site.records[-1]
    assert (arrived.operation, arrived.txn, arrived.effect) == ("close_invoice", "Q-000001", "done")


def test_the_same_requests_give_the_same_history(sites: type[Any]) -> None:
    def run() -> list[Any]:
        site = sites()
        site.subscribe(("SEAT", 1, 10, 3000), ("CORE", 12, 1, 99), start=START, cycles=12)
        site.at(date(2026, 11, 20))
        site.amend(("SEAT", 1, 3, 3000), day=date(2026, 10, 15))
        records: list[Any] = site.records
        return records

    assert run() == run()
