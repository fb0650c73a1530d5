"""The HTTP application of a node: webhooks, health, API, tower, and metrics where they are installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.requests import Request as Incoming
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from domain.http import Request
from integration import api, observability, tower
from integration.service.access import Access
from integration.service.configuration import Configuration
from integration.service.node import Node

BODY_BYTES_MAX = 1_000_000
LATEST_US = 253_402_300_799_000_000  # the last second of the year 9999
RETRY_AFTER = {"retry-after": "5"}


def application(node: Node, configuration: Configuration) -> Starlette:
    """Return the application."""
    clock = [Route("/operations/clock", _clock(node), methods=["GET", "PUT"])] if configuration.test_clock else []
    return _made(
        [
            *_health(node),
            *clock,
            Route("/webhooks/{source:path}", _intake(node), methods=["POST"]),
            *_mounted(node, configuration),
        ]
    )


def observed(app: ASGIApp, node: Node) -> ASGIApp:
    """Return an application whose requests are traced, when what that takes is installed."""
    node.closing.append(observability.telemetry_of(node).close)
    return observability.watched(app, node)


def health(node: Node) -> Starlette:
    """Return the application of a worker: health, and metrics when they are installed."""
    return _made([*_health(node), *observability.routes(node)])


def _made(routes: list[BaseRoute]) -> Starlette:
    return Starlette(routes=routes, exception_handlers={HTTPException: _problem})


def _health(node: Node) -> list[BaseRoute]:
    return [Route("/health/live", _live(node)), Route("/health/ready", _ready(node))]


def _live(node: Node) -> Callable[[Incoming], Any]:
    """The process answers at all: that is what liveness means; a database that is gone is no reason to restart it."""

    async def live(_request: Incoming) -> Response:
        return JSONResponse({"status": "alive", "draining": node.host.draining})

    return live


def _ready(node: Node) -> Callable[[Incoming], Any]:
    async def ready(_request: Incoming) -> Response:
        reasons = node.readiness()
        if not reasons:
            notes = node.forgotten.notes()
            return JSONResponse({"status": "ready", **({"notes": notes} if notes else {})})
        return JSONResponse({"status": "not ready", "reasons": reasons}, 503, RETRY_AFTER)

    return ready


def _clock(node: Node) -> Callable[[Incoming], Any]:
    """The business clock, for tests only: PUT {"now_us": ...} moves it forward, and timers follow.

    Whoever moves it wants to know when what that led to is done: `in_flight` are the calls on the wire.
    """

    async def clock(incoming: Incoming) -> Response:
        if incoming.method == "PUT":
            try:
                node.clock.move(_instant((await incoming.json())["now_us"]))
            except (ValueError, KeyError, TypeError) as wrong:
                raise HTTPException(400, f'expected {{"now_us": a later instant}}: {wrong}') from wrong
        return JSONResponse({"now_us": node.now_us(), "in_flight": node.host.in_flight})

    return clock


def _instant(said: Any) -> int:
    if type(said) is not int or said > LATEST_US:
        raise ValueError(f"{said!r} is no whole number of microseconds before the year 10000")
    return said


def _intake(node: Node) -> Callable[[Incoming], Any]:
    """Webhooks: the raw body is verified and stored, then answered; 503 tells the sender to come again."""

    async def intake(incoming: Incoming) -> Response:
        body = await _body(incoming)
        if body is None:
            return Response(status_code=413)
        query = incoming.url.query
        target = f"{incoming.url.path}?{query}" if query else incoming.url.path
        headers = dict(incoming.headers.items())
        reply = node.receive(Request("integration", incoming.method, target, headers, body))
        if reply is None:
            return Response("not stored; please send it again", 503, RETRY_AFTER)
        return Response(reply.body, reply.status, dict(reply.headers))

    return intake


async def _body(incoming: Incoming) -> bytes | None:
    """Return the body as it came; None when it is too large."""
    parts, size = [], 0
    try:
        async for part in incoming.stream():
            size += len(part)
            if size > BODY_BYTES_MAX:
                return None
            parts.append(part)
    except ClientDisconnect:
        raise HTTPException(400, "the body ended early") from None
    return b"".join(parts)


def _mounted(node: Node, configuration: Configuration) -> list[BaseRoute]:
    """Return the mounts: the API and the tower behind their access, and the metrics."""
    keys = configuration.signing_key
    access = Access(configuration.tokens, lambda: [key.encode() for key in keys.values()])
    return [
        Mount("/api/v1", api.application(node, access)),
        Mount("/tower", tower.application(node, access)),
        *observability.routes(node),
    ]


async def _problem(_incoming: Incoming, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    body = {"type": "about:blank", "title": error.detail, "status": error.status_code}
    return JSONResponse(body, error.status_code, {**(error.headers or {}), "content-type": "application/problem+json"})
