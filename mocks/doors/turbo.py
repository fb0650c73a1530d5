"""The turbo door: a connection of our own on the event loop, twice as fast as a server for everybody.

It also serves the TLS doors and the proxy, where a connection must be told its service by the host a client asked for.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import httptools

from domain.http import Reply, Request
from mocks.doors.live import LiveWorld
from mocks.doors.wire import BODY_BYTES_MAX, HEAD_BYTES_MAX, encode, fail
from mocks.kernel.outcome import DELIVER, HOLD_HEADER, Outcome

QUEUE_MAX = 256
LINGER_SECONDS = 0.5
_PLAIN = {"content-type": "text/plain; charset=utf-8"}
SystemOf = Callable[[str], str]
"""The system of a Host header; empty when nobody here answers to that name."""


@lru_cache(maxsize=2048)
def _name(raw: bytes) -> str:
    return raw.decode("latin-1").lower()


class Connection(asyncio.Protocol):
    """One client's connection: parses requests, has them answered one after the other, writes replies in order."""

    def __init__(self, world: LiveWorld, system_of: SystemOf, scheme: str, connections: set[Any]) -> None:
        self._world, self._system_of, self._scheme, self._connections = world, system_of, scheme, connections
        self._parser: Any = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._early = b""
        self._queue: deque[tuple[Request, bool, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._is_over = False

    # --- the transport's side ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)  # the event loop's TLS transports are not of this class
        self._connections.add(self)
        if self._early:
            early, self._early = self._early, b""
            self.data_received(early)

    def connection_lost(self, _error: Exception | None) -> None:
        """End; whoever waits for a reply here waits no longer.

        The parser and this connection hold each other: parted, they are gone at once, and no collector need find them.
        """
        self._connections.discard(self)
        self._is_over = True
        self._parser = None
        if self._task is not None:
            self._task.cancel()

    def data_received(self, received: bytes) -> None:
        """Parse; answer each request as soon as it is complete."""
        if self._is_over:
            return
        if self._transport is None:  # the first request came with the end of the TLS handshake
            self._early += received
            return
        try:
            self._parser.feed_data(received)
        except httptools.HttpParserUpgrade:
            self._upgraded()
        except httptools.HttpParserError as wrong:
            self._refuse(400, f"This is not a request of HTTP/1.1: {wrong}\n")

    def close(self) -> None:
        """Close the connection when the server shuts down."""
        if self._transport is not None:
            self._transport.close()

    def _upgraded(self) -> None:
        self._refuse(400, "This connection speaks HTTP/1.1 and changes to no other protocol.\n")

    # --- the parser's side ------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._target = b""
        self._headers: dict[str, str] = {}
        self._head_bytes = 0
        self._body = b""
        self._parts: list[bytes] | None = None
        self._body_bytes = 0

    def on_url(self, part: bytes) -> None:
        """Collect the raw target."""
        self._target += part
        self._head_bytes += len(part)
        if self._head_bytes > HEAD_BYTES_MAX:
            self._flooded(414, "the target is too long")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header; repeated ones are joined with commas."""
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > HEAD_BYTES_MAX:
            self._flooded(431, "the headers are too large")
            return
        key, headers = _name(name), self._headers
        text = value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text

    def on_headers_complete(self) -> None:
        """Encourage a client that asks whether to send its body, unless it is too large."""
        length = self._headers.get("content-length", "")
        if length.isdecimal() and int(length) > BODY_BYTES_MAX:
            self._flooded(413, "the body is too large")
            return
        if self._headers.get("expect", "").lower() == "100-continue":
            assert self._transport is not None
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        """Collect the body."""
        self._body_bytes += len(part)
        if self._body_bytes > BODY_BYTES_MAX:
            self._flooded(413, "the body is too large")
        elif not self._body:
            self._body = part
        elif self._parts is None:
            self._parts = [self._body, part]
        else:
            self._parts.append(part)

    def on_message_complete(self) -> None:
        """Answer, or queue up behind a request that is being held."""
        if self._is_over:
            return
        headers = self._headers
        headers["x-forwarded-proto"] = self._scheme
        target = self._target.decode("latin-1")
        if not target.startswith("/"):
            target = _path(self._target, headers)
        system = self._system_of(headers.get("host", ""))
        if not system:
            self._misdirected(headers.get("host", ""))
            return
        method = self._parser.get_method().decode("latin-1")
        body = self._body if self._parts is None else b"".join(self._parts)
        request = Request(system, method, target, headers, body)
        self._answer(request, self._parser.should_keep_alive(), method == "HEAD")

    # --- answers ----------------------------------------------------------------------------------------------------

    def _answer(self, request: Request, keep_alive: bool, is_head: bool) -> None:
        if self._task is not None:
            self._queue.append((request, keep_alive, is_head))
            if len(self._queue) > QUEUE_MAX:
                self._refuse(503, "Too many requests at once on one connection.\n")
            return
        world = self._world
        outcome = world.handle(request.host, request)
        if HOLD_HEADER in outcome.reply.headers or world.deliveries.overtaking or world.work is not None:
            self._task = asyncio.get_running_loop().create_task(self._finish(request, outcome, keep_alive, is_head))
            return
        if outcome.wire == DELIVER:
            whole = encode(outcome.reply, keep_alive=keep_alive, is_head=is_head)
            world.state.then(lambda: self._write(whole, keep_alive))
        else:
            self._is_over = True
            world.state.then(lambda: self._fail(outcome, is_head))

    async def _finish(self, request: Request, outcome: Outcome, keep_alive: bool, is_head: bool) -> None:
        outcome = await self._world.finished(request.host, request, outcome)
        self._task = None
        if outcome.wire != DELIVER:
            self._is_over = True
            self._fail(outcome, is_head)
            return
        self._write(encode(outcome.reply, keep_alive=keep_alive, is_head=is_head), keep_alive)
        while self._queue and self._task is None and not self._is_over:
            self._answer(*self._queue.popleft())

    def _fail(self, outcome: Outcome, is_head: bool) -> None:
        if self._transport is not None and not self._transport.is_closing():
            fail(self._transport, outcome, is_head=is_head)

    def _write(self, whole: bytes, keep_alive: bool) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(whole)
        if not keep_alive:
            self._is_over = True
            self._transport.close()

    def _misdirected(self, host: str) -> None:
        self._refuse(403, f"No mock answers to {host or 'a request without a Host'}; nothing is passed on.\n")

    def _flooded(self, status: int, problem: str) -> None:
        """Refuse what is too large in the words of the vendor, once, and read no further."""
        system = self._system_of(self._headers.get("host", ""))
        if not system:
            self._refuse(status, f"{problem}\n")
        elif not self._is_over:
            request = Request(system, "POST", "/", self._headers)
            self._end(self._world.refused(system, request, "malformed", problem, status).reply)

    def _refuse(self, status: int, text: str) -> None:
        """Say ourselves what is wrong with a request that is no vendor's."""
        self._end(Reply(status, _PLAIN, text.encode()))

    def _end(self, reply: Reply) -> None:
        """Answer for the connection itself, then close it: the rest of what was sent is thrown away.

        It is read for a moment, though: closing a connection with unread bytes resets it, and the answer is lost.
        """
        transport = self._transport
        if self._is_over or transport is None:
            return
        self._is_over = True
        transport.write(encode(reply, keep_alive=False))
        if transport.can_write_eof():
            transport.write_eof()
            asyncio.get_running_loop().call_later(LINGER_SECONDS, transport.close)
        else:
            transport.close()


def _path(target: bytes, headers: dict[str, str]) -> str:
    """Return the path of a target in absolute form, whose authority is the host that counts (RFC 9112, 3.2.2)."""
    try:
        url = httptools.parse_url(target)
    except httptools.HttpParserError:
        return "/" + target.decode("latin-1")
    if url.host:
        port = f":{url.port}" if url.port else ""
        headers["host"] = url.host.decode("latin-1") + port
    path = (url.path or b"/").decode("latin-1")
    return f"{path}?{url.query.decode('latin-1')}" if url.query else path
