"""The experience side over real HTTP: where a transaction is, what is known of an account, events as they are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx

from tests.integration.api.conftest import Stage


def ordered(stage: Stage, client: httpx.Client, **changes: Any) -> dict[str, Any]:
    quote = stage.quote(**changes)
    answer = client.post("/orders", json=quote, headers={"idempotency-key": quote["number"]})
    assert answer.status_code == 202, answer.text
    return quote


def test_an_order_is_followed_to_its_money(stage: Stage) -> None:
    with stage.client() as client:
        quote = ordered(stage, client)
        number = quote["number"]

        def paid() -> dict[str, Any]:
            found = client.get(f"/transactions/{number}").json()
            return found if found["stage"]["name"] == "paid" and found["status"] == "done" else {}

        found = stage.until(paid)
        account = client.get("/accounts/A-000001").json()
    assert found["owner"]["kind"] == "nobody"
    assert {step["system"] for step in found["steps"] if step["kind"] == "call"} == {
        "crm", "erp", "billing", "tax", "payment", "fulfilment",
    }  # fmt: skip
    assert [step["at"] for step in found["steps"]] == sorted(step["at"] for step in found["steps"])
    booked = [write for write in found["lineage"] if write["operation"] == "upsert_order"]
    assert [(write["system"], write["key"], write["flow"]) for write in booked] == [
        ("erp", f"{number}-v1", f"quote/{number}-v1")
    ]
    shown = [write["caused_by"] for write in found["lineage"] if write["system"] == "crm"]
    assert f"quote/{number}-v1" in shown, "what sales sees is traced back to the order that caused it"
    posted = [write for write in found["lineage"] if write["operation"] == "upsert_invoice"]
    assert len(posted) == 1
    deadlines = {each["level"]: each["state"] for each in found["deadlines"]}
    assert (deadlines["SLA-2"], deadlines["SLA-4"], deadlines["SLA-5"]) == ("met", "met", "met")
    order = next(order for order in account["orders"] if order["transaction"] == number)
    assert (order["status"], order["total"]) == ("booked", {"amount_minor": 240_000, "currency": "USD"})
    invoice = next(invoice for invoice in account["invoices"] if invoice["transaction"] == number)
    assert (invoice["status"], invoice["balance"]["amount_minor"]) == ("paid", 0)
    assert invoice["total"]["amount_minor"] > 240_000


def test_a_transaction_that_stands_still_says_who_has_to_act(stage: Stage) -> None:
    stage.act("crm", "create_product", sku="UNKNOWN", name="Unknown", kind="recurring")
    with stage.client() as client:
        quote = ordered(stage, client, line={"sku": "UNKNOWN"})

        def stuck() -> dict[str, Any]:
            found = client.get(f"/transactions/{quote['number']}").json()
            return found if found["status"] == "needs_people" else {}

        found = stage.until(stuck)
        case = client.get(found["cases"][0]["href"].removeprefix("/api/v1")).json()
    assert (found["owner"]["kind"], found["owner"]["name"]) == ("people", "data steward")
    assert case["transaction"] == quote["number"]
    assert {each["level"] for each in found["deadlines"]} >= {"SLA-2", "SLA-8"}
    assert any(step["kind"] == "exception" and step["outcome"] == "waiting" for step in found["steps"])


def test_a_poll_costs_little(stage: Stage) -> None:
    with stage.client() as client:
        quote = stage.quote(accepted=False)
        client.post("/orders", json=quote, headers={"idempotency-key": "poll"})
        first = client.get(f"/transactions/{quote['number']}")
        again = client.get(f"/transactions/{quote['number']}", headers={"if-none-match": first.headers["etag"]})
        other = client.get(f"/transactions/{quote['number']}", headers={"if-none-match": 'W/"other"'})
    assert (first.status_code, again.status_code, again.content, other.status_code) == (200, 304, b"", 200)


def test_what_nobody_told_of_is_not_found(stage: Stage) -> None:
    with stage.client() as client:
        assert client.get("/transactions/Q-777777").status_code == 404
        assert client.get("/accounts/A-777777").status_code == 404
        assert client.get("/submissions/submit_order/" + "0" * 32).status_code == 404


# --- events ---------------------------------------------------------------------------------------------------------


def test_pages_of_events_are_the_log_once_and_in_order(stage: Stage) -> None:
    with stage.client() as client:
        ordered(stage, client)
        stage.until(lambda: len(client.get("/events", params={"limit": 200}).json()["events"]) > 4)
        whole = client.get("/events", params={"limit": 200}).json()
        pages: list[dict[str, Any]] = []
        cursor, more = "", True
        while more and len(pages) < len(whole["events"]):
            page = client.get("/events", params={"limit": 3, "after": cursor}).json()
            pages += page["events"]
            cursor, more = page["next"], page["more"]
    seen = [event["id"] for event in pages][: len(whole["events"])]
    assert seen == [event["id"] for event in whole["events"]][: len(seen)]
    assert len(seen) == len(set(seen)) >= 5


def test_events_are_filtered_by_kind_subject_and_transaction(stage: Stage) -> None:
    with stage.client() as client:
        quote = ordered(stage, client)
        wanted = {"transaction": quote["number"], "type": ["order.received", "q2c.order.booked.v1"], "limit": 1}
        stage.until(lambda: len(client.get("/events", params={**wanted, "limit": 9}).json()["events"]) == 2)
        first = client.get("/events", params=wanted).json()
        second = client.get("/events", params={**wanted, "after": first["next"]}).json()
        of_order = client.get("/events", params={"subject": f"{quote['number']}-v1"}).json()["events"]
        unknown = client.get("/events", params={"type": "order.eaten"})
    assert [page["events"][0]["type"] for page in (first, second)] == ["q2c.order.received.v1", "q2c.order.booked.v1"]
    assert first["more"] is True
    assert {event["subject"] for event in of_order} == {f"{quote['number']}-v1"}
    assert unknown.status_code == 400


def streamed(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Yield server-sent events as a browser reads them."""
    found: dict[str, str] = {}
    for line in lines:
        if line:
            field, _, value = line.partition(":")
            found[field] = value.removeprefix(" ")
        else:
            if "data" in found:
                yield found
            found = {}


