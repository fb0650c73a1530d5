"""Signatures of webhooks as Stripe made them common: `t=<seconds>,v1=<HMAC-SHA256 of "seconds.body">`."""

from __future__ import annotations

import hmac


def timestamped(secret: str, body: bytes, at_seconds: int) -> str:
    """Return the signature header of a body signed at an instant in Unix seconds."""
    digest = hmac.digest(secret.encode(), b"%d." % at_seconds + body, "sha256")
    return f"t={at_seconds},v1={digest.hex()}"
