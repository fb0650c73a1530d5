"""Who may call: OAuth 2.0 client credentials (with a signed assertion), or OAuth 1 token-based authentication.

With the quirk `authentication="shape"` an assertion must look like a JWT and an OAuth 1 header must carry all its
parameters; with `"signature"` both are verified (`signing`). Tokens of our own expire after an hour.
In shape mode a bearer token we never issued is taken as a long-lived one.
"""

from __future__ import annotations

import re
from typing import Any

from domain.http import Request
from mocks.erp.bodies import TokenBody
from mocks.erp.quirks import Quirks
from mocks.erp.signing import ASSERTION_TYPE, NEEDED, assertion_fault, header_parameters, signature_fault
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal
from mocks.kernel.tables import Table

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_REFUSED = "Invalid login attempt. For more details, see the Login Audit Trail of the account."
_NONCES_KEPT = 10_000


class Tokens:
    """The access tokens issued and when they expire, and the nonces of signed requests."""

    def __init__(self, desk: Desk, quirks: Quirks) -> None:
        self._desk = desk
        self._quirks = quirks
        self.expires_us: Table[int] = desk.tables.table()
        self._nonces: dict[tuple[str, str], None] = {}

    def issue(self, body: TokenBody) -> str:
        """Return a new token for a token request, or refuse in OAuth's shape."""
        if body.grant_type != "client_credentials":
            raise Refusal("oauth_unsupported", "grant_type must be client_credentials")
        if body.client_assertion_type != ASSERTION_TYPE:
            raise Refusal("oauth_invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}")
        if not _JWT.fullmatch(body.client_assertion):
            raise Refusal("oauth_invalid_client", "client_assertion must be a signed JWT")
        if self._quirks.authentication == "signature":
            fault = assertion_fault(body.client_assertion, self._quirks, self._desk.now_us // 1_000_000)
            if fault:
                raise Refusal("oauth_invalid_client", fault)
        token = f"erp.{self._desk.next('token')}.token"
        self.expires_us[token] = self._desk.now_us + self._quirks.token_seconds * 1_000_000
        return token

    def expire(self) -> None:
        """Let every token issued so far be over."""
        for token in list(self.expires_us):
            self.expires_us[token] = 1

    def is_signed(self, request: Request, rest: str) -> bool:
        """Tell whether an OAuth 1 header lets in: complete, and in signature mode right and not seen before."""
        given = header_parameters(rest)
        if not given.keys() >= NEEDED or not all(given[name] for name in NEEDED):
            return False
        if self._quirks.authentication != "signature":
            return True
        nonce = (given["oauth_timestamp"], given["oauth_nonce"])
        if nonce in self._nonces or signature_fault(request, given, self._quirks, self._desk.now_us // 1_000_000):
            return False
        self._nonces[nonce] = None
        if len(self._nonces) > _NONCES_KEPT:
            del self._nonces[next(iter(self._nonces))]
        return True


def authenticate(erp: Any, request: Request) -> Refusal | None:
    """Return the refusal of a request that does not show who it is, else None."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    tokens: Tokens = erp.tokens
    if scheme.lower() == "bearer":
        expires_us = tokens.expires_us.get(rest, 0)
        if expires_us > erp.desk.book.now_us or (rest and not expires_us and erp.quirks.authentication == "shape"):
            return None
    elif scheme.lower() == "oauth" and tokens.is_signed(request, rest):
        return None
    if erp.quirks.authentication == "off" or request.target.startswith(TOKEN_PATH):
        return None
    return Refusal("unauthenticated", _REFUSED)
