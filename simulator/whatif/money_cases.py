"""Cases about money that come after an order: objections, refunds to approve, debits returned for good, chargebacks.

Their days and shares are the timeline's (`scenarios.aftermath`). Each is a case for the clerks; what it changes in the
books is the rehearsal's to say. What was not paid yet cannot be given back, and nobody objects to what is paid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from statistics import fmean
from typing import NamedTuple

from domain.calendar import HOUR_US, local_date
from integration.systems.payment_back import REPRESENTED
from scenarios.aftermath import CHARGEBACK_DAYS, REFUND_DAYS, RETURN_CODES, RETURN_DAYS, objection_days
from simulator.whatif.banks import unpaid
from simulator.whatif.model import Piece
from simulator.whatif.systems import Frame

_DAY, _PIECE = 24, 6
"""Hours of a day, and of a piece of arrivals: they rise and fall over days."""
_FOR_GOOD = fmean(code not in REPRESENTED for code in RETURN_CODES)
"""The share of late returns that may not be debited again, so that people look for another way."""


class Cause(NamedTuple):
    """Why money makes cases: the share of all orders, and within which days after the signature.

    With `of_unpaid` only what is unpaid by then makes one, or only what is paid.
    """

    name: str
    share: float
    days: tuple[int, int]
    of_unpaid: bool | None = None


def money_cases(frame: Frame, signed: Sequence[float]) -> Iterator[tuple[str, tuple[Piece, ...]]]:
    """Yield (cause, when cases are expected) of so many orders, by the hour of the run in which they are signed."""
    for cause in _causes(frame) if frame.has_money_cases else ():
        pieces = tuple(_pieces(_expected(frame, signed, cause)))
        if pieces:
            yield cause.name, pieces


def _causes(frame: Frame) -> Iterator[Cause]:
    failures, payments = frame.scenario.failures, frame.scenario.payments
    objected = float(failures.invoice_dispute * (1 - payments.refunded))  # nobody does both
    yield Cause("objections", objected, objection_days(failures), of_unpaid=True)
    yield Cause("refunds", float(payments.refunded), REFUND_DAYS, of_unpaid=False)
    yield Cause("returned debits", float(payments.debit * payments.returned_late) * _FOR_GOOD, RETURN_DAYS)
    yield Cause("chargebacks", float(payments.card * payments.chargeback), CHARGEBACK_DAYS)


def _expected(frame: Frame, signed: Sequence[float], cause: Cause) -> list[float]:
    """Return how many are expected in each hour of the run: any whole hour of those days is as likely; none after it.

    Signatures are taken day by day (of UTC, as banks do), because what is paid by when depends on the weekday.
    """
    low, high = (day * _DAY for day in cause.days)
    weights = [_weights(frame, cause, weekday, high + _DAY) for weekday in range(7)]
    first, before = local_date(frame.moments.start_us, "UTC"), frame.moments.start_us // HOUR_US % _DAY
    hours = [*[0.0] * before, *signed]
    found = [0.0] * (len(hours) + high + _DAY)
    for number, midnight in enumerate(range(0, len(hours), _DAY)):
        until = [0.0, *accumulate(hours[midnight : midnight + _DAY])]
        weight = weights[(first.weekday() + number) % 7]
        for hour in range(low, high + len(until) - 1):
            begun, over = min(hour - low + 1, len(until) - 1), max(0, hour - high)
            found[midnight + hour] += weight[hour] * (until[begun] - until[over])
    return found[before : before + frame.days_end_us // HOUR_US]


def _weights(frame: Frame, cause: Cause, weekday: int, hours: int) -> list[float]:
    """Return the chance of a case in each hour after the midnight of a weekday, for what was signed on it."""
    low, high = cause.days
    each = cause.share / ((high - low) * _DAY + 1)
    if cause.of_unpaid is None:
        return [each] * hours
    left = unpaid(frame.scenario.payments, weekday, hours)
    return [each * (part if cause.of_unpaid else 1.0 - part) for part in left]


def _pieces(expected: Sequence[float]) -> Iterator[Piece]:
    for hour in range(0, len(expected), _PIECE):
        part = expected[hour : hour + _PIECE]
        if any(part):
            yield Piece(from_us=hour * HOUR_US, until_us=(hour + len(part)) * HOUR_US, expected=sum(part))
