"""The peer: an HTTP server on loopback that answers by a script and remembers what it was asked, byte by byte.

Each connection carries any number of requests. A step of the script is a reply, or one of the things that networks do:
the connection ends before or after the request was taken, or nothing comes for a while.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from typing import Any, Literal

import h11
import msgspec

Ending = Literal["reply", "drop", "silence"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What the peer does with one request: reply, drop the connection, or say nothing for `after_seconds` and drop."""

    status: int = 201
    body: Any = None
    headers: dict[str, str] = {}
    ending: Ending = "reply"
    after_seconds: float = 0.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it came; header names in lower case, `at_seconds` on a clock that only goes forward."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    at_seconds: float


class Peer:
    """Answers requests that fit `method` and `path` (a regular expression) by the script, all others kindly."""

    def __init__(self, method: str, path: str, success: Step) -> None:
        self._method, self._path, self._success = method, re.compile(path), success
        self.script: list[Step] = []
        self.always: Step | None = None
        self.asked: list[Asked] = []
        self.others: list[Asked] = []
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Peer:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    def play(self, *script: Step, always: Step | None = None) -> None:
        """Forget what was asked and answer by a script from now on; after it with success, or always one thing."""
        self.script, self.always = list(script), always
        self.asked.clear()
        self.others.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        while True:
            asked = await _request(connection, reader, writer)
            if asked is None:
                return
            step = self._step_for(asked)
            if step.after_seconds:
                await asyncio.sleep(step.after_seconds)
            if step.ending != "reply":
                writer.transport.abort()
                return
            await _reply(connection, writer, step)
            if connection.our_state is h11.MUST_CLOSE:
                return
            connection.start_next_cycle()

    def _step_for(self, asked: Asked) -> Step:
        if asked.method != self._method or not self._path.search(asked.target):
            self.others.append(asked)
            return Step(status=200, body={})
        self.asked.append(asked)
        if self.script:
            return self.script.pop(0)
        return self.always or self._success


async def _request(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Asked | None:
    head: h11.Request | None = None
    body = b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                more = connection.send(h11.InformationalResponse(status_code=100, headers=[]))
                writer.write(more or b"")
            connection.receive_data(await reader.read(65_536))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            assert head is not None
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
            target, method = head.target.decode("latin-1"), head.method.decode()
            return Asked(method=method, target=target, headers=headers, body=body, at_seconds=time.monotonic())
        else:
            return None


async def _reply(connection: h11.Connection, writer: asyncio.StreamWriter, step: Step) -> None:
    content = b"" if step.body is None else json.dumps(step.body).encode()
    headers = [("content-type", "application/json"), ("content-length", str(len(content))), *step.headers.items()]
    writer.write(connection.send(h11.Response(status_code=step.status, headers=headers)) or b"")
    writer.write(connection.send(h11.Data(data=content)) or b"")
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()
