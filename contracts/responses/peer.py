"""The peer: a proxy on loopback between any integration and any provider, which changes what the provider answers.

Point the integration's address of a system at the peer. It hands every request on as it came; answers to operations
that a rule names are changed as the rule says, on the wire too: packed, in chunks, cut off, reset.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from contracts.responses.drafts import Draft, drafted, packed
from contracts.responses.mutators import BY_NAME, changed
from contracts.responses.shapes import Manner, learned
from domain.http import Reply

_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "content-length", "content-encoding", "host",
})  # fmt: skip
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_PATIENCE_SECONDS = 60.0


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which answers are changed: to a method (empty: any) at a path (a regular expression), and how.

    `times` bounds how many are (0: all); with 1 a retry gets the plain answer. `nth` begins with the n-th answer.
    """

    path: str
    mutators: tuple[str, ...]
    method: str = ""
    times: int = 0
    nth: int = 1

    def takes(self, method: str, path: str) -> bool:
        """Tell whether it is about a request."""
        return (not self.method or self.method == method) and re.search(self.path, path) is not None


class Peer:
    """A running proxy. `struck` counts the answers that each mutator has changed, `writes` are what it was asked to do.

    A write that is asked for in the same words again stands there once: it is tried again after trouble.
    """

    def __init__(self, provider: str, rules: Sequence[Rule], manner: Manner = Manner(), port: int = 0) -> None:  # noqa: B008
        self.rules = tuple(rules)
        self.struck: Counter[str] = Counter()
        self._manner = manner
        self.writes: dict[tuple[str, str, str], None] = {}
        self._used: Counter[int] = Counter()
        self._met: Counter[int] = Counter()
        self._lock = threading.Lock()
        self._client = httpx.Client(base_url=provider, trust_env=False, timeout=_PATIENCE_SECONDS)
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Begin to serve."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._client.close()

    def follow(self, rules: Sequence[Rule]) -> None:
        """Follow other rules from now on."""
        with self._lock:
            self.rules = tuple(rules)
            self._used.clear()
            self._met.clear()
            self.struck.clear()
            self.writes.clear()

    def answered(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Draft:
        """Return the provider's answer to a request, changed as the rules say."""
        if method not in _READS:
            self.writes.setdefault((method, target, body.decode("utf-8", "replace")))
        sent = {name: value for name, value in headers.items() if name.lower() not in _HOP}
        try:
            reply = self._client.request(method, target, headers=sent, content=body)
        except httpx.HTTPError as error:
            return drafted(Reply(502, {"content-type": "text/plain"}, f"the provider is silent: {error}".encode()))
        kept = {name: value for name, value in reply.headers.items() if name.lower() not in _HOP}
        return self._changed(method, urlsplit(target).path, drafted(Reply(reply.status_code, kept, reply.content)))

    def _changed(self, method: str, path: str, draft: Draft) -> Draft:
        shape = learned([draft.tree], self._manner)
        for number, rule in enumerate(self.rules):
            if draft.status >= 300 or not rule.takes(method, path):
                continue
            if not self._is_due(number, rule):
                continue
            for name in rule.mutators:
                found = changed(draft, (BY_NAME[name],), shape)
                if found is not None and self._may(number, rule):
                    draft = found
                    self.struck[name] += 1
        return draft

    def _is_due(self, number: int, rule: Rule) -> bool:
        with self._lock:
            self._met[number] += 1
            return self._met[number] >= rule.nth

    def _may(self, number: int, rule: Rule) -> bool:
        with self._lock:
            if rule.times and self._used[number] >= rule.times:
                return False
            self._used[number] += 1
            return True


def _handler(peer: Peer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            draft = peer.answered(self.command, self.path, dict(self.headers.items()), _body(self))
            if draft.wire == "reset":
                _reset(self.connection)
                self.close_connection = True
                return
            headers, sent = packed(draft)
            self.wfile.write(_head(draft, headers, len(sent)))
            if draft.wire == "chunked":
                self.wfile.write(_chunks(sent))
            elif draft.status not in (204, 304) and self.command != "HEAD":
                self.wfile.write(sent[: len(sent) // 2] if draft.wire == "cut" else sent)
            self.wfile.flush()
            self.close_connection = draft.wire == "cut"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
        setattr(Handler, f"do_{method}", Handler._serve)
    return Handler


def _body(request: BaseHTTPRequestHandler) -> bytes:
    """Return the body of a request, whether its length was told before or it comes in chunks."""
    if "chunked" not in request.headers.get("transfer-encoding", "").lower():
        return request.rfile.read(int(request.headers.get("content-length") or 0))
    parts = []
    while size := int(request.rfile.readline().partition(b";")[0], 16):
        parts.append(request.rfile.read(size))
        request.rfile.readline()
    while request.rfile.readline().strip():
        pass  # trailers
    return b"".join(parts)


def _head(draft: Draft, headers: Any, length: int) -> bytes:
    """Return the first lines as they are to be written, whatever their case: http.server would not be told."""
    lines = [f"HTTP/1.1 {draft.status} q2c", *(f"{name}: {value}" for name, value in headers.items())]
    if draft.wire == "chunked":
        lines.append("transfer-encoding: chunked")
    elif draft.status != 204:
        lines.append(f"content-length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _chunks(body: bytes) -> bytes:
    parts = [body[at : at + 7] for at in range(0, len(body), 7)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def _reset(connection: socket.socket) -> None:
    """End a connection so that the other side sees a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@contextmanager
def serving(provider: str, rules: Sequence[Rule] = (), manner: Manner = Manner()) -> Iterator[Peer]:  # noqa: B008
    """Serve a peer until the block ends."""
    peer = Peer(provider, rules, manner)
    peer.start()
    try:
        yield peer
    finally:
        peer.stop()
