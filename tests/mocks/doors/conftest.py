"""Helpers of the tests of the doors: tasks of the fulfilment system, and somebody who listens to webhooks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

import msgspec
import pytest

from domain.http import Request
from mocks.doors.clock import Clock
from mocks.doors.live import LiveWorld
from mocks.fulfilment import Quirks

START_US = 1_796_047_200_000_000
SECOND_US = 1_000_000
HEADERS = {"authorization": "Bearer t", "content-type": "application/json", "host": "127.0.0.1:1"}


class Wall:
    """A wall clock that a test moves by hand."""

    def __init__(self, now_us: int = START_US) -> None:
        self.now_us = now_us

    def __call__(self) -> int:
        return self.now_us

    def clock(self) -> Clock:
        """Return a clock of a world that hangs on this wall."""
        return Clock(wall=self)


def task_body(number: int = 1) -> bytes:
    """Return the body of a request for a task."""
    body = {"order": f"Q-{number:06}-v1", "account": "A-000001", "lines": [{"sku": "SEAT", "quantity": 3}]}
    return msgspec.json.encode(body)


def put_task(number: int = 1) -> Request:
    """Return a request for a task."""
    return Request("fulfilment", "PUT", f"/v1/tasks/Q-{number:06}-v1", HEADERS, task_body(number))


def get_task(number: int = 1) -> Request:
    """Return a request to read a task."""
    return Request("fulfilment", "GET", f"/v1/tasks/Q-{number:06}-v1", HEADERS)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


class Receiver:
    """A server that keeps what it is sent and answers with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_said: Any) -> None:
                pass

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def topics(self) -> list[str]:
        """Return the types of the events it was sent, in order."""
        return [msgspec.json.decode(body)["type"] for _, _, body in self.got]


@contextmanager
def listening() -> Iterator[Receiver]:
    """Let a receiver listen until the block ends."""
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join(5)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who listens."""
    with listening() as found:
        yield found


R = TypeVar("R")
QUIRKS = {"fulfilment": Quirks(median_seconds=600, p95_seconds=601)}


def live(wall: Wall | None = None, **said: Any) -> LiveWorld:
    return LiveWorld(clock=(wall or Wall()).clock(), quirks=QUIRKS, **said)


def status(world: LiveWorld, number: int = 1) -> str:
    reply = world.handle("fulfilment", get_task(number)).reply
    return str(msgspec.json.decode(reply.body)["status"]) if reply.status == 200 else ""


def played(work: Callable[[], Awaitable[R]]) -> R:
    async def main() -> R:
        return await work()

    return asyncio.run(main())
