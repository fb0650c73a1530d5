"""The door of a node: a listening socket, the HTTP server on it, and a graceful end.

end = listen("127.0.0.1", 9000)
await serve(node, application(node, configuration), end, stop, ready)
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from integration.service.node import Node

Companion = Callable[[asyncio.Event], Awaitable[None]]
"""Something that works beside a node until an event is set."""

KEEP_ALIVE_SECONDS = 75
REQUESTS_END_SECONDS = 5
COMPANIONS_END_SECONDS = 5.0
COMPANION_PAUSE_SECONDS = 5.0
_LOG = logging.getLogger("q2c.integration")


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes any that is free. Raise OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio's own loop sends small answers at once (TCP_NODELAY) only on sockets that name their protocol.
    end = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        end.bind((host, port))
        end.listen(2048)
    except OSError:
        end.close()
        raise
    end.setblocking(False)
    return end


def address_of(end: socket.socket) -> str:
    """Return the address of a listening socket."""
    host, port = end.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


async def serve(
    node: Node,
    app: ASGIApp,
    end: socket.socket,
    stop: asyncio.Event,
    ready: Callable[[], Any],
    companions: Sequence[Companion] = (),
) -> tuple[int, str]:
    """Serve a node until `stop` is set or the node stops by itself; return the calls given up and why it stopped.

    `companions` work beside it; they are told when to end, and cancelled when they do not.

    The end is graceful: no new connections, requests under way are answered, calls in flight get their grace, and what
    is left over is in the journal for the next incarnation.
    """
    server = await _open(app, end)
    running = asyncio.create_task(server.main_loop())
    ending, beside = asyncio.Event(), list[asyncio.Task[None]]()
    try:
        node.open()
        beside = [asyncio.create_task(_kept(companion, ending)) for companion in companions]
        ready()
        await _first(stop.wait(), node.stopped.wait())
    finally:
        node.host.draining = True
        ending.set()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        server.should_exit = True
        await server.shutdown(sockets=[end])
        await _ended(beside)
        given_up = await node.close()
    return given_up, node.why_stopped


async def _open(app: ASGIApp, end: socket.socket) -> uvicorn.Server:
    config = uvicorn.Config(
        app, loop="none", ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
        proxy_headers=False, timeout_keep_alive=KEEP_ALIVE_SECONDS, timeout_graceful_shutdown=REQUESTS_END_SECONDS,
    )  # fmt: skip
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[end])
    return server


async def _kept(companion: Companion, ending: asyncio.Event) -> None:
    """Keep a companion at work: a mistake in it must not end the service, nor be forgotten."""
    while not ending.is_set():
        try:
            await companion(ending)
            return
        except Exception:
            _LOG.exception("a companion of the service failed; it starts again")
            await asyncio.sleep(COMPANION_PAUSE_SECONDS)


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=COMPANIONS_END_SECONDS)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _first(*waits: Any) -> None:
    """Wait for the first of several things."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
