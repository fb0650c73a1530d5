"""Limits that keep us a good guest: token bucket, bulkhead, breaker, retry budget and token cache, one gate a system.

All are pure state machines: instants are integer microseconds and always an argument. The gate answers one question,
`admit(now_us)`: 0 lets the call go, a positive number is the time to wait, `BUSY` means wait until a call comes back.
"""

from __future__ import annotations

from domain.calendar import MINUTE_US, SECOND_US
from integration.outcomes import Answer, Failed, Unknown
from integration.settings import BreakerSettings, BudgetSettings, Settings, SystemLimits
from integration.system import Token

BUSY = -1
CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"
"""The states of a breaker."""

NEVER_US = 2**63
"""An instant that does not come."""


class TokenBucket:
    """Requests per window as a generic cell rate algorithm: an even pace with a tenth of the window's share at once.

    Any window holds at most burst + pace, which is the share of the licence that we allow ourselves.
    """

    def __init__(self, limits: SystemLimits) -> None:
        assert limits.requests == 0 or limits.requests * limits.share_percent >= 100, "the share leaves no request"
        self._limits = limits
        self._next_us = 0
        self.share(1)

    def share(self, workers: int) -> None:
        """Let so many workers have the same part of our share."""
        limits = self._limits
        allowed = max(1, limits.requests * limits.share_percent // 100 // workers) if limits.requests else 0
        burst = max(1, allowed // 10)
        self._interval_us = -(-limits.window_seconds * SECOND_US // max(1, allowed - burst + 1)) if allowed else 0
        self._tolerance_us = self._interval_us * (burst - 1)

    def wait_us(self, now_us: int) -> int:
        """Return how long until a request may go; 0 for now."""
        early_us = self._next_us - self._tolerance_us - now_us
        return early_us if early_us > 0 else 0

    def take(self, now_us: int) -> None:
        """Use one request."""
        self._next_us = (self._next_us if self._next_us > now_us else now_us) + self._interval_us


class Breaker:
    """Opens when half of the latest calls fail; then one probe at a time, ever rarer, until one succeeds.

    The latest calls are those of this half of the window and of the half before. Only a failure can open it. A call
    belongs to the `opening` after which it went; one that comes back after a later opening tells of a time before it,
    and decides nothing: a slow call from before an outage is no probe.
    """

    def __init__(self, settings: BreakerSettings) -> None:
        self._settings = settings
        self.state = CLOSED
        self.since_us = 0  # when it took this state; 0 for ever
        self.probe_us = 0  # when an open breaker may be probed
        self.opening = 0  # how often it has opened
        self._pause_us = 0
        self._half_us = settings.window_seconds * SECOND_US // 2
        self._turn_us = 0  # when this half ends
        self._calls = self._errors = self._calls_before = self._errors_before = 0

    def wait_us(self, now_us: int) -> int:
        """Return 0 when a call may go (the probe of an open breaker included), the time to wait, or BUSY."""
        if self.state == CLOSED:
            return 0
        if self.state == HALF_OPEN:
            return BUSY
        return max(0, self.probe_us - now_us)

    def take(self, now_us: int) -> None:
        """Let a call through; on an open breaker it is the probe."""
        if self.state == OPEN:
            assert now_us >= self.probe_us, "an open breaker was probed too early"
            self.state, self.since_us = HALF_OPEN, now_us

    def note(self, now_us: int, good: bool, opening: int) -> bool:
        """Take note of the end of a call of some opening; return True when this closed the breaker."""
        if opening != self.opening:
            return False
        if self.state == HALF_OPEN:
            return self._judge(now_us, good)
        if now_us >= self._turn_us:
            self._turn(now_us)
        self._calls += 1
        if not good:
            self._count_error(now_us)
        return False

    def forget_probe(self, now_us: int, opening: int) -> None:
        """End a probe that told nothing (it was throttled); the pause before the next one does not grow."""
        if opening == self.opening and self.state == HALF_OPEN:
            self.state, self.since_us, self.probe_us = OPEN, now_us, now_us + self._pause_us

    def _judge(self, now_us: int, good: bool) -> bool:
        if good:
            self.state, self.since_us, self._pause_us, self._turn_us = CLOSED, now_us, 0, 0
            self._calls = self._errors = 0
        else:
            self._open(now_us)
        return good

    def _count_error(self, now_us: int) -> None:
        self._errors += 1
        calls, errors = self._calls + self._calls_before, self._errors + self._errors_before
        if calls >= self._settings.calls_min and errors * 100 >= calls * self._settings.error_percent:
            self._open(now_us)

    def _turn(self, now_us: int) -> None:
        """Begin the next half of the window; the one before counts if it ended just now."""
        recent = now_us < self._turn_us + self._half_us
        self._calls_before, self._errors_before = (self._calls, self._errors) if recent else (0, 0)
        self._calls = self._errors = 0
        self._turn_us = now_us + self._half_us

    def _open(self, now_us: int) -> None:
        first_us, longest_us = self._settings.open_seconds * SECOND_US, self._settings.open_longest_seconds * SECOND_US
        self._pause_us = min(max(first_us, self._pause_us * 2), longest_us)
        self.opening += 1
        self.state, self.since_us, self.probe_us = OPEN, now_us, now_us + self._pause_us


class RetryBudget:
    """Retries are paid from what first attempts earned, so that they cannot feed an overload.

    `firsts` counts the first attempts whose earnings have not been credited yet.
    """

    _RETRY = 100 * MINUTE_US  # the price of one retry in the smallest unit: exact integers throughout

    def __init__(self, settings: BudgetSettings, now_us: int) -> None:
        self._settings = settings
        self._most = max(1, settings.saved_max) * self._RETRY
        self._saved = min(self._most, max(1, settings.per_minute_min) * self._RETRY)
        self._at_us = now_us
        self.firsts = 0

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
        earned = max(0, earned) + self.firsts * self._settings.percent * MINUTE_US
        self._saved, self._at_us = min(self._most, self._saved + earned), max(now_us, self._at_us)
        self.firsts = 0


class TokenCache:
    """How calls of one system are authorised; whoever finds the token stale fetches it, the others wait.

    `headers` (fixed ones and the token's) are good while it is earlier than `stale_us`. Without a token to fetch they
    always are.
    """

    def __init__(self, margin_seconds: int, fixed: dict[str, str], needs_token: bool) -> None:
        self._margin_us = margin_seconds * SECOND_US
        self._fixed = fixed
        self.headers = fixed
        self.stale_us = 0 if needs_token else NEVER_US
        self.fetching = False

    def store(self, token: Token, now_us: int) -> None:
        """Keep a fresh token until shortly before it dies (never less than a second)."""
        life_us = token.lives_seconds * SECOND_US
        self.headers, self.stale_us = (
            {**self._fixed, **token.headers},
            now_us + max(SECOND_US, life_us - self._margin_us),
        )

    def rekey(self, fixed: dict[str, str]) -> None:
        """Use another fixed key from now on."""
        if fixed != self._fixed:
            self._fixed = self.headers = fixed

    def state(self, now_us: int) -> str:
        """Return fresh or stale."""
        return "fresh" if now_us < self.stale_us else "stale"

    def refuse(self, headers: dict[str, str]) -> None:
        """Drop a token that the peer refused, unless it has been replaced since."""
        if self.headers == headers:
            self.stale_us = 0


class Gate:
    """Everything between a call that is ready and the wire of one system.

    Of the requests that the licence allows at once a share is ours: `slots` (0 = no limit), of which `in_flight` are
    taken.
    """

    def __init__(self, system: str, settings: Settings, now_us: int) -> None:
        limits = settings.limits.get(system, SystemLimits())
        self.bucket = TokenBucket(limits)
        self.breaker = Breaker(settings.breaker)
        self.budget = RetryBudget(settings.budget, now_us)
        self.slots = 0
        self.in_flight = 0
        self.held_until_us = 0
        self._is_paced = limits.requests > 0
        self._limits = limits
        self.share(1)
        self._cap_us = settings.retry.retry_after_cap_seconds * SECOND_US

    def share(self, workers: int) -> None:
        """Let so many workers have the same part of what the licence grants us; one of each is the least."""
        limits = self._limits
        self.slots = max(1, limits.concurrent * limits.share_percent // 100 // workers) if limits.concurrent else 0
        self.bucket.share(workers)

    def admit(self, now_us: int, retry: bool = False) -> int:
        """Let a call go (0, and everything it needs is taken), or say how long to wait, or BUSY."""
        wait_us = self.wait_us(now_us)
        if wait_us == 0 and retry:
            wait_us = self.budget.wait_us(now_us)
        if wait_us:
            return wait_us
        self.in_flight += 1
        if self.breaker.state != CLOSED:
            self.breaker.take(now_us)
        if self._is_paced:
            self.bucket.take(now_us)
        if retry:
            self.budget.take(now_us)
        else:
            self.budget.firsts += 1
        return 0

    def wait_us(self, now_us: int) -> int:
        """Return what every call has to wait for, the retry budget apart."""
        if now_us < self.held_until_us:
            return self.held_until_us - now_us
        if self.breaker.state != CLOSED:
            breaker_us = self.breaker.wait_us(now_us)
            if breaker_us:
                return breaker_us
        if self.slots and self.in_flight >= self.slots:
            return BUSY
        return self.bucket.wait_us(now_us) if self._is_paced else 0

    def done(self, now_us: int, outcome: Answer | Failed | Unknown, opening: int) -> bool:
        """Take back a call that went after an opening of the breaker; return True when it closed the breaker.

        A Retry-After holds the whole system.
        """
        assert self.in_flight > 0, "more calls came back than went out"
        self.in_flight -= 1
        if isinstance(outcome, Answer):
            return self.breaker.note(now_us, True, opening)
        if outcome.retry_after_seconds > 0:
            pause_us = min(outcome.retry_after_seconds * SECOND_US, self._cap_us)
            self.held_until_us = max(self.held_until_us, now_us + pause_us)
        if type(outcome) is Failed and outcome.kind == "throttled":
            self.breaker.forget_probe(now_us, opening)
            return False
        return self.breaker.note(now_us, is_healthy(outcome), opening)


def is_healthy(outcome: Answer | Failed | Unknown) -> bool:
    """Tell whether trouble shows a living system nevertheless: a refusal of one request does, silence does not."""
    return type(outcome) is Failed and outcome.kind in ("rejected", "unauthenticated", "in_progress")
