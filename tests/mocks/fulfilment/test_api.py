import hashlib
import hmac
from typing import Any

import msgspec
import pytest

from domain.draws import Draws
from domain.faults import Fault
from domain.history import Arrived, Changed
from domain.http import Request
from mocks import fulfilment
from mocks.fulfilment.errors import ROWS
from mocks.kernel.faults import FaultPlan
from mocks.kernel.vendor import build

BODY = {"order": "Q-000001-v1", "account": "A-000001", "lines": [{"sku": "SEAT", "quantity": 3}]}


def test_asking_twice_is_asking_once(shop: Any, json_of: Any) -> None:
    first = shop.send("PUT", "/v1/tasks/Q-000001-v1", BODY)
    assert first.status == 201
    task = json_of(first)
    assert (task["id"], task["status"], task["order"]) == ("Q-000001-v1", "requested", "Q-000001-v1")
    assert task["created_at"] == "2026-11-30T00:53:20.000000Z"
    shop.go(60)
    again = shop.send("PUT", "/v1/tasks/Q-000001-v1", BODY)
    assert (again.status, json_of(again)["status"]) == (200, "in_progress")
    other = shop.send("PUT", "/v1/tasks/Q-000001-v1", {**BODY, "account": "A-000002"})
    assert (other.status, json_of(other)["code"]) == (409, "different_content")
    assert other.headers["content-type"] == "application/problem+json"
    assert shop.steps() == ["requested", "in_progress"]
    arrived = [each for each in shop.history if isinstance(each, Arrived)]
    assert {(each.operation, each.key, each.txn) for each in arrived} == {("request_task", "Q-000001-v1", "Q-000001")}


def test_the_transaction_is_found_in_the_order_when_the_id_does_not_tell(shop: Any) -> None:
    shop.send("PUT", "/v1/tasks/task-7", BODY)
    assert next(each for each in shop.history if isinstance(each, Changed)).txn == "Q-000001"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed"),
        (b'{"order":"\xff"}', 400, "malformed"),
        ({"order": "x"}, 422, "invalid"),
        ({**BODY, "colour": "red"}, 422, "invalid"),
        ({**BODY, "lines": []}, 422, "invalid"),
        ({**BODY, "lines": [{"sku": "A", "quantity": 0}]}, 422, "invalid"),
        ({**BODY, "lines": [{"sku": "A", "quantity": "1"}]}, 422, "invalid"),
    ],
)
def test_bad_requests_take_nothing_on(shop: Any, json_of: Any, body: Any, status: int, code: str) -> None:
    reply = shop.send("PUT", "/v1/tasks/Q-000001-v1", body)
    problem = json_of(reply)
    assert (reply.status, problem["status"], problem["code"]) == (status, status, code)
    assert problem["instance"] == "/v1/tasks/Q-000001-v1"
    assert shop.steps() == []


def test_tasks_are_listed_in_pages(shop: Any, json_of: Any) -> None:
    for number in range(5):
        shop.ask(f"Q-00000{number}-v1")
    shop.send("POST", "/v1/tasks/Q-000001-v1/cancel")
    page = json_of(shop.send("GET", "/v1/tasks?status=requested&limit=2"))
    assert ([task["id"] for task in page["tasks"]], page["has_more"]) == (["Q-000000-v1", "Q-000002-v1"], True)
    page = json_of(shop.send("GET", "/v1/tasks?status=requested&limit=2&after=Q-000002-v1"))
    assert ([task["id"] for task in page["tasks"]], page["has_more"]) == (["Q-000003-v1", "Q-000004-v1"], False)
    by_order = json_of(shop.send("GET", "/v1/tasks/?order=Q-000001-v1"))["tasks"]
    assert [task["status"] for task in by_order] == ["cancelled"]
    for query in ("limit=0", "limit=x", "limit=%C2%B2", "colour=red"):
        assert shop.send("GET", f"/v1/tasks?{query}").status == 422
    assert shop.send("GET", "/v1/tasks?after=nope").status == 404


def test_unknown_tasks_paths_and_methods(shop: Any, json_of: Any) -> None:
    assert shop.send("GET", "/v1/tasks/nope").status == 404
    assert shop.send("POST", "/v1/tasks/nope/cancel").status == 404
    assert shop.send("GET", "/v2/tasks").status == 404
    refused = shop.send("DELETE", "/v1/tasks/nope")
    assert (refused.status, set(refused.headers["allow"].split(", "))) == (405, {"PUT", "GET"})


def test_a_bearer_token_is_required_and_may_be_fixed(shop: Any, new_shop: Any) -> None:
    assert shop.send("GET", "/v1/tasks", token="").status == 401
    fixed = new_shop(token="right")
    assert fixed.send("GET", "/v1/tasks", token="wrong").status == 401
    assert fixed.send("GET", "/v1/tasks", token="right").status == 200


def test_a_webhook_is_signed_anew_at_each_attempt_and_says_the_same(shop: Any) -> None:
    shop.ask()
    shop.go(60)
    shop.act("complete_task", id="Q-000001-v1")
    (first,) = shop.service.collect()
    request = shop.service.prepare(first, shop.now_us)
    seconds = shop.now_us // 1_000_000
    digest = hmac.new(b"fulfilment-secret", f"{seconds}.".encode() + request.body, hashlib.sha256).hexdigest()
    assert (request.host, request.method, request.target) == ("integration", "POST", "/webhooks/fulfilment")
    assert request.headers["x-signature"] == f"t={seconds},v1={digest}"
    event = msgspec.json.decode(request.body)
    assert (event["id"], event["type"]) == ("fe_00000001", "task.completed")
    assert event["occurred_at"] == "2026-11-30T00:54:20.000000Z"
    assert (event["task"]["id"], event["task"]["status"]) == ("Q-000001-v1", "completed")
    shop.service.settle(first, 500, shop.now_us)
    shop.go(60)
    (second,) = shop.service.collect()
    retried = shop.service.prepare(second, shop.now_us)
    assert retried.body == request.body
    assert retried.headers["x-signature"] != request.headers["x-signature"]


def test_refusals_for_load_say_when_to_come_back(json_of: Any) -> None:
    history: list[Any] = []
    plan = FaultPlan([Fault(kind="throttled", system="fulfilment", seconds=7)], 1, history.append)
    service = build(fulfilment.VENDOR, Draws(1), history.append, plan)
    reply = service.handle(Request("fulfilment", "GET", "/v1/tasks", {"authorization": "Bearer x"}), 1).reply
    assert (reply.status, reply.headers["retry-after"]) == (429, "7")


def test_every_kernel_code_has_a_row() -> None:
    kernel = (
        "not_found method_not_allowed malformed unauthenticated throttled throttled_silently concurrency server_error "
        "maintenance conflict_state idempotency_mismatch idempotency_in_progress"
    )
    assert set(kernel.split()) <= set(ROWS)


def test_equal_seeds_write_equal_histories_and_other_seeds_others(new_shop: Any) -> None:
    def run(seed: int) -> list[Any]:
        shop = new_shop(seed)
        shop.ask()
        shop.go(30 * 86_400)
        return list(shop.history)

    assert run(1) == run(1)
    assert run(1) != run(2)
