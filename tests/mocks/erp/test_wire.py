"""The dialect: errors, authentication, unknown properties, limits, async jobs, faults, paging and queries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.acts import Act, UnknownAct
from domain.faults import Fault
from domain.http import Request
from mocks.erp import Quirks
from mocks.erp.errors import ROWS, refuse
from mocks.kernel.operations import Refusal

PATH = "salesOrder/eid:Q-000123-v1"
TOKEN = "/services/rest/auth/oauth2/v1/token"
GRANT = (
    b"grant_type=client_credentials&client_assertion=e30.e30.c2ln"
    b"&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
)


def test_an_error_is_a_problem_document(bench: Any) -> None:
    reply = bench.call("GET", "customer/eid:A-000404")
    assert json.loads(reply.body) == {
        "type": "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.5",
        "title": "Not Found",
        "status": 404,
        "o:errorDetails": [
            {
                "detail": "The record instance of customer with the key eid:A-000404 is missing.",
                "o:errorCode": "NONEXISTENT_ID",
                "o:errorUrl": "/services/rest/record/v1/customer/eid:A-000404",
            }
        ],
    }
    assert reply.headers["x-n-operationid"] == "r1"


@pytest.mark.parametrize("code", sorted(ROWS))
def test_every_row_renders(code: str) -> None:
    reply = refuse(Refusal(code, retry_after_seconds=7, location="/x", allow="GET,PUT"), None)
    assert reply.status == ROWS[code].status
    assert json.loads(reply.body)["o:errorDetails"][0]["o:errorCode"] == ROWS[code].code
    assert reply.headers["retry-after"] == "7"


def test_wrong_bodies_are_named(bench: Any) -> None:
    assert bench.refused("PUT", PATH, b"{nonsense") == (400, "INVALID_CONTENT", "")
    assert bench.refused("PUT", PATH, b"\xff\xfe") == (400, "INVALID_CONTENT", "")
    assert bench.refused("PUT", PATH, bench.order(tranDate="soon")) == (400, "INVALID_CONTENT", "tranDate")
    body = bench.order()
    body["item"]["items"][0]["quantity"] = "ten"
    assert bench.refused("PUT", PATH, body) == (400, "INVALID_CONTENT", "item.items[0].quantity")
    assert bench.refused("PUT", PATH, [1]) == (400, "INVALID_CONTENT", "")


def test_unknown_properties_are_refused_with_their_path_and_custom_fields_let_through(bench: Any, make: Any) -> None:
    body = bench.order(custbody_region="EMEA")
    body["item"]["items"][1]["custcol_colour"] = "blue"
    assert bench.put(PATH, body).status == 204
    body["item"]["items"][1]["colour"] = "blue"
    assert bench.refused("PUT", PATH, body) == (400, "INVALID_CONTENT", "item.items[1].colour")
    ignoring = {"x-netsuite-propertynamevalidation": "ignore"}
    assert bench.call("PUT", PATH, body, ignoring).status == 204
    assert make(Quirks(unknown_properties="ignore")).put(PATH, body).status == 204


def test_paths_and_methods_that_are_not_there(bench: Any) -> None:
    assert bench.refused("GET", "spaceship/1") == (404, "INVALID_URL", "")
    reply = bench.call("POST", "customer/eid:A-000001")
    assert reply.status == 405
    assert sorted(reply.headers["allow"].split(", ")) == ["DELETE", "GET", "PATCH", "PUT"]
    assert bench.call("GET", "customer/eid:A-000001/").status == 200


def bare(bench: Any, authorization: str, target: str = "/services/rest/record/v1/customer/1") -> int:
    headers = {"authorization": authorization} if authorization else {}
    outcome = bench.service.handle(Request("erp", "GET", target, headers), bench.now_us, "r")
    return int(outcome.reply.status)


def test_without_credentials_nobody_gets_in(bench: Any, make: Any) -> None:
    assert bare(bench, "") == bare(bench, "Bearer") == bare(bench, "Basic eHg6eXk=") == 401
    signed = (
        'OAuth realm="T", oauth_consumer_key="c", oauth_token="t", oauth_nonce="n", oauth_timestamp="1", '
        'oauth_signature_method="HMAC-SHA256", oauth_version="1.0", oauth_signature="s%3D"'
    )
    assert bare(bench, signed) == 200
    assert bare(bench, signed.replace("oauth_nonce", "nonce")) == 401
    assert bare(make(Quirks(authentication="off")), "") == 200


def test_a_token_lives_an_hour(bench: Any) -> None:
    reply = bench.call("POST", TOKEN, GRANT, {"authorization": ""})
    body = json.loads(reply.body)
    assert (reply.status, body["expires_in"], body["token_type"]) == (200, "3600", "bearer")
    bearer = f"Bearer {body['access_token']}"
    assert bare(bench, bearer) == bare(bench, bearer.replace("Bearer", body["token_type"])) == 200
    bench.now_us += 3_600_000_000
    assert bare(bench, bearer) == 401


def test_tokens_may_expire_all_at_once(bench: Any) -> None:
    reply = bench.call("POST", TOKEN, GRANT, {"authorization": ""})
    bearer = f"Bearer {json.loads(reply.body)['access_token']}"
    assert bare(bench, bearer) == 200
    bench.act("expire_tokens")
    assert bare(bench, bearer) == 401


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (GRANT.replace(b"client_credentials", b"password"), 400, "unsupported_grant_type"),
        (GRANT.replace(b"jwt-bearer", b"other"), 400, "invalid_request"),
        (GRANT.replace(b"e30.e30.c2ln", b"secret"), 401, "invalid_client"),
    ],
)
def test_a_wrong_token_request_fails_in_the_shape_of_oauth(bench: Any, body: bytes, status: int, error: str) -> None:
    reply = bench.call("POST", TOKEN, body)
    assert (reply.status, json.loads(reply.body)["error"]) == (status, error)


def test_the_sixteenth_request_at_once_is_refused_without_retry_after(bench: Any) -> None:
    for _ in range(15):
        assert bench.service.limiter.enter(bench.now_us)
    reply = bench.call("GET", "customer/1")
    assert (reply.status, json.loads(reply.body)["title"]) == (429, "Too Many Requests")
    assert "retry-after" not in reply.headers
    bench.service.limiter.leave()
    assert bench.call("GET", "customer/1").status == 200
    limits = bench.get("/services/rest/system/v1/governanceLimits")
    assert limits["accountConcurrencyLimit"] == 15


def test_planned_faults_speak_the_dialect(make: Any) -> None:
    bench = make(faults=(Fault(kind="error_before", system="erp", operation="upsert_order", nth=1),))
    reply = bench.put(PATH, bench.order())
    assert (reply.status, json.loads(reply.body)["o:errorDetails"][0]["o:errorCode"]) == (500, "UNEXPECTED_ERROR")
    assert bench.put(PATH, bench.order()).status == 204


def test_a_write_is_known_by_its_external_id(bench: Any) -> None:
    bench.put(PATH, bench.order())
    bench.call("POST", f"{PATH}/!transform/itemFulfillment", {"externalId": "task_1"})
    bench.get(PATH)
    arrived = bench.records
    keys = [(row.operation, row.key) for row in arrived if type(row).__name__ == "Arrived"]
    assert keys == [("upsert_order", "Q-000123-v1"), ("transform_order", "task_1"), ("read_order", "")]


def test_an_asynchronous_key_used_twice_is_an_error_not_a_replay(bench: Any) -> None:
    headers = {"prefer": "respond-async", "x-netsuite-idempotency-key": "k-1"}
    reply = bench.call("PUT", PATH, bench.order(), headers)
    assert (reply.status, reply.headers["preference-applied"]) == (202, "respond-async")
    job = reply.headers["location"].removeprefix("https://erp.test")
    assert bench.get(job)["completed"] is False
    assert bench.call("GET", f"{job}/task/1/result").status == 404
    again = bench.call("PUT", PATH, bench.order(), headers)
    assert (again.status, again.headers["location"]) == (400, reply.headers["location"])
    assert json.loads(again.body)["o:errorDetails"][0]["o:errorCode"] == "IDEMPOTENCY_ERROR"
    bench.service.tick(bench.now_us + 5_000_000)
    assert bench.get(job)["completed"] is True
    assert bench.get(f"{job}/task")["items"][0]["completed"] is True
    assert bench.get(f"{job}/task/1")["completed"] is True
    result = bench.call("GET", f"{job}/task/1/result")
    assert (result.status, result.headers["location"][-7:]) == (204, "1000001")
    assert len(bench.erp.orders.records) == 1


def test_the_key_means_nothing_in_synchronous_mode(bench: Any) -> None:
    headers = {"x-netsuite-idempotency-key": "k-1"}
    assert bench.call("POST", "salesOrder", bench.order(), headers).status == 204
    assert bench.call("POST", "salesOrder", bench.order(), headers).status == 204
    assert len(bench.erp.orders.records) == 2


def test_a_read_may_be_asynchronous_too(bench: Any) -> None:
    reply = bench.call("GET", "customer/1?fields=id", None, {"prefer": "respond-async"})
    assert reply.status == 202
    bench.service.tick(bench.now_us + 5_000_000)
    job = reply.headers["location"].removeprefix("https://erp.test")
    assert bench.get(f"{job}/task/1/result")["id"] == "1"


def test_a_collection_is_a_job_of_many_tasks(bench: Any) -> None:
    kind = {"content-type": "application/vnd.oracle.resource+json; type=collection", "prefer": "respond-async"}
    rows = [{"companyName": name, "externalId": name, "subsidiary": {"id": "US"}} for name in ("B1", "B2", "A-000001")]
    reply = bench.call("POST", "customer", {"items": rows}, kind)
    assert reply.status == 202
    job = reply.headers["location"].removeprefix("https://erp.test")
    bench.service.tick(bench.now_us + 5_000_000)
    assert [row["id"] for row in bench.get(f"{job}/task")["items"]] == ["1", "2", "3"]
    results = [bench.call("GET", f"{job}/task/{number}/result").status for number in (1, 2, 3, 4)]
    assert results == [204, 204, 400, 404]
    assert bench.get("customer/eid:B2")["companyName"] == "B2"
    del kind["prefer"]
    refused = bench.call("POST", "customer", {"items": rows}, kind)
    assert json.loads(refused.body)["o:errorDetails"][0]["o:errorHeader"] == "Prefer"
    kind["prefer"] = "respond-async"
    for items in ([], rows * 34, [{"colour": "red"}]):
        assert bench.call("POST", "customer", {"items": items}, kind).status == 400


def test_a_job_that_fails_keeps_its_refusal(bench: Any) -> None:
    body = bench.order(entity={"externalId": "A-000404"})
    job = bench.call("PUT", PATH, body, {"prefer": "respond-async"}).headers["location"]
    bench.service.tick(bench.now_us + 5_000_000)
    refused = bench.refused("GET", job.removeprefix("https://erp.test") + "/task/1/result")
    assert refused == (400, "INVALID_KEY_OR_REF", "entity")


def test_lists_page_and_filter(bench: Any) -> None:
    for number in range(2, 8):
        bench.act("create_customer", account=f"A-{number:06d}", name=f"N{number}", entity="US", currency="USD")
    page = bench.get("customer?limit=3&offset=3")
    assert [row["id"] for row in page["items"]] == ["4", "5", "6"]
    assert (page["count"], page["hasMore"], page["totalResults"]) == (3, True, 7)
    assert {row["rel"] for row in page["links"]} == {"self", "first", "previous", "next", "last"}
    found = bench.get("customer?q=externalId%20ANY_OF%20%5B%22A-000002%22,%22A-000005%22%5D%20AND%20id%20GREATER%202")
    assert [row["id"] for row in found["items"]] == ["5"]
    found = bench.get("customer?q=(companyname%20START_WITH%20N7%20OR%20entityid%20CONTAIN%20000003)")
    assert [row["id"] for row in found["items"]] == ["3", "7"]
    assert bench.get("customer?q=email%20EMPTY")["totalResults"] == 7
    assert bench.get("customer?q=id%20BETWEEN%20%5B2,3%5D")["totalResults"] == 2
    assert bench.refused("GET", "customer?limit=3&offset=4") == (400, "INVALID_PARAMETER", "offset")
    assert bench.refused("GET", "customer?limit=1001") == (400, "INVALID_PARAMETER", "limit")
    assert bench.refused("GET", "customer?colour=blue") == (400, "INVALID_PARAMETER", "colour")
    for wrong in ("colour%20IS%20blue", "id%20NEAR%203", "id%20IS", "(id%20IS%203", "id%20BETWEEN%20%5B1%5D", "%22"):
        assert bench.refused("GET", f"customer?q={wrong}") == (400, "INVALID_PARAMETER", "q")


def test_fields_and_subresources_are_shown_on_request(bench: Any) -> None:
    bench.put(PATH, bench.order())
    assert "items" not in bench.get(PATH)["item"]
    lines = bench.get(f"{PATH}?expandSubResources=true")["item"]["items"]
    assert [(line["item"]["externalId"], line["amount"]) for line in lines] == [("ITM-CORE", 1200), ("ITM-SETUP", 300)]
    shown = bench.get(f"{PATH}?fields=id,total")
    assert (shown["id"], shown["total"], len(shown)) == ("1000001", 1500.0, 3)
    assert bench.refused("GET", f"{PATH}?fields=colour") == (400, "INVALID_PARAMETER", "fields")
    assert bench.refused("GET", f"{PATH}?colour=blue") == (400, "INVALID_PARAMETER", "colour")


def test_every_record_type_can_be_read(bench: Any) -> None:
    bench.put(PATH, bench.order())
    bench.call("POST", f"{PATH}/!transform/itemFulfillment", {"externalId": "task_1"})
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put("creditMemo/eid:cn_1", bench.memo())
    bench.put("customerPayment/eid:pi_1", bench.payment(100.0))
    for path in (PATH, "itemFulfillment/eid:task_1", "invoice/eid:inv_1", "creditMemo/eid:cn_1",
                 "customerPayment/eid:pi_1", "serviceSaleItem/eid:ITM-CORE", "subsidiary/1"):  # fmt: skip
        assert bench.get(f"{path}?expandSubResources=true")["id"]
    for kind in ("salesOrder", "invoice", "creditMemo", "customerPayment", "serviceSaleItem", "subsidiary"):
        assert bench.get(kind)["totalResults"] >= 1


def test_unknown_acts_say_what_is_known(bench: Any) -> None:
    with pytest.raises(UnknownAct, match="place_hold"):
        bench.service.act(Act(at_us=bench.now_us, system="erp", action="dance", arguments={}))