def test_a_stream_tells_what_happens_and_goes_on_where_it_broke_off(stage: Stage) -> None:
    with stage.client() as client:
        quote = stage.quote()
        wanted = {"transaction": quote["number"]}
        seen: list[dict[str, str]] = []
        with client.stream("GET", "/events/stream", params=wanted) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            answered = client.post("/orders", json=quote, headers={"idempotency-key": "stream"})
            assert answered.status_code == 202
            for event in streamed(answer.iter_lines()):
                seen.append(event)
                if len(seen) == 2:
                    break
        headers = {"last-event-id": seen[0]["id"]}
        with client.stream("GET", "/events/stream", params=wanted, headers=headers) as answer:
            again = next(streamed(answer.iter_lines()))
        page = client.get("/events", params={**wanted, "after": seen[0]["id"], "limit": 1}).json()
    assert again == seen[1]
    assert page["events"][0] == json.loads(again["data"])
    assert again["event"] == json.loads(again["data"])["type"]
    assert json.loads(again["data"])["specversion"] == "1.0"


def test_a_caller_has_a_limited_number_of_streams_and_gets_them_back(stage: Stage) -> None:
    with stage.client("second") as client:
        opened = []
        try:
            for _ in range(8):
                stream = client.stream("GET", "/events/stream")
                answer = stream.__enter__()
                lines = answer.iter_lines()
                next(lines)
                opened.append((stream, lines))  # a stream whose lines nobody holds is closed
            refused = client.get("/events/stream")
            assert (refused.status_code, refused.json()["type"]) == (429, "/api/v1/problems/too-many-requests")
        finally:
            for stream, _ in opened:
                stream.__exit__(None, None, None)

        def again() -> bool:
            with client.stream("GET", "/events/stream") as answer:
                return answer.status_code == 200

        assert stage.until(again)
