"""Who may call: OAuth 2.0 client credentials (with a signed assertion), or OAuth 1 token-based authentication.

Strictness is a matter of shape: an assertion must look like a JWT, an OAuth 1 header must carry all its parameters.
Tokens of our own expire after an hour (dialects.md 3.3); a bearer token we never issued is taken as a long-lived one.
"""

from __future__ import annotations

import re

from domain.http import Request
from mocks.erp.quirks import Quirks
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_NEEDED = frozenset(
    {
        "realm", "oauth_consumer_key", "oauth_token", "oauth_nonce", "oauth_timestamp", "oauth_signature_method",
        "oauth_signature",
    }
)  # fmt: skip
_REFUSED = "Invalid login attempt. Check the credentials of the integration record and its role."


class Tokens:
    """The access tokens issued and when they expire."""

    def __init__(self, desk: Desk, quirks: Quirks) -> None:
        self._desk = desk
        self._quirks = quirks
        self._expires_us: dict[str, int] = {}

    def issue(self, fields: dict[str, str]) -> str:
        """Return a new token for a token request, or refuse in OAuth's shape."""
        if fields.get("grant_type") != "client_credentials":
            raise Refusal("oauth_unsupported", "grant_type must be client_credentials")
        if fields.get("client_assertion_type") != ASSERTION_TYPE:
            raise Refusal("oauth_invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}")
        if not _JWT.fullmatch(fields.get("client_assertion", "")):
            raise Refusal("oauth_invalid_client", "client_assertion must be a signed JWT")
        token = f"erp.{self._desk.next('token')}.token"
        self._expires_us[token] = self._desk.now_us + self._quirks.token_seconds * 1_000_000
        return token

    def check(self, request: Request) -> Refusal | None:
        """Return the refusal of a request that does not show who it is, else None."""
        if self._quirks.authentication == "off" or request.target.startswith(TOKEN_PATH):
            return None
        header = request.headers.get("authorization", "")
        scheme, _, rest = header.partition(" ")
        if scheme == "Bearer" and rest:
            if self._expires_us.get(rest, self._desk.now_us + 1) > self._desk.now_us:
                return None
        elif scheme == "OAuth" and _is_signed(rest):
            return None
        return Refusal("unauthenticated", _REFUSED)


def _is_signed(rest: str) -> bool:
    found = {name for name, value in _PARAMETER.findall(rest) if value}
    return found >= _NEEDED
