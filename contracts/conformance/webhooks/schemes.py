"""Schemes: how senders sign webhooks, as a table. Signing here is our own, so that it can judge others' verification.

Sources: Standard Webhooks 1.0.0; Stripe, "Verify webhook signatures"; Chargebee, "Webhook settings" (Basic auth).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """One scheme. `sign(secret, id, timestamp, body)` returns the headers of a delivery.

    `signs_body`, `signs_id` and `has_time` say what a receiver can find out; `several` that a delivery may carry
    signatures of several secrets, as during a rotation, with `separator` between the parts of the header.
    """

    name: str
    sign: Callable[[str, str, int, bytes], dict[str, str]]
    signs_body: bool = True
    signs_id: bool = False
    has_time: bool = True
    several: bool = False
    separator: str = ","
    headers: tuple[str, ...] = ()
    joined: Callable[[dict[str, str], dict[str, str]], dict[str, str]] | None = None
    with_unknown: Callable[[dict[str, str]], dict[str, str]] | None = None

    def carries(self, header: str, signed: str) -> bool:
        """Return whether all parts of a header as we sign it are among those of a header that came."""
        return self._parts(signed) <= self._parts(header)

    def _parts(self, header: str) -> set[str]:
        return {part.strip() for part in header.split(self.separator)}


def _standard_key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()


def _standard(secret: str, delivery: str, timestamp: int, body: bytes) -> dict[str, str]:
    signed = f"{delivery}.{timestamp}.".encode() + body
    digest = base64.b64encode(hmac.new(_standard_key(secret), signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": delivery, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{digest}"}


def _stripe(secret: str, delivery: str, timestamp: int, body: bytes) -> dict[str, str]:
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={timestamp},v1={digest}"}


def _hub(secret: str, delivery: str, timestamp: int, body: bytes) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={digest}"}


def _basic(secret: str, delivery: str, timestamp: int, body: bytes) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(secret.encode()).decode()}


def _standard_joined(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    return {**one, "webhook-signature": f"{other['webhook-signature']} {one['webhook-signature']}"}


def _stripe_joined(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    return {"stripe-signature": f"{other['stripe-signature']},{one['stripe-signature'].partition(',')[2]}"}


_SCHEMES = (
    Scheme(
        name="standard-webhooks", sign=_standard, signs_id=True, several=True, separator=" ",
        headers=("webhook-id", "webhook-timestamp", "webhook-signature"), joined=_standard_joined,
        with_unknown=lambda headers: {**headers, "webhook-signature": f"v9,bm8= {headers['webhook-signature']}"},
    ),
    Scheme(
        name="stripe", sign=_stripe, several=True, headers=("stripe-signature",), joined=_stripe_joined,
        with_unknown=lambda headers: {"stripe-signature": headers["stripe-signature"] + ",v0=00"},
    ),
    Scheme(name="hub", sign=_hub, has_time=False, headers=("x-hub-signature-256",)),
    Scheme(name="basic", sign=_basic, signs_body=False, has_time=False, headers=("authorization",)),
)  # fmt: skip
SCHEMES: Mapping[str, Scheme] = MappingProxyType({scheme.name: scheme for scheme in _SCHEMES})
