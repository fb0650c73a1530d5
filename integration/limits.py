"""Limits that keep us a good guest: token bucket, bulkhead, breaker, retry budget and token cache, one gate a system.

All are pure state machines: instants are integer microseconds and always an argument. The gate answers one question,
`admit(now_us)`: 0 lets the call go, a positive number is the time to wait, `BUSY` means wait until a call comes back.
"""

from __future__ import annotations

from collections import deque

from integration.outcomes import Answer, Failed, Unknown
from integration.settings import BreakerSettings, BudgetSettings, Settings, SystemLimits
from integration.system import Token

BUSY = -1
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US


class TokenBucket:
    """Requests per window as a generic cell rate algorithm: an even pace with a tenth of the window's share at once.

    Any window holds at most burst + pace, which is the share of the licence that we allow ourselves.
    """

    def __init__(self, limits: SystemLimits) -> None:
        allowed = limits.requests * limits.share_percent // 100
        assert limits.requests == 0 or allowed > 0, "the share of the licence leaves no request at all"
        burst = max(1, allowed // 10)
        self._interval_us = -(-limits.window_seconds * SECOND_US // max(1, allowed - burst + 1)) if allowed else 0
        self._tolerance_us = self._interval_us * (burst - 1)
        self._next_us = 0

    def wait_us(self, now_us: int) -> int:
        """Return how long until a request may go; 0 for now."""
        return max(0, self._next_us - self._tolerance_us - now_us)

    def take(self, now_us: int) -> None:
        """Use one request."""
        self._next_us = max(self._next_us, now_us) + self._interval_us


class Bulkhead:
    """Slots for requests in flight: a share of what the licence allows at once (0 = no limit)."""

    def __init__(self, limits: SystemLimits) -> None:
        self.slots = max(1, limits.concurrent * limits.share_percent // 100) if limits.concurrent else 0
        self.in_use = 0

    @property
    def is_full(self) -> bool:
        """Tell whether a request has to wait for another one to come back."""
        return bool(self.slots) and self.in_use >= self.slots

    def take(self) -> None:
        """Occupy a slot."""
        assert not self.is_full, "a full bulkhead was entered"
        self.in_use += 1

    def release(self) -> None:
        """Free a slot."""
        assert self.in_use > 0, "more slots released than taken"
        self.in_use -= 1


class Breaker:
    """Opens when half of a minute's calls fail; then one probe at a time, ever rarer, until one succeeds."""

    def __init__(self, settings: BreakerSettings) -> None:
        self._settings = settings
        self.state = "closed"  # closed | open | half_open
        self.probe_us = 0  # when an open breaker may be probed
        self._pause_us = 0
        self._seen: deque[tuple[int, bool]] = deque()
        self._errors = 0

    def wait_us(self, now_us: int) -> int:
        """Return 0 when a call may go (the probe of an open breaker included), the time to wait, or BUSY."""
        if self.state == "closed":
            return 0
        if self.state == "half_open":
            return BUSY
        return max(0, self.probe_us - now_us)

    def take(self, now_us: int) -> None:
        """Let a call through; on an open breaker it is the probe."""
        if self.state == "open":
            assert now_us >= self.probe_us, "an open breaker was probed too early"
            self.state = "half_open"

    def note(self, now_us: int, good: bool) -> bool:
        """Take note of a call's end; return True when this closed the breaker."""
        if self.state == "half_open":
            return self._judge(now_us, good)
        if self.state == "closed":
            self._count(now_us, good)
        return False

    def forget_probe(self, now_us: int) -> None:
        """End a probe that told nothing (it was throttled); the pause before the next one does not grow."""
        if self.state == "half_open":
            self.state, self.probe_us = "open", now_us + self._pause_us

    def _judge(self, now_us: int, good: bool) -> bool:
        if good:
            self.state, self._pause_us, self._errors = "closed", 0, 0
            self._seen.clear()
        else:
            self._open(now_us)
        return good

    def _count(self, now_us: int, good: bool) -> None:
        self._seen.append((now_us, good))
        self._errors += not good
        horizon_us = now_us - self._settings.window_seconds * SECOND_US
        while self._seen[0][0] <= horizon_us:
            self._errors -= not self._seen.popleft()[1]
        total = len(self._seen)
        if total >= self._settings.calls_min and self._errors * 100 >= total * self._settings.error_percent:
            self._open(now_us)

    def _open(self, now_us: int) -> None:
        first_us, longest_us = self._settings.open_seconds * SECOND_US, self._settings.open_longest_seconds * SECOND_US
        self._pause_us = min(max(first_us, self._pause_us * 2), longest_us)
        self.state, self.probe_us = "open", now_us + self._pause_us


class RetryBudget:
    """Retries are paid from what first attempts earned, so that they cannot feed an overload."""

    _RETRY = 100 * MINUTE_US  # the price of one retry in the smallest unit: exact integers throughout

    def __init__(self, settings: BudgetSettings, now_us: int) -> None:
        self._settings = settings
        self._most = max(1, settings.saved_max) * self._RETRY
        self._saved = min(self._most, max(1, settings.per_minute_min) * self._RETRY)
        self._at_us = now_us

    def earn(self) -> None:
        """Credit one first attempt."""
        self._saved = min(self._most, self._saved + self._settings.percent * MINUTE_US)

    def wait_us(self, now_us: int) -> int:
        """Return how long until a retry is affordable; 0 for now."""
        self._accrue(now_us)
        missing = self._RETRY - self._saved
        return 0 if missing <= 0 else -(-missing // (100 * max(1, self._settings.per_minute_min)))

    def take(self, now_us: int) -> None:
        """Pay for one retry."""
        self._accrue(now_us)
        assert self._saved >= self._RETRY, "a retry was made that the budget does not cover"
        self._saved -= self._RETRY

    def _accrue(self, now_us: int) -> None:
        earned = (now_us - self._at_us) * 100 * max(1, self._settings.per_minute_min)
        self._saved, self._at_us = min(self._most, self._saved + max(0, earned)), max(now_us, self._at_us)


class TokenCache:
    """The access token of one system; whoever finds it stale fetches it, the others wait (single flight)."""

    def __init__(self, margin_seconds: int) -> None:
        self._margin_us = margin_seconds * SECOND_US
        self._token: Token | None = None
        self._stale_us = 0
        self.fetching = False

    def headers(self, now_us: int) -> dict[str, str] | None:
        """Return the headers that carry a token good for now, or None when one has to be fetched."""
        return self._token.headers if self._token is not None and now_us < self._stale_us else None

    def store(self, token: Token, now_us: int) -> None:
        """Keep a fresh token until shortly before it dies (never less than a second)."""
        life_us = token.lives_seconds * SECOND_US
        self._token, self._stale_us = token, now_us + max(SECOND_US, life_us - self._margin_us)
        self.fetching = False

    def refuse(self, headers: dict[str, str]) -> None:
        """Drop a token that the peer refused, unless it has been replaced since."""
        if self._token is not None and self._token.headers == headers:
            self._token = None


class Gate:
    """Everything between a call that is ready and the wire of one system."""

    def __init__(self, system: str, settings: Settings, now_us: int) -> None:
        limits = settings.limits.get(system, SystemLimits())
        self.bucket = TokenBucket(limits)
        self.bulkhead = Bulkhead(limits)
        self.breaker = Breaker(settings.breaker)
        self.budget = RetryBudget(settings.budget, now_us)
        self.held_until_us = 0
        self._cap_us = settings.retry.retry_after_cap_seconds * SECOND_US

    def admit(self, now_us: int, retry: bool = False) -> int:
        """Let a call go (0, and everything it needs is taken), or say how long to wait, or BUSY."""
        wait_us = self.wait_us(now_us)
        if wait_us == 0 and retry:
            wait_us = self.budget.wait_us(now_us)
        if wait_us:
            return wait_us
        self.breaker.take(now_us)
        self.bulkhead.take()
        self.bucket.take(now_us)
        if retry:
            self.budget.take(now_us)
        else:
            self.budget.earn()
        return 0

    def wait_us(self, now_us: int) -> int:
        """Return what every call has to wait for, the retry budget apart."""
        if now_us < self.held_until_us:
            return self.held_until_us - now_us
        breaker_us = self.breaker.wait_us(now_us)
        if breaker_us:
            return breaker_us
        return BUSY if self.bulkhead.is_full else self.bucket.wait_us(now_us)

    def done(self, now_us: int, outcome: Answer | Failed | Unknown) -> bool:
        """Take a call back; return True when it closed the breaker. A Retry-After holds the whole system."""
        self.bulkhead.release()
        if isinstance(outcome, Answer):
            return self.breaker.note(now_us, True)
        if outcome.retry_after_seconds > 0:
            pause_us = min(outcome.retry_after_seconds * SECOND_US, self._cap_us)
            self.held_until_us = max(self.held_until_us, now_us + pause_us)
        if isinstance(outcome, Failed) and outcome.kind == "throttled":
            self.breaker.forget_probe(now_us)
            return False
        return self.breaker.note(now_us, _is_healthy(outcome))


def _is_healthy(outcome: Failed | Unknown) -> bool:
    """Tell whether trouble shows a living system nevertheless: a refusal of one request does, silence does not."""
    return isinstance(outcome, Failed) and outcome.kind in ("rejected", "unauthenticated", "in_progress")
