"""Who may do what: bearer tokens known by their digests, short-lived signed tokens, and the scopes of both.

A secret is 32 random bytes; the configuration holds only its SHA-256, so a leaked configuration opens nothing. (A slow
hash is for secrets that people choose.) A signed token is a JWT with one fixed header, HS256: the header is compared,
never obeyed. The first signing key signs, all of them verify: a key is rotated by putting the new one in front.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import msgspec

SCOPES: Mapping[str, str] = MappingProxyType(
    {
        "quotes:validate": "Have a quote checked before it is signed.",
        "orders:submit": "Submit accepted quotes and renewals as orders.",
        "amendments:submit": "Submit accepted amendments.",
        "subscriptions:cancel": "Cancel, pause and resume subscriptions.",
        "receivables:request": "Ask for refunds and write-offs, note disputes and promises to pay.",
        "periods:close": "Close accounting periods, and ask for them to be opened again.",
        "transactions:read": "Read where a business transaction is.",
        "accounts:read": "Read what is known of an account.",
        "events:read": "Read canonical events.",
        "exceptions:work": "Own, note, retry and resolve exception cases.",
        "exceptions:approve": "Approve that work is given up for good.",
        "masterdata:steward": "Maintain cross-references, match and merge.",
        "operations:read": "Read the state of the service and its peers.",
        "operations:control": "Steer the service.",
    }
)
"""Every scope and what it allows."""

TOKEN_LIFE_SECONDS = 900
TOKEN_CHARS_MAX = 4096
ISSUER = "q2c-integration"
SIGNING_KEY_BYTES_MIN = 32
_LEEWAY_SECONDS = 5
_LOG = logging.getLogger("q2c.integration")


class Client(Protocol):
    """A secret that opens the door, and for whom: the `sha256` of it in hexadecimal, a name, scopes ("*" is all).

    A secret is a bearer token as well as a client secret. Two of one name at once let it be rotated without a gap.
    """

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def scopes(self) -> tuple[str, ...]: ...


class Caller(msgspec.Struct, frozen=True):
    """Somebody who proved who they are, and what they may do."""

    name: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Tell whether the caller has a scope."""
        return scope in self.scopes


