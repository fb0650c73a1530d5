"""The frame around every request: its trace, its size, its media type, and an answer whatever happens inside.

The trace context of the caller (`traceparent`) goes on, or a new one begins; the answer names it, problems and the log
as well, so that what a portal saw can be found across all systems.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from integration.api.problems import MEDIA_TYPE, Refused, body_of

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_BYTES_MAX = 256 * 1024
TARGET_BYTES_MAX = 8 * 1024
_TRACE = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_LOG = logging.getLogger("q2c.api")
_HEADERS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


class Trace:
    """The trace that a request belongs to; `parent` is the caller's span, empty when the trace begins here."""

    __slots__ = ("flags", "parent", "span_id", "trace_id")

    def __init__(self, traceparent: str) -> None:
        found = _TRACE.fullmatch(traceparent)
        self.trace_id, self.parent, self.flags = found.groups() if found else (secrets.token_hex(16), "", "01")
        self.span_id = secrets.token_hex(8)

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


class _Gone(Exception):
    """The caller went away while it was still sending."""


def framed(inner: Application) -> Application:
    """Return an application in its frame."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
            return
        trace = Trace(_header(scope, b"traceparent"))
        scope.setdefault("state", {})["trace"] = trace
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = _with_ours(message.get("headers", ()), trace)
            await send(message)

        try:
            body = await _body(scope, receive)
            await inner(scope, _again(body, receive), answer)
        except _Gone:
            return
        except Refused as refused:
            await refuse(refused, scope, answer)
        except Exception:
            _LOG.exception("a request failed: %s %s trace %s", scope["method"], scope["path"], trace.trace_id)
            if not begun:
                await refuse(Refused("internal"), scope, answer)

    return application


async def refuse(refused: Refused, scope: Scope, send: Send) -> None:
    """Answer with the problem document of a refusal."""
    trace: Trace = scope["state"]["trace"]
    body = body_of(refused, str(scope["path"]), trace.trace_id)
    headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), **refused.headers}
    pairs = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refused.problem.status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


def _with_ours(headers: Any, trace: Trace) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer with those that every answer has."""
    found = list(headers)
    named = {name.lower() for name, _ in found}
    found.extend(pair for pair in _HEADERS if pair[0] not in named)
    return [*found, (b"traceparent", str(trace).encode())]


async def _body(scope: Scope, receive: Receive) -> bytes:
    """Return the whole body; refuse one that is too large before it is all here, or of a kind that nobody reads."""
    if len(scope.get("raw_path") or b"") + len(scope.get("query_string", b"")) > TARGET_BYTES_MAX:
        raise Refused("invalid-request", f"the address has more than {TARGET_BYTES_MAX} bytes")
    length = _header(scope, b"content-length")
    if length.isdecimal() and int(length) > BODY_BYTES_MAX:
        raise Refused("body-too-large")
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise Refused("body-too-large")
        parts.append(part)
        if not message.get("more_body", False):
            break
    if size:
        _require_readable(scope)
    return b"".join(parts)


def _require_readable(scope: Scope) -> None:
    kind = _header(scope, b"content-type").partition(";")[0].strip().lower()
    wanted = "application/x-www-form-urlencoded" if scope["path"].endswith("/oauth2/token") else "application/json"
    if kind != wanted:
        raise Refused("unsupported-media-type", f"Content-Type is {kind or 'missing'}; expected {wanted}")


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that hands out a body that has been read, then what comes after it."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _header(scope: Scope, name: bytes) -> str:
    for found, value in scope["headers"]:
        if found == name:
            text: str = value.decode("latin-1")
            return text
    return ""
