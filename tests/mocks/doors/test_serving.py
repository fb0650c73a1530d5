"""The plain doors, as clients see them: an ordinary ASGI server, and the transport of our own."""

from __future__ import annotations

import asyncio
import gc
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import msgspec
import pytest

from domain.faults import Fault
from domain.http import Reply, Request
from mocks.doors.asgi import NoReply, application
from mocks.doors.live import LiveWorld
from mocks.doors.post import Targets
from mocks.doors.serving import Running, listen, port_of, running
from mocks.doors.state import FileState
from mocks.kernel.outcome import HOLD_HEADER, Outcome
from tests.mocks.doors.conftest import HEADERS, Receiver, task_body

TASK = "/v1/tasks/Q-000001-v1"
AUTH = {"authorization": "Bearer t"}


@pytest.fixture(params=["asgi", "turbo"])
def doors(request: pytest.FixtureRequest) -> Iterator[Running]:
    with running(LiveWorld(), turbo=request.param == "turbo") as found:
        yield found


@pytest.fixture
def client(doors: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=doors["fulfilment"], headers=AUTH, timeout=5, trust_env=False) as found:
        yield found


def talk(doors: Running, sent: bytes, system: str = "fulfilment", wait_seconds: float = 2.0) -> bytes:
    """Send bytes as they are and return all that comes back until the peer closes."""
    with socket.create_connection(("127.0.0.1", doors.port(system)), timeout=wait_seconds) as end:
        with suppress(ConnectionError):  # who refuses a flood need not read it to its end
            end.sendall(sent)
        got = b""
        while part := end.recv(65_536):
            got += part
        return got


def head(method: str, target: str, *lines: str) -> bytes:
    return "\r\n".join(
        [f"{method} {target} HTTP/1.1", "host: mocks:1", "authorization: Bearer t", *lines, "", ""]
    ).encode()


def test_a_request_is_answered_in_the_vendors_words(client: httpx.Client) -> None:
    made = client.put(TASK, content=task_body())
    assert (made.status_code, made.json()["status"]) == (201, "requested")
    assert b" " not in made.content.split(b'"created_at"')[0]
    assert client.get(TASK).json()["id"] == "Q-000001-v1"
    assert client.get(TASK + "/").status_code == 200
    assert "date" in made.headers


def test_a_body_may_come_in_chunks(client: httpx.Client) -> None:
    body = task_body()
    made = client.put(TASK, content=iter([body[:10], b"", body[10:]]))
    assert made.status_code == 201


def test_a_missing_or_broken_body_is_the_clients_mistake(client: httpx.Client) -> None:
    assert client.put(TASK).status_code == 400
    assert client.put(TASK, content=b'{"order":').status_code == 400
    assert client.put(TASK, content=b"\xff\xfe").status_code == 400
    assert client.get(TASK).status_code == 404


def test_the_raw_path_counts(client: httpx.Client) -> None:
    client.put(TASK, content=task_body())
    assert client.get("/v1/tasks/Q%2D000001%2Dv1").status_code == 200
    assert client.get("/v1//tasks").status_code == 404


def test_an_address_in_a_reply_is_the_one_the_client_used(doors: Running) -> None:
    with httpx.Client(base_url=doors["crm"], trust_env=False) as client:
        grant = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s"}
        found = client.post("/services/oauth2/token", data=grant, headers={"host": "org.example.test:81"}).json()
        assert found["instance_url"] == "http://org.example.test:81"
        lied = {"host": "h", "x-forwarded-proto": "https", "x-forwarded-for": "9.9.9.9"}
        found = client.post("/services/oauth2/token", data=grant, headers=lied).json()
        assert found["instance_url"] == "http://h"


def test_a_reply_without_a_body_has_none(doors: Running) -> None:
    doors.do(lambda: _answer_always(doors.world, Reply(204, {"location": "http://x/1"})))
    got = talk(doors, head("GET", TASK, "connection: close"))
    first, _, rest = got.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 204")
    assert b"content-length" not in first.lower()
    assert rest == b""


def _answer_always(world: LiveWorld, reply: Reply) -> None:
    world.services["fulfilment"].handle = lambda *_: Outcome(reply)  # type: ignore[method-assign]


def test_requests_on_one_connection_are_answered_in_order(doors: Running) -> None:
    body = task_body()
    put = head("PUT", TASK, f"content-length: {len(body)}") + body
    got = talk(doors, put + head("GET", TASK) + head("GET", "/v1/tasks/none", "connection: close"))
    assert re.findall(rb"HTTP/1\.1 (\d+)", got) == [b"201", b"200", b"404"]


def test_a_client_may_ask_before_it_sends(doors: Running) -> None:
    body = task_body()
    expect = head("PUT", TASK, f"content-length: {len(body)}", "expect: 100-continue", "connection: close")
    got = talk(doors, expect + body)
    assert b"HTTP/1.1 201" in got


