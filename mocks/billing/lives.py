"""Pauses, second lives and renewals charged ahead: what a subscription may do beside living from term to term."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from domain.calendar import add_months
from mocks.billing.model import Billing
from mocks.billing.records import FOREVER, Subscription
from mocks.billing.subscriptions import Settled, announce, plan, require_live, settle, touched
from mocks.billing.terms import Price, Term, boundary, changed, prices_at, replaced_from, steps_to
from mocks.kernel.operations import Refusal


def pause(billing: Billing, key: str, day: date, resume_day: date | None) -> Settled:
    """Pause a running subscription from a day on: what is billed stays billed, nothing more is."""
    subscription = billing.subscription(key)
    if subscription.status != "active":
        raise Refusal("invalid_state_for_request", f"subscription {key} is {subscription.status}, not active")
    if day >= subscription.term_end or (resume_day is not None and resume_day <= day):
        raise Refusal("param_wrong_value", "must lie before the end of the term and before it is resumed", "pause_date")
    subscription = replace(subscription, resume_day=resume_day)
    if day <= billing.today(subscription.zone):
        return begin_pause(billing, subscription, day)
    subscription = touched(billing, subscription, pause_day=day)
    billing.save_subscription(subscription)
    announce(billing, "subscription_pause_scheduled", subscription)
    return Settled(plan(billing, subscription))


def begin_pause(billing: Billing, subscription: Subscription, day: date) -> Settled:
    """Pause a subscription whose day of pausing has come."""
    prices = prices_at(subscription.terms, day)
    ends = dict.fromkeys(prices, paid_through(subscription, day))
    subscription = touched(
        billing,
        subscription,
        status="suspended",
        terms=changed(subscription.terms, ends, {}),
        paused=tuple([Term(sku, price, day) for sku, price in prices.items()]),
        pause_day=day,
        scheduled=(),
    )
    billing.save_subscription(subscription)
    announce(billing, "subscription_paused", subscription)
    return Settled(plan(billing, subscription))


def paid_through(subscription: Subscription, day: date) -> date:
    """Return the first day from `day` on that no line covers."""
    return max([day, *[cover.live[-1][1] for cover in subscription.covers]])


def resume(billing: Billing, key: str, charges: bool = True) -> Settled:
    """Let a paused subscription go on from today, or from where it is billed to: a part of a period is prorated."""
    subscription = billing.subscription(key)
    if subscription.status != "suspended":
        raise Refusal("invalid_state_for_request", f"subscription {key} is {subscription.status}, not paused")
    since = paid_through(subscription, billing.today(subscription.zone))
    wanted = {term.sku: term.price for term in subscription.paused}
    subscription = touched(
        billing,
        subscription,
        status="active",
        terms=changed(subscription.terms, dict.fromkeys(wanted, since), wanted),
        paused=(),
        pause_day=None,
        resume_day=None,
    )
    billing.save_subscription(subscription)
    announce(billing, "subscription_resumed", subscription)
    return settle(billing, subscription, since, subscription.txn, subscription.reference, charges)


def schedule_resumption(billing: Billing, key: str, day: date) -> Settled:
    """Note the day on which a paused subscription goes on."""
    subscription = billing.subscription(key)
    if subscription.status != "suspended":
        raise Refusal("invalid_state_for_request", f"subscription {key} is {subscription.status}, not paused")
    if day <= billing.today(subscription.zone):
        raise Refusal("param_wrong_value", "must lie in the future", field="resume_date")
    subscription = touched(billing, subscription, resume_day=day)
    billing.save_subscription(subscription)
    announce(billing, "subscription_resumption_scheduled", subscription)
    return Settled(plan(billing, subscription))


def reactivate(billing: Billing, key: str, cycles: int | None, charges: bool = True) -> Settled:
    """Let a cancelled subscription live again: on, while its paid period runs; else with periods that start today."""
    subscription = billing.subscription(key)
    if subscription.status not in ("cancelled", "expired"):
        raise Refusal("invalid_state_for_request", f"subscription {key} is {subscription.status}, not cancelled")
    today = billing.today(subscription.zone)
    last = _last_prices(subscription)
    if not last:
        raise Refusal("invalid_state_for_request", f"subscription {key} was never active")
    fresh = paid_through(subscription, today) == today
    months = (cycles or 0) * min(price.months for price in last.values()) or subscription.term_months
    start = today if fresh else subscription.start
    subscription = touched(
        billing,
        subscription,
        status="active",
        start=start,
        terms=replaced_from(() if fresh else subscription.terms, today, last),
        term_end=add_months(start, months) if months else FOREVER,
        paused=(),
        cancellation=None,
        cancelled_us=0,
        activated_us=billing.book.now_us,
    )
    billing.save_subscription(subscription)
    announce(billing, "subscription_reactivated", subscription)
    return settle(billing, subscription, today, subscription.txn, subscription.reference, charges)


def _last_prices(subscription: Subscription) -> dict[str, Price]:
    if subscription.paused:
        return {term.sku: term.price for term in subscription.paused}
    ends = [term.end for term in subscription.terms if term.end is not None]
    last = max(ends, default=None)
    return {term.sku: term.price for term in subscription.terms if term.end is None or term.end == last}


def charge_ahead(billing: Billing, key: str, terms: int) -> Settled:
    """Charge the next billing periods in advance."""
    subscription = billing.subscription(key)
    require_live(subscription)
    months = min([term.price.months for term in subscription.terms if not term.price.metered], default=0)
    if not months:
        raise Refusal("invalid_state_for_request", f"subscription {key} has nothing that renews")
    today = billing.today(subscription.zone)
    since = max(today, subscription.ahead or today)
    ahead = boundary(subscription.start, months, steps_to(subscription.start, months, since) + terms)
    if ahead >= subscription.term_end:
        raise Refusal("param_wrong_value", "reaches beyond the end of the term", field="terms_to_charge")
    subscription = touched(billing, subscription, ahead=ahead)
    billing.save_subscription(subscription)
    announce(billing, "subscription_advance_invoice_schedule_added", subscription)
    return settle(billing, subscription, today, subscription.txn, subscription.reference)
