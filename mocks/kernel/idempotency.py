"""Idempotency as vendors do it: they differ, and the differences are the point."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from domain.http import Reply


class IdempotencyPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How a vendor treats a repeated key.

    `keeps_refusals`: a validation failure is stored too. `keeps_server_errors`: a 5xx is stored and replayed (Stripe v1
    does, which makes a 500 sticky). `replay_header` marks a replay. `mismatch` and `in_progress` are error codes of the
    dialect. Sources: dialects.md 2.1.
    """

    header: str
    methods: frozenset[str] = frozenset({"POST"})
    key_length_max: int = 255
    retention_seconds: int = 86_400
    keeps_refusals: bool = False
    keeps_server_errors: bool = True
    replay_header: tuple[str, str] = ("", "")
    mismatch: str = "idempotency_mismatch"
    in_progress: str = "idempotency_in_progress"


class _Stored(msgspec.Struct, frozen=True, gc=False):
    fingerprint: str
    reply: Reply
    at_us: int


class KeyStore:
    """The answers of one system by idempotency key, oldest first, pruned by retention."""

    def __init__(self, policy: IdempotencyPolicy) -> None:
        self.policy = policy
        self._answers: OrderedDict[str, _Stored] = OrderedDict()

    def find(self, key: str, now_us: int) -> tuple[str, Reply] | None:
        """Return (fingerprint, reply) stored for a key within retention, or None."""
        self._prune(now_us)
        stored = self._answers.get(key)
        return (stored.fingerprint, stored.reply) if stored is not None else None

    def keep(self, key: str, fingerprint: str, reply: Reply, now_us: int) -> None:
        """Store the first answer for a key when the policy says so."""
        refused = 400 <= reply.status < 500 and reply.status != 402
        if refused and not self.policy.keeps_refusals:
            return
        if reply.status >= 500 and not self.policy.keeps_server_errors:
            return
        self._answers.setdefault(key, _Stored(fingerprint, reply, now_us))

    def _prune(self, now_us: int) -> None:
        oldest_us = now_us - self.policy.retention_seconds * 1_000_000
        while self._answers:
            key = next(iter(self._answers))
            if self._answers[key].at_us > oldest_us:
                return
            del self._answers[key]