class Denied(Exception):
    """A caller is not known: `code` is `missing`, `invalid` or `expired`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Asked(Protocol):
    """What is asked of a request (Starlette's fits)."""

    @property
    def headers(self) -> Mapping[str, str]: ...


class Access:
    """Knows the clients and identifies callers. Without clients nobody gets in.

    `signing_keys` is asked each time, so that a rotated key counts at once. One that is too short is a ValueError at
    the start and counts for nothing afterwards: a rotation that went wrong weakens nobody's tokens.
    """

    def __init__(
        self,
        clients: Iterable[Client] = (),
        signing_keys: Callable[[], Sequence[bytes]] = tuple,
        now_seconds: Callable[[], float] = time.time,
    ) -> None:
        self._by_digest = {_digest_of(client): Caller(client.name, _scopes_of(client)) for client in clients}
        if not all(map(_is_long, signing_keys())):
            raise ValueError(f"a signing key has at least {SIGNING_KEY_BYTES_MIN} bytes")
        self._signing_keys = signing_keys
        self._now_seconds = now_seconds

    @property
    def issues_tokens(self) -> bool:
        """Tell whether there is a key to sign tokens with."""
        return bool(self._keys())

    def identify(self, request: Asked) -> Caller:
        """Return who sends a request; raise Denied when its bearer token says nothing or nothing good."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            raise Denied("missing", "the request has no Authorization header; send: Authorization: Bearer <token>")
        if scheme.lower() != "bearer":
            raise Denied("invalid", "only the scheme Bearer is understood")
        return self.verified(token.strip())

    def of_token(self, token: str) -> Caller | None:
        """Return whose token it is; None when it is nobody's, or not any more."""
        try:
            return self.verified(token)
        except Denied:
            return None

    def verified(self, token: str) -> Caller:
        """Return whose token it is; raise Denied with the reason when it is nobody's."""
        if not 0 < len(token) <= TOKEN_CHARS_MAX or not token.isascii():
            raise Denied("invalid", "the bearer token is empty, too long or not ASCII")
        if token.startswith(_JWT_START):
            return self._of_signed(token)
        caller = self._of_secret(token)
        if caller is None:
            raise Denied("invalid", "nobody has this bearer token")
        return caller

    def grant(self, name: str, secret: str, wanted: Iterable[str] = ()) -> tuple[str, Caller]:
        """Return a signed token for a client that knows its secret; raise Denied or ValueError (an unknown scope).

        The token has the wanted scopes, or all that the client has; asking for more than it has is a ValueError.
        """
        assert self._keys(), "no signing key: the caller checks issues_tokens"
        client = self._of_secret(secret)
        if client is None or not hmac.compare_digest(client.name.encode(), name.encode()):
            raise Denied("invalid", "client and secret do not belong together")
        scopes = frozenset(wanted) or client.scopes
        beyond = sorted(scopes - client.scopes)
        if beyond:
            raise ValueError(f"client {name!r} does not have the scope {beyond[0]!r}")
        caller = Caller(client.name, scopes)
        return self._signed(caller), caller

    def _keys(self) -> list[bytes]:
        """Return the keys that count now; say so when one is too short to count."""
        found = self._signing_keys()
        usable = [key for key in found if _is_long(key)]
        if len(usable) < len(found):
            _LOG.error("a signing key has fewer than %s bytes and is not used", SIGNING_KEY_BYTES_MIN)
        return usable

    def _of_secret(self, secret: str) -> Caller | None:
        """Return whose secret it is. All digests are compared, in constant time: the time tells nothing."""
        found = None
        given = digest_of(secret)
        for digest, caller in self._by_digest.items():
            if hmac.compare_digest(digest, given):
                found = caller
        return found

    def _signed(self, caller: Caller) -> str:
        now, scope = int(self._now_seconds()), " ".join(sorted(caller.scopes))
        claims = _Claims(iss=ISSUER, sub=caller.name, scope=scope, iat=now, exp=now + TOKEN_LIFE_SECONDS)
        text = f"{_JWT_START}{_b64(msgspec.json.encode(claims))}"
        return f"{text}.{_b64(_mac(self._keys()[0], text))}"

    def _of_signed(self, token: str) -> Caller:
        text, _, signature = token.rpartition(".")
        given = _unb64(signature)
        if not any(hmac.compare_digest(_mac(key, text), given) for key in self._keys()):
            raise Denied("invalid", "the token was not signed by this service, or with a key that is gone")
        try:
            claims = _claims.decode(_unb64(text.removeprefix(_JWT_START)))
        except msgspec.MsgspecError as error:
            raise Denied("invalid", "the token says nothing we understand") from error
        now = self._now_seconds()
        if claims.iss != ISSUER or now < claims.iat - _LEEWAY_SECONDS:
            raise Denied("invalid", "the token is from elsewhere, or from the future")
        if now >= claims.exp:
            raise Denied("expired", "the token has expired; ask for a new one")
        still: set[str] = set()
        for caller in self._by_digest.values():
            still |= caller.scopes if caller.name == claims.sub else set()
        if not still:
            raise Denied("invalid", "the client of this token is no longer known")
        return Caller(claims.sub, frozenset(claims.scope.split()) & still)


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    scope: str
    iat: int
    exp: int


_claims = msgspec.json.Decoder(_Claims)


def new_secret() -> tuple[str, str]:
    """Return a new random secret (a bearer token or client secret) and the digest to configure."""
    secret = f"q2c_{secrets.token_urlsafe(32)}"
    return secret, digest_of(secret)


def digest_of(secret: str) -> str:
    """Return the digest under which a secret is known: its SHA-256 in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _is_long(key: bytes) -> bool:
    return len(key) >= SIGNING_KEY_BYTES_MIN


def _digest_of(client: Client) -> str:
    digest = client.sha256.lower()
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise ValueError(f"client {client.name!r} needs the SHA-256 of its secret (64 hex digits), never the secret")
    return digest


def _scopes_of(client: Client) -> frozenset[str]:
    if "*" in client.scopes:
        return frozenset(SCOPES)
    unknown = sorted(set(client.scopes) - SCOPES.keys())
    if unknown:
        raise ValueError(f"client {client.name!r} has unknown scopes {unknown}; known are: {', '.join(SCOPES)}")
    return frozenset(client.scopes)


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Denied("invalid", "the token is cut or garbled") from error


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


_JWT_START = _b64(b'{"alg":"HS256","typ":"JWT"}') + "."
