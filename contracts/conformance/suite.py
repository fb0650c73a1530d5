"""Conformance as suites: promises tried on a subject that is brought up for them; the kinds differ only in that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx

from contracts.conformance import client, lifecycle, server, webhooks
from contracts.conformance.assertion import Assertion, Catalogue, Subject, attempt_all, tally
from contracts.conformance.client.peer import Peer, Step
from contracts.conformance.profiles import Profile
from contracts.conformance.target import Target
from contracts.conformance.wire import Unreachable, Wire
from contracts.findings import Place, Progress, Tally

Clients = Callable[[], AbstractAsyncContextManager[httpx.AsyncClient]]
Opened = AbstractAsyncContextManager[Subject]


def over_http() -> httpx.AsyncClient:
    """Return a client that goes over the network, past any proxy of the environment."""
    return httpx.AsyncClient(trust_env=False)


class Conformance:
    """A suite: some promises of a catalogue, tried one after the other on what `opened` brings up.

    `about` is what findings are about, `ids` chooses promises (none: all); raise KeyError for an unknown one.
    """

    def __init__(
        self, name: str, about: str, promises: Catalogue, ids: Sequence[str], opened: Callable[[], Opened],
        place: Place | None,
    ) -> None:  # fmt: skip
        self.name = name
        self._about, self._opened, self._place = about, opened, place
        self._assertions: list[Assertion] = promises.chosen(ids)

    def run(self, progress: Progress) -> Tally:
        """Try the promises."""
        return asyncio.run(self._tried(progress))

    async def _tried(self, progress: Progress) -> Tally:
        try:
            async with self._opened() as subject:
                tried = await attempt_all(subject, self._assertions, progress)
        except Unreachable as refusal:
            return tally(self.name, self._about, (), self._place, str(refusal))
        return tally(self.name, self._about, tried, self._place)


def of_server(
    target: Target, profile: Profile, run_name: str, place: Place | None = None, ids: Sequence[str] = (),
    clients: Clients = over_http,
) -> Conformance:  # fmt: skip
    """Return the suite of an API that takes idempotency keys. `run_name` makes its keys unlike those of other runs."""
    operation = f"{target.operation.method} {target.operation.path}"

    @asynccontextmanager
    async def opened() -> AsyncIterator[Wire]:
        async with clients() as client_:
            yield Wire(client_, target, profile, run_name)

    return Conformance(
        f"server {operation}", f"{operation} ({profile.name})", server.PROMISES, ids, opened, place
    )  # fmt: skip


def of_client(
    target: client.ClientTarget, profile: Profile, run_name: str, place: Place | None = None, ids: Sequence[str] = ()
) -> Conformance:
    """Return the suite of who calls an API with idempotency keys."""
    call = f"{target.call.method} {target.call.path}"

    @asynccontextmanager
    async def opened() -> AsyncIterator[client.Stage]:
        success = Step(status=target.success.status, body=target.success.body, headers=target.success.headers)
        async with Peer(target.call.method, target.call.path, success) as peer:
            yield client.Stage(peer, target, profile, run_name)

    return Conformance(f"client of {call}", f"caller of {call}", client.PROMISES, ids, opened, place)


def of_receiver(
    target: webhooks.ReceiverTarget, run_name: str, place: Place | None = None, ids: Sequence[str] = (),
    clients: Clients = over_http,
) -> Conformance:  # fmt: skip
    """Return the suite of who receives webhooks."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[webhooks.Post]:
        async with clients() as client_:
            yield webhooks.Post(client_, target, run_name)

    about = f"{target.url} ({target.scheme})"
    return Conformance("receiver of webhooks", about, webhooks.RECEIVER, ids, opened, place)


def of_sender(
    target: webhooks.SenderTarget, run_name: str, place: Place | None = None, ids: Sequence[str] = ()
) -> Conformance:
    """Return the suite of who sends webhooks."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[webhooks.Yard]:
        async with Peer(target.method, target.path, Step(status=200, body={})) as peer:
            yield webhooks.Yard(peer, target, run_name)

    return Conformance("sender of webhooks", f"sender ({target.scheme})", webhooks.SENDER, ids, opened, place)


def of_lifecycle(
    target: lifecycle.LifecycleTarget, old: Sequence[lifecycle.Old], place: Place | None = None,
    ids: Sequence[str] = (), clients: Clients = over_http,
) -> Conformance:  # fmt: skip
    """Return the suite of how an API grows old: what it says of operations that are going, and of limits."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[lifecycle.Visit]:
        async with clients() as client_:
            yield lifecycle.Visit(client_, target, old)

    return Conformance("lifecycle of an API", target.url, lifecycle.PROMISES, ids, opened, place)
