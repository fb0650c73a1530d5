"""When money comes that is not paid by card: debits are decided, customers push what they owe. Both take days of banks.

The days and hours are those of the processor's mock (`mocks.payment`) and of the accounts (`scenarios.accounts`).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from statistics import NormalDist

from mocks.payment.quirks import Quirks
from scenarios.accounts import TERMS_DAYS
from scenarios.company import Payments
from scenarios.values import MICROSECOND
from simulator.whatif.durations import P95_DEVIATIONS, Duration
from simulator.whatif.model import DAY_US, HOUR_US

OPENS_US, OPEN = 9 * HOUR_US, Duration.uniform(0, 8 * HOUR_US)
"""When banks open (UTC), and how long after that something happens."""
_QUANTILES = 200


def debit() -> Duration:
    """Return after how many business days, as they open, a debit is decided."""
    quirks = Quirks()
    return _opening(range(quirks.debit_days_min, quirks.debit_days_max + 1))


def push(payments: Payments) -> Duration:
    """Return after how many calendar days, as they open, a customer pushes the money: within its terms, or late."""
    weighted = sorted(_pushed(payments))
    ends = list(accumulate(weight for _, weight in weighted))
    shares = ((place + 0.5) / _QUANTILES * ends[-1] for place in range(_QUANTILES))
    return _opening(weighted[bisect_left(ends, share)][0] for share in shares)


def _opening(days: Iterable[int]) -> Duration:
    return Duration.empirical(tuple(day * DAY_US + OPENS_US for day in days))


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
