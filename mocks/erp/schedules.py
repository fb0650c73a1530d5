"""Revenue schedules: deferred revenue of a line over its service period, and the run that recognises it.

Straight line by days over calendar months, the last slice takes the residual; the arithmetic is
that of `domain.revenue.daily_by_month` in integers, because a rehearsal makes hundreds of thousands of slices.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

import msgspec

from domain.calendar import Interval
from domain.objects import CreditMemo, Invoice, Line, Posting, RevenueSchedule
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


@lru_cache(maxsize=4_096)
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
    return tuple(zip(months.last_days, _spread(total_minor, months), strict=True))


def _spread(total_minor: int, months: Months) -> list[int]:
    days = months.days
    if total_minor >= 0:
        amounts = [(2 * total_minor * count + days) // (2 * days) for count in months.head_days]
    else:
        amounts = [-((-2 * total_minor * count + days) // (2 * days)) for count in months.head_days]
    amounts.append(total_minor - sum(amounts))
    return amounts


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
        self._due: dict[tuple[str, str], dict[str, Due]] = {}

    def plan(self, doc: Invoice | CreditMemo, lines: Sequence[Line], rate: Rate, sign: int) -> None:
        """Make the schedules of the deferred lines of an invoice (sign 1) or credit memo (-1)."""
        if not lines:
            return
        waiting = self._due.setdefault((doc.entity, doc.currency), {})
        for line in lines:
            assert line.period_start is not None
            assert line.period_end is not None
            amount_minor = sign * line.amount_minor
            months = _months(line.period_start, line.period_end)
            amounts = _spread(amount_minor, months)
            base_minor = rate.convert(amount_minor)
            bases = amounts if base_minor == amount_minor else _spread(base_minor, months)
            key = f"{doc.id}-{line.id}"
            schedule = RevenueSchedule(
                id=key, invoice=doc.id, line=line.id, currency=doc.currency, total_minor=amount_minor,
                slices=tuple(zip(months.last_days, amounts, strict=True)),
            )  # fmt: skip
            self._desk.book.put("revenue_schedule", key, line, schedule, "planned", doc.txn)
            for name, amount, base in zip(months.names, amounts, bases, strict=True):
                due = waiting.get(name)
                if due is None:
                    due = waiting[name] = Due()
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
