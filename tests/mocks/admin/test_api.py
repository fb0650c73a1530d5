"""The admin API: what a person or a test does with a running world from outside."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

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
    assert admin.put("/faults", json=[fault]).json()[0]["kind"] == "error_after"
    assert put(doors).status_code == 500
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
