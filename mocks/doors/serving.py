"""Serving: opens a loopback port for every service of a live world, in an event loop on a thread of its own.

with running(LiveWorld()) as doors:
    httpx.get(doors["payment"] + "/v1/customers", auth=("sk_test_1", ""))
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import uvicorn
import uvloop

from mocks.doors.asgi import by_port
from mocks.doors.live import LiveWorld

R = TypeVar("R")
LOOPBACK = "127.0.0.1"
KEEP_ALIVE_SECONDS = 75
TICK_SECONDS = 0.02


def listen(port: int = 0, host: str = LOOPBACK) -> socket.socket:
    """Return a listening socket; port 0 takes any that is free. Raise OSError when the port is taken."""
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(2048)
    except OSError:
        found.close()
        raise
    found.setblocking(False)
    return found


class Running(Mapping[str, str]):
    """The addresses (`http://127.0.0.1:<port>`) of a world that is being served, by name of the service."""

    def __init__(self, world: LiveWorld, sockets: Mapping[str, socket.socket]) -> None:
        self.world = world
        self.ports = {name: each.getsockname()[1] for name, each in sockets.items()}
        self.loop: asyncio.AbstractEventLoop | None = None

    def __getitem__(self, system: str) -> str:
        return f"http://{LOOPBACK}:{self.ports[system]}"

    def __iter__(self) -> Iterator[str]:
        return iter(self.ports)

    def __len__(self) -> int:
        return len(self.ports)

    def do(self, action: Callable[[], R]) -> R:
        """Do something with the world where it lives, and return what came of it: `doors.do(world.tick)`."""

        async def done() -> R:
            return action()

        return self.wait(done())

    def wait(self, work: Awaitable[R]) -> R:
        """Wait for work that the world's event loop does."""
        assert self.loop is not None, "the world is not being served"

        async def finished() -> R:
            return await work

        return asyncio.run_coroutine_threadsafe(finished(), self.loop).result(60)


@contextmanager
def running(world: LiveWorld, ports: Mapping[str, int] | None = None) -> Iterator[Running]:
    """Serve a world on loopback ports (any that are free unless `ports` names them) until the block ends."""
    sockets = {name: listen((ports or {}).get(name, 0)) for name in world.services}
    doors = Running(world, sockets)
    ready, stop = threading.Event(), asyncio.Event()
    thread = threading.Thread(target=_thread, args=(doors, sockets, ready, stop), name="q2c-mocks", daemon=True)
    thread.start()
    ready.wait(10)
    assert doors.loop is not None, "the event loop did not start"
    try:
        yield doors
    finally:
        doors.loop.call_soon_threadsafe(stop.set)
        thread.join(10)


def _thread(doors: Running, sockets: Mapping[str, socket.socket], ready: threading.Event, stop: asyncio.Event) -> None:
    async def main() -> None:
        def is_ready() -> None:
            doors.loop = asyncio.get_running_loop()
            ready.set()

        await serve(doors.world, sockets, stop, is_ready)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


async def serve(
    world: LiveWorld, sockets: Mapping[str, socket.socket], stop: asyncio.Event, ready: Callable[[], Any]
) -> None:
    """Serve a world on these sockets until `stop` is set; tell when all of them are open."""
    systems = {each.getsockname()[1]: name for name, each in sockets.items()}
    config = uvicorn.Config(
        by_port(world, systems), loop="none", http="httptools", ws="none", lifespan="off", log_config=None,
        access_log=False, server_header=False, timeout_keep_alive=KEEP_ALIVE_SECONDS, timeout_graceful_shutdown=1,
    )  # fmt: skip
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=list(sockets.values()))
    tasks = [asyncio.create_task(server.main_loop()), asyncio.create_task(_ticking(world))]
    ready()
    await stop.wait()
    server.should_exit = True
    await server.shutdown(sockets=list(sockets.values()))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _ticking(world: LiveWorld) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        world.tick()
