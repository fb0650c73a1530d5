"""When money comes that is not paid by card: debits are decided, customers push what they owe. Both take days of banks.

The days and hours are those of the processor's mock (`mocks.payment`) and of the accounts (`scenarios.accounts`).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from statistics import NormalDist

from domain.calendar import DAY_US, HOUR_US, SECOND_US
from mocks.payment.attempts import AT_ONCE_SECONDS
from mocks.payment.quirks import Quirks
from scenarios.accounts import TERMS_DAYS
from scenarios.company import Payments
from scenarios.values import MICROSECOND
from simulator.whatif.durations import P95_DEVIATIONS, Duration, evenly

_SATURDAY = 5
_OPENS_US, _OPEN_US = 9 * HOUR_US, 8 * HOUR_US
"""When banks open (UTC), and for how long."""
AT_ONCE_US = AT_ONCE_SECONDS * SECOND_US
"""So long takes a customer who pays at once, after the hour of that day."""
_QUANTILES, _INSTANTS = 200, 2_000


def debit() -> Duration:
    """Return after how many business days, and when on that day, a debit is decided."""
    quirks = Quirks()
    return _in_hours(tuple(range(quirks.debit_days_min, quirks.debit_days_max + 1)))


def push(payments: Payments) -> Duration:
    """Return after how many calendar days, and when on that day, a customer pushes the money: in its terms, or late.

    Who owes it at once and is told of it after banks have closed pays at once; the hour of that day is over.
    """
    weighted = sorted(_pushed(payments))
    ends = list(accumulate(weight for _, weight in weighted))
    shares = ((place + 0.5) / _QUANTILES * ends[-1] for place in range(_QUANTILES))
    return _in_hours(tuple(weighted[bisect_left(ends, share)][0] for share in shares))


def unpaid(payments: Payments, weekday: int, hours: int) -> list[float]:
    """Return the part of the invoices of a weekday (UTC) that is still unpaid after each hour from its midnight on."""
    never, by_debit, by_push = float(payments.never), float(payments.debit), float(payments.push)
    debited = _ends(debit(), lambda days: _business_days_after(weekday, days))
    pushed = _ends(push(payments), lambda days: _at_work(weekday + days))
    return [
        by_debit * _later(debited, hour) + by_push * (never + (1.0 - never) * _later(pushed, hour))
        for hour in range(weekday * 24, weekday * 24 + hours)
    ]


def _ends(pause: Duration, day_after: Callable[[int], int]) -> list[int]:
    """Return, in order, in which hours since a Monday pauses end that are so many days, and an hour of the last."""
    days = {each: day_after(each) for each in {us // DAY_US for us in pause.values}}
    return sorted(days[us // DAY_US] * 24 + us % DAY_US // HOUR_US for us in pause.values)


def _later(ends: Sequence[int], hour: int) -> float:
    return 1.0 - bisect_right(ends, hour) / len(ends)


def _business_days_after(day: int, count: int) -> int:
    for _ in range(count):
        day = _at_work(day + 1)
    return day


def _at_work(day: int) -> int:
    """Return a day since a Monday, or the next one on which banks work."""
    return day if day % 7 < _SATURDAY else day + 7 - day % 7


def _in_hours(days: Sequence[int]) -> Duration:
    """Return days that are equally likely, with any time of the hours of banks."""
    hours_us = (_OPENS_US + round(evenly(place) * _OPEN_US) for place in range(_INSTANTS))
    return Duration.empirical(
        tuple(days[place * len(days) // _INSTANTS] * DAY_US + hour_us for place, hour_us in enumerate(hours_us))
    )


def _pushed(payments: Payments) -> Iterator[tuple[int, float]]:
    """Yield (days, weight) of the payments that come."""
    late, median_days = float(payments.late), payments.late_median / MICROSECOND / DAY_US
    sigma = math.log(payments.late_p95 / payments.late_median) / P95_DEVIATIONS
    for terms, weight in TERMS_DAYS:
        early = range(terms * 3 // 10, terms + 1)
        for days in early:
            yield days, weight * (1.0 - late) / len(early)
        for place in range(_QUANTILES):
            deviation = NormalDist().inv_cdf((place + 0.5) / _QUANTILES)
            yield terms + 1 + int(median_days * math.exp(sigma * deviation)), weight * late / _QUANTILES
