"""The server of the explorer: the page, its programs, and the answers. For this machine only.

Requests that name another host are refused, so that no page of the web can reach it by a name that leads here; answers
are asked for with JSON, which a page of another origin cannot send without permission.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio.to_thread
import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from q2c.explorer.explorer import Explorer, Shown, Superseded
from q2c.explorer.page import fragment, page_of
from q2c.explorer.setting import read, sentence_of
from scenarios.problems import ScenarioError
from web.embedding import chart_library, static_text

HOSTS = ("127.0.0.1", "localhost")
BODY_BYTES_MAX = 64 * 1024
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}  # fmt: skip
_SCRIPTS: dict[str, Callable[[], str]] = {
    "plotly.js": chart_library,
    "charts.js": lambda: static_text("charts.js"),
    "explorer.js": lambda: static_text("explorer.js"),
}
Answer = Callable[[Request], Awaitable[Response]]


def application(explorer: Explorer) -> Starlette:
    """Return the explorer of a scenario as an ASGI application; it closes the explorer when it ends."""

    async def page(request: Request) -> Response:
        return Response(page_of(explorer), media_type="text/html", headers=_HEADERS)

    async def script(request: Request) -> Response:
        found = _SCRIPTS.get(request.path_params["name"])
        if found is None:
            return Response("there is no such program", 404, _HEADERS, "text/plain")
        return Response(found(), media_type="text/javascript", headers=_HEADERS)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            explorer.close()

    return Starlette(
        routes=[
            Route("/", page), Route("/scripts/{name}", script),
            Route("/play", _playing(explorer), methods=["POST"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS))],
        lifespan=lifespan,
    )  # fmt: skip


def _playing(explorer: Explorer) -> Answer:
    async def play(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _says(415, "expected a question as application/json")
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > BODY_BYTES_MAX:
                return _says(413, f"expected a question of at most {BODY_BYTES_MAX:,} bytes")
        try:
            shown = await anyio.to_thread.run_sync(explorer.play, read(body))
        except Superseded:
            return _says(409, "a newer question has come in")
        except (ValueError, ScenarioError) as why:
            return _says(422, sentence_of(why))
        return _shown(shown)

    return play


def _says(status: int, text: str) -> Response:
    return Response(msgspec.json.encode({"says": text}), status, _HEADERS, "application/json")


def _shown(shown: Shown) -> Response:
    found = {"says": shown.says, "tone": shown.tone, "html": fragment(shown.sections), "command": shown.command}
    return Response(msgspec.json.encode(found), 200, _HEADERS, "application/json")