def test_what_is_not_http_is_refused(doors: Running) -> None:
    assert talk(doors, b"\x16\x03\x01\x02\x00garbage\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_all_services_share_one_world_and_no_port(doors: Running) -> None:
    ports = {doors.port(system) for system in doors}
    assert len(ports) == len(doors) == 6
    doors.do(lambda: doors.world.freeze())
    assert doors.do(lambda: doors.world.clock.frozen)


# --- long polls -----------------------------------------------------------------------------------------------------


class Poll:
    """A service's answers to a long poll: nothing yet, until somebody says something."""

    def __init__(self, seconds: float) -> None:
        self.said = b""
        self.asked = 0
        self._seconds = seconds

    def handle(self, request: Request, _now_us: int, _number: str) -> Outcome:
        if request.method == "POST":
            self.said = request.body
            return Outcome(Reply(200, {}, b"said"))
        self.asked += 1
        headers = {} if self.said else {HOLD_HEADER: str(self._seconds)}
        return Outcome(Reply(200, headers, self.said or b"nothing"))


@pytest.fixture
def poll(doors: Running) -> Poll:
    found = Poll(seconds=5)
    doors.world.services["fulfilment"].handle = found.handle  # type: ignore[method-assign]
    return found


def test_a_held_reply_comes_as_soon_as_there_is_something(doors: Running, client: httpx.Client, poll: Poll) -> None:
    got: list[httpx.Response] = []
    url = doors["fulfilment"] + "/poll"
    waiting = threading.Thread(target=lambda: got.append(httpx.get(url, trust_env=False)), daemon=True)
    waiting.start()
    until = time.monotonic() + 3
    while not poll.asked and time.monotonic() < until:
        time.sleep(0.005)
    assert not got
    client.post("/say", content=b"hello")
    waiting.join(3)
    assert (got[0].text, poll.asked) == ("hello", 2)
    assert HOLD_HEADER not in got[0].headers


def test_a_held_reply_comes_without_news_when_the_time_is_over(client: httpx.Client, poll: Poll) -> None:
    poll._seconds = 0.05
    started = time.monotonic()
    reply = client.get("/poll")
    assert reply.text == "nothing"
    assert HOLD_HEADER not in reply.headers
    assert 0.04 < time.monotonic() - started < 2


def test_a_client_that_leaves_a_held_request_harms_nobody(doors: Running, poll: Poll, client: httpx.Client) -> None:
    with pytest.raises(TimeoutError):
        talk(doors, head("GET", "/poll"), wait_seconds=0.05)
    assert client.post("/say", content=b"x").text == "said"
    assert client.get("/poll").text == "x"


# --- faults ---------------------------------------------------------------------------------------------------------


def strike(doors: Running, kind: str, **said: Any) -> None:
    fault = Fault(kind=kind, system="fulfilment", operation="request_task", **said)
    doors.do(lambda: doors.world.plan([fault]))


def put(doors: Running, wait_seconds: float = 2.0) -> bytes:
    body = task_body()
    return talk(doors, head("PUT", TASK, f"content-length: {len(body)}") + body, wait_seconds=wait_seconds)


@pytest.mark.parametrize(("kind", "is_done"), [("reset_before", False), ("reset_after", True)])
def test_a_connection_is_reset(doors: Running, client: httpx.Client, kind: str, is_done: bool) -> None:
    strike(doors, kind)
    with pytest.raises(ConnectionResetError):
        put(doors)
    assert (client.get(TASK).status_code == 200) is is_done


@pytest.mark.parametrize(("kind", "is_done"), [("closed_before", False), ("closed_after", True)])
def test_a_connection_is_closed_without_a_reply(doors: Running, client: httpx.Client, kind: str, is_done: bool) -> None:
    strike(doors, kind)
    assert put(doors) == b""
    assert (client.get(TASK).status_code == 200) is is_done


@pytest.mark.parametrize(("kind", "status"), [("truncated_before", b"502"), ("truncated_after", b"201")])
def test_a_body_is_cut_off(doors: Running, client: httpx.Client, kind: str, status: bytes) -> None:
    strike(doors, kind)
    first, _, body = put(doors).partition(b"\r\n\r\n")
    length = int(first.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert first[9:12] == status
    assert 0 < len(body) < length
    assert (client.get(TASK).status_code == 200) is (status == b"201")


@pytest.mark.parametrize(("kind", "status"), [("drip_before", b"502"), ("drip_after", b"201")])
def test_a_body_comes_in_drops(doors: Running, client: httpx.Client, kind: str, status: bytes) -> None:
    strike(doors, kind, seconds=0.3)
    started = time.monotonic()
    first, _, body = put(doors).partition(b"\r\n\r\n")
    assert 0.2 < time.monotonic() - started < 2
    assert first[9:12] == status
    assert len(body) == int(first.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert (client.get(TASK).status_code == 200) is (status == b"201")


@pytest.mark.parametrize(("kind", "is_done"), [("black_hole", False), ("lost_reply", True)])
def test_nobody_answers(doors: Running, client: httpx.Client, kind: str, is_done: bool) -> None:
    strike(doors, kind)
    with pytest.raises(TimeoutError):
        put(doors, wait_seconds=0.1)
    assert (client.get(TASK).status_code == 200) is is_done


# --- the rest -------------------------------------------------------------------------------------------------------


def test_a_world_ticks_and_sends_without_being_asked(receiver: Receiver) -> None:
    with running(LiveWorld(targets=Targets(intake=receiver.url))) as doors:
        httpx.put(doors["fulfilment"] + TASK, content=task_body(), headers=AUTH, trust_env=False)
        doors.do(lambda: doors.world.run(speed=500_000))
        until = time.monotonic() + 5
        while not receiver.got and time.monotonic() < until:
            time.sleep(0.01)
    assert receiver.topics()[:1] == ["task.completed"]


@pytest.mark.parametrize("turbo", [False, True])
def test_a_reply_leaves_when_its_effect_is_safe(tmp_path: Any, turbo: bool) -> None:
    file = tmp_path / "w.db"
    with running(LiveWorld(state=FileState(file)), turbo=turbo) as doors:
        state = doors.world.state
        assert isinstance(state, FileState)
        before = state.batches
        assert (
            httpx.put(doors["fulfilment"] + TASK, content=task_body(), headers=AUTH, trust_env=False).status_code == 201
        )
        assert state.batches > before
    again = LiveWorld(state=FileState(file))
    assert again.handle("fulfilment", Request("fulfilment", "GET", TASK, HEADERS)).reply.status == 200
    again.state.close()


def test_a_taken_port_is_named() -> None:
    end = listen()
    with pytest.raises(OSError, match=f"port {port_of(end)} for tax"), running(LiveWorld(), {"tax": port_of(end)}):
        pass
    end.close()


def test_ports_are_free_again_after_the_block() -> None:
    for turbo in (False, True):
        with running(LiveWorld(), turbo=turbo) as doors:
            port = doors.port("tax")
        listen(port).close()
    gc.collect()


def test_a_service_can_be_asked_in_this_process() -> None:
    world = LiveWorld()
    transport = httpx.ASGITransport(application(world, "fulfilment"))

    async def ask() -> int:
        async with httpx.AsyncClient(transport=transport, base_url="http://mocks", headers=AUTH) as client:
            return (await client.put(TASK, content=task_body())).status_code

    assert asyncio.run(ask()) == 201
    world.plan([Fault(kind="reset_after")])
    with pytest.raises(NoReply):
        asyncio.run(ask())


CHUNKED = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
HEADERS_FLOOD = b"".join(b"x-%d: y\r\n" % n for n in range(20_000))


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" + HEADERS_FLOOD + b"\r\n", b"431"),
        (CHUNKED + b"2400000\r\n" + b"x" * 0x2400000, b"413"),
    ],
    ids=["headers", "body"],
)
def test_a_flood_is_refused_in_the_vendors_words(doors: Running, sent: bytes, status: bytes) -> None:
    before = doors.do(lambda: doors.world.snapshot())
    got = talk(doors, sent + (b"\r\n0\r\n\r\n" if status == b"413" else b""), wait_seconds=20)
    assert got[9:12] == status
    assert b"application/problem+json" in got
    assert len(doors.do(lambda: doors.world.snapshot())) == len(before)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", b"414"),
        (b"PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n" + b"x" * 100, b"413"),
    ],
    ids=["target", "announced body"],
)
def test_turbo_refuses_a_flood_as_soon_as_it_is_known(sent: bytes, status: bytes) -> None:
    with running(LiveWorld(), turbo=True) as doors:
        assert talk(doors, sent)[9:12] == status


