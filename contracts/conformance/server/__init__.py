"""Promises of an API that takes idempotency keys. `PROMISES` is the catalogue."""

from contracts.conformance.server import failures, handling, replays, scopes
from contracts.conformance.server.catalogue import PROMISES, attempt_all

__all__ = ["PROMISES", "attempt_all", "failures", "handling", "replays", "scopes"]
