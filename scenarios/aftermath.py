"""What happens to the money of an order once it is signed: late returns, chargebacks, refunds, disputed invoices.

Who signs for less may charge the last payment of the contract back, although a part of it is credited.

Nobody knows the ids that systems will give, so these acts name the business transaction: the payment or the invoice is
found when the time has come, and when there is none (nothing was paid yet) nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from enum import IntEnum
from typing import Any

from domain.calendar import HOUR_US
from scenarios.company import Failures
from scenarios.ground import Ground

RETURN_DAYS = (9, 24)  # after the signature; a debit is decided within four business days, unauthorised ones up to 60 d
RETURN_CODES = ("insufficient_funds", "insufficient_funds", "incorrect_account_details", "debit_not_authorized")
CHARGEBACK_DAYS, REFUND_DAYS = (2, 14), (2, 12)  # [E]
PARTS = (10, 25, 50, 100)  # percent of a payment that is given back [E]


class Aftermath(IntEnum):
    """The steps; their numbers follow those of the order's own life."""

    LATE_RETURN = 16
    CHARGEBACK = 17
    DECISION = 18
    REFUND = 19
    OBJECTION = 20


def steps(ground: Ground, number: int, method: Callable[[], str], signed_us: int) -> list[tuple[int, int]]:
    """Return what happens after a signature as (instant, step); nothing after the rehearsed days.

    `method` tells how the buyer pays; it is asked only for the few orders where that matters.
    """
    late, charged_back, given_back, objected, *_ = ground.units("aftermath", number)
    shares, made = ground.shares, list[tuple[int, int]]()
    if late < shares["returned_late"] and method() == "debit":
        made.append((_later(ground, signed_us, RETURN_DAYS, "returned", number), Aftermath.LATE_RETURN))
    elif charged_back < shares["chargeback"] and method() == "card":
        made += _charged_back(ground, number, signed_us)
    elif given_back < shares["refunded"]:
        made.append((_later(ground, signed_us, REFUND_DAYS, "refund", number), Aftermath.REFUND))
    elif objected < shares["invoice_dispute"]:
        made.append(
            (
                _later(ground, signed_us, objection_days(ground.scenario.failures), "objection", number),
                Aftermath.OBJECTION,
            )
        )
    return _played(ground, made)


def steps_of_credit(ground: Ground, number: int, method: str, signed_us: int) -> list[tuple[int, int]]:
    """Return what happens after a signature for less as (instant, step): the last payment is charged back."""
    if method != "card" or not ground.chance("chargeback_credited", number):
        return []
    return _played(ground, _charged_back(ground, number, signed_us))


def _charged_back(ground: Ground, number: int, signed_us: int) -> list[tuple[int, int]]:
    opened_us = _later(ground, signed_us, CHARGEBACK_DAYS, "disputed", number)
    decided_us = opened_us + _decision_hours(ground, number) * HOUR_US
    return [(opened_us, Aftermath.CHARGEBACK), (decided_us, Aftermath.DECISION)]


def _played(ground: Ground, made: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(at_us, step) for at_us, step in made if at_us < ground.moments.ends_us]


def _later(ground: Ground, from_us: int, days: tuple[int, int], *key: str | int) -> int:
    low, high = days
    return from_us + ground.draws.whole(low * 24, high * 24, *key) * HOUR_US


def objection_days(failures: Failures) -> tuple[int, int]:
    """Return how many days after a signature customers object to its invoice: at least and at most."""
    return 2, failures.disputed_within.days


def _decision_hours(ground: Ground, number: int) -> int:
    """Return how long a bank takes to decide: at least a third of the longest that the scenario knows."""
    longest = ground.scenario.payments.decided_within // timedelta(hours=1)
    return ground.draws.whole(longest // 3, longest, "decided", number)


def act(ground: Ground, number: int, step: int, txn: str) -> dict[str, Any]:
    """Return system, action and arguments of one step."""
    draws = ground.draws
    if step == Aftermath.LATE_RETURN:
        code = draws.choose(RETURN_CODES, "return code", number)
        return {"system": "payment", "action": "return_debit", "arguments": {"txn": txn, "code": code}}
    if step == Aftermath.CHARGEBACK:
        return {"system": "payment", "action": "open_dispute", "arguments": {"txn": txn, "reason": "fraudulent"}}
    if step == Aftermath.DECISION:
        won = ground.chance("chargeback_won", number)
        return {"system": "payment", "action": "close_dispute", "arguments": {"txn": txn, "won": won}}
    if step == Aftermath.REFUND:
        told = {"request": f"R-{txn}", "percent": draws.choose(PARTS, "part", number)}
        told["adjust"] = ground.chance("refund_adjusted", number)
        return {"system": "integration", "action": "refund", "arguments": {**told, "requested_by": "support"}}
    told = {"request": f"D-{txn}", "percent": draws.choose(PARTS, "part", number)}
    return {"system": "integration", "action": "dispute_invoice", "arguments": {**told, "opened_by": "customer"}}
