"""The dialect: idempotency, credentials, customers, lists, searches, expansion, events and faults."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from domain.faults import Fault


def read(reply: Any) -> Any:
    return json.loads(reply.body)


def error(reply: Any) -> Any:
    return read(reply)["error"]


# --- idempotency ----------------------------------------------------------------------------------------------------


def test_a_repeated_key_replays_the_first_answer(bench: Any) -> None:
    first, second = bench.pay(key="k"), bench.pay(key="k")
    assert first.body == second.body
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["original-request"] == first.headers["request-id"] != second.headers["request-id"]
    assert [arrival.effect for arrival in bench.arrivals()] == ["done", "replayed"]
    assert bench.statuses() == ["created", "authorized", "captured"]


def test_a_decline_is_stored_and_replayed_because_execution_had_begun(make_bench: Any) -> None:
    bench = make_bench()
    bench.customer(declines=1)
    assert [bench.pay(key="k").status for _ in range(2)] == [402, 402]
    assert bench.pay(key="k2").status == 200


def test_a_refused_parameter_is_not_stored(bench: Any) -> None:
    assert bench.pay(key="k", amount=1).status == 400
    assert bench.pay(key="k").status == 200


def test_another_request_with_the_key_is_an_idempotency_error(bench: Any) -> None:
    bench.pay(key="k")
    reply = bench.pay(key="k", amount=13_000)
    assert (reply.status, error(reply)["type"]) == (400, "idempotency_error")
    assert bench.pay(key="k").headers["idempotent-replayed"] == "true"


def test_keys_are_forgotten_after_a_day_and_may_not_be_too_long(bench: Any) -> None:
    bench.pay(key="k")
    bench.wait(1.01)
    assert "idempotent-replayed" not in bench.pay(key="k").headers
    assert bench.pay(key="x" * 255).status == 200
    assert (bench.pay(key="x" * 256).status, error(bench.pay(key="x" * 256))["type"]) == (400, "idempotency_error")


def test_a_server_error_after_execution_began_is_sticky(make_bench: Any) -> None:
    fault = Fault(kind="sticky_error", system="payment", operation="create_payment_intent", nth=1)
    bench = make_bench((fault,))
    bench.customer()
    replies = [bench.pay(key="k") for _ in range(2)]
    assert [reply.status for reply in replies] == [500, 500]
    assert error(replies[1])["type"] == "api_error"
    assert replies[1].headers["idempotent-replayed"] == "true"
    assert bench.changes("payment") == []
    assert bench.pay(key="k2").status == 200


def test_a_key_in_use_is_409_and_not_stored(make_bench: Any) -> None:
    bench = make_bench((Fault(kind="key_in_progress", system="payment", nth=1),))
    bench.customer()
    reply = bench.pay(key="k")
    assert (reply.status, error(reply)["code"]) == (409, "idempotency_key_in_use")
    assert bench.pay(key="k").status == 200


def test_a_lost_reply_is_found_by_its_key(make_bench: Any) -> None:
    bench = make_bench((Fault(kind="error_after", system="payment", operation="create_payment_intent", nth=1),))
    bench.customer()
    assert bench.pay(key="k").status == 500
    assert bench.pay(key="k").status == 200
    assert len(bench.service.model.intents) == 1


# --- manners --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer sk_test_1", 200), ("Bearer rk_test_1", 200), ("Basic c2tfdGVzdF8xOg==", 200),
        ("Bearer sk_live_1", 401), ("Bearer pk_test_1", 401), ("Basic ???", 401), ("Digest x", 401), ("", 401),
    ],
)  # fmt: skip
def test_only_test_keys_open_the_door(bench: Any, header: str, status: int) -> None:
    reply = bench.send("GET", "/v1/customers", authorization=header)
    assert reply.status == status
    assert reply.headers["request-id"].startswith("req_")


def test_a_configured_key_can_be_demanded(make_bench: Any) -> None:
    bench = make_bench(authentication="verify", secret_key="sk_test_x")
    assert bench.send("GET", "/v1/customers").status == 200
    assert bench.send("GET", "/v1/customers", authorization="Bearer sk_test_y").status == 401


def test_unknown_paths_objects_and_methods(bench: Any) -> None:
    assert error(bench.send("GET", "/v1/nothing"))["type"] == "invalid_request_error"
    missing = bench.send("GET", "/v1/payment_intents/pi_none")
    assert (missing.status, error(missing)["code"]) == (404, "resource_missing")
    wrong = bench.send("DELETE", "/v1/payouts")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST, GET")


def test_too_many_requests_are_429_without_a_hint(make_bench: Any) -> None:
    bench = make_bench(requests_per_second=1)
    bench.send("GET", "/v1/customers")
    reply = bench.send("GET", "/v1/customers")
    assert (reply.status, error(reply)["code"]) == (429, "rate_limit")
    assert "retry-after" not in reply.headers


def test_a_body_must_be_a_form(bench: Any) -> None:
    assert bench.send("POST", "/v1/customers", b"\xff").status == 400
    assert bench.send("POST", "/v1/customers", b"name=a&name[x]=b").status == 400
    assert bench.send("POST", "/v1/customers", b"{}").status == 400


# --- customers and methods ------------------------------------------------------------------------------------------


def test_customers_are_made_changed_and_deleted(bench: Any) -> None:
    made = read(bench.post("/customers", {"name": "N", "metadata[a]": "1", "metadata[b]": "2"}))
    path = f"/customers/{made['id']}"
    changed = read(bench.post(path, {"name": "", "metadata[a]": "", "metadata[c]": "3"}))
    assert (changed["name"], changed["metadata"]) == (None, {"b": "2", "c": "3"})
    assert read(bench.post(path, {"metadata": ""}))["metadata"] == {}
    assert read(bench.send("DELETE", f"/v1{path}")) == {"id": made["id"], "object": "customer", "deleted": True}
    assert error(bench.pay(customer=made["id"]))["code"] == "resource_missing"
    assert bench.statuses("customer", made["id"]) == ["active", "active", "active", "deleted"]


def test_a_test_card_that_is_also_the_default_becomes_one_method(bench: Any) -> None:
    default = "invoice_settings[default_payment_method]"
    made = read(bench.post("/customers", {"payment_method": "pm_card_amex", default: "pm_card_amex"}))
    (method,) = bench.get(f"/payment_methods?customer={made['id']}")["data"]
    assert made["invoice_settings"]["default_payment_method"] == method["id"]
    assert bench.post("/customers", {"payment_method": "pm_card_visa", default: "pm_card_amex"}).status == 400


def test_a_seeded_customer_names_its_default_method(bench: Any) -> None:
    customer = bench.get("/customers/cus_A000001?expand[]=invoice_settings.default_payment_method")
    assert customer["metadata"] == {"account": "A-000001", "method": "card"}
    assert customer["invoice_settings"]["default_payment_method"]["type"] == "card"
    assert bench.changes("customer")[0].document.ref == "A-000001"


def test_methods_are_made_attached_chosen_and_detached(bench: Any) -> None:
    made = read(bench.post("/payment_methods", {"type": "card", "card[token]": "tok_visa"}))["id"]
    assert read(bench.post(f"/payment_methods/{made}/attach", {"customer": "cus_A000001"}))["customer"] == "cus_A000001"
    settings = {"invoice_settings[default_payment_method]": made}
    assert read(bench.post("/customers/cus_A000001", settings))["invoice_settings"]["default_payment_method"] == made
    bench.customer(account="A-000002")
    assert bench.post(f"/payment_methods/{made}/attach", {"customer": "cus_A000002"}).status == 400
    assert bench.post("/customers/cus_A000002", settings).status == 400
    assert len(bench.get("/payment_methods?customer=cus_A000001")["data"]) == 2
    assert len(bench.get("/customers/cus_A000001/payment_methods?type=card")["data"]) == 2
    assert read(bench.post(f"/payment_methods/{made}/detach"))["customer"] is None
    assert bench.get("/customers/cus_A000001")["invoice_settings"]["default_payment_method"] is None


def test_a_bank_account_can_be_given_with_the_intent(bench: Any) -> None:
    fields = {"payment_method": None, "payment_method_data[type]": "us_bank_account"}
    fields |= {"payment_method_data[us_bank_account][account_number]": "000123456789"}
    reply = bench.pay("debit", **fields)
    assert read(reply)["status"] == "processing"


# --- lists, searches, expansion -------------------------------------------------------------------------------------


def test_lists_are_newest_first_and_paged_both_ways(bench: Any) -> None:
    for _ in range(5):
        bench.pay()
    ids = [row["id"] for row in bench.get("/payment_intents")["data"]]
    assert ids == sorted(ids, reverse=True)
    page = bench.get(f"/payment_intents?limit=2&starting_after={ids[1]}")
    assert ([row["id"] for row in page["data"]], page["has_more"]) == (ids[2:4], True)
    back = bench.get(f"/payment_intents?limit=2&ending_before={ids[3]}")
    assert [row["id"] for row in back["data"]] == ids[1:3]
    assert bench.get(f"/payment_intents?starting_after={ids[4]}")["data"] == []


def test_lists_know_their_filters_and_no_others(bench: Any) -> None:
    bench.pay()
    assert len(bench.get("/charges?customer=cus_A000001")["data"]) == 1
    assert bench.get("/charges?customer=cus_none")["data"] == []
    assert bench.get("/payment_intents?payout=x")["error"]["code"] == "parameter_unknown"
    assert bench.get("/payment_intents?limit=101")["error"]["param"] == "limit"
    now = bench.now_us // 1_000_000
    assert len(bench.get(f"/payment_intents?created[gte]={now}")["data"]) == 1
    assert bench.get(f"/payment_intents?created[gt]={now}")["data"] == []


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("metadata['invoice']:'INV-1'", 2),
        ('metadata["invoice"]:"INV-1" AND amount:12000', 1),
        ("metadata['invoice']:'INV-1' AND -amount:12000", 1),
        ("metadata['invoice']:'INV-1' -amount:12000", 1),
        ("amount>12000 OR amount<12000", 2),
        ("metadata['invoice']~'inv'", 3),
        ("status:'succeeded' AND amount>=11000 AND amount<=12000", 2),
        ("metadata['nothing']:null", 3),
        ("metadata['invoice']:'INV-9'", 0),
        ("currency:'USD'", 3),
    ],
)
def test_searches(bench: Any, query: str, count: int) -> None:
    bench.pay()
    assert len(bench.get(f"/payment_intents/search?query={quote(query)}")["data"]) in (0, 1)
    bench.pay(amount=13_000)
    bench.pay(amount=11_000, **{"metadata[invoice]": "INV-2"})
    found = bench.get(f"/payment_intents/search?query={quote(query)}")
    assert (found["object"], len(found["data"])) == ("search_result", count)


@pytest.mark.parametrize("query", ["", "colour:'red'", "amount:", "amount:1 AND", "amount:1 AND amount:2 OR amount:3",
                                   "metadata:'x'", "amount>'x'", "amount>'--5'"])  # fmt: skip
def test_searches_that_cannot_be_read_are_refused(bench: Any, query: str) -> None:
    assert bench.send("GET", f"/v1/payment_intents/search?query={quote(query)}").status == 400


def test_search_may_lag_and_customers_are_found_by_account(make_bench: Any) -> None:
    bench = make_bench(search_lag_seconds=60)
    bench.customer()
    path = "/customers/search?query=metadata%5B'account'%5D%3A'A-000001'"
    assert bench.get(path)["data"] == []
    bench.wait(0.01)
    assert [row["id"] for row in bench.get(path)["data"]] == ["cus_A000001"]


def test_search_pages(bench: Any) -> None:
    for _ in range(3):
        bench.pay()
    path = "/payment_intents/search?query=amount:12000&limit=2"
    first = bench.get(path)
    second = bench.get(f"{path}&page={first['next_page']}")
    assert (len(first["data"]), first["has_more"], len(second["data"]), second["next_page"]) == (2, True, 1, None)


def test_objects_are_expanded_some_levels_deep(bench: Any) -> None:
    intent = read(bench.pay(**{"expand[]": "latest_charge.balance_transaction"}))
    assert intent["latest_charge"]["balance_transaction"]["fee"] == 378
    rows = bench.get("/payment_intents?expand[]=data.customer")["data"]
    assert rows[0]["customer"]["id"] == "cus_A000001"
    moves = bench.get("/balance_transactions?expand[]=data.source")["data"]
    assert moves[0]["source"]["object"] == "charge"
    assert bench.get("/payment_intents?expand[]=data.amount")["error"]["param"] == "expand"
    assert "error" in bench.get(f"/payment_intents/{intent['id']}?expand[]=a.b.c.d.e")


def test_charges_refunds_and_events_can_be_read_and_marked(bench: Any) -> None:
    intent = read(bench.pay())
    charge = bench.get(f"/charges/{intent['latest_charge']}")
    assert (charge["paid"], charge["metadata"]["invoice"]) == (True, "INV-1")
    assert read(bench.post(f"/charges/{charge['id']}", {"metadata[seen]": "1"}))["metadata"]["seen"] == "1"
    refund = read(bench.post("/refunds", {"charge": charge["id"], "amount": 1}))
    assert bench.get(f"/refunds?payment_intent={intent['id']}")["data"][0]["id"] == refund["id"]
    events = bench.get("/events?type=payment_intent.succeeded")["data"]
    assert events[0]["data"]["object"]["id"] == intent["id"]
    assert events[0]["request"] == {"id": "req_000000000000r1", "idempotency_key": None}


def test_a_program_sees_by_the_account_whether_its_key_is_good(bench: Any) -> None:
    found = bench.get("/account")
    assert (found["object"], found["charges_enabled"], found["default_currency"]) == ("account", True, "usd")
    assert bench.send("GET", "/v1/account", authorization="").status == 401
