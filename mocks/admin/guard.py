"""Who may use the admin side: this machine, or whoever has the token; and no page of another origin.

A page of some website must not be able to use it through a browser, so requests with a foreign Host or Origin are
refused. Without a token the Host must be this machine's (which no rebound name is); with one the token decides.
"""

from __future__ import annotations

import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.requests import Request

from mocks.admin.shapes import Wrong
from mocks.doors.hosts import split
from mocks.doors.post import is_loopback

COOKIE = "q2c_admin"


def require_allowed(request: Request, token: str) -> None:
    """Raise Wrong unless this caller may use the admin side."""
    host = request.headers.get("host", "")
    if not token and not is_loopback(split(host)[0]):
        raise Wrong("without a token the admin API answers to localhost and loopback addresses only", 403)
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        raise Wrong("the admin API does not answer to pages of other origins", 403)
    if token and not hmac.compare_digest(_presented(request).encode(), token.encode()):
        raise Wrong("the admin API wants its token: Authorization: Bearer <token>", 401)


def _presented(request: Request) -> str:
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return text.strip()
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""
