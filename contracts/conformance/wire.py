"""The wire: requests to a target under idempotency keys, with a record of every exchange as evidence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import msgspec

from contracts.conformance.assertion import Broken, Skipped
from contracts.conformance.profiles import Profile
from contracts.conformance.target import Control, Operation, Target, at_pointer, counted, filled, headers_of, merged

SHOWN_BYTES = 300


class Unreachable(Exception):
    """The target does not answer at all; nothing can be said about its promises."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and what came of it. `status` 0: no answer, and `problem` says why."""

    method: str
    path: str
    key: str | None
    status: int
    headers: dict[str, str] = {}
    body: bytes = b""
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether it succeeded."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the body as JSON values; raise Broken when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise Broken(f"{self.method} {self.path} answered {self.status} with a body that is not JSON.") from None

    def __str__(self) -> str:
        """Show it in a line."""
        under = "without a key" if self.key is None else f"key {self.key[:40]!r}"
        answer = self.body[:SHOWN_BYTES].decode("utf-8", "replace").replace("\n", " ")
        return f"{self.method} {self.path} {under} -> {self.status or self.problem} {answer}"


class Intent(msgspec.Struct, frozen=True):
    """One thing to be done once: its key, and the words that make its body like no other's."""

    key: str
    unique: str

    @property
    def words(self) -> dict[str, str]:
        """The words for {key} and {unique}."""
        return {"key": self.key, "unique": self.unique}


class Wire:
    """Sends intents to the target. Keys and unique words come from a counter and a name for the run."""

    def __init__(self, client: httpx.AsyncClient, target: Target, profile: Profile, run: str) -> None:
        self.target, self.profile = target, profile
        self.exchanges: list[Exchange] = []
        self._client, self._run, self._number = client, run, 0

    def clear(self) -> None:
        """Forget what was exchanged."""
        self.exchanges.clear()

    def evidence(self) -> tuple[str, ...]:
        """Return what was exchanged, a line each."""
        return tuple(str(exchange) for exchange in self.exchanges)

    def intent(self) -> Intent:
        """Return a new intent."""
        self._number += 1
        return Intent(f"q2c-{self._run}-{self._number}", f"{self._run}{self._number}")

    async def send(
        self, intent: Intent, *, operation: Operation | None = None, change: Mapping[str, Any] | None = None,
        key: str | None = "", header: str = "", headers: Mapping[str, str] | None = None, text: str | None = None,
        made: str = "", timeout_seconds: float | None = None,
    ) -> Exchange:  # fmt: skip
        """Send an intent. `key` replaces its key (None: none), `change` is merged into its body, `text` is its body."""
        operation = operation or self.target.operation
        words = {**intent.words, "id": made}
        used = intent.key if key == "" else key
        body = filled(merged(operation.body, dict(change or {})), words)
        sent = headers_of(self.target.headers, operation.headers, headers or {})
        if self.profile.body_field and used is not None:
            body = {**body, self.profile.body_field: used}
        elif not self.profile.external_id and used is not None:
            said = f'"{used}"' if self.profile.quoted and key == "" else used
            sent = headers_of(sent, {header or self.profile.header: said})
        content, media = _encoded(body, operation.encoding)
        if operation.method not in ("GET", "DELETE") or text is not None:
            sent = headers_of({"content-type": media}, sent)
        else:
            content = b""
        path = str(filled(operation.path, {name: quote(word, safe="") for name, word in words.items()}))
        return await self._exchange(
            operation.method, path, used, sent, content if text is None else text.encode(), timeout_seconds
        )

    async def _exchange(
        self, method: str, path: str, key: str | None, headers: dict[str, str], content: bytes,
        timeout_seconds: float | None = None,
    ) -> Exchange:  # fmt: skip
        try:
            reply = await self._client.request(
                method, self.target.url.rstrip("/") + path, headers=headers, content=content,
                timeout=timeout_seconds or self.target.timeout_seconds, follow_redirects=False,
            )  # fmt: skip
            found = Exchange(
                method=method,
                path=path,
                key=key,
                status=reply.status_code,
                headers=dict(reply.headers),
                body=reply.content,
            )
        except httpx.ConnectError as error:
            raise Unreachable(f"nobody answers at {self.target.url}: {error}") from None
        except (httpx.HTTPError, UnicodeError, ValueError) as error:
            found = Exchange(method=method, path=path, key=key, status=0, problem=f"{type(error).__name__}: {error}")
        self.exchanges.append(found)
        return found

    async def give_up_after(self, intent: Intent, seconds: float) -> None:
        """Send an intent and go away before the answer comes."""
        try:
            await asyncio.wait_for(self.send(intent), seconds)
        except TimeoutError:
            return

    async def effects(self, intent: Intent) -> int | None:
        """Return how many effects an intent has had; None when the target does not say how to count."""
        count = self.target.count
        if count is None:
            return None
        path = str(filled(count.path, {name: quote(word, safe="") for name, word in intent.words.items()}))
        reply = await self._exchange("GET", path, None, headers_of(self.target.headers, count.headers), b"")
        if reply.status == 404:
            return 0
        if not reply.ok:
            raise Skipped(f"effects cannot be counted: GET {path} answered {reply.status}")
        return counted(at_pointer(reply.json(), count.pointer), f"GET {path}")

    def identity(self, exchange: Exchange) -> Any:
        """Return what an answer says was made; the Location header stands in for a body without it."""
        found = at_pointer(exchange.json(), self.target.operation.id) if exchange.body else None
        return found if found is not None else exchange.headers.get("location")

    async def control(self, control: Control | None, what: str) -> None:
        """Make something happen, or skip what needs it."""
        if control is None:
            raise Skipped(f"the target file does not say how to {what}")
        reply = await self._client.request(
            control.method, control.url, headers=control.headers, json=control.body, timeout=self.target.timeout_seconds
        )
        if not reply.is_success:
            raise Skipped(f"could not {what}: {control.method} {control.url} answered {reply.status_code}")


def _encoded(body: Mapping[str, Any], encoding: str) -> tuple[bytes, str]:
    if encoding == "form":
        return urlencode(list(_flat(body))).encode(), "application/x-www-form-urlencoded"
    return json.dumps(body).encode(), "application/json"


def _flat(body: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return nested values as forms write them: `items[0][sku]=a`."""
    pairs: list[tuple[str, str]] = []
    for name, value in body.items():
        inner = f"{prefix}[{name}]" if prefix else str(name)
        if isinstance(value, Mapping):
            pairs.extend(_flat(value, inner))
        elif isinstance(value, list):
            pairs.extend(_flat({str(index): item for index, item in enumerate(value)}, inner))
        else:
            pairs.append((inner, str(value).lower() if isinstance(value, bool) else str(value)))
    return pairs
