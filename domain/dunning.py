"""Dunning stages follow the age of an account's earliest unpaid invoice, by a profile that is data (2.3.13, Y04)."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import msgspec


class Stage(msgspec.Struct, frozen=True, gc=False):
    """A stage and the days after the earliest unpaid due date at which it begins."""

    name: str
    after_days: int


class DunningProfile(msgspec.Struct, frozen=True, kw_only=True):
    """Stages in order, and per currency the overdue total (minor units) under which nobody is dunned (Lago)."""

    stages: tuple[Stage, ...]
    thresholds_minor: Mapping[str, int] = {}
    start: str = "current"

    def stage(self, earliest_unpaid: date | None, today: date) -> str:
        """Return the stage that an account is in; with nothing unpaid it is the starting one."""
        if earliest_unpaid is None:
            return self.start
        age = (today - earliest_unpaid).days
        reached = [stage.name for stage in self.stages if stage.after_days <= age]
        return reached[-1] if reached else self.start

    def next_change(self, earliest_unpaid: date | None, today: date) -> date | None:
        """Return the day on which the next stage begins, or None when there is none."""
        if earliest_unpaid is None:
            return None
        days = (earliest_unpaid + timedelta(days=stage.after_days) for stage in self.stages)
        return min((day for day in days if day > today), default=None)

    def dunned(self, overdue_minor: Mapping[str, int]) -> bool:
        """Tell whether the overdue totals per currency reach a threshold in any of them."""
        return any(
            amount > 0 and amount >= self.thresholds_minor.get(currency, 0)
            for currency, amount in overdue_minor.items()
        )


def profile(days_by_stage: Mapping[str, int], thresholds_minor: Mapping[str, int] | None = None) -> DunningProfile:
    """Make a profile from stage names and days, sorted by day."""
    ordered = sorted(days_by_stage.items(), key=lambda item: item[1])
    return DunningProfile(
        stages=tuple(Stage(name, days) for name, days in ordered), thresholds_minor=dict(thresholds_minor or {})
    )


STANDARD = profile(
    {
        "reminder": 3,
        "notice_1": 10,
        "notice_2": 20,
        "final_notice": 30,
        "suspended": 40,
        "collections": 60,
        "written_off": 120,
    }
)
"""The default profile of 2.3.13."""

THREE_STEPS = profile({"OD1": 30, "OD2": 40, "OD3": 50})
"""Kill Bill's test profile (Y04): 30, 40 and 50 days from the earliest unpaid invoice."""


def earliest_unpaid(invoices: Iterable[tuple[date, int]]) -> date | None:
    """Return the earliest date among (date, open balance) pairs that still owe something."""
    return min((day for day, balance in invoices if balance > 0), default=None)
