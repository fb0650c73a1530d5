"""The wire of a program in virtual time: every httpx client of it speaks over the virtual network.

Nothing of the program is changed for that: the transports that httpx gives its clients are. Timeouts are the client's
own (connect, read, pool), and what fails, fails as httpx says it does.
"""

from __future__ import annotations

import asyncio
from asyncio import events
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Literal, Protocol
from unittest.mock import patch
from weakref import WeakKeyDictionary

import httpx

from domain.http import Lost, Reply, Request
from mocks.doors.hosts import system_of
from mocks.kernel.agenda import NEVER_US
from simulator.exchange import Exchange, Patience
from simulator.network import Network
from simulator.virtual_asyncio.refusals import guard

_BODILESS = frozenset({204, 205, 304})
_BLOCKING = "calls by a blocking httpx client, which stops the event loop here and in production: use httpx.AsyncClient"
_LOST: dict[str, tuple[type[httpx.TransportError], str]] = {
    "timeout": (httpx.ReadTimeout, ""),
    "connect timeout": (httpx.ConnectTimeout, ""),
    "connection refused": (httpx.ConnectError, "All connection attempts failed"),
    "connection reset": (httpx.ReadError, ""),
    "connection closed": (httpx.RemoteProtocolError, "Server disconnected without sending a response."),
    "reply cut off": (
        httpx.RemoteProtocolError, "peer closed connection without sending complete message body",
    ),
}  # fmt: skip
"""What httpx raises for each way in which the network loses an answer; source: httpx 0.28 over httpcore 1.0."""


class Mortal(Protocol):
    """Whoever sends over a wire, and may die of it."""

    def fate(self) -> Literal["", "before", "after"]:
        """Tell whether it dies at the request that is about to leave: before it has left, after it, or not."""
        ...

    def die(self) -> None:
        """Die, now."""
        ...

    def note(self, sentence: str) -> None:
        """Take note of something that a person should know."""
        ...


class Wire:
    """Carries the requests of one life of a program."""

    def __init__(self, network: Network, sender: Mortal) -> None:
        self._network, self._sender = network, sender
        self._open: dict[Exchange, None] = {}
        self._pools: WeakKeyDictionary[httpx.AsyncHTTPTransport, asyncio.Semaphore] = WeakKeyDictionary()

    def cut(self) -> None:
        """End every exchange under way: the program that waits for the answers is dead."""
        for exchange in list(self._open):
            self._network.withdraw(exchange, "the caller died")
        self._open.clear()

    async def carry(self, transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        """Return the answer to a request; raise what httpx raises when there is none."""
        waits = request.extensions.get("timeout", {})
        asked = await self._asked_of(request)
        pool = self._pool_of(transport)
        try:
            async with asyncio.timeout(waits.get("pool")):
                await pool.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("", request=request) from None
        try:
            answer = await self._exchanged(asked, _patience(waits))
        finally:
            pool.release()
        if isinstance(answer, Lost):
            kind, text = _LOST.get(answer.reason) or _otherwise(answer)
            raise kind(text, request=request)
        return _response(answer, request)

    async def _asked_of(self, request: httpx.Request) -> Request:
        system = system_of(request.url.host)
        if not system or system not in self._network.world.services:
            self._sender.note(f"{request.url.host} is no system of this world, and nothing else can be reached")
            raise httpx.ConnectError("[Errno -2] Name or service not known", request=request)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers.raw}
        headers["x-forwarded-proto"] = request.url.scheme
        return Request(
            system, request.method, request.url.raw_path.decode("latin-1"), headers, await request.aread()
        )  # fmt: skip

    def _pool_of(self, transport: httpx.AsyncHTTPTransport) -> asyncio.Semaphore:
        """Return the connections of a client: as many at once as its limits allow."""
        pool = self._pools.get(transport)
        if pool is None:
            most = getattr(transport, "_q2c_connections", None) or _default_connections(transport)
            pool = self._pools[transport] = asyncio.Semaphore(most)
        return pool

    async def _exchanged(self, request: Request, patience: Patience) -> Reply | Lost:
        loop, fate = asyncio.get_running_loop(), self._sender.fate()
        answered: asyncio.Future[Reply | Lost] = loop.create_future()
        never: asyncio.Future[Reply | Lost] = loop.create_future()
        if fate == "before":
            self._sender.die()
            return await never
        exchange = self._network.send(request, patience, partial(_told, answered))
        self._open[exchange] = None
        if fate == "after":
            self._sender.die()
            return await never
        try:
            return await answered
        except asyncio.CancelledError:
            self._network.withdraw(exchange, "cancelled")
            raise
        finally:
            self._open.pop(exchange, None)


