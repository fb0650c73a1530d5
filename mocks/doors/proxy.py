"""The proxy door: takes CONNECT and absolute-form requests for the hosts that the mocks play, and refuses all others.

It fails closed: nothing is ever passed on to anybody, so a client that was configured wrongly cannot reach production.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Any, cast

from domain.http import Reply
from mocks.doors.authority import LOCAL, Authority
from mocks.doors.hosts import Directory, split, system_of
from mocks.doors.live import LiveWorld
from mocks.doors.post import is_loopback
from mocks.doors.turbo import Connection
from mocks.doors.wire import HEAD_BYTES_MAX, encode

_LOG = logging.getLogger("q2c.mocks.proxy")
_HANDSHAKE_SECONDS = 10.0
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Proxy(asyncio.Protocol):
    """One client of the proxy, until it has said where it wants to go."""

    def __init__(self, world: LiveWorld, directory: Directory, authority: Authority, connections: set[Any]) -> None:
        self._world, self._directory, self._authority, self._connections = world, directory, authority, connections
        self._transport: asyncio.Transport
        self._received = b""
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)  # the event loop's TLS transports are not of this class
        self._connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """End."""
        self._connections.discard(self)

    def close(self) -> None:
        """Close the connection when the server shuts down."""
        self._transport.close()

    def data_received(self, received: bytes) -> None:
        """Read as far as the end of the first head, then become what the client asked for."""
        self._received += received
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            if len(self._received) > HEAD_BYTES_MAX:
                self._refuse(431, "The headers are too large.")
            return
        line = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
        if line[0] == "CONNECT" and len(line) == 3:
            self._connect(line[1], rest)
        else:
            self._become(self._connection("http"), self._received)

    def _connect(self, authority: str, rest: bytes) -> None:
        host, port = split(authority)
        is_plain = port in self._directory.plain if is_loopback(host) else port == 80
        if not self._directory(authority):
            _LOG.warning("refused CONNECT %s: no mock answers to it, and nothing is passed on", authority)
            self._refuse(403, f"No mock answers to {authority}; nothing is passed on.")
            return
        self._transport.write(_ESTABLISHED)
        if is_plain:
            self._become(self._connection("http"), rest)
            return
        self._transport.pause_reading()
        self._task = asyncio.get_running_loop().create_task(self._secure(LOCAL if is_loopback(host) else host))

    async def _secure(self, host: str) -> None:
        connection, context = self._connection("https"), self._authority.context(host)
        self._connections.discard(self)
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self._transport, connection, context, server_side=True, ssl_handshake_timeout=_HANDSHAKE_SECONDS
            )
        except (OSError, ssl.SSLError) as failed:
            _LOG.warning("TLS with a client that wanted %s failed: %s (does it trust the CA? q2c env)", host, failed)
            return
        if transport is not None:
            connection.connection_made(transport)

    def _connection(self, scheme: str) -> Connection:
        return Connection(self._world, self._directory, scheme, self._connections)

    def _become(self, connection: Connection, received: bytes) -> None:
        self._connections.discard(self)
        self._transport.set_protocol(connection)
        connection.connection_made(self._transport)
        if received:
            connection.data_received(received)

    def _refuse(self, status: int, text: str) -> None:
        reply = Reply(status, {"content-type": "text/plain; charset=utf-8"}, f"{text}\n".encode())
        self._transport.write(encode(reply, keep_alive=False))
        self._transport.close()


def by_name(authority: Authority) -> ssl.SSLContext:
    """Return the context of a TLS door that shows each client the leaf of the host it asked for, if a mock plays it."""

    def choose(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext) -> int | None:
        if name is None or is_loopback(name):
            return None
        if not system_of(name.lower()):
            _LOG.warning("refused TLS for %s: no mock answers to it", name)
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = authority.context(name.lower())
        return None

    context = authority.context(LOCAL)
    context.sni_callback = choose
    return context
