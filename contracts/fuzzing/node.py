"""The reference integration, opened for fuzzing: a node on a journal in a temporary folder, the mocks behind it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.routing import Mount

from contracts.fuzzing.mocks import busy
from contracts.fuzzing.settings import Service, Settings
from contracts.fuzzing.suite import Fuzzing
from integration.api import application
from integration.api.budget import Budget
from integration.service.access import SCOPES, Access, digest_of
from integration.service.configuration import ApiToken, configured
from integration.service.node import Node
from integration.service.vendors import parts
from mocks.doors.serving import running
from mocks.world import SYSTEMS

NAME = "integration"
BASE = "/api/v1"
_SECRET = "fuzzing"
_KEY = b"k" * 32
_PATIENCE_SECONDS = 60.0
_OFTEN = 1e6
_ENDLESS = ("GET /events/stream",)


class _Loop:
    """An event loop in a thread of its own, with a node in it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="q2c-fuzzed-node", daemon=True)

    def do(self, work: Any) -> Any:
        """Do something in the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(_PATIENCE_SECONDS)

    def begin(self) -> None:
        """Begin to run."""
        self._thread.start()

    def end(self) -> None:
        """End it."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
        self.loop.close()


def _across(inner: Any, loop: asyncio.AbstractEventLoop) -> Any:
    """Return an application that answers in a loop of another thread: a node lives in one loop only."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        waiting = [await receive()]
        while waiting[-1].get("more_body"):
            waiting.append(await receive())
        said: list[Any] = []

        async def read() -> Any:
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def write(message: Any) -> None:
            said.append(message)

        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(inner(scope, read, write), loop))
        for message in said:
            await send(message)

    return serve


@contextmanager
def opened() -> Iterator[Any]:
    """Open a node with the mocks behind it; yield its interface as an ASGI application that any loop may call."""
    home = _Loop()
    with running(busy("crm")) as doors:
        addresses = {name: doors[name] for name in SYSTEMS}
        configuration = configured({}, {}, addresses=addresses, database="", port=0)
        home.begin()

        async def begin() -> Node:
            node = Node(configuration, parts(configuration.peers))
            node.open()
            return node

        node = home.do(begin())
        clients = (ApiToken("fuzzing", digest_of(_SECRET), tuple(SCOPES)),)
        access = Access(clients, lambda: (_KEY,))
        inner = application(node, access, Budget(time.monotonic, _OFTEN, _OFTEN))
        try:
            yield _across(Starlette(routes=[Mount(BASE, inner)]), home.loop)
        finally:
            home.do(node.close())
            home.end()


def fuzzing(document: Path, settings: Settings, shown: str = "") -> Fuzzing:
    """Return the suite of the reference integration's own interface, in this process.

    The stream of events has no end, so that it is not asked for.
    """

    @contextmanager
    def served() -> Iterator[tuple[Service, Settings]]:
        with opened() as inner:
            chosen = msgspec.structs.replace(
                settings, headers={"authorization": f"Bearer {_SECRET}", **settings.headers},
                key_header=settings.key_header or "idempotency-key", refusals=settings.refusals or "rfc9457",
                exclude=(*settings.exclude, *_ENDLESS),
            )  # fmt: skip
            yield Service(application=inner, base_path=BASE, shown="the reference integration"), chosen

    return Fuzzing(document, served, shown)
