"""Logins: tokens by OAuth 2.0, and the check every other call passes."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping

from domain.http import Reply, Request
from mocks.crm.model import Crm
from mocks.kernel.operations import Call, Refusal, json_reply

TOKEN_PATH = "/services/oauth2/"
_VERSIONS_PATH = "/services/data"
_SCHEMES = ("Bearer", "OAuth")
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "client_credentials": (),
    "password": ("username", "password"),
    "refresh_token": ("refresh_token",),
    "urn:ietf:params:oauth:grant-type:jwt-bearer": ("assertion",),
}
"""Grant type -> the fields it needs besides the client's own."""


def authenticate(crm: Crm, request: Request) -> Refusal | None:
    """Return why a call may not pass: no living session, or the day's allowance spent. None lets it pass."""
    target = request.target
    if target.startswith(TOKEN_PATH) or (len(target) < 20 and target.partition("?")[0].rstrip("/") == _VERSIONS_PATH):
        return None
    strictness = crm.quirks.authentication
    if strictness != "off":
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme not in _SCHEMES or not token:
            return Refusal("unauthenticated")
        if strictness == "verify" and not crm.sessions.touch(token, crm.desk.now_us):
            return Refusal("unauthenticated")
    return None if crm.allowance.spend(crm.desk.now_us) else Refusal("allowance_spent")


def issue_token(crm: Crm, call: Call) -> Reply:
    """Log an API user in."""
    form: dict[str, str] = call.body
    grant = form.get("grant_type", "")
    if grant not in _NEEDED:
        raise Refusal("unsupported_grant_type")
    missing = [name for name in _NEEDED[grant] if not form.get(name)]
    if missing:
        raise Refusal("invalid_grant", f"missing parameter: {missing[0]}")
    if grant != "urn:ietf:params:oauth:grant-type:jwt-bearer":
        _require_client(crm, form, call.request.headers.get("authorization", ""))
    return json_reply(_granted(crm, call))


def _require_client(crm: Crm, form: Mapping[str, str], header: str) -> None:
    client, secret = _basic(header) if header.startswith("Basic ") else ("", "")
    client, secret = client or form.get("client_id", ""), secret or form.get("client_secret", "")
    quirks = crm.quirks
    if not client or (quirks.client_id and client != quirks.client_id):
        raise Refusal("invalid_client_id")
    if not secret or (quirks.client_secret and secret != quirks.client_secret):
        raise Refusal("invalid_client")


def _basic(header: str) -> tuple[str, str]:
    try:
        client, _, secret = b64decode(header[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
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
    """End a session."""
    if not crm.sessions.close(call.body.get("token", "")):
        raise Refusal("invalid_grant", "invalid token")
    return Reply(200)
