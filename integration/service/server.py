"""The door of a node: a listening socket, the HTTP server on it, and a graceful end.

end = listen("127.0.0.1", 9000)
await serve(node, application(node, configuration), end, stop, ready)
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from integration.service.node import Node

KEEP_ALIVE_SECONDS = 75
REQUESTS_END_SECONDS = 5


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes any that is free. Raise OSError when the port is taken."""
    end = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
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
    node: Node, app: ASGIApp, end: socket.socket, stop: asyncio.Event, ready: Callable[[], Any]
) -> tuple[int, str]:
    """Serve a node until `stop` is set or the node stops by itself; return the calls given up and why it stopped.

    The end is graceful: no new connections, requests under way are answered, calls in flight get their grace, and what
    is left over is in the journal for the next incarnation.
    """
    server = await _open(app, end)
    running = asyncio.create_task(server.main_loop())
    try:
        node.open()
        ready()
        await _first(stop.wait(), node.stopped.wait())
    finally:
        node.host.draining = True
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        server.should_exit = True
        await server.shutdown(sockets=[end])
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


async def _first(*waits: Any) -> None:
    """Wait for the first of several things."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
