"""Burn: how fast an error budget is spent, over several windows at once. Pure; instants are an argument.

Each item counts once: as good when it ends in time, as bad at the instant its time was over, whether it ends later or
not at all. So a figure is the same however often it is asked for, and the same again after a restart.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import msgspec

from domain.calendar import MINUTE_US, SECOND_US
from integration.tower.targets import BURN_RULES, EVENTS_MIN, BurnRule, Objective

KEPT_MINUTES = max(rule.long_seconds for rule in BURN_RULES) // 60 + 1


class Ratio(msgspec.Struct, frozen=True):
    """Of so many items so many were bad."""

    bad: int
    total: int

    def rate(self, budget: Fraction) -> Fraction:
        """Return how many times too fast a budget burns; 0 of nothing."""
        if not self.total or not budget:
            return Fraction(0)
        return Fraction(self.bad, self.total) / budget


class Burning(msgspec.Struct, frozen=True, kw_only=True):
    """One rule applied: the rates of its two windows and whether it strikes."""

    rule: BurnRule
    long: Fraction
    short: Fraction
    total: int

    @property
    def strikes(self) -> bool:
        """Tell whether both windows burn too fast, on enough items."""
        return self.total >= EVENTS_MIN and min(self.long, self.short) >= self.rule.rate


class Meter:
    """Counts the good and the bad items of one objective by minute, for as long as the longest window."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self._minutes: deque[list[int]] = deque()  # [minute, good, bad], in order
        self.good = self.bad = 0

    def note(self, at_us: int, is_good: bool) -> None:
        """Count an item at an instant; those of long ago count in the totals only."""
        self.good += is_good
        self.bad += not is_good
        minute, minutes = at_us // MINUTE_US, self._minutes
        place = len(minutes)
        while place and minutes[place - 1][0] > minute:
            place -= 1
        if place and minutes[place - 1][0] == minute:
            minutes[place - 1][1 if is_good else 2] += 1
            return
        minutes.insert(place, [minute, int(is_good), int(not is_good)])
        while minutes[-1][0] - minutes[0][0] > KEPT_MINUTES:
            minutes.popleft()

    def within(self, seconds: int, now_us: int) -> Ratio:
        """Return the items of the last so many seconds."""
        first, last = (now_us - seconds * SECOND_US) // MINUTE_US, now_us // MINUTE_US
        good = bad = 0
        for minute, well, badly in reversed(self._minutes):
            if minute <= first:
                break
            if minute <= last:
                good, bad = good + well, bad + badly
        return Ratio(bad, good + bad)

    def burning(self, now_us: int) -> tuple[Burning, ...]:
        """Return every rule applied."""
        budget = self.objective.budget
        found = []
        for rule in BURN_RULES:
            long, short = self.within(rule.long_seconds, now_us), self.within(rule.short_seconds, now_us)
            found.append(Burning(rule=rule, long=long.rate(budget), short=short.rate(budget), total=long.total))
        return tuple(found)

    def alert(self, now_us: int) -> str:
        """Return "page", "ticket" or nothing: the most urgent rule that strikes."""
        return next((each.rule.severity for each in self.burning(now_us) if each.strikes), "")
