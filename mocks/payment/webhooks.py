"""Webhooks: events on their way to the integration, signed over the instant of sending and the exact bytes."""

from __future__ import annotations

import hmac

from domain.http import Request
from mocks.kernel.codec import encode_json
from mocks.kernel.desk import Message
from mocks.kernel.signatures import timestamped
from mocks.payment import render
from mocks.payment.model import SECOND_US, Processor

TOLERANCE_SECONDS = 300
RETRY_SECONDS = (300, 1_800, 7_200, 18_000, 36_000, 43_200, 43_200, 43_200, 43_200)
"""Pauses between attempts: growing, at most half a day, three days at most in all."""


def signature(secret: str, at: int, payload: bytes) -> str:
    """Return the Stripe-Signature header of a payload sent at an instant in seconds."""
    return timestamped(secret, payload, at)


def is_genuine(header: str, payload: bytes, secret: str, at: int, tolerance_seconds: int = TOLERANCE_SECONDS) -> bool:
    """Tell whether a header signs a payload and is not older than the tolerance; any of several v1 may fit."""
    parts = [part.partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    if len(stamps) != 1 or not stamps[0].isdigit() or abs(at - int(stamps[0])) > tolerance_seconds:
        return False
    wanted = signature(secret, int(stamps[0]), payload).rpartition("=")[2]
    return any(hmac.compare_digest(value, wanted) for name, _, value in parts if name == "v1")


def deliver(model: Processor, message: Message, now_us: int) -> Request:
    """Return one attempt to deliver an event; each attempt is signed anew, its payload never changes."""
    quirks = model.quirks
    payload = encode_json(render.event(message.content, quirks.api_version))
    headers = {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Stripe/1.0",
        "stripe-signature": signature(quirks.webhook_secret, now_us // SECOND_US, payload),
    }
    return Request("integration", "POST", quirks.webhook_target, headers, payload)
