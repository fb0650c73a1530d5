"""Promises of who calls an API with idempotency keys. `PROMISES` is the catalogue."""

from contracts.conformance.client import attempts, keys
from contracts.conformance.client.stage import PROMISES, ClientTarget, Stage, Trigger, read_client_target

__all__ = ["PROMISES", "ClientTarget", "Stage", "Trigger", "attempts", "keys", "read_client_target"]
