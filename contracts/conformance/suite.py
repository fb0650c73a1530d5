"""Conformance as suites: the promises of a profile tried against an address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import httpx

from contracts.conformance import client, server, webhooks
from contracts.conformance.assertion import Assertion, attempt_all, tally
from contracts.conformance.client.peer import Peer, Step
from contracts.conformance.profiles import Profile
from contracts.conformance.target import Target
from contracts.conformance.wire import Unreachable, Wire
from contracts.findings import Place, Progress, Tally

Clients = Callable[[], httpx.AsyncClient]


def over_http() -> httpx.AsyncClient:
    """Return a client that goes over the network, past any proxy of the environment."""
    return httpx.AsyncClient(trust_env=False)


class Server:
    """The suite of an API that takes idempotency keys. `run_name` makes its keys unlike those of other runs."""

    def __init__(
        self, target: Target, profile: Profile, run_name: str, place: Place | None = None, ids: Sequence[str] = (),
        clients: Clients = over_http,
    ) -> None:  # fmt: skip
        self.name = f"server {target.operation.method} {target.operation.path}"
        self._target, self._profile, self._run_name, self._place = target, profile, run_name, place
        self._assertions: list[Assertion] = server.PROMISES.chosen(ids)
        self._clients = clients

    def run(self, progress: Progress) -> Tally:
        """Try the promises."""
        return asyncio.run(self._tried(progress))

    async def _tried(self, progress: Progress) -> Tally:
        subject = f"{self._target.operation.method} {self._target.operation.path} ({self._profile.name})"
        async with self._clients() as client:
            wire = Wire(client, self._target, self._profile, self._run_name)
            try:
                tried = await attempt_all(wire, self._assertions, progress)
            except Unreachable as refusal:
                return tally(self.name, subject, (), self._place, str(refusal))
        return tally(self.name, subject, tried, self._place)


class Client:
    """The suite of who calls an API with idempotency keys."""

    def __init__(
        self, target: client.ClientTarget, profile: Profile, run_name: str, place: Place | None = None,
        ids: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.name = f"client of {target.call.method} {target.call.path}"
        self._target, self._profile, self._run_name, self._place = target, profile, run_name, place
        self._assertions: list[Assertion] = client.PROMISES.chosen(ids)

    def run(self, progress: Progress) -> Tally:
        """Try the promises."""
        return asyncio.run(self._tried(progress))

    async def _tried(self, progress: Progress) -> Tally:
        target = self._target
        success = Step(status=target.success.status, body=target.success.body, headers=target.success.headers)
        async with Peer(target.call.method, target.call.path, success) as peer:
            stage = client.Stage(peer, target, self._profile, self._run_name)
            tried = await attempt_all(stage, self._assertions, progress)
        return tally(self.name, f"caller of {target.call.method} {target.call.path}", tried, self._place)


class Receiver:
    """The suite of who receives webhooks."""

    def __init__(
        self, target: webhooks.ReceiverTarget, run_name: str, place: Place | None = None, ids: Sequence[str] = (),
        clients: Clients = over_http,
    ) -> None:  # fmt: skip
        self.name = "receiver of webhooks"
        self._target, self._run_name, self._place, self._clients = target, run_name, place, clients
        self._assertions: list[Assertion] = webhooks.RECEIVER.chosen(ids)

    def run(self, progress: Progress) -> Tally:
        """Try the promises."""
        return asyncio.run(self._tried(progress))

    async def _tried(self, progress: Progress) -> Tally:
        async with self._clients() as client_:
            post = webhooks.Post(client_, self._target, self._run_name)
            try:
                tried = await attempt_all(post, self._assertions, progress)
            except Unreachable as refusal:
                return tally(self.name, self._target.url, (), self._place, str(refusal))
        return tally(self.name, f"{self._target.url} ({self._target.scheme})", tried, self._place)


class Sender:
    """The suite of who sends webhooks."""

    def __init__(
        self, target: webhooks.SenderTarget, run_name: str, place: Place | None = None, ids: Sequence[str] = ()
    ) -> None:
        self.name = "sender of webhooks"
        self._target, self._run_name, self._place = target, run_name, place
        self._assertions: list[Assertion] = webhooks.SENDER.chosen(ids)

    def run(self, progress: Progress) -> Tally:
        """Try the promises."""
        return asyncio.run(self._tried(progress))

    async def _tried(self, progress: Progress) -> Tally:
        target = self._target
        async with Peer(target.method, target.path, Step(status=200, body={})) as peer:
            yard = webhooks.sending.Yard(peer, target, self._run_name)
            tried = await attempt_all(yard, self._assertions, progress)
        return tally(self.name, f"sender ({target.scheme})", tried, self._place)
