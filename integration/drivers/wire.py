"""The wire of a live integration: requests over HTTP, and what is known of those that came to nothing.

What was never sent has failed: the same request may go again. What was sent and not answered is unknown, whatever the
reason (rule 4). Whether it was sent is not guessed from the kind of error: the transport tells when it begins to write.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from domain.http import Reply, Request
from integration.effects import Call
from integration.outcomes import Failed, Unknown

Result = Reply | Failed | Unknown
REPLY_BYTES_MAX = 20_000_000
CONNECT_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 20.0
USER_AGENT = "q2c-integration"
_SENDING = frozenset({"http11.send_request_headers.started", "http2.send_request_headers.started"})


class WireObserver(Protocol):
    """Who is told of every attempt of a call, of `ended` with the same call object as of `sent`.

    `sent` may return headers to add to the request (a trace context). `request` carries credentials: never write its
    headers down.
    """

    def sent(self, call: Call, request: Request, at_us: int) -> Mapping[str, str] | None: ...

    def ended(self, call: Call, result: Result, at_us: int) -> None: ...


class TooLarge(Exception):
    """A reply is larger than anybody should hold in memory."""


class Wire:
    """One HTTP client for each system, with its base address; `addresses` maps systems to them.

    Proxies and certificates of the environment (`HTTPS_PROXY`, `SSL_CERT_FILE`) count, but not for this machine itself.
    Calls stand for themselves, so `cookies` are forgotten; a stream whose server wants to know us again keeps them.
    """

    def __init__(self, addresses: Mapping[str, str], ca_bundle: str = "", cookies: bool = False) -> None:
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._bases: dict[str, httpx.URL] = {}
        trust = ssl.create_default_context(cafile=ca_bundle) if ca_bundle else None
        for system, address in addresses.items():
            self._clients[system] = _client(address, trust, cookies)
            self._bases[system] = httpx.URL(address.rstrip("/"))

    async def exchange(self, request: Request, timeout_seconds: float, more: Mapping[str, str] | None = None) -> Result:
        """Return the reply to a request, or what is known when there is none; never raise for trouble on the way."""
        client = self._clients.get(request.host)
        if client is None:
            return Failed("rejected", detail=f"no address is configured for {request.host}")
        trip = _Trip()
        try:
            async with asyncio.timeout(timeout_seconds):
                return await _exchange(client, self._bases[request.host], request, more, trip)
        except TimeoutError:
            return trip.lost("timeout", "connect_timeout", f"no answer within {timeout_seconds:g} seconds")
        except httpx.TimeoutException as late:
            return trip.lost("timeout", "connect_timeout", _said(late))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as broken:
            if isinstance(broken, _OURS):
                return Failed("rejected", detail=_said(broken))
            kind = "untrusted" if _is_untrusted(broken) else "refused"
            return trip.lost(f"connection broken: {_said(broken)}", kind, _said(broken))
        except TooLarge as large:
            return Unknown(str(large))
        except ValueError as wrong:  # a target or a header that is not ASCII, before anything of it leaves
            return trip.lost(_said(wrong), "rejected", _said(wrong))

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()


_OURS = (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL)
"""Errors of the request itself, found before anything of it leaves: sending it again would not help."""


class _Trip:
    """Whether a request has begun to leave."""

    __slots__ = ("sent",)

    def __init__(self) -> None:
        self.sent = False

    async def trace(self, event: str, _told: Any) -> None:
        if event in _SENDING:
            self.sent = True

    def lost(self, reason: str, kind: str, detail: str) -> Failed | Unknown:
        return Unknown(reason) if self.sent else Failed(kind, detail=detail)


async def _exchange(
    client: httpx.AsyncClient, base: httpx.URL, request: Request, more: Mapping[str, str] | None, trip: _Trip
) -> Reply:
    headers = {**request.headers, **more} if more else dict(request.headers)
    url = base.copy_with(raw_path=base.raw_path.rstrip(b"/") + request.target.encode("ascii"))  # as it was quoted
    built = client.build_request(
        request.method, url, headers=headers, content=request.body or None, extensions={"trace": trip.trace}
    )
    reply = await client.send(built, stream=True)
    try:
        body = await _body(reply)
    finally:
        await reply.aclose()
    return Reply(reply.status_code, {name.lower(): value for name, value in reply.headers.items()}, body)


async def _body(reply: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in reply.aiter_bytes():
        size += len(part)
        if size > REPLY_BYTES_MAX:
            raise TooLarge(f"the reply is larger than {REPLY_BYTES_MAX} bytes")
        parts.append(part)
    return b"".join(parts)


def _client(address: str, trust: ssl.SSLContext | None, cookies: bool) -> httpx.AsyncClient:
    client = httpx.AsyncClient(
        headers={"user-agent": USER_AGENT},
        verify=trust if trust is not None else address.startswith("https"),
        timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=KEEP_ALIVE_SECONDS),
        follow_redirects=False,
        trust_env=not _is_local(address),
    )
    if not cookies:
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client


def _is_local(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_untrusted(error: BaseException) -> bool:
    """Tell whether a connection was given up because of the certificate of the other side."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    return cause is not None


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
