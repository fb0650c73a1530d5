"""Promises of an API that takes idempotency keys. `PROMISES` is the catalogue."""

from contracts.conformance.server import failures, handling, replays, scopes
from contracts.conformance.server.catalogue import PROMISES

__all__ = ["PROMISES", "failures", "handling", "replays", "scopes"]
