"""Subjects: what the project itself offers to be verified, brought up on loopback while a suite needs it.

Each yields words for target files, as the environment would (`${Q2C_PAYMENT_URL}`), so that the same file works with
`q2c mocks up` and `eval "$(q2c env)"`. The secrets are made up for the occasion.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from contracts.findings import Progress, Suite, Tally

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from integration.service.configuration import Configuration
    from integration.service.node import Node

Words = Mapping[str, str]
OPENS_SECONDS = 30.0
CALLERS = ("a", "b")


@contextmanager
def mocks() -> Iterator[Words]:
    """Serve the systems of record without limits; `Q2C_<SYSTEM>_URL` and `_AUTHORIZATION` lead in."""
    from contracts.fuzzing.mocks import NAMES, signed_in, world
    from mocks.admin.api import application
    from mocks.doors.serving import running

    live = world()
    authorizations = {name: signed_in(live, name).get("authorization", "") for name in NAMES}
    addresses: dict[str, str] = {}
    with running(live, turbo=True, admin=application(live, addresses)) as doors:
        addresses.update(doors)
        found = {f"Q2C_{name.upper()}_URL": doors[name] for name in (*NAMES, "admin")}
        yield found | {f"Q2C_{name.upper()}_AUTHORIZATION": said for name, said in authorizations.items()}


@contextmanager
def integration() -> Iterator[Words]:
    """Serve the reference integration before the mocks: its interface twice, the second time with narrow limits."""
    from integration.service.access import SCOPES, digest_of
    from integration.service.configuration import ApiToken, configured
    from integration.service.server import address_of, listen
    from integration.systems.payment import WEBHOOK_SECRET

    known = {name: secrets.token_urlsafe(32) for name in CALLERS}
    tokens = tuple(ApiToken(name, digest_of(secret), tuple(SCOPES)) for name, secret in known.items())
    with mocks() as words:
        peers = {name: words[f"Q2C_{name.upper()}_URL"] for name in _systems()}
        end = listen("127.0.0.1", 0)
        with _served(configured({}, {}, addresses=peers, database="", port=0), tokens, end):
            address = address_of(end)
            yield {
                **words, "Q2C_INTEGRATION_URL": address, "Q2C_METERED_URL": f"{address}/metered",
                "Q2C_PAYMENT_WEBHOOK_SECRET": WEBHOOK_SECRET.decode(),
                **{f"Q2C_TOKEN_{name.upper()}": secret for name, secret in known.items()},
            }  # fmt: skip


class Upon:
    """A suite of a subject: it is brought up, and the suite made of its words, when its turn comes."""

    def __init__(self, subject: str, made: Callable[[Words], Suite]) -> None:
        if subject not in SUBJECTS:
            raise ValueError(f"there is no subject {subject!r}; there are {', '.join(SUBJECTS)}.")
        self._subject, self._made = SUBJECTS[subject], made
        self.name = f"{subject}: {made(_Placeholders()).name}"

    def run(self, progress: Progress) -> Tally:
        """Bring the subject up and examine it."""
        with self._subject() as words:
            return msgspec.structs.replace(self._made(words).run(progress), suite=self.name)


class _Placeholders(dict[str, str]):
    """Words of a subject that is not there yet, so that a target file is judged before anything is started."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.startswith("Q2C_")

    def __missing__(self, name: str) -> str:
        return f"http://{name.lower().replace('_', '-')}"


SUBJECTS: Mapping[str, Callable[[], AbstractContextManager[Words]]] = MappingProxyType(
    {"mocks": mocks, "integration": integration}
)


def _systems() -> tuple[str, ...]:
    from mocks.world import SYSTEMS

    return tuple(SYSTEMS)


@contextmanager
def _served(configuration: Configuration, tokens: tuple[object, ...], end: object) -> Iterator[None]:
    """Serve a node in a thread with an event loop of its own."""
    ready, stop = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        from integration.service.node import Node
        from integration.service.server import serve
        from integration.service.vendors import parts

        loops.append(asyncio.get_running_loop())
        node = Node(configuration, parts(configuration.peers))
        await serve(node, _application(node, configuration, tokens), end, stop, ready.set)  # type: ignore[arg-type]

    thread = threading.Thread(target=lambda: asyncio.run(main()), name="q2c-integration", daemon=True)
    thread.start()
    if not ready.wait(OPENS_SECONDS):
        raise RuntimeError(f"the reference integration did not open within {OPENS_SECONDS:g} s")
    try:
        yield
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(OPENS_SECONDS)


def _application(node: Node, configuration: Configuration, tokens: tuple[object, ...]) -> Starlette:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Mount, Route

    from integration.api import application
    from integration.api.budget import Budget
    from integration.service.access import Access
    from integration.service.app import application as service

    async def waiting(request: Request) -> Response:
        """Count the messages that wait under a key: what a webhook has led to before a flow takes it."""
        key = str(request.path_params["key"]).encode()
        with closing(sqlite3.connect(f"file:{node.database}?mode=ro", uri=True)) as journal:
            bodies = [body for (body,) in journal.execute("SELECT body FROM inbox")]
        return JSONResponse({"count": sum(key in body for body in bodies)})

    access = Access(tokens, lambda: ())  # type: ignore[arg-type]
    generous = Budget(time.monotonic, 1e6, 1e6)
    return Starlette(
        routes=[
            Route("/waiting/{key}", waiting),
            Mount("/api/v1", application(node, access, generous)),
            Mount("/metered/api/v1", application(node, access, Budget(time.monotonic, 5, 20))),
            Mount("/", service(node, configuration)),
        ]
    )
