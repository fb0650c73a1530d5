"""State handlers over HTTP: what the verifier of Pact asks before and after each interaction.

A handler in Python cannot hand values to Pact; over HTTP it can, so that an id that the provider gave stands in the
request. What goes wrong in a handler is kept with its cause, for Pact only says that one failed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

Handler = Callable[[], Mapping[str, str]]
LARGEST_BODY_BYTES = 1_000_000


class Asked(msgspec.Struct):
    """What the verifier asks: set a state up, or take it down."""

    state: str = ""
    action: str = "setup"
    params: dict[str, Any] = {}


class StateService:
    """The handlers by the names of their states, the address they are asked at, and the causes of what failed."""

    def __init__(self, handlers: Mapping[str, Handler], address: str) -> None:
        self.handlers, self.address = handlers, address
        self.causes: dict[str, str] = {}
        self.done: list[str] = []

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Do what is asked; return a status and the values of the state. A 5xx would be tried again for minutes."""
        if asked.action != "setup" or not asked.state:
            return 200, {}
        handler = self.handlers.get(asked.state)
        if handler is None:
            known = ", ".join(sorted(self.handlers)) or "none"
            self.causes[asked.state] = f"there is no handler of the state {asked.state!r}; known: {known}"
            return 422, {"error": self.causes[asked.state]}
        try:
            values = dict(handler())
        except Exception as cause:  # whatever it is, it must not be lost
            self.causes[asked.state] = (
                f"the handler of the state {asked.state!r} failed: {type(cause).__name__}: {cause}"
            )
            return 422, {"error": self.causes[asked.state]}
        self.done.append(asked.state)
        return 200, values


@contextmanager
def serving_states(handlers: Mapping[str, Handler]) -> Iterator[StateService]:
    """Serve state handlers on a loopback port until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Door)
    service = StateService(handlers, f"http://127.0.0.1:{server.server_address[1]}/states")
    server.service = service  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer one request of the verifier."""
        length = min(int(self.headers.get("content-length") or 0), LARGEST_BODY_BYTES)
        try:
            asked = msgspec.json.decode(self.rfile.read(length), type=Asked)
        except msgspec.MsgspecError as trouble:
            status, said = 400, {"error": str(trouble)}
        else:
            status, said = self.server.service.answer(asked)  # type: ignore[attr-defined]
        body = msgspec.json.encode(said)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing: standard error belongs to the report."""
