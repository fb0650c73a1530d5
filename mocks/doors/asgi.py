"""The ASGI door: requests of any ASGI server (or of a test client in this process) to the services of a live world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any

from domain.http import Reply, Request
from mocks.doors.live import LiveWorld
from mocks.doors.wire import BODILESS, BODY_BYTES_MAX, HEAD_BYTES_MAX, fail
from mocks.kernel.outcome import DELIVER, Outcome

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
TRANSPORT = "q2c.transport"


class NoReply(Exception):
    """The reply is lost on purpose: the server must cut the connection instead of answering."""


def application(world: LiveWorld, system: str) -> Application:
    """Return the ASGI application of one service."""
    return by_port(world, {}, system)


def by_port(world: LiveWorld, systems: Mapping[int, str], otherwise: str = "") -> Application:
    """Return an ASGI application that tells the services apart by the port a client came to."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(f"the mocks speak HTTP, not {scope['type']}")
        system = otherwise or systems[scope["server"][1]]
        body = await _body(receive)
        request = asked(system, scope, body[: BODY_BYTES_MAX + 1])
        if len(request.body) > BODY_BYTES_MAX or _head_bytes(scope) > HEAD_BYTES_MAX:
            await _send(_too_large(world, system, request), send)
            return
        outcome = await world.answer(system, request)
        if outcome.wire == DELIVER:
            await _send(outcome.reply, send)
        else:
            await _cut(scope, receive, outcome)

    return serve


def asked(system: str, scope: Scope, body: bytes) -> Request:
    """Return the request of a scope: the raw target, lower-case headers, and the scheme the client used."""
    headers = {_text(name): value.decode("latin-1") for name, value in scope["headers"]}
    headers["x-forwarded-proto"] = scope["scheme"]
    target: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return Request(
        system, scope["method"], (target + b"?" + query if query else target).decode("latin-1"), headers, body
    )


@lru_cache(maxsize=1024)
def _text(name: bytes) -> str:
    return name.decode("latin-1").lower()


@lru_cache(maxsize=1024)
def _bytes(name: str) -> bytes:
    return name.encode("latin-1")


async def _body(receive: Receive) -> bytes:
    """Return the body, or as much of it as shows that it is too large."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts, length = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if length <= BODY_BYTES_MAX:
            parts.append(message.get("body", b""))
            length += len(parts[-1])
    return b"".join(parts)


def _head_bytes(scope: Scope) -> int:
    return sum(len(name) + len(value) for name, value in scope["headers"])


def _too_large(world: LiveWorld, system: str, request: Request) -> Reply:
    status, what = (413, "body is") if len(request.body) > BODY_BYTES_MAX else (431, "headers are")
    empty = Request(system, request.method, request.target, request.headers)
    return world.refused(system, empty, "malformed", f"the {what} too large", status).reply


async def _send(reply: Reply, send: Send) -> None:
    body = b"" if reply.status in BODILESS else reply.body
    headers = [(_bytes(name), value.encode("latin-1")) for name, value in reply.headers.items()]
    if reply.status not in BODILESS:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _cut(scope: Scope, receive: Receive, outcome: Outcome) -> None:
    """End without the reply. ASGI knows no such thing: our servers put their transport into the scope."""
    transport = scope.get(TRANSPORT)
    if transport is None:
        raise NoReply(outcome.wire)
    fail(transport, outcome)
    while (await receive())["type"] != "http.disconnect":
        pass
