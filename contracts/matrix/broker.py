"""The store in the protocol of the Pact Broker, on loopback: standard Pact clients publish and ask unchanged.

As much of the protocol as they use: publish pacts, fetch pacts for verification (branch and environment selectors,
pending, work in progress), publish results, record a deployment, ask can-i-deploy.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from contracts.matrix import hal, handlers
from contracts.matrix.handlers import Answered, Asked, Handler
from contracts.matrix.store import Store, Unusable

LARGEST_BODY_BYTES = 20_000_000

_NAME = r"[^/]+"
_OF = rf"/pacts/provider/(?P<provider>{_NAME})"
_ONE = rf"{_OF}/consumer/(?P<consumer>{_NAME})/pact-version/(?P<sha>{_NAME})"
_WHO = rf"/pacticipants/(?P<name>{_NAME})"
_WHICH = rf"{_WHO}/versions/(?P<version>{_NAME})"
ROUTES: tuple[tuple[str, re.Pattern[str], Handler], ...] = tuple(
    (method, re.compile(pattern), handler)
    for method, pattern, handler in (
        ("GET", "/?", handlers.index),
        ("POST", "/contracts/publish", handlers.publish),
        ("GET", f"{_OF}/for-verification", handlers.itself),
        ("POST", f"{_OF}/for-verification", handlers.for_verification),
        ("GET", _ONE, handlers.pact),
        ("POST", f"{_ONE}/verification-results", handlers.results),
        ("PUT", rf"{_WHO}/branches/(?P<branch>.+)/versions/(?P<version>{_NAME})", handlers.branch),
        ("PUT", rf"{_WHICH}/tags/(?P<tag>{_NAME})", handlers.tag),
        ("POST", rf"{_WHICH}/(?:deployed|released)-versions/environment/(?P<environment>{_NAME})", handlers.deployed),
        ("PATCH", rf"{_WHICH}/deployed-versions/environment/(?P<environment>{_NAME})", handlers.undeployed),
        ("GET", rf"{_WHO}/latest-version", handlers.latest_version),
        ("GET", "/pacticipants", handlers.participants),
        ("GET", "/pacts/latest", handlers.latest_pacts),
        ("POST", "/environments", handlers.make_environment),
        ("GET", rf"/environments/(?P<environment>{_NAME})/deployed-versions/currently-deployed", handlers.currently),
        ("GET", _WHO, handlers.participant),
        ("GET", _WHICH, handlers.version),
        ("GET", "/environments", handlers.environments),
        ("GET", rf"/environments/(?P<environment>{_NAME})", handlers.environment),
        ("GET", "/matrix", handlers.matrix),
    )
)


def answer(store: Store, method: str, target: str, body: bytes, base: str) -> Answered:
    """Answer one request; what cannot be understood is a 400 that says why, what is not there a 404."""
    place = urlsplit(target)
    for known, pattern, handler in ROUTES:
        match = pattern.fullmatch(place.path)
        if known != method or match is None:
            continue
        parts = {name: unquote(value) for name, value in match.groupdict().items()}
        try:
            told = json.loads(body) if body else {}
            return handler(
                store, Asked(parts=parts, query=parse_qs(place.query), body=told, base=base, path=place.path)
            )
        except (Unusable, ValueError, AttributeError) as refusal:
            return 400, {"error": {"message": str(refusal)}}
    return 404, {"error": {"message": f"{method} {place.path} is not served here"}}


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _do(self) -> None:
        length = min(int(self.headers.get("content-length") or 0), LARGEST_BODY_BYTES)
        port = self.server.server_port  # type: ignore[attr-defined]
        body = self.rfile.read(length) if length else b""
        with self.server.lock:  # type: ignore[attr-defined]
            store = self.server.store  # type: ignore[attr-defined]
            status, said = answer(store, self.command, self.path, body, f"http://127.0.0.1:{port}")
        told = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", hal.HAL)
        self.send_header("content-length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_POST = do_PUT = do_PATCH = _do  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing: standard error belongs to the command."""


@contextmanager
def serving(store: Store, port: int = 0) -> Iterator[str]:
    """Serve a store on loopback until the block ends; return the address. Raise OSError when the port is taken."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Door)
    server.store, server.lock = store, threading.Lock()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
