"""Promises about how an API grows old: operations that are going say so in their replies, and who asks too much hears
when to come again.

url: http://127.0.0.1:8000
document: openapi.json                        # beside this file; its deprecated operations are asked
headers: {Authorization: "Bearer ${TOKEN}"}
values: {id: O-1}                             # for {id} in their paths
calls: {"POST /v1/orders": {lines: []}}       # bodies of those that change something; without one they are left out
flood: {path: /v1/orders, requests: 100}      # where so many requests at once meet a limit
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from contracts.compatibility import documents
from contracts.conformance.assertion import Catalogue, Skipped, require
from contracts.conformance.target import Unusable, filled, headers_of, read_as
from contracts.conformance.wire import Exchange, Unreachable

PROMISES = Catalogue()
METHODS = ("get", "head", "post", "put", "patch", "delete")
SAFE = frozenset({"GET", "HEAD"})
GONE = frozenset({405, 410, 501})
AT_ONCE = 20
_SECONDS_DIGITS_MAX = 11  # the year 5138; Unix milliseconds have more


class Flood(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requests at once, as many as it takes to meet a limit."""

    path: str
    method: str = "GET"
    requests: int = 100
    headers: dict[str, str] = {}


class Old(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that its document calls deprecated, with the day of its end when that is said."""

    method: str
    path: str
    sunset: date | None = None
    body: dict[str, Any] | None = None

    def __str__(self) -> str:
        """Show it as documents name it."""
        return f"{self.method} {self.path}"


class LifecycleTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An API and the document that says which of its operations are going."""

    url: str
    document: str = ""
    headers: dict[str, str] = {}
    values: dict[str, str] = {}
    calls: dict[str, dict[str, Any]] = {}
    flood: Flood | None = None
    timeout_seconds: float = 10.0


def read_lifecycle_target(
    path: Path, url: str = "", words: Mapping[str, str] | None = None
) -> tuple[LifecycleTarget, list[Old]]:
    """Return the API that a file describes, and the deprecated operations of its document; raise Unusable."""
    found = read_as(path, LifecycleTarget, url, words)
    if not found.document:
        return found, []
    try:
        return found, deprecated(documents.read(path.parent / found.document).tree, found.calls)
    except documents.Unusable as refusal:
        raise Unusable(str(refusal)) from None


def deprecated(tree: Mapping[str, Any], calls: Mapping[str, dict[str, Any]]) -> list[Old]:
    """Return the deprecated operations of an OpenAPI document."""
    found = []
    for path, item in (tree.get("paths") or {}).items():
        for method in METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            if isinstance(operation, dict) and operation.get("deprecated"):
                name = method.upper()
                found.append(
                    Old(
                        method=name, path=path, sunset=_day(operation.get("x-sunset")), body=calls.get(f"{name} {path}")
                    )
                )
    return found


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


class Visit:
    """Asks the API, and remembers what it answered."""

    def __init__(self, client: httpx.AsyncClient, target: LifecycleTarget, old: Sequence[Old]) -> None:
        self.target, self.exchanges = target, list[Exchange]()
        self._client, self._old = client, tuple(old)

    def clear(self) -> None:
        """Forget what was asked."""
        self.exchanges.clear()

    def evidence(self) -> tuple[str, ...]:
        """Return what was asked and answered, a line each."""
        return tuple(_shown(exchange) for exchange in self.exchanges)

    async def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Exchange:
        """Send a request; raise Unreachable when nobody answers."""
        address = self.target.url.rstrip("/") + str(filled(path, _quoted(self.target.values)))
        try:
            reply = await self._client.request(
                method, address, json=body, headers=headers_of(self.target.headers, headers or {}),
                timeout=self.target.timeout_seconds,
            )  # fmt: skip
        except httpx.ConnectError as error:
            raise Unreachable(f"nobody answers at {self.target.url}: {error}") from None
        except httpx.HTTPError as error:
            found = Exchange(method=method, path=path, key=None, status=0, problem=f"{type(error).__name__}: {error}")
        else:
            found = Exchange(method=method, path=path, key=None, status=reply.status_code, headers=dict(reply.headers))
        self.exchanges.append(found)
        return found

    async def old(self) -> list[tuple[Old, Exchange]]:
        """Ask every deprecated operation that can be asked; skip when there is none."""
        askable = [each for each in self._old if each.method in SAFE or each.body is not None]
        if not askable:
            left = f"; {len(self._old)} change something and stand not under `calls`" if self._old else ""
            raise Skipped(f"the document {self.target.document or '(none)'} has no deprecated operation to ask{left}")
        return [(each, await self.ask(each.method, each.path, each.body)) for each in askable]


def _quoted(values: Mapping[str, str]) -> dict[str, str]:
    return {name: quote(value, safe="") for name, value in values.items()}


def _shown(exchange: Exchange) -> str:
    told = {
        name: exchange.headers[name] for name in ("deprecation", "sunset", "retry-after") if name in exchange.headers
    }
    return f"{exchange.method} {exchange.path} -> {exchange.status or exchange.problem} {told}"


@PROMISES.promise("D01", "SHOULD", "RFC 9745 section 2: `Deprecation: @` and Unix seconds, a structured-field date")
async def says_deprecated(visit: Visit) -> None:
    """An operation that the document calls deprecated says so, with a date, in every reply."""
    for operation, reply in await visit.old():
        said = reply.headers.get("deprecation", "")
        require(bool(said), f"{operation} answered {reply.status or reply.problem} without Deprecation.")
        require(_deprecation(said) is not None, f"{operation} says Deprecation: {said}; expected `@` and Unix seconds.")


@PROMISES.promise("D02", "MUST", "RFC 9745 section 4; RFC 8594 section 3: Sunset is an HTTP-date")
async def sunset_follows(visit: Visit) -> None:
    """A sunset is a date, not before the deprecation, and the day that the document says."""
    seen = False
    for operation, reply in await visit.old():
        said = reply.headers.get("sunset", "")
        require(
            bool(said) or operation.sunset is None, f"{operation} has a sunset in its document, but none in replies."
        )
        if not said:
            continue
        seen, sunset = True, _http_date(said)
        require(sunset is not None, f"{operation} says Sunset: {said}; expected an HTTP-date.")
        assert sunset is not None
        began = _deprecation(reply.headers.get("deprecation", ""))
        require(began is None or sunset >= began, f"{operation} ends ({said}) before it is deprecated.")
        expected = operation.sunset
        require(
            expected is None or sunset.date() == expected, f"{operation} ends {said}; its document says {expected}."
        )
    if not seen:
        raise Skipped("no deprecated operation has a sunset")


@PROMISES.promise("D03", "MUST", "RFC 8594 section 3: until its sunset a resource is there")
async def stays_until_sunset(visit: Visit) -> None:
    """An operation is not gone before its sunset."""
    today = datetime.now(UTC).date()
    for operation, reply in await visit.old():
        if operation.sunset is not None and operation.sunset < today:
            continue
        gone = reply.status in GONE or (reply.status == 404 and "{" not in operation.path)
        day = f"its sunset is {operation.sunset}" if operation.sunset else "it has no sunset"
        require(not gone, f"{operation} answered {reply.status}; {day}.")


@PROMISES.promise("R01", "MUST", "RFC 6585 section 4; RFC 9110 section 10.2.3")
async def says_when(visit: Visit) -> None:
    """Who asks too much is told when to come again: every 429 has a Retry-After of seconds or a date."""
    flood = visit.target.flood
    if flood is None:
        raise Skipped("the target file has no `flood`")
    limited: list[Exchange] = []
    for _ in range(0, flood.requests, AT_ONCE):
        asked = (visit.ask(flood.method, flood.path, headers=flood.headers) for _ in range(AT_ONCE))
        limited += [reply for reply in await asyncio.gather(*asked) if reply.status == 429]
        if limited:
            break
    if not limited:
        raise Skipped(f"{flood.requests} requests met no limit")
    for reply in limited:
        said = reply.headers.get("retry-after", "")
        require(bool(said), "A 429 has no Retry-After.")
        require(said.isdecimal() or _http_date(said) is not None, f"Retry-After: {said} is neither seconds nor a date.")


def _deprecation(said: str) -> datetime | None:
    """Return the date of a Deprecation header (`@` and Unix seconds); None when it is none."""
    seconds = said.partition(";")[0].strip().removeprefix("@")
    if not (said.startswith("@") and seconds.isdecimal() and len(seconds) <= _SECONDS_DIGITS_MAX):
        return None
    return datetime.fromtimestamp(int(seconds), UTC)


def _http_date(said: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
