"""Logins: tokens by OAuth 2.0, and the check every other call passes."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any

from domain.http import Reply, Request
from mocks.crm.bodies import TokenForm
from mocks.crm.jwt import BadToken, claims_of
from mocks.crm.model import Crm
from mocks.kernel.operations import Call, Refusal, json_reply

TOKEN_PATH = "/services/oauth2/"
_VERSIONS_PATH, _DATA_PATH = "/services/data", "/services/data/v"
_ASYNC = "/services/async/"
_IDENTITY = ("/id/", TOKEN_PATH)
_OPEN = (TOKEN_PATH + "token", TOKEN_PATH + "revoke", "/services/Soap/")
_SCHEMES = ("Bearer", "OAuth")
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "client_credentials": (),
    "password": ("username", "password"),
    "refresh_token": ("refresh_token",),
    "authorization_code": ("code",),
    _JWT: ("assertion",),
}
"""Grant type -> the fields it needs besides the client's own."""


def authenticate(crm: Crm, request: Request) -> Refusal | None:
    """Return why a call may not pass: no living session, or the day's allowance spent. None lets it pass."""
    target = request.target
    is_data = target.startswith(_DATA_PATH)
    if not is_data and (target.startswith(_OPEN) or target.partition("?")[0].rstrip("/") == _VERSIONS_PATH):
        return None
    strictness, now_us = crm.quirks.authentication, crm.desk.book.now_us
    if strictness != "off":
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if target.startswith(_ASYNC):
            scheme, token = _SCHEMES[0], request.headers.get("x-sfdc-session", "")
        if scheme not in _SCHEMES or not token or (strictness == "verify" and not crm.sessions.touch(token, now_us)):
            return Refusal("bad_oauth_token" if target.startswith(_IDENTITY) else "unauthenticated")
    if not is_data and target.startswith("/cometd/"):  # streaming does not count against the day's allowance
        return None
    return None if crm.allowance.spend(now_us) else Refusal("allowance_spent")


def is_welcome(crm: Crm, username: str, password: str) -> bool:
    """Tell whether a user may log in; a password may carry a security token behind it."""
    users = crm.quirks.users
    if not username or not password:
        return False
    return not users or (username in users and password.startswith(users[username]))


# --- grants -------------------------------------------------------------------------------------------------------


def issue_token(crm: Crm, call: Call) -> Reply:
    """Log an API user in."""
    form: TokenForm = call.body
    grant = form.grant_type
    if grant not in _NEEDED:
        raise Refusal("unsupported_grant_type")
    missing = [name for name in _NEEDED[grant] if not getattr(form, name)]
    if missing:
        raise Refusal("invalid_grant", f"missing parameter: {missing[0]}")
    if grant == _JWT:
        _require_assertion(crm, call, form.assertion)
    else:
        _require_client(crm, form, call.request.headers.get("authorization", ""))
    _GRANTS[grant](crm, form)
    granted = _granted(crm, call)
    if grant == "authorization_code":
        granted["refresh_token"] = crm.sessions.refresh_token(crm.desk.next("refresh"))
    return json_reply(granted)


def _by_password(crm: Crm, form: TokenForm) -> None:
    if not is_welcome(crm, form.username, form.password):
        raise Refusal("invalid_grant")


def _by_refresh(crm: Crm, form: TokenForm) -> None:
    if crm.sessions.is_over(form.refresh_token):
        raise Refusal("invalid_grant", "expired access/refresh token")


def _by_code(crm: Crm, form: TokenForm) -> None:
    if crm.sessions.is_over(form.code):
        raise Refusal("invalid_grant", "expired authorization code")
    crm.sessions.end(form.code)


def _freely(_crm: Crm, _form: TokenForm) -> None:
    return None


_GRANTS: Mapping[str, Callable[[Crm, TokenForm], None]] = {
    "client_credentials": _freely,
    "password": _by_password,
    "refresh_token": _by_refresh,
    "authorization_code": _by_code,
    _JWT: _freely,
}


