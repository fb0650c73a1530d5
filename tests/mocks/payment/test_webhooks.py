"""Events on their way to the integration."""

from __future__ import annotations

import json
from typing import Any

from mocks.payment.webhooks import RETRY_SECONDS, is_genuine, signature

SECRET = "whsec_q2c_integration"


def test_an_event_is_signed_over_the_instant_of_sending_and_its_bytes(bench: Any) -> None:
    bench.pay(key="k")
    [delivery] = bench.service.collect()
    request = bench.service.prepare(delivery, bench.now_us + 5_000_000)
    at = bench.now_us // 1_000_000 + 5
    header = request.headers["stripe-signature"]
    assert (request.host, request.method, request.target) == ("integration", "POST", "/webhooks/payment")
    assert header.startswith(f"t={at},v1=")
    assert is_genuine(header, request.body, SECRET, at)
    event = json.loads(request.body)
    assert (event["object"], event["type"], event["livemode"]) == ("event", "payment_intent.succeeded", False)
    assert event["request"] == {"id": "req_000000000000r1", "idempotency_key": "k"}
    assert event["created"] == bench.now_us // 1_000_000
    assert event["data"]["object"]["metadata"]["invoice"] == "INV-1"
    assert delivery.message.id == event["id"]
    assert delivery.message.txn == "Q-000123"


def test_a_signature_is_refused_when_old_forged_or_for_other_bytes() -> None:
    header = signature(SECRET, 1_000, b"{}")
    assert is_genuine(header, b"{}", SECRET, 1_300)
    assert not is_genuine(header, b"{}", SECRET, 1_301)
    assert not is_genuine(header, b"{} ", SECRET, 1_000)
    assert not is_genuine(header, b"{}", "whsec_other", 1_000)
    assert not is_genuine("v1=00", b"{}", SECRET, 1_000)
    assert not is_genuine("t=x,v1=00", b"{}", SECRET, 1_000)
    assert not is_genuine("t=\u00b2,v1=00", b"{}", SECRET, 1_000)
    assert not is_genuine("t=1000,v1=\u00e9", b"{}", SECRET, 1_000)
    both = header + "," + signature("whsec_new", 1_000, b"{}").partition(",")[2]
    assert is_genuine(both, b"{}", "whsec_new", 1_000), "two signatures while a secret is rolled"


def test_an_event_keeps_the_object_as_it_was(bench: Any) -> None:
    intent = json.loads(bench.pay(capture_method="manual").body)["id"]
    bench.post(f"/payment_intents/{intent}/capture", {"amount_to_capture": 100})
    bench.post("/refunds", {"payment_intent": intent})
    first, second = bench.service.collect()
    bodies = [json.loads(bench.service.prepare(delivery, bench.now_us).body) for delivery in (first, second)]
    assert [body["type"] for body in bodies] == ["payment_intent.succeeded", "charge.refunded"]
    assert bodies[0]["data"]["object"]["amount_received"] == 100
    assert bodies[1]["data"]["object"]["amount_refunded"] == 100


def test_agenda_and_acts_have_no_request(make_bench: Any) -> None:
    bench = make_bench()
    bench.customer("debit")
    bench.pay("debit")
    bench.wait(8)
    events = [json.loads(bench.service.prepare(delivery, 0).body) for delivery in bench.service.collect()]
    assert [event["request"]["id"] for event in events] == ["req_000000000000r1", None, None]


def test_failed_deliveries_are_tried_again_for_at_most_three_days(bench: Any) -> None:
    bench.pay()
    [delivery] = bench.service.collect()
    attempts, payloads, start_us = 1, set(), bench.now_us
    while True:
        payloads.add(bench.service.prepare(delivery, bench.now_us).body)
        bench.service.settle(delivery, 500, bench.now_us)
        retries: list[Any] = []
        while bench.service.due_us() is not None and not retries:
            bench.now_us = bench.service.due_us()
            bench.service.tick(bench.now_us)
            retries = [entry for entry in bench.service.collect() if entry.message.id == delivery.message.id]
        if not retries:
            break
        [delivery] = retries
        attempts += 1
        last_us = bench.now_us
    assert attempts == len(RETRY_SECONDS) + 1
    assert last_us - start_us <= 3 * 86_400_000_000
    assert len(payloads) == 1


def test_only_the_types_the_endpoint_listens_to_are_sent_and_all_are_kept_for_thirty_days(make_bench: Any) -> None:
    bench = make_bench(webhook_events=frozenset({"payment_intent.canceled"}))
    bench.customer()
    bench.pay()
    intent = json.loads(bench.pay(capture_method="manual").body)["id"]
    bench.post(f"/payment_intents/{intent}/cancel")
    assert bench.topics() == ["payment_intent.canceled"]
    bench.wait(31)
    other = json.loads(bench.pay(capture_method="manual").body)["id"]
    bench.post(f"/payment_intents/{other}/cancel")
    kept = [event["type"] for event in bench.get("/events")["data"]]
    assert kept == ["payment_intent.canceled", "payment_intent.amount_capturable_updated", "payment_intent.created"]


def test_the_newest_events_are_kept_and_no_more_than_there_is_room_for(make_bench: Any) -> None:
    bench = make_bench(events_max=5)
    for _ in range(4):
        bench.customer()
        bench.pay()
    assert len(bench.get("/events")["data"]) == 5
