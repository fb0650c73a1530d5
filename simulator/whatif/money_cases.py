"""Cases about money that come after an order: objections, refunds to approve, debits returned for good, chargebacks.

Their days and shares are the timeline's (`scenarios.aftermath`). Each is a case for the clerks; what it changes in the
books is the rehearsal's to say. What was not paid yet cannot be given back, and nobody objects to what is paid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from domain.calendar import DAY_US
from integration.systems.payment_back import REPRESENTED
from scenarios.aftermath import CHARGEBACK_DAYS, REFUND_DAYS, RETURN_CODES, RETURN_DAYS, objection_days
from scenarios.company import Payments
from simulator.whatif.banks import debit, push
from simulator.whatif.journeys import MONEY_CASE
from simulator.whatif.model import Arrivals, Piece
from simulator.whatif.systems import Frame

Days = tuple[int, int]
_FOR_GOOD = fmean(code not in REPRESENTED for code in RETURN_CODES)
"""The share of late returns that may not be debited again, so that people look for another way."""


def money_cases(frame: Frame, signed: Mapping[int, float]) -> Iterator[Arrivals]:
    """Yield the cases that come of so many orders, by the day they are signed."""
    for name, share, days in _causes(frame) if frame.has_money_cases else ():
        pieces = tuple(_later(frame, signed, share, days))
        if pieces:
            yield Arrivals(name=name, route=MONEY_CASE, pieces=pieces)


def _causes(frame: Frame) -> Iterator[tuple[str, float, Days]]:
    """Yield (name, share of all orders, days after the signature)."""
    failures, payments = frame.scenario.failures, frame.scenario.payments
    objected = objection_days(failures)
    yield "objections", float(failures.invoice_dispute) * _open_share(payments, objected), objected
    yield "refunds", float(payments.refunded) * (1.0 - _open_share(payments, REFUND_DAYS)), REFUND_DAYS
    yield "returned debits", float(payments.debit * payments.returned_late) * _FOR_GOOD, RETURN_DAYS
    yield "chargebacks", float(payments.card * payments.chargeback), CHARGEBACK_DAYS


def _open_share(payments: Payments, days: Days) -> float:
    """Return the share of invoices that are not paid yet, some of these days after the signature."""
    low_us, high_us = (day * DAY_US for day in days)

    def unpaid(times_us: Sequence[int]) -> float:
        return fmean(min(1.0, max(0.0, (at_us - low_us) / (high_us - low_us))) for at_us in times_us)

    never = float(payments.never)
    in_banks = [days_us * 7 // 5 for days_us in debit().values]
    pushed = never + (1.0 - never) * unpaid(push(payments).values)
    return float(payments.debit) * unpaid(in_banks) + float(payments.push) * pushed


def _later(frame: Frame, signed: Mapping[int, float], share: float, days: Days) -> Iterator[Piece]:
    """Yield how many are expected on each day, any time between so many days after the signature; none after the run.

    A signature lies somewhere within its day, so that the first and the last day after it have half of the others'.
    """
    low, high = days
    weights = {lag: (0.5 if lag in days else 1.0) / (high - low) for lag in range(low, high + 1)}
    for day in range(frame.days_end_us // DAY_US):
        expected = share * sum(weight * signed.get(day - lag, 0.0) for lag, weight in weights.items())
        if expected > 0:
            yield Piece(from_us=day * DAY_US, until_us=(day + 1) * DAY_US, expected=expected)
