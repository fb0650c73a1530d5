"""The post: carries messages of the systems to their receivers over HTTP, and to nobody who may not be reached."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httptools
import msgspec

from domain.http import Reply, Request

ANSWER_BYTES_MAX = 65_536
TIMEOUT_SECONDS = 10.0
INTEGRATION = "integration"  # the host of messages to whoever was named as the receiver of everything


NOBODY_LISTENS = "nobody listens: name a receiver with --webhooks"


class Unreachable(Exception):
    """A message may not, or could not, be carried; the text says why. Without a `url` nobody was even tried."""

    def __init__(self, problem: str, url: str = "") -> None:
        super().__init__(problem)
        self.url = url


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the systems may call: loopback addresses, and the hosts of `allowed` (`name`, `name:port` or `*.name`).

    `intake` is the address (`http://127.0.0.1:9000`) that gets the messages of systems without registered endpoints;
    `places` are whole addresses for some of the paths at which they would come there (`/webhooks/payment`).
    """

    intake: str = ""
    places: Mapping[str, str] = {}
    allowed: tuple[str, ...] = ()
    timeout_seconds: float = TIMEOUT_SECONDS

    def placed(self, request: Request) -> Request | None:
        """Return a message as it goes to its receiver; None when it is for an intake and nobody named one."""
        if request.host != INTEGRATION:
            return request
        parts = urlsplit(self.places.get(request.target, ""))
        if parts.netloc:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            return msgspec.structs.replace(request, host=f"{parts.scheme}://{parts.netloc}", target=target or "/")
        return request if self.intake else None

    def origin(self, host: str) -> SplitResult:
        """Return where a message for a host goes; raise Unreachable when there is nobody or nobody may be called."""
        address = self.intake if host == INTEGRATION else host
        if not address:
            raise Unreachable(NOBODY_LISTENS)
        origin = urlsplit(address if "://" in address else f"http://{address}")
        if origin.scheme not in ("http", "https") or not origin.hostname:
            raise Unreachable(f"{address} is not an http or https address")
        if not (is_loopback(origin.hostname) or _is_listed(origin, self.allowed)):
            raise Unreachable(f"{origin.hostname} is neither loopback nor allowed: --allow-target {origin.hostname}")
        return origin


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by name or address, without asking anybody."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_listed(origin: SplitResult, allowed: Sequence[str]) -> bool:
    host = origin.hostname or ""
    port = origin.port or (443 if origin.scheme == "https" else 80)
    for entry in allowed:
        if entry in (host, f"{host}:{port}") or (entry.startswith("*.") and host.endswith(entry[1:])):
            return True
    return False


class _Answer:
    """Collects an answer as a parser reads it. It does not know its parser: as a pair they would outlive their use."""

    def __init__(self) -> None:
        self.body = b""
        self.is_whole = False

    def on_message_begin(self) -> None:
        self.is_whole = False

    def on_body(self, part: bytes) -> None:
        if len(self.body) < ANSWER_BYTES_MAX:
            self.body += part

    def on_message_complete(self) -> None:
        self.is_whole = True


async def carry(request: Request, targets: Targets) -> tuple[str, Reply]:
    """Carry a message; return the URL it went to and the answer. Raise Unreachable when there is none.

    Redirects are not followed and proxies are not used: a message goes where it was allowed to go, or nowhere.
    """
    origin = targets.origin(request.host)
    url = f"{origin.scheme}://{origin.netloc}{origin.path.rstrip('/')}{request.target}"
    try:
        async with asyncio.timeout(targets.timeout_seconds):
            return url, await _exchange(origin, request)
    except TimeoutError as late:
        raise Unreachable(f"{url} did not answer within {targets.timeout_seconds:g} seconds", url) from late
    except (OSError, httptools.HttpParserError, asyncio.IncompleteReadError) as broken:
        raise Unreachable(f"{url}: {broken}", url) from broken


async def _exchange(origin: SplitResult, request: Request) -> Reply:
    secure = ssl.create_default_context() if origin.scheme == "https" else None
    port = origin.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(origin.hostname, port, ssl=secure)
    try:
        writer.write(_wire(origin, request))
        await writer.drain()
        answer = _Answer()
        parser = httptools.HttpResponseParser(answer)
        while not _is_final(answer, parser) and (part := await reader.read(ANSWER_BYTES_MAX)):
            parser.feed_data(part)
        status: int = parser.get_status_code()
        if not status:
            raise ConnectionResetError("the connection was closed without an answer")
        return Reply(status, body=answer.body)
    finally:
        writer.close()


def _is_final(answer: _Answer, parser: Any) -> bool:
    """Tell whether an answer has come whole, and is not one that another is to follow (1xx)."""
    return answer.is_whole and parser.get_status_code() >= 200


def _wire(origin: SplitResult, request: Request) -> bytes:
    head = [f"{request.method} {origin.path.rstrip('/')}{request.target} HTTP/1.1", f"host: {origin.netloc}"]
    head += [f"{name}: {value}" for name, value in request.headers.items() if name not in ("host", "content-length")]
    head += [f"content-length: {len(request.body)}", "connection: close", "", ""]
    return "\r\n".join(head).encode("latin-1") + request.body
