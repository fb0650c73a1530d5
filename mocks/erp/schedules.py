"""Revenue schedules: deferred revenue of a line over its service period, and the run that recognises it.

Straight line by days over calendar months, the last slice takes the residual (domain.md 2.11, 0.9); the arithmetic is
that of `domain.revenue.daily_by_month` in integers, because a rehearsal makes hundreds of thousands of slices.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import msgspec

from domain.calendar import Interval
from domain.objects import Posting, RevenueSchedule
from domain.revenue import months_of
from mocks.erp.catalogue import DEFERRED, REVENUE
from mocks.erp.ledger import Ledger
from mocks.erp.periods import LEDGER_ONLY, Periods, name_of
from mocks.erp.rates import Rate
from mocks.kernel.desk import Desk

Slices = tuple[tuple[date, int], ...]


class Months(msgspec.Struct, frozen=True):
    """A service period cut at the ends of months: the last day and the name of each part, the days of all but one."""

    last_days: tuple[date, ...]
    names: tuple[str, ...]
    head_days: tuple[int, ...]
    days: int


@lru_cache(maxsize=16_384)
def _months(start: date, end: date) -> Months:
    parts = months_of(Interval(start, end))
    return Months(
        last_days=tuple([part.last_day for part in parts]),
        names=tuple([name_of(part.last_day) for part in parts]),
        head_days=tuple([part.days for part in parts[:-1]]),
        days=(end - start).days,
    )


def spread(total_minor: int, start: date, end: date) -> Slices:
    """Return (posting date, amount) slices of an amount earned from start to end (exclusive).

    Each is in proportion to its days, rounded half away from zero; the last one takes the rest.
    """
    months = _months(start, end)
    days = months.days
    if total_minor >= 0:
        amounts = [(2 * total_minor * count + days) // (2 * days) for count in months.head_days]
    else:
        amounts = [-((-2 * total_minor * count + days) // (2 * days)) for count in months.head_days]
    amounts.append(total_minor - sum(amounts))
    return tuple(zip(months.last_days, amounts, strict=True))


class Due(msgspec.Struct, gc=False):
    """Revenue of one entity, currency and month that waits to be recognised."""

    amount_minor: int = 0
    base_minor: int = 0


class Schedules:
    """Makes schedules and recognises what is due, month by month."""

    def __init__(self, desk: Desk, ledger: Ledger, periods: Periods) -> None:
        self._desk = desk
        self._ledger = ledger
        self._periods = periods
        self.records: dict[str, RevenueSchedule] = {}
        self._due: dict[tuple[str, str], dict[str, Due]] = {}

    def plan(
        self, document: str, line: str, entity: str, currency: str, total: Posting, service: Interval, txn: str
    ) -> None:
        """Make the schedule of one line; `total` holds what was deferred, positive for a charge, in both currencies."""
        slices = spread(total.amount_minor, service.start, service.end)
        bases = slices
        if total.base_minor != total.amount_minor:
            bases = spread(total.base_minor, service.start, service.end)
        key = f"{document}-{line}"
        schedule = RevenueSchedule(
            id=key, invoice=document, line=line, currency=currency, total_minor=total.amount_minor, slices=slices
        )
        self.records[key] = schedule
        self._desk.book.put("revenue_schedule", key, schedule, schedule, "planned", txn)
        waiting = self._due.setdefault((entity, currency), {})
        names = _months(service.start, service.end).names
        for name, (_, amount), (_, base) in zip(names, slices, bases, strict=True):
            if name not in waiting:
                waiting[name] = Due()
            due = waiting[name]
            due.amount_minor += amount
            due.base_minor += base

    def recognise(self, entity: str, name: str, day: date) -> None:
        """Post the revenue of all months through `name`; the entry is dated `day`, or the next open period's start."""
        slot = self._periods.slot(entity, day, LEDGER_ONLY)
        for (owner, currency), months in sorted(self._due.items()):
            ready = [month for month in months if month <= name]
            if owner != entity or not ready:
                continue
            dues = [months.pop(month) for month in ready]
            amount, base = sum(due.amount_minor for due in dues), sum(due.base_minor for due in dues)
            rows = (Posting(DEFERRED, amount, base), Posting(REVENUE, -amount, -base))
            # Each slice keeps the rate of its invoice, so that the mean of the run has no id of its own.
            rate = Rate("" if base == amount else "schedules", "1" if base == amount else _ratio(base, amount))
            if amount or base:
                self._ledger.post(f"revenue/{entity}/{name}", entity, currency, rate, slot, rows, "")

    def waiting(self, entity: str) -> dict[tuple[str, str], int]:
        """Return the revenue not yet recognised by (currency, month) in minor units."""
        return {
            (currency, month): due.amount_minor
            for (owner, currency), months in self._due.items()
            if owner == entity
            for month, due in months.items()
        }


def _ratio(base_minor: int, amount_minor: int) -> str:
    return f"{base_minor}/{amount_minor}"
