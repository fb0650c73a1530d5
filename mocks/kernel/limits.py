"""What a system tolerates: requests in a window, and requests at once."""

from __future__ import annotations

from collections import deque

import msgspec


class LimitPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Requests allowed per window and at once (0 = unlimited), and the Retry-After a refusal carries (0 = none)."""

    requests: int = 0
    window_seconds: int = 1
    concurrent: int = 0
    retry_after_seconds: int = 0


class Limiter:
    """Counts one system's requests against its policy: a sliding window and the slots in use."""

    def __init__(self, policy: LimitPolicy) -> None:
        self.policy = policy
        self.in_use = 0
        self._recent: deque[int] = deque()

    def enter(self, now_us: int) -> bool:
        """Take a slot and a place in the window; False (and nothing taken) when either is full."""
        policy = self.policy
        if policy.concurrent and self.in_use >= policy.concurrent:
            return False
        if policy.requests:
            recent, floor_us = self._recent, now_us - policy.window_seconds * 1_000_000
            while recent and recent[0] <= floor_us:
                recent.popleft()
            if len(recent) >= policy.requests:
                return False
            recent.append(now_us)
        self.in_use += 1
        return True

    def leave(self) -> None:
        """Give the slot back."""
        assert self.in_use > 0, "a slot was given back twice"
        self.in_use -= 1
