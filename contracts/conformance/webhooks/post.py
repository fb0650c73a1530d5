"""The post: deliveries to a receiver under test, signed as its sender would, and a look at what came of them.

url: http://127.0.0.1:8000/hooks
scheme: standard-webhooks              # or stripe, hub, basic
secret: ${WEBHOOK_SECRET}
next_secret: ${NEXT_SECRET}            # accepted besides, while secrets are rotated
event: {id: "{id}", type: invoice.paid, data: {reference: "{unique}", amount: 2900}}
count: {url: "http://127.0.0.1:8000/paid?reference={unique}", pointer: /count}
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from contracts.conformance.assertion import Catalogue, Skipped
from contracts.conformance.target import Control, Unusable, at_pointer, counted, filled, headers_of, merged, read_as
from contracts.conformance.webhooks.schemes import SCHEMES, Scheme
from contracts.conformance.wire import Exchange, Unreachable

RECEIVER = Catalogue()


class Probe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to look for what deliveries led to: a number, a list or a word at a pointer in a reply."""

    url: str
    pointer: str = ""
    headers: dict[str, str] = {}


class ReceiverTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A receiver of webhooks. Changes are merged into `event`.

    `later` makes the event that follows it (a payment after an invoice), `unknown` one of a type that nobody handles,
    `extended` one with members that nobody knows. `state` shows the word that the latest event leads to; `fail` makes
    the receiver's handler fail once. `settles_seconds` is how long an effect may take after the answer.
    """

    url: str
    scheme: str
    secret: str
    event: dict[str, Any]
    next_secret: str = ""
    later: dict[str, Any] = {}
    unknown: dict[str, Any] = msgspec.field(default_factory=lambda: {"type": "q2c.never.heard.of"})
    extended: dict[str, Any] = msgspec.field(default_factory=lambda: {"q2c_extra": {"nested": [1, None]}})
    count: Probe | None = None
    state: Probe | None = None
    fail: Control | None = None
    headers: dict[str, str] = {}
    tolerance_seconds: int = 300
    settles_seconds: float = 2.0


class Post:
    """Delivers to the receiver. Ids and unique words come from a counter and a name for the run."""

    def __init__(self, client: httpx.AsyncClient, target: ReceiverTarget, run: str) -> None:
        self.target, self.scheme = target, SCHEMES[target.scheme]
        self.exchanges: list[Exchange] = []
        self._client, self._run, self._number = client, run, 0

    def clear(self) -> None:
        """Forget what was delivered."""
        self.exchanges.clear()

    def evidence(self) -> tuple[str, ...]:
        """Return what was delivered, a line each."""
        return tuple(str(exchange) for exchange in self.exchanges)

    def unique(self) -> str:
        """Return a word that no other event has."""
        self._number += 1
        return f"{self._run}{self._number}"

    def body(self, unique: str, change: dict[str, Any] | None = None, delivery: str = "") -> bytes:
        """Return the body of an event; members and spaces as no parser would write them again."""
        words = {"unique": unique, "id": delivery or f"evt_{unique}", "time": str(int(time.time()))}
        return json.dumps(filled(merged(self.target.event, change or {}), words), separators=(", ", " :")).encode()

    def signed(
        self,
        body: bytes,
        delivery: str,
        *,
        secret: str = "",
        at_seconds: int | None = None,
        scheme: Scheme | None = None,
    ) -> dict[str, str]:
        """Return the headers of a delivery, signed with the current secret unless another is given."""
        at_seconds = int(time.time()) if at_seconds is None else at_seconds
        return (scheme or self.scheme).sign(secret or self.target.secret, delivery, at_seconds, body)

    async def send(self, body: bytes, headers: dict[str, str], delivery: str = "") -> Exchange:
        """Deliver a body with its headers."""
        sent = headers_of({"content-type": "application/json"}, self.target.headers, headers)
        try:
            reply = await self._client.post(self.target.url, content=body, headers=sent, timeout=15)
            found = Exchange(
                method="POST", path=self.target.url, key=delivery or None, status=reply.status_code,
                headers=dict(reply.headers), body=reply.content,
            )  # fmt: skip
        except httpx.ConnectError as error:
            raise Unreachable(f"nobody answers at {self.target.url}: {error}") from None
        except httpx.HTTPError as error:
            problem = f"{type(error).__name__}: {error}"
            found = Exchange(method="POST", path=self.target.url, key=delivery or None, status=0, problem=problem)
        self.exchanges.append(found)
        return found

    async def deliver(self, unique: str, change: dict[str, Any] | None = None, delivery: str = "") -> Exchange:
        """Deliver an event as its sender would."""
        delivery = delivery or f"evt_{unique}"
        body = self.body(unique, change, delivery)
        return await self.send(body, self.signed(body, delivery), delivery)

    async def count(self, unique: str) -> int:
        """Return how many effects an event has had; skip when the target does not say how to look."""
        return counted(await self._look(self.target.count, unique, "count"), "the target of `count`")

    async def state(self, unique: str) -> Any:
        """Return the word that the events of a thing have led to."""
        return await self._look(self.target.state, unique, "state")

    async def _look(self, probe: Probe | None, unique: str, name: str) -> Any:
        if probe is None:
            raise Skipped(f"the target file has no `{name}`")
        url = str(filled(probe.url, {"unique": quote(unique, safe="")}))
        try:
            reply = await self._client.get(url, headers=probe.headers, timeout=15)
            if reply.status_code == 404:
                return None
            reply.raise_for_status()
            return at_pointer(reply.json(), probe.pointer)
        except (httpx.HTTPError, ValueError) as error:
            raise Skipped(f"effects cannot be seen at {url}: {error}") from None

    async def fail_once(self) -> None:
        """Make the receiver's handler fail, or skip what needs it."""
        control = self.target.fail
        if control is None:
            raise Skipped("the target file does not say how to make the handler `fail`")
        reply = await self._client.request(control.method, control.url, json=control.body, headers=control.headers)
        if not reply.is_success:
            raise Skipped(f"could not make it fail: {control.url} answered {reply.status_code}")


def read_receiver_target(path: Path, url: str = "", words: Mapping[str, str] | None = None) -> ReceiverTarget:
    """Return the receiver that a file describes; raise Unusable."""
    found = read_as(path, ReceiverTarget, url, words)
    if found.scheme not in SCHEMES:
        raise Unusable(f"{path}: no scheme is called {found.scheme!r}; known are: {', '.join(SCHEMES)}.")
    return found
