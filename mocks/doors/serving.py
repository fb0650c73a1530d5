"""Serving: opens the doors of a live world.

    with running(LiveWorld()) as doors:
        httpx.get(doors["payment"] + "/v1/customers", auth=("sk_test_1", ""))

Plain HTTP has a port per service, for paths of vendors collide. With a certificate authority there is also TLS: a port
per service (`payment_tls`), one for all by host name (`tls`), and the proxy (`proxy`).
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mocks.doors.asgi import TRANSPORT, Application, by_port
from mocks.doors.authority import LOCAL, Authority, open_authority
from mocks.doors.hosts import Directory
from mocks.doors.live import LiveWorld
from mocks.doors.proxy import Proxy, by_name
from mocks.doors.turbo import Connection
from mocks.world import SYSTEMS

R = TypeVar("R")
LOOPBACK = "127.0.0.1"
TLS, PROXY, ADMIN = "tls", "proxy", "admin"
SECURE = {f"{system}_tls": system for system in SYSTEMS}
KEEP_ALIVE_SECONDS = 75
TICK_SECONDS = 0.02
Sockets = Mapping[str, socket.socket]


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


def port_of(end: socket.socket) -> int:
    """Return the port of a listening socket."""
    port: int = end.getsockname()[1]
    return port


def addresses(sockets: Sockets) -> dict[str, str]:
    """Return the address of each door, `http://127.0.0.1:<port>` or `https://localhost:<port>`, by its name."""
    found = {}
    for name, end in sockets.items():
        host = end.getsockname()[0]
        if name in SECURE or name == TLS:
            found[name] = f"https://{LOCAL if host == LOOPBACK else host}:{port_of(end)}"
        else:
            found[name] = f"http://{f'[{host}]' if ':' in host else host}:{port_of(end)}"
    return found


class _Server:
    """The listeners of one world in one event loop."""

    def __init__(
        self, world: LiveWorld, sockets: Sockets, authority: Authority | None, turbo: bool, admin: Application | None
    ) -> None:
        self._world, self._sockets, self._authority, self._turbo, self._admin = world, sockets, authority, turbo, admin
        plain = {name: port_of(end) for name, end in sockets.items() if name in SYSTEMS}
        secure = {SECURE[name]: port_of(end) for name, end in sockets.items() if name in SECURE}
        self._directory = Directory(plain, secure)
        self._connections: set[Any] = set()
        self._servers: list[asyncio.AbstractServer] = []
        self._uvicorn: uvicorn.Server | None = None
        self._tasks: list[asyncio.Task[Any]] = []

    async def open(self) -> None:
        """Open every door that has a socket."""
        for name, end in self._sockets.items():
            if name == PROXY:
                await self._listen(end, self._proxy)
            elif name == TLS:
                assert self._authority is not None
                await self._listen(end, self._connection("https"), by_name(self._authority))
            elif name in SECURE:
                assert self._authority is not None
                secure = self._authority.context(LOCAL)
                await self._listen(end, self._connection("https", SECURE[name]), secure)
            elif name in SYSTEMS and self._turbo:
                await self._listen(end, self._connection("http", name))
        await self._open_asgi()
        self._tasks.append(asyncio.create_task(_ticking(self._world)))

    async def _listen(self, end: socket.socket, factory: Callable[[], asyncio.Protocol], tls: Any = None) -> None:
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(factory, sock=end, ssl=tls, backlog=2048))

    def _connection(self, scheme: str, system: str = "") -> Callable[[], Connection]:
        # A port of one service says whose it is, whatever the Host header claims.
        system_of = (lambda _host: system) if system else self._directory
        return lambda: Connection(self._world, system_of, scheme, self._connections)

    def _proxy(self) -> Proxy:
        assert self._authority is not None
        return Proxy(self._world, self._directory, self._authority, self._connections)

    async def _open_asgi(self) -> None:
        """Open the plain doors, and the admin's, with an ordinary ASGI server."""
        ours = {name: end for name, end in self._sockets.items() if _is_plain(name, self._turbo)}
        if not ours:
            return
        systems = {port_of(end): name for name, end in ours.items()}
        config = uvicorn.Config(
            _dispatching(by_port(self._world, systems), systems, self._admin), loop="none", http=_Cuttable, ws="none",
            lifespan="off", log_config=None, access_log=False, server_header=False, proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS, timeout_graceful_shutdown=1,
        )  # fmt: skip
        config.load()
        server = self._uvicorn = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=list(ours.values()))
        self._tasks.append(asyncio.create_task(server.main_loop()))

    async def close(self) -> None:
        """Stop listening, let go of all connections, and make the state safe."""
        for listener in self._servers:
            listener.close()
        for connection in list(self._connections):
            connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._uvicorn is not None:
            self._uvicorn.should_exit = True
            for state in list(self._uvicorn.server_state.connections):
                state.shutdown()
            await self._uvicorn.shutdown(sockets=list(self._sockets.values()))
        for listener in self._servers:
            await listener.wait_closed()
        for end in self._sockets.values():
            end.close()
        self._world.state.close()


