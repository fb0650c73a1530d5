"""The door of a program in virtual time: the systems' messages come in over ASGI, and take as long as it takes.

It does what a server does: lifespan, a task for each message, 500 for an exception, silence when nobody is there.
A sender that loses patience hangs up; what was begun goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from domain.http import Reply, Request
from integration.drivers.virtual_time import VirtualTime
from simulator.exchange import Later

SENDERS_PATIENCE_US = 10_000_000
"""How long a system waits for the answer to its message; as long as the live mocks do (mocks.doors.post)."""
_FAILED = Reply(500, {"content-type": "text/plain"}, b"Internal Server Error")

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
_ASGI = {"version": "3.0", "spec_version": "2.3"}


class StartFailed(Exception):
    """The application says that it cannot start; the text is its own."""


class Door:
    """The way into one life of a program. `note` is told of exceptions that reach the door."""

    def __init__(
        self, application: Application, time: VirtualTime, loop: asyncio.AbstractEventLoop, note: Callable[[str], None]
    ) -> None:
        self._application, self._time, self._loop, self._note = application, time, loop, note
        self._state: dict[str, Any] = {}
        self._open: dict[_Cycle, None] = {}
        self._lifespan: asyncio.Task[None] | None = None
        self.is_open = False

    async def open(self) -> None:
        """Let the application start, then take messages in; raise StartFailed when it says that it cannot."""
        started: asyncio.Future[None] = self._loop.create_future()
        begun = [{"type": "lifespan.startup"}]

        async def receive() -> Message:
            if begun:
                return begun.pop()
            forever: asyncio.Future[Message] = self._loop.create_future()
            return await forever  # it is never told to shut down: it dies

        async def send(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                started.set_exception(StartFailed(message.get("message") or "lifespan.startup.failed"))
            elif message["type"] == "lifespan.startup.complete":
                started.set_result(None)

        scope = {"type": "lifespan", "asgi": _ASGI, "state": self._state}
        self._lifespan = self._loop.create_task(self._live(scope, receive, send, started), name="lifespan")
        await started
        self.is_open = True

    async def _live(self, scope: Message, receive: Any, send: Any, started: asyncio.Future[None]) -> None:
        try:
            await self._application(scope, receive, send)
        except Exception:
            if started.done():
                raise
        if not started.done():  # an application without a lifespan: servers take it as it is
            started.set_result(None)

    def close(self) -> None:
        """Hang up on everybody: the program is dead."""
        self.is_open = False
        for cycle in list(self._open):
            cycle.answer(None)

    def take(self, request: Request) -> Later | None:
        """Take a message in; None when nobody is there. The answer is told later, None when none came in time."""
        if not self.is_open:
            return None
        cycle = _Cycle(request, self._loop, self._settled)
        self._open[cycle] = None
        self._time.call_at(self._time.now_us + SENDERS_PATIENCE_US, cycle.answer, None)
        self._loop.call_soon(partial(self._begin, cycle))
        return cycle.later

    async def ask(self, target: str) -> Reply | None:
        """Return the answer to a GET, as a health check asks; None when there was none in time."""
        found: asyncio.Future[Reply | None] = self._loop.create_future()
        later = self.take(Request("integration", "GET", target))
        assert later is not None, "the door is closed"
        later.then = found.set_result
        return await found

    def _begin(self, cycle: _Cycle) -> None:
        task = self._loop.create_task(self._serve(cycle), name=f"{cycle.request.method} {cycle.request.target}")
        cycle.task = task

    async def _serve(self, cycle: _Cycle) -> None:
        try:
            await self._application(_scope(cycle.request, dict(self._state)), cycle.receive, cycle.send)
        except Exception as error:
            self._note(f"{cycle.request.target}: {type(error).__name__}: {error}")
            self._loop.call_exception_handler(
                {"message": f"an exception reached the server at {cycle.request.target}", "exception": error}
            )
        finally:
            cycle.answer(_FAILED)

    def _settled(self, cycle: _Cycle) -> None:
        self._open.pop(cycle, None)


class _Cycle:
    """One message: the application's two functions for it, and the answer that its sender is told, once."""

    def __init__(self, request: Request, loop: asyncio.AbstractEventLoop, settled: Callable[[_Cycle], None]) -> None:
        self.request, self.later = request, Later()
        self.task: asyncio.Task[None] | None = None
        self._settled, self._gone = settled, loop.create_future()
        self._is_read = self._is_told = False
        self._status, self._body = 200, bytearray()
        self._headers: dict[str, str] = {}

    async def receive(self) -> Message:
        """Give the application the message, and afterwards word that its sender has gone."""
        if not self._is_read:
            self._is_read = True
            return {"type": "http.request", "body": self.request.body, "more_body": False}
        await asyncio.shield(self._gone)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take the application's answer, part by part."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in _pairs(message)}
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                self.answer(Reply(self._status, self._headers, bytes(self._body)))

    def answer(self, reply: Reply | None) -> None:
        """Tell the sender, unless it was told before or has hung up."""
        if self._is_told:
            return
        self._is_told = True
        if not self._gone.done():
            self._gone.set_result(None)
        self._settled(self)
        self.later.then(reply)


def _pairs(message: Message) -> Any:
    return message.get("headers") or ()


def _scope(request: Request, state: dict[str, Any]) -> Message:
    parts = urlsplit(request.target)
    said = {"host": "integration.q2c.test", "content-length": str(len(request.body)), **request.headers}
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in said.items()]
    return {
        "type": "http", "asgi": _ASGI, "http_version": "1.1", "method": request.method, "scheme": "http",
        "path": unquote(parts.path), "raw_path": parts.path.encode("latin-1"),
        "query_string": parts.query.encode("latin-1"), "root_path": "", "headers": headers,
        "client": ("192.0.2.1", 443), "server": ("integration.q2c.test", 80), "state": state,
    }  # fmt: skip
