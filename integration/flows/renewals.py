"""Renewals: the successor of a contract begins on the day on which the contract ends.

A renewal is a quote that the customer signs, or one that the contract signs by itself when nobody gave notice in time.
It is booked like any order. Then the contract it follows is looked at in billing: the successor must begin where that
one ends, may cost more only within the cap, and a contract renews itself only when no notice came before the notice
day. Nothing has to be delivered: the service goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from domain.calendar import SECOND_US, midnight_us
from domain.objects import Quote
from domain.rounding import Rounding, round_ratio
from integration.effects import Now, Sleep
from integration.flow import FlowContext
from integration.flows import contract_facts as facts
from integration.flows.copies import latest_if_there
from integration.flows.orders import book, create_subscription, record_fulfilment, tell_of_subscription
from integration.flows.steps import ask_a_person, day_in, tell
from integration.flows.undoing import compensate, return_to_sales
from integration.outcomes import Answer, GivenUp
from integration.systems import billing
from integration.systems.billing import BillingSubscription, Terms
from integration.systems.crm import AcceptedQuote
from integration.systems.wire import date_of_seconds

AUTO = "auto"
GRACE_DAYS = 30
"""How long after its end a contract may still be renewed; the successor then begins in the past."""
Problem = tuple[str, str]


async def renew(context: FlowContext, accepted: AcceptedQuote, reference: str) -> dict[str, Any]:
    """Book a renewal and have the successor begin when the contract ends; a refusal by people ends in compensation."""
    quote = accepted.quote
    try:
        _, is_new = await book(context, accepted, reference)
    except GivenUp as given_up:
        await return_to_sales(context, accepted, reference, given_up)
        return {"renewal": reference, "status": "given_up", "reason": str(given_up)}
    try:
        contract = await _contract(context, quote)
        if contract is None:
            return await _lost(context, quote, reference, "the customer gave notice in time")
        assert quote.term_start is not None, "validation lets no renewal without a start pass"
        made_us = await create_subscription(context, accepted, reference, is_new, quote.term_start)
        await tell_of_subscription(context, "created", quote, reference, made_us)
        await record_fulfilment(context, accepted, reference)
    except GivenUp as given_up:
        return await _lost(context, quote, reference, str(given_up))
    uplift = uplift_percent(quote, [item.terms() for item in contract.subscription_items])
    day = day_in(context, quote.entity, await Now())
    await tell("renewal.booked", quote.subscription, quote.txn, **facts.renewal(quote, percent_text(uplift), day))
    return {"renewal": reference, "status": "booked", "successor": quote.number, "follows": quote.subscription}


async def _lost(context: FlowContext, quote: Quote, reference: str, reason: str) -> dict[str, Any]:
    await compensate(context, quote, reference, reason)
    day = day_in(context, quote.entity, await Now())
    await tell("renewal.lost", quote.subscription, quote.txn, **facts.renewal(quote, "0", day))
    return {"renewal": reference, "status": "cancelled", "reason": reason}


async def _contract(context: FlowContext, quote: Quote) -> BillingSubscription | None:
    """Return the contract that is renewed, once it may be; None when its customer gave notice in time."""
    if quote.amendment_kind == AUTO:
        await _notice_day(context, quote)
    while True:
        answer = await latest_if_there(context, quote.subscription)
        if answer is None:
            problem = "CONFLICT.STATE", f"there is no contract {quote.subscription} to renew"
        else:
            found = billing.subscription_of(answer)
            if quote.amendment_kind == AUTO and found.status == "non_renewing":
                return None
            wrong = problem_of(
                found, quote, _today(context, quote, answer), context.settings.renewal_uplift_cap_percent
            )
            if wrong is None:
                return found
            problem = wrong
        await ask_a_person(*problem, contract=quote.subscription)


async def _notice_day(context: FlowContext, quote: Quote) -> None:
    """Wait until notice can be given no more."""
    assert quote.term_start is not None, "validation lets no renewal without a start pass"
    last = quote.term_start - timedelta(days=context.settings.renewal_notice_days)
    left_us = midnight_us(last, context.settings.zones[quote.entity]) - await Now()
    if left_us > 0:
        await Sleep(left_us / SECOND_US)


def _today(context: FlowContext, quote: Quote, answer: Answer) -> date:
    return day_in(context, quote.entity, answer.at_us)


def problem_of(found: BillingSubscription, quote: Quote, today: date, cap_percent: int) -> Problem | None:
    """Return (code, sentence) of why a contract cannot be followed by the successor that a quote describes, or None."""
    if found.ends is None or quote.term_start is None:
        return "CONFLICT.STATE", f"contract {found.id} has no end: there is nothing to renew"
    if found.ends != quote.term_start:
        return "CONFLICT.STATE", f"contract {found.id} ends on {found.ends}, its successor begins on {quote.term_start}"
    if found.status == "cancelled" and _ended_early(found, found.ends):
        return "CONFLICT.STATE", f"contract {found.id} was cancelled before its end"
    if (today - found.ends).days > GRACE_DAYS:
        return "CONFLICT.STATE", f"contract {found.id} ended on {found.ends}, more than {GRACE_DAYS} days ago"
    uplift = uplift_percent(quote, [item.terms() for item in found.subscription_items])
    if uplift > cap_percent:
        detail = f"the successor of {found.id} costs {percent_text(uplift)} % more; the contract allows {cap_percent} %"
        return "POLICY.APPROVAL_REQUIRED", detail
    return None


def _ended_early(found: BillingSubscription, ends: date) -> bool:
    # The vendor tells the instant; its UTC date may be the day before the local one.
    return found.cancelled_at is not None and date_of_seconds(found.cancelled_at) < ends - timedelta(days=1)


def percent_text(percent: Fraction) -> str:
    """Return a percentage with two decimals, rounded half up: 33/8 is "4.13"."""
    hundredths = round_ratio(percent * 100, Rounding.HALF_UP)
    sign = "-" if hundredths < 0 else ""
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}"


def uplift_percent(quote: Quote, terms: Sequence[Terms]) -> Fraction:
    """Return by how many percent the dearest line of a renewal costs more per unit and month than in the contract."""
    before = {item.sku: Fraction(item.unit_minor, item.months) for item in terms if item.months and item.unit_minor}
    rises = [
        (Fraction(line.unit_minor, line.months) / before[line.sku] - 1) * 100
        for line in quote.lines
        if line.months and line.sku in before
    ]
    return max(rises, default=Fraction(0))