class _Cuttable(HttpToolsProtocol):
    """The server's protocol with its transport in the scope, so that a fault can cut the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[TRANSPORT] = self.transport  # type: ignore[literal-required]


def _is_plain(name: str, turbo: bool) -> bool:
    return name == ADMIN or (name in SYSTEMS and not turbo)


def _dispatching(services: Application, systems: Mapping[int, str], admin: Application | None) -> Application:
    if admin is None:
        return services
    ports = {port for port, name in systems.items() if name == ADMIN}

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await (admin if scope["server"][1] in ports else services)(scope, receive, send)

    return serve


async def serve(
    world: LiveWorld,
    sockets: Sockets,
    stop: asyncio.Event,
    ready: Callable[[], Any],
    *,
    authority: Authority | None = None,
    turbo: bool = False,
    admin: Application | None = None,
) -> None:
    """Serve a world on these sockets until `stop` is set; tell when all of them are open."""
    server = _Server(world, sockets, authority, turbo, admin)
    await server.open()
    try:
        ready()
        await stop.wait()
    finally:
        await server.close()


async def _ticking(world: LiveWorld) -> None:
    """Let the world live: what is due happens within some milliseconds, whether or not anybody asks."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        try:
            world.tick()
        except Exception:  # one broken action must not stop the clock of all the others
            logging.getLogger("q2c.mocks").exception("an action of the world failed")


class Running(Mapping[str, str]):
    """The addresses of a world that is being served, by name of the door; `world` is the world itself."""

    def __init__(self, world: LiveWorld, sockets: Sockets, bundle: Path | None) -> None:
        self.world = world
        self.ca_bundle = bundle
        self.loop: asyncio.AbstractEventLoop | None = None
        self._addresses = addresses(sockets)

    def __getitem__(self, door: str) -> str:
        return self._addresses[door]

    def __iter__(self) -> Iterator[str]:
        return iter(self._addresses)

    def __len__(self) -> int:
        return len(self._addresses)

    def port(self, door: str) -> int:
        """Return the port of a door."""
        return int(self[door].rpartition(":")[2])

    def do(self, action: Callable[[], R]) -> R:
        """Do something with the world where it lives, and return what came of it: `doors.do(world.tick)`."""

        async def done() -> R:
            return action()

        return self.wait(done())

    def wait(self, work: Awaitable[R], timeout_seconds: float = 60.0) -> R:
        """Wait for work that the world's event loop does."""
        assert self.loop is not None, "the world is not being served"

        async def finished() -> R:
            return await work

        return asyncio.run_coroutine_threadsafe(finished(), self.loop).result(timeout_seconds)


@contextmanager
def running(
    world: LiveWorld,
    ports: Mapping[str, int] | None = None,
    *,
    workspace: Path | None = None,
    turbo: bool = False,
    admin: Application | None = None,
) -> Iterator[Running]:
    """Serve a world on loopback ports (any that are free unless `ports` names them) until the block ends.

    With a `workspace` folder for the certificate authority the TLS doors and the proxy are open as well.
    """
    authority = open_authority(workspace) if workspace is not None else None
    sockets = open_sockets(ports or {}, secure=authority is not None, admin=admin is not None)
    doors = Running(world, sockets, authority.bundle if authority is not None else None)
    ready, stop = threading.Event(), asyncio.Event()

    async def main() -> None:
        def is_ready() -> None:
            doors.loop = asyncio.get_running_loop()
            ready.set()

        await serve(world, sockets, stop, is_ready, authority=authority, turbo=turbo, admin=admin)

    def work() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())

    thread = threading.Thread(target=work, name="q2c-mocks", daemon=True)
    thread.start()
    ready.wait(10)
    assert doors.loop is not None, "the doors did not open"
    try:
        yield doors
    finally:
        doors.loop.call_soon_threadsafe(stop.set)
        thread.join(10)


def open_sockets(
    ports: Mapping[str, int], *, secure: bool, admin: bool, host: str = LOOPBACK, admin_host: str = LOOPBACK
) -> dict[str, socket.socket]:
    """Return a listening socket for every door; raise OSError with the door's name when its port is taken."""
    names = [*SYSTEMS, *([*SECURE, TLS, PROXY] if secure else []), *([ADMIN] if admin else [])]
    found: dict[str, socket.socket] = {}
    for name in names:
        port = ports.get(name, 0)
        try:
            found[name] = listen(port, admin_host if name == ADMIN else host)
        except OSError as error:
            for end in found.values():
                end.close()
            raise OSError(error.errno, f"port {port} for {name}: {error.strerror}") from error
    return found
