"""A live payment service for the official clients of the dialect, and a receiver for its webhooks."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mocks.doors.live import LiveWorld
from mocks.doors.serving import Running, running
from mocks.doors.settings import quirks_of

HERE = Path(__file__).parent
PYTHON_CLIENT = ("stripe==16.1.0", "httpx", "requests")
NODE_CLIENT = ("stripe@23.1.0",)


def switches(**more: Any) -> dict[str, dict[str, Any]]:
    """Return the switches of a payment service that strangers use."""
    return {"payment": {"requests_per_second": 0, **more}}


@pytest.fixture
def serve() -> Iterator[Callable[..., Running]]:
    """Return the way to a live world whose payment service has some switches."""
    opened: list[Any] = []

    def start(**more: Any) -> Running:
        context = running(LiveWorld(quirks=quirks_of(switches(**more))))
        doors = context.__enter__()
        opened.append(context)
        return doors

    yield start
    for context in reversed(opened):
        context.__exit__(None, None, None)


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Return the address of a webhook receiver, and what it got: (signature, body) in order of arrival."""
    got: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append((self.headers["stripe-signature"], body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *said: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got
    server.shutdown()
    thread.join(5)
    server.server_close()


def report_of(command: list[str], timeout_seconds: int = 240) -> dict[str, Any]:
    """Run a program of a client, which prints what it saw as the last line in JSON; fail with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_seconds, check=False)
    assert done.returncode == 0, f"the program failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
