"""Connections and deliveries that are over leave nothing: a server's collector hardly ever looks at what is old."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import uvloop

from domain.http import Request
from mocks.doors.live import LiveWorld
from mocks.doors.post import INTEGRATION, Targets, Unreachable, carry
from mocks.doors.serving import Running, listen, port_of, running
from tests.mocks.doors.conftest import Receiver

TIMES = 40
PATIENCE_SECONDS = 2.0
ASKED = b"GET /v1/tasks/Q-000001-v1 HTTP/1.1\r\nhost: mocks:1\r\nauthorization: Bearer t\r\n%s\r\n"
LEAVES: dict[str, bytes] = {
    "is told to close": ASKED % b"connection: close\r\n",
    "leaves after its answer": ASKED % b"",
    "leaves before its request is whole": ASKED[:40],
    "talks nonsense": b"\x16\x03\x01\x02\x00nonsense\r\n\r\n",
    "floods": ASKED % (b"x: " + b"y" * 70_000 + b"\r\n"),
}


@contextmanager
def nobody_collects() -> Iterator[None]:
    """Let cycles stay where they are."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def tracked() -> Counter[str]:
    """Return how many objects of each kind the collector knows."""
    return Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())


def left_behind(once: Callable[[], Any]) -> dict[str, int]:
    """Return the kinds of which one more is there for nearly every time that something was done, and stays."""
    once()
    with nobody_collects():
        before = tracked()
        for _ in range(TIMES):
            once()
        give_up = time.monotonic() + PATIENCE_SECONDS
        while (left := _many(tracked() - before)) and time.monotonic() < give_up:
            time.sleep(0.05)
        return left


def _many(counted: Counter[str]) -> dict[str, int]:
    return {kind: count for kind, count in counted.items() if count > TIMES * 3 // 4}


def visit(doors: Running, sent: bytes) -> None:
    """Send something, hear a little of what comes back, and leave."""
    with socket.create_connection(("127.0.0.1", doors.port("fulfilment")), timeout=5) as end:
        end.sendall(sent)
        end.settimeout(0.05)
        with suppress(TimeoutError, ConnectionError):
            end.recv(100)


@pytest.mark.parametrize("takes_time", [False, True], ids=["at once", "after work"])
@pytest.mark.parametrize("sent", LEAVES.values(), ids=LEAVES)
def test_a_client_that_has_left_is_forgotten_at_once(sent: bytes, takes_time: bool) -> None:
    world = LiveWorld()
    if takes_time:
        world.work = lambda _service, _request, _outcome: asyncio.sleep(0.001)
    with running(world, turbo=True) as doors:
        assert left_behind(lambda: visit(doors, sent)) == {}


def test_a_message_that_was_carried_is_forgotten_at_once(receiver: Receiver) -> None:
    request, targets = Request(INTEGRATION, "POST", "/hooks", {}, b"{}"), Targets(intake=receiver.url)

    async def carried() -> None:
        assert (await carry(request, targets))[1].status == 200
        receiver.got.clear()
        await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert left_behind(lambda: runner.run(carried())) == {}


def test_a_message_for_nobody_is_forgotten_at_once() -> None:
    end = listen()
    targets = Targets(intake=f"http://127.0.0.1:{port_of(end)}")
    end.close()

    async def refused() -> None:
        with pytest.raises(Unreachable):
            await carry(Request(INTEGRATION, "POST", "/"), targets)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert left_behind(lambda: runner.run(refused())) == {}
