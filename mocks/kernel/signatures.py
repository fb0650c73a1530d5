"""Signatures of webhooks as Stripe made them common: `t=<seconds>,v1=<HMAC-SHA256 of "seconds.body">`."""

from __future__ import annotations

import hashlib
import hmac


def timestamped(secret: str, body: bytes, at_seconds: int) -> str:
    """Return the signature header of a body signed at an instant in Unix seconds."""
    digest = hmac.new(secret.encode(), b"%d." % at_seconds + body, hashlib.sha256).hexdigest()
    return f"t={at_seconds},v1={digest}"
