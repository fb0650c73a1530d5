"""Idempotency as vendors do it: they differ, and the differences are the point."""

from __future__ import annotations

import msgspec

from domain.http import Reply
from mocks.kernel.tables import IN_MEMORY, Table, Tables


class IdempotencyPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How a vendor treats a repeated key.

    `keeps_refusals`: a validation failure is stored too. `keeps_server_errors`: a 5xx is stored and replayed (Stripe v1
    does, which makes a 500 sticky). `replay_header` marks a replay. `mismatch` and `in_progress` are error codes of the
    dialect. Source: the vendor's public documentation.
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


KEYS_MAX = 500_000  # of each generation: a load lab must not fill the memory within a vendor's day


class KeyStore:
    """The answers of one system by idempotency key, forgotten when they are older than the vendor's retention.

    They are kept in two generations, each open for as long as the retention or until it is full; when the younger one
    is closed, all of the older one goes at once.
    """

    def __init__(self, policy: IdempotencyPolicy, tables: Tables = IN_MEMORY) -> None:
        self.policy = policy
        self._retention_us = policy.retention_seconds * 1_000_000
        self._recent: Table[_Stored] = tables.table()
        self._former: Table[_Stored] = tables.table()
        self._until_us = 0  # the recent generation is open until then

    def find(self, key: str, now_us: int) -> tuple[str, Reply] | None:
        """Return (fingerprint, reply) stored for a key within retention, or None."""
        stored = self._recent.get(key) or self._former.get(key)
        if stored is None or stored.at_us <= now_us - self._retention_us:
            return None
        return stored.fingerprint, stored.reply

    def keep(self, key: str, fingerprint: str, reply: Reply, now_us: int) -> None:
        """Store the first answer for a key, for which none was found, when the policy says so."""
        status, policy = reply.status, self.policy
        if 400 <= status < 500 and status != 402 and not policy.keeps_refusals:
            return
        if status >= 500 and not policy.keeps_server_errors:
            return
        if now_us >= self._until_us or len(self._recent) >= KEYS_MAX:
            self._former.clear()
            self._former, self._recent = self._recent, self._former
            self._until_us = now_us + self._retention_us
        self._recent[key] = _Stored(fingerprint, reply, now_us)

    def forget(self, key: str) -> None:
        """Forget a key before its time."""
        self._recent.pop(key, None)
        self._former.pop(key, None)

    def __len__(self) -> int:
        return len(self._recent) + len(self._former)