def _require_assertion(crm: Crm, call: Call, assertion: str) -> None:
    try:
        claims = claims_of(assertion, crm.quirks.client_keys)
    except BadToken as error:
        raise Refusal("invalid_grant", str(error)) from error
    if claims.expires * 1_000_000 <= call.now_us:
        raise Refusal("invalid_grant", "expired assertion")
    host = claims.audience.removeprefix("https://").removeprefix("http://").partition("/")[0]
    own = base_url(crm, call.request).partition("//")[2]
    if not (host.endswith(".salesforce.com") or host == own):
        raise Refusal("invalid_grant", "audience is invalid")
    if crm.quirks.users and claims.subject not in crm.quirks.users:
        raise Refusal("invalid_grant", "user hasn't approved this consumer")


def _require_client(crm: Crm, form: TokenForm, header: str) -> None:
    client, secret = _basic(header) if header.startswith("Basic ") else ("", "")
    client, secret = client or form.client_id, secret or form.client_secret
    quirks = crm.quirks
    if not client or (quirks.client_id and client != quirks.client_id):
        raise Refusal("invalid_client_id")
    may_be_public = form.grant_type in ("refresh_token", "authorization_code") and not quirks.client_secret
    if (not secret and not may_be_public) or (quirks.client_secret and secret != quirks.client_secret):
        raise Refusal("invalid_client")


def _basic(header: str) -> tuple[str, str]:
    try:
        client, _, secret = b64decode(header[6:], validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return client, secret


def _granted(crm: Crm, call: Call) -> dict[str, str]:
    base = base_url(crm, call.request)
    identity = f"{base}/id/{crm.quirks.organisation_id}/{crm.quirks.user_id}"
    issued_at = str(call.now_us // 1000)
    digest = hmac.digest(crm.quirks.organisation_id.encode(), (identity + issued_at).encode(), hashlib.sha256)
    return {
        "access_token": crm.sessions.open(crm.desk.next("session"), call.now_us),
        "instance_url": base,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
        "signature": b64encode(digest).decode(),
    }


def base_url(crm: Crm, request: Request) -> str:
    """Return the address under which the client reached this service."""
    scheme = request.headers.get("x-forwarded-proto", crm.quirks.scheme)
    return f"{scheme}://{request.headers.get('host', request.host)}"


def revoke_token(crm: Crm, call: Call) -> Reply:
    """End a session, or the life of a refresh token."""
    token = (call.body.token if call.body is not None else "") or call.query.get("token", "")
    if not crm.sessions.close(token) and not crm.sessions.revoke(token):
        raise Refusal("invalid_grant", "invalid token")
    return Reply(200)


# --- who is calling -----------------------------------------------------------------------------------------------


def show_identity(crm: Crm, call: Call) -> Reply:
    """Show the user behind a session, and where the resources are."""
    quirks, base = crm.quirks, base_url(crm, call.request)
    asked = call.params["organisation"][:15], call.params["user"][:15]
    if asked != (quirks.organisation_id[:15], quirks.user_id[:15]):
        raise Refusal("bad_oauth_token")
    data = f"{base}/services/data/v{{version}}/"
    return json_reply(
        {
            "id": f"{base}/id/{quirks.organisation_id}/{quirks.user_id}",
            "asserted_user": True,
            **_user(crm),
            "username": quirks.username,
            "display_name": "Integration User",
            "nick_name": "integration",
            "active": True,
            "urls": {"rest": data, **{name: f"{data}{name}/" for name in ("sobjects", "query", "search")}},
        }
    )


def show_user(crm: Crm, call: Call) -> Reply:
    """Show the user behind a session as OpenID Connect does."""
    quirks, base = crm.quirks, base_url(crm, call.request)
    subject = f"{base}/id/{quirks.organisation_id}/{quirks.user_id}"
    return json_reply(
        {
            "sub": subject,
            **_user(crm),
            "preferred_username": quirks.username,
            "name": "Integration User",
            "zoneinfo": "GMT",
        }
    )


def _user(crm: Crm) -> dict[str, Any]:
    quirks = crm.quirks
    return {
        "user_id": quirks.user_id,
        "organization_id": quirks.organisation_id,
        "email": quirks.username,
        "email_verified": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
    }