def _told(answered: asyncio.Future[Reply | Lost], answer: Reply | Lost) -> None:
    if not answered.done():
        answered.set_result(answer)


def _patience(waits: dict[str, float | None]) -> Patience:
    """Return how long a client waits: httpx times the connection and each read, not the whole."""
    return Patience(_us(waits.get("read")), _us(waits.get("connect")))


def _us(seconds: float | None) -> int:
    return NEVER_US if seconds is None else round(seconds * 1_000_000)


def _otherwise(lost: Lost) -> tuple[type[httpx.TransportError], str]:
    return (httpx.ReadError if lost.sent else httpx.ConnectError), lost.reason


def _response(reply: Reply, request: httpx.Request) -> httpx.Response:
    body = b"" if reply.status in _BODILESS or request.method == "HEAD" else reply.body
    return httpx.Response(
        reply.status, headers=list(reply.headers.items()), content=body, request=request,
        extensions={"http_version": b"HTTP/1.1"},
    )  # fmt: skip


def _default_connections(transport: httpx.AsyncHTTPTransport) -> int:
    """Return the limit of a transport that was made before the run began: its own pool knows it."""
    return int(getattr(getattr(transport, "_pool", None), "_max_connections", 100))


@contextmanager
def wired(wire_of: Callable[[Any], Wire | None]) -> Iterator[None]:
    """Let the httpx clients of programs on virtual loops speak over a wire, until the block ends.

    `wire_of(loop)` names it; None leaves a client as it is.
    """
    real = httpx.AsyncHTTPTransport
    begin, carry, close = real.__init__, real.handle_async_request, real.aclose

    def init(self: Any, *args: Any, **named: Any) -> None:
        if wire_of(events._get_running_loop()) is None:
            begin(self, *args, **named)
            return
        limits = named.get("limits")  # no pool and no certificates: they are what takes time to make
        self._q2c_connections = (limits.max_connections if limits is not None else 100) or 1_000_000

    async def handle(self: Any, request: httpx.Request) -> httpx.Response:
        wire = wire_of(events._get_running_loop())
        return await (carry(self, request) if wire is None else wire.carry(self, request))

    async def aclose(self: Any) -> None:
        if not hasattr(self, "_q2c_connections"):
            await close(self)

    async def enter(self: Any) -> Any:
        return self

    async def leave(self: Any, *_: object) -> None:
        await self.aclose()

    with ExitStack() as stack:
        for name, function in (("__init__", init), ("handle_async_request", handle), ("aclose", aclose)):
            stack.enter_context(patch.object(real, name, function))
        stack.enter_context(patch.object(real, "__aenter__", _either(real.__aenter__, enter)))
        stack.enter_context(patch.object(real, "__aexit__", _either(real.__aexit__, leave)))
        blocking = guard(httpx.HTTPTransport.handle_request, _BLOCKING)
        stack.enter_context(patch.object(httpx.HTTPTransport, "handle_request", blocking))
        yield


def _either(real: Any, virtual: Any) -> Any:
    """Return a method that is the virtual one of a transport without a pool, and the real one of all others."""

    async def called(self: Any, *args: Any) -> Any:
        return await (virtual if hasattr(self, "_q2c_connections") else real)(self, *args)

    return called