def test_msgspec_encodes_what_is_kept() -> None:
    world = LiveWorld()
    world.handle("fulfilment", Request("fulfilment", "PUT", TASK, {**HEADERS, "user-agent": "x"}, b"\xff\x00"))
    line = msgspec.json.decode(world.snapshot()[1])
    assert (line["octets"], line["status"]) == ("/wA=", 400)
    assert "user-agent" not in line["headers"]


def test_a_test_clock_of_the_processor_moves_the_whole_world(doors: Running) -> None:
    day = 86_400
    url = doors["payment"] + "/v1/test_helpers/"
    with httpx.Client(base_url=url, auth=("sk_test_1", ""), trust_env=False) as client:
        now = int(time.time())
        key = client.post("test_clocks", data={"frozen_time": now}).json()["id"]
        under_way = client.post(f"test_clocks/{key}/advance", data={"frozen_time": now + 40 * day}).json()
        assert under_way["status"] == "advancing"
        _until(lambda: client.get(f"test_clocks/{key}").json()["status"] == "ready")
    assert 40 * day <= doors.do(doors.world.clock.now_us) // 1_000_000 - now < 41 * day


def test_the_time_machine_of_the_billing_platform_moves_the_whole_world(doors: Running) -> None:
    machine = "/api/v2/time_machines/delorean"
    with httpx.Client(base_url=doors["billing"], auth=("key", ""), trust_env=False) as client:
        now = int(time.time())
        assert client.post(machine + "/start_afresh", data={"genesis_time": now}).status_code == 200
        client.post(machine + "/travel_forward", data={"destination_time": now + 864_000})
        _until(lambda: client.get(machine).json()["time_machine"]["time_travel_status"] == "succeeded")
    assert doors.do(doors.world.clock.now_us) // 1_000_000 - now >= 864_000


def _until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.01)
