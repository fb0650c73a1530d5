"""The admin API: what a person or a test does with a running world from outside."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from openapi_spec_validator import validate

from mocks.admin.api import application
from mocks.doors.live import LiveWorld
from mocks.doors.post import Targets
from mocks.doors.serving import Running, running
from tests.mocks.doors.conftest import Receiver, listening, task_body

TASK = "/v1/tasks/Q-000001-v1"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as found:
        yield found


@pytest.fixture
def doors(receiver: Receiver) -> Iterator[Running]:
    world = LiveWorld(targets=Targets(intake=receiver.url))
    with running(world, admin=application(world, {"payment": "http://x"})) as found:
        yield found


@pytest.fixture
def admin(doors: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=doors["admin"], trust_env=False, timeout=10) as found:
        yield found


def put(doors: Running) -> httpx.Response:
    headers = {"authorization": "Bearer t"}
    return httpx.put(doors["fulfilment"] + TASK, content=task_body(), headers=headers, trust_env=False)


def test_a_running_world_says_that_it_is_ready(admin: httpx.Client) -> None:
    assert admin.get("/health").json()["status"] == "ready"
    found = admin.get("/world").json()
    assert found["addresses"] == {"payment": "http://x"}
    assert found["settings"]["seed"] == 1


def test_the_clock_is_stopped_and_moved(admin: httpx.Client, doors: Running, receiver: Receiver) -> None:
    put(doors)
    before = admin.post("/clock", json={"freeze": True}).json()
    assert before["frozen"]
    after = admin.post("/clock", json={"advance_seconds": 86_400}).json()
    assert after["now_us"] - before["now_us"] == 86_400_000_000
    assert receiver.topics() == ["task.completed"]
    assert not admin.post("/clock", json={"speed": 2}).json()["frozen"]
    assert admin.get("/clock").json()["speed"] == 2


@pytest.mark.parametrize(
    "wish",
    [{}, {"freeze": True, "speed": 2}, {"advance_seconds": -1}, {"advance_to_us": 5}, {"speed": -1}, {"x": 1}, []],
)
def test_a_clock_that_cannot_be_so_says_why(admin: httpx.Client, wish: object) -> None:
    reply = admin.post("/clock", json=wish)
    assert (reply.status_code, bool(reply.json()["problem"])) == (400, True)


def test_faults_go_on_and_off(admin: httpx.Client, doors: Running) -> None:
    fault = {"kind": "error_after", "system": "fulfilment", "operation": "request_task"}
    assert admin.put("/faults", json=[fault]).json()[0]["fault"]["kind"] == "error_after"
    assert put(doors).status_code == 500
    assert admin.get("/faults").json()[0]["struck"] == 1
    assert admin.put("/faults", json=[]).json() == []
    assert put(doors).status_code == 200
    assert "gremlin" in admin.put("/faults", json=[{"kind": "gremlin"}]).json()["problem"]


def test_limits_are_set_by_system(admin: httpx.Client, doors: Running) -> None:
    admin.put("/limits", json={"fulfilment": {"requests": 1, "window_seconds": 3600}})
    assert [put(doors).status_code for _ in range(2)] == [201, 429]
    assert admin.get("/limits").json()["fulfilment"]["requests"] == 1
    assert "nobody" in admin.put("/limits", json={"nobody": {}}).json()["problem"]


def test_deliveries_are_listed_and_made_again(admin: httpx.Client, doors: Running, receiver: Receiver) -> None:
    put(doors)
    admin.post("/clock", json={"advance_seconds": 86_400})
    (attempt,) = admin.get("/deliveries", params={"system": "fulfilment"}).json()["attempts"]
    assert (attempt["status"], attempt["url"][:17], attempt["answer"]) == (200, receiver.url[:17], "ok")
    assert admin.post(f"/deliveries/{attempt['number']}/redeliver").status_code == 202
    admin.post("/clock", json={"advance_seconds": 1})
    assert receiver.topics() == ["task.completed"] * 2
    assert admin.post("/deliveries/999/redeliver").status_code == 404


def test_acts_are_done_now(admin: httpx.Client, doors: Running) -> None:
    act = {"system": "fulfilment", "action": "set_duration", "arguments": {"median_seconds": 60, "p95_seconds": 61}}
    assert admin.post("/acts", json=[act]).json() == {"acts": 1}
    unknown = admin.post("/acts", json=[{"system": "tax", "action": "dance"}])
    assert (unknown.status_code, "dance" in unknown.json()["problem"]) == (400, True)
    assert "nobody" in admin.post("/acts", json=[{"system": "nobody", "action": "x"}]).json()["problem"]
    broken = admin.post("/acts", json=[{"system": "payment", "action": "create_customer"}]).json()["problem"]
    assert broken.startswith("act 1 (payment create_customer)")
    odd = {"system": "tax", "action": "register_nexus", "arguments": {"country": 1, "region": "CA"}}
    assert admin.post("/acts", json=[odd]).status_code == 400


def test_an_act_that_is_not_possible_now_is_refused(admin: httpx.Client) -> None:
    place = {"entity": "US", "currency": "USD"}
    line = {"sku": "SEAT", "kind": "recurring", "quantity": 1, "list_unit_minor": 100, "unit_minor": 100}
    account = {"account": "A-000001", "name": "Acme", "country": "US", **place}
    quote = {"number": "Q-000001", "account": "A-000001", "lines": [line], **place}
    steps = (("create_account", account), ("create_quote", quote), ("approve_quote", {"number": "Q-000001"}))
    acts = [{"system": "crm", "action": action, "arguments": arguments} for action, arguments in steps]
    refused = admin.post("/acts", json=acts)
    assert refused.status_code == 409
    assert "act 3 (crm approve_quote) is refused: quote: draft -> approved" in refused.json()["problem"]


def test_a_world_is_kept_emptied_and_brought_back(admin: httpx.Client, doors: Running) -> None:
    put(doors)
    kept = admin.get("/snapshot").content
    assert kept.count(b"\n") == 3
    assert admin.post("/reset", json={"seed": 7}).json() == {"seed": 7}
    assert put(doors).status_code == 201
    assert admin.post("/restore", content=kept).status_code == 200
    assert put(doors).status_code == 200
    assert "no snapshot" in admin.post("/restore", content=b"nonsense").json()["problem"]
    assert put(doors).status_code == 200


@pytest.mark.parametrize("headers", [{"host": "evil.example.com"}, {"origin": "https://evil.example.com"}])
def test_a_page_from_elsewhere_is_not_served(admin: httpx.Client, headers: dict[str, str]) -> None:
    assert admin.post("/reset", headers=headers).status_code == 403
    assert admin.get("/world", headers=headers).status_code == 403


# --- faults, one by one -------------------------------------------------------------------------------------------

FAULT = {"kind": "throttled", "system": "fulfilment", "operation": "request_task"}


def test_faults_are_added_and_removed_one_by_one(admin: httpx.Client, doors: Running) -> None:
    assert admin.post("/faults", json={**FAULT, "nth": 2}).status_code == 201
    assert len(admin.post("/faults", json={"kind": "loss", "system": "fulfilment"}).json()) == 2
    assert [put(doors).status_code for _ in range(3)] == [201, 429, 200]
    assert admin.delete("/faults/0").json()[0]["fault"]["kind"] == "loss"
    assert admin.delete("/faults/7").status_code == 404
    assert admin.delete("/faults").json() == []


def test_a_fault_may_last_for_a_while_from_now(admin: httpx.Client, doors: Running) -> None:
    admin.post("/clock", json={"freeze": True})
    admin.post("/faults", json={**FAULT, "in_seconds": 60, "for_seconds": 60})
    found = []
    for _ in range(3):
        found.append(put(doors).status_code)
        admin.post("/clock", json={"advance_seconds": 60})
    assert found == [201, 429, 200]


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        ({"kind": "gremlin"}, "there is no fault 'gremlin'"),
        ({"kind": "crash"}, "own process"),
        ({"kind": "unresolved", "system": "erp"}, "over real connections: names are looked up by the caller"),
        ({"kind": "throttled", "system": "nobody"}, "no system 'nobody'"),
        ({"kind": "throttled", "system": "payment", "operation": "dance"}, "no operation 'dance'"),
        ({"kind": "throttled", "share_ppm": 2_000_000}, "parts per million"),
        ({"kind": "throttled", "nth": -1}, "negative"),
        ({"kind": "throttled", "sahre_ppm": 1}, "sahre_ppm"),
        ({}, "kind"),
    ],
)
def test_a_fault_that_cannot_be_says_why(admin: httpx.Client, wish: object, problem: str) -> None:
    reply = admin.post("/faults", json=wish)
    assert reply.status_code == 400
    assert problem in reply.json()["problem"]
    assert admin.get("/faults").json() == []


def test_the_kinds_of_faults_are_listed(admin: httpx.Client) -> None:
    kinds = {each["key"]: each["place"] for each in admin.get("/faults/kinds").json()}
    assert kinds["truncated_after"] == "after"
    assert not {"crash", "unresolved", "untrusted"} & set(kinds)


# --- journal ------------------------------------------------------------------------------------------------------


def test_requests_are_found_by_what_they_were(admin: httpx.Client, doors: Running) -> None:
    put(doors)
    put(doors)
    found = admin.get("/journal", params={"method": "PUT", "path": "/v1/tasks/*", "status": 201}).json()
    assert (found["count"], found["requests"][0]["number"]) == (1, "r1")
    assert admin.get("/journal").json()["requests"][0]["number"] == "r2"
    assert admin.get("/journal", params={"txn": "Q-000001", "text": "SEAT", "limit": 1}).json()["count"] == 2
    assert admin.get("/journal", params={"system": "payment"}).json()["count"] == 0
    assert admin.post("/journal/find", json={"body": {"lines": [{"sku": "SEAT"}]}}).json()["count"] == 2
    assert "pahth" in admin.get("/journal", params={"pahth": "x"}).json()["problem"]
    assert "nobody" in admin.get("/journal", params={"system": "nobody"}).json()["problem"]


def test_a_request_is_shown_without_its_credentials(admin: httpx.Client, doors: Running) -> None:
    put(doors)
    found = admin.get("/journal/r1").json()
    assert found["request_headers"]["authorization"] == "(redacted)"
    assert found["request_plain"]["lines"][0]["sku"] == "SEAT"
    assert '"status":"requested"' in found["reply_body"]
    assert admin.get("/journal/r77").status_code == 404


def test_exactly_one_is_verified(admin: httpx.Client, doors: Running) -> None:
    put(doors)
    wanted = {"method": "PUT", "path": TASK, "exactly": 1}
    assert admin.post("/journal/verify", json=wanted).json()["holds"]
    put(doors)
    verdict = admin.post("/journal/verify", json=wanted)
    assert (verdict.status_code, verdict.json()["count"]) == (409, 2)
    assert "exactly 1 expected, 2 found" in verdict.json()["sentence"]
    for bounds, holds in (({"at_least": 2}, True), ({"at_most": 1}, False), ({"at_least": 1, "at_most": 2}, True)):
        assert admin.post("/journal/verify", json={"path": TASK, **bounds}).json()["holds"] is holds


def test_what_nearly_fits_is_said(admin: httpx.Client, doors: Running) -> None:
    put(doors)
    wanted = {"method": "POST", "path": TASK, "status": 201, "system": "fulfilment"}
    verdict = admin.post("/journal/verify", json=wanted).json()
    assert not verdict["holds"]
    assert verdict["near"][0]["missed"] == {"method": "PUT"}
    assert verdict["near"][0]["row"]["number"] == "r1"


def test_requests_are_forgotten_and_the_world_stays(admin: httpx.Client, doors: Running) -> None:
    put(doors)
    assert admin.delete("/journal").json() == {"forgotten": 1}
    assert admin.get("/journal").json()["count"] == 0
    assert put(doors).status_code == 200


# --- state --------------------------------------------------------------------------------------------------------


def test_a_document_is_shown_with_its_history_and_its_chart(admin: httpx.Client, doors: Running) -> None:
    put(doors)
    admin.post("/clock", json={"advance_seconds": 86_400})
    assert admin.get("/documents").json()["fulfilment"]["task"] == 1
    found = admin.get("/documents/fulfilment/task", params={"status": "completed"}).json()
    assert found["documents"] == [{"id": "Q-000001-v1", "status": "completed", "txn": "Q-000001"}]
    shown = admin.get("/documents/fulfilment/task/Q-000001-v1").json()
    assert [step["status"] for step in shown["history"]] == ["requested", "in_progress", "completed"]
    assert shown["history"][0]["cause"] == "r1"
    assert shown["chart"]["name"] == "fulfilment"
    assert "completed" in shown["chart"]["states"]
    assert shown["document"]["status"] == "completed"
    assert admin.get("/documents/fulfilment/task", params={"text": "nothing"}).json()["documents"] == []
    assert admin.get("/documents/fulfilment/task/none").status_code == 404
    assert admin.get("/documents/fulfilment/unicorn").status_code == 404
    assert admin.get("/documents/nobody/task").status_code == 404


def test_records_of_the_crm_are_documents_too(admin: httpx.Client, doors: Running) -> None:
    grant = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s"}
    base = doors["crm"] + "/services"
    token = httpx.post(f"{base}/oauth2/token", data=grant, trust_env=False).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    url = f"{base}/data/v62.0/sobjects/Contact"
    key = httpx.post(url, json={"LastName": "Byron"}, headers=headers, trust_env=False).json()["id"]
    found = admin.get("/documents/crm/Contact", params={"text": "Byron"}).json()
    assert [row["id"] for row in found["documents"]] == [key]
    assert admin.get(f"/documents/crm/Contact/{key}").json()["entry"]["LastName"] == "Byron"


def test_the_history_of_a_world_ends_with_it(admin: httpx.Client, doors: Running) -> None:
    put(doors)
    admin.post("/reset")
    put(doors)
    assert len(admin.get("/documents/fulfilment/task/Q-000001-v1").json()["history"]) == 1


# --- drifts, seeds, documents of the API --------------------------------------------------------------------------


def test_drifts_go_on_and_off(admin: httpx.Client, doors: Running) -> None:
    rows = admin.put("/drifts", json=["netsuite-role-permission"]).json()
    assert [row["name"] for row in rows if row["on"]] == ["netsuite-role-permission"]
    url = doors["erp"] + "/services/rest/record/v1/creditMemo/1"
    assert httpx.delete(url, headers={"authorization": "Bearer t"}, trust_env=False).status_code == 403
    assert not any(row["on"] for row in admin.put("/drifts", json=[]).json())
    assert "there is no drift" in admin.put("/drifts", json=["x"]).json()["problem"]


def test_a_world_without_scenarios_says_so(admin: httpx.Client) -> None:
    assert admin.post("/seed", json={"scenario": "quarter_end"}).status_code == 501


def test_the_api_describes_itself_and_the_dialects(admin: httpx.Client) -> None:
    document = admin.get("/openapi.json").json()
    validate(document)
    assert document["paths"]["/journal/verify"]["post"]["operationId"] == "verify"
    assert admin.get("/openapi/payment.json").json()["paths"]["/v1/payment_intents"]
    assert admin.get("/openapi/nobody.json").status_code == 404


@pytest.mark.parametrize("path", ["/clock", "/faults", "/acts", "/journal/verify", "/seed", "/reset"])
def test_a_body_that_is_not_understood_is_the_callers_mistake(admin: httpx.Client, path: str) -> None:
    for body in (b"{", b"\xff", b"[" * 5000, b'"x"', b'{"x":1}'):
        assert admin.post(path, content=body).status_code == 400


# --- the token ----------------------------------------------------------------------------------------------------


@pytest.fixture
def locked() -> Iterator[httpx.Client]:
    world = LiveWorld()
    with (
        running(world, admin=application(world, {}, token="s3cret")) as found,
        httpx.Client(base_url=found["admin"], trust_env=False, timeout=10) as client,
    ):
        yield client


def test_with_a_token_nobody_comes_in_without_it(locked: httpx.Client) -> None:
    assert locked.get("/world").status_code == 401
    assert locked.get("/world", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert locked.get("/world", headers={"authorization": "Bearer s3cret", "host": "mocks.example"}).status_code == 200


def test_a_person_logs_in_once(locked: httpx.Client) -> None:
    asked = locked.get("/ui/")
    assert (asked.status_code, asked.headers["location"]) == (303, "/ui/login")
    assert "Token of these mocks" in locked.get("/ui/login").text
    locked.post("/ui/login", data={"token": "wrong"})
    assert locked.get("/ui/").status_code == 303
    told = locked.post("/ui/login", data={"token": "s3cret"})
    assert "HttpOnly" in told.headers["set-cookie"]
    assert "SameSite=strict" in told.headers["set-cookie"]
    assert locked.get("/ui/").status_code == 200
    assert locked.post("/ui/login", data={"token": "x"}, headers={"origin": "https://evil.example"}).status_code == 403
