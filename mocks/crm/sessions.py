"""Sessions and the daily allowance: who may call, and how often."""

from __future__ import annotations

from collections import deque

from domain.calendar import HOUR_US
from mocks.crm import ids

_SWEPT_AT = 256
_DAY_HOURS = 24


class Sessions:
    """Access tokens by text, each with the instant of its last call: a session ends when it lies idle."""

    def __init__(self, organisation_id: str, idle_seconds: int) -> None:
        self._organisation15 = organisation_id[:15]
        self._idle_us = idle_seconds * 1_000_000
        self._last_us: dict[str, int] = {}
        self._swept_at = _SWEPT_AT
        self._over: set[str] = set()

    def refresh_token(self, number: int) -> str:
        """Return a new token for getting others; it lives until it is revoked."""
        return f"5Aep{ids.record_id('0RT', number)[3:15]}"

    def is_over(self, token: str) -> bool:
        """Tell whether a refresh token was revoked, or a code was used."""
        return token in self._over

    def end(self, token: str) -> None:
        """Take a refresh token or a code out of use."""
        self._over.add(token)

    def revoke(self, token: str) -> bool:
        """Take a refresh token out of use; tell whether it was one of ours."""
        if not token.startswith("5Aep") or token in self._over:
            return False
        self._over.add(token)
        return True

    def expire_all(self) -> int:
        """End every session, as an administrator does; return how many there were."""
        count = len(self._last_us)
        self._last_us.clear()
        return count

    def open(self, number: int, now_us: int) -> str:
        """Return a new token; sessions that have ended are forgotten, many at a time."""
        if len(self._last_us) >= self._swept_at:
            self._last_us = {token: last for token, last in self._last_us.items() if now_us - last <= self._idle_us}
            self._swept_at = max(_SWEPT_AT, 2 * len(self._last_us))
        token = f"{self._organisation15}!AR{ids.record_id('00A', number)[3:15]}"
        self._last_us[token] = now_us
        return token

    def touch(self, token: str, now_us: int) -> bool:
        """Tell whether a token's session lives, and keep it alive."""
        last_us = self._last_us.get(token)
        if last_us is None or now_us - last_us > self._idle_us:
            return False
        self._last_us[token] = now_us
        return True

    def close(self, token: str) -> bool:
        """End a session; tell whether there was one."""
        return self._last_us.pop(token, None) is not None


class Allowance:
    """Calls in the last 24 hours, counted by the hour as the vendor's figure is no exact one either."""

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self.used = 0
        self._hours: deque[list[int]] = deque()

    def spend(self, now_us: int) -> bool:
        """Count a call; False (and not counted) when the allowance is used up."""
        hour = now_us // HOUR_US
        while self._hours and self._hours[0][0] <= hour - _DAY_HOURS:
            self.used -= self._hours.popleft()[1]
        if self.used >= self.maximum:
            return False
        if not self._hours or self._hours[-1][0] != hour:
            self._hours.append([hour, 0])
        self._hours[-1][1] += 1
        self.used += 1
        return True
