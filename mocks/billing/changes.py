"""Changes of subscriptions: amendments from a day on, moved ends, cancellations, and what the agenda does by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from msgspec.structs import replace

from domain.calendar import add_months
from mocks.billing import lives
from mocks.billing.model import Billing
from mocks.billing.records import FOREVER, Cancellation, Change, Charge, Subscription, Wanted
from mocks.billing.subscriptions import (
    LIVE,
    WAITING,
    Settled,
    activate,
    announce,
    charges_of,
    plan,
    require_live,
    restarted,
    settle,
    touched,
)
from mocks.billing.terms import (
    Price,
    Term,
    changed,
    next_boundary,
    prices_at,
    replaced_from,
)
from mocks.kernel.operations import Refusal

# --- before the start -------------------------------------------------------------------------------------------------


def revise(
    billing: Billing, key: str, start: tuple[date, int] | None, wanted: Wanted | None, replaces: bool, meta: str
) -> Settled:
    """Change a subscription that has not begun: its start (and so activate it), its charges or its meta data."""
    subscription = billing.subscription(key)
    if wanted is not None:
        subscription = _with_charges(subscription, wanted, replaces)
    if start is not None:
        subscription = restarted(subscription, *start)
    if meta:
        subscription = replace(subscription, meta=meta)
    if subscription.starts_us <= billing.book.now_us:
        return _with_waiting(billing, activate(billing, subscription))
    subscription = billing.save_subscription(touched(billing, subscription))
    announce(billing, "subscription_changed", subscription)
    return Settled(plan(billing, subscription))


def _with_charges(subscription: Subscription, wanted: Wanted, replaces: bool) -> Subscription:
    start = subscription.start
    prices = wanted.prices if replaces else {**prices_at(subscription.terms, start), **wanted.prices}
    kept = () if replaces else tuple([own for own in subscription.charges if own.sku not in wanted.charges])
    return replace(subscription, terms=replaced_from((), start, prices), charges=(*kept, *charges_of(wanted, start)))


def _with_waiting(billing: Billing, settled: Settled) -> Settled:
    """Apply amendments whose day came while the subscription waited for its activation."""
    subscription, notes = settled.subscription, settled.notes
    while subscription.scheduled and subscription.scheduled[0].day <= billing.today(subscription.zone):
        later = _apply_next(billing, subscription)
        subscription, notes = later.subscription, notes + later.notes
    return Settled(subscription, settled.invoice, notes)


# --- amendments -------------------------------------------------------------------------------------------------------


def amend(billing: Billing, key: str, change: Change) -> Settled:
    """Apply a change whose day has come, or schedule it; either way it replaces all that was planned from its day on.

    Scheduled changes of the same day stay: they are applied in the order in which they were made.
    """
    subscription = billing.subscription(key)
    require_live(subscription, *WAITING)
    subscription = replace(subscription, meta=change.meta or subscription.meta)
    day = change.day if billing.quirks.change_day_is_new else change.day + timedelta(days=1)
    change = replace(change, day=day)
    _check_day(billing, subscription, day)
    earlier = tuple(other for other in subscription.scheduled if other.day <= day)
    if subscription.status not in WAITING and day <= billing.today(subscription.zone):
        return _apply(billing, replace(subscription, scheduled=earlier), change)
    subscription = touched(billing, subscription, scheduled=(*earlier, change))
    billing.save_subscription(subscription)
    announce(billing, "subscription_changes_scheduled", subscription)
    return Settled(plan(billing, subscription))


def _check_day(billing: Billing, subscription: Subscription, day: date) -> None:
    ends = subscription.term_end
    if subscription.cancellation is not None:
        ends = min(ends, subscription.cancellation.day)
    if not subscription.start <= day < ends:
        detail = f"{day} lies outside the subscription, which runs from {subscription.start} to {ends} (exclusive)"
        raise Refusal("param_wrong_value", detail, field="changes_scheduled_at")
    if billing.quirks.backdating == "strict" and day < _strict_floor(billing, subscription):
        detail = f"{day} lies before the last change or more than one plan period back"
        raise Refusal("param_wrong_value", detail, field="changes_scheduled_at")


def _strict_floor(billing: Billing, subscription: Subscription) -> date:
    today = billing.today(subscription.zone)
    months = max((term.price.months for term in subscription.terms), default=1)
    return max(add_months(today, -months), max((term.start for term in subscription.terms), default=subscription.start))


def _apply(billing: Billing, subscription: Subscription, change: Change) -> Settled:
    wanted = change.wanted.prices
    if not change.replaces:
        wanted = {**prices_at(subscription.terms, change.day), **wanted}
    days = _days(billing, subscription, change, wanted)
    subscription = touched(
        billing,
        subscription,
        terms=changed(subscription.terms, days, wanted),
        charges=subscription.charges + _new_charges(subscription, change),
        applied=_applied(subscription, change.day, change.reference),
    )
    if change.known is not None:
        kept = tuple(row for row in subscription.applied if row[1] in change.known)
        subscription = replace(subscription, applied=kept)
    billing.save_subscription(subscription)
    announce(billing, "subscription_changed", subscription)
    since = min(days.values(), default=change.day)
    txn, reference = change.txn or subscription.txn, change.reference or subscription.reference
    return settle(billing, subscription, since, txn, reference, change.invoices)


def _days(billing: Billing, subscription: Subscription, change: Change, wanted: Mapping[str, Price]) -> dict[str, date]:
    skus = dict.fromkeys((*(term.sku for term in subscription.terms), *wanted))
    if change.prorates and not billing.prorates_never:
        return dict.fromkeys(skus, change.day)
    billed: dict[str, date] = {}
    for cover in subscription.covers:
        sku, until = cover.line.sku, cover.live[-1][1]
        billed[sku] = max(billed.get(sku, until), until)
    return {
        sku: max(billed.get(sku, date.min), _boundary(subscription, change.day, sku, wanted)) for sku in skus
    }  # fmt: skip


def _boundary(subscription: Subscription, day: date, sku: str, wanted: Mapping[str, Price]) -> date:
    current = prices_at(subscription.terms, day)
    price = current.get(sku) or wanted.get(sku)
    return next_boundary(subscription.start, price.months, day) if price is not None else day


def _new_charges(subscription: Subscription, change: Change) -> tuple[Charge, ...]:
    """Return one-time charges beyond those made before: a charge is made once, however often it is listed."""
    made: dict[str, int] = {}
    for charge in subscription.charges:
        made[charge.sku] = made.get(charge.sku, 0) + charge.quantity
    added = []
    for sku, (quantity, unit_minor, full_minor) in change.wanted.charges.items():
        more = quantity - made.get(sku, 0)
        if more > 0:
            full_minor = more * unit_minor if sku in made else full_minor
            added.append(Charge(sku, more, unit_minor, change.day, full_minor=full_minor))
    return tuple(added)


def _applied(subscription: Subscription, day: date, reference: str) -> tuple[tuple[date, str], ...]:
    """Return what is applied after a change: what was effective later has been replaced and is applied no more.

    Applying a change again (behind one that was inserted before it) moves it to the end.
    """
    kept = tuple(row for row in subscription.applied if row[0] <= day and row[1] != reference)
    return (*kept, (day, reference)) if reference else kept


def noted(subscription: Subscription, known: tuple[str, ...] | None) -> tuple[tuple[date, str], ...]:
    """Return what is applied once an integration has noted its amendments: those it names, new ones at the end."""
    if known is None:
        return subscription.applied
    kept = tuple(row for row in subscription.applied if row[1] in known)
    there = {reference for _, reference in kept}
    return (*kept, *[(subscription.start, reference) for reference in known if reference and reference not in there])


def drop_scheduled(billing: Billing, key: str) -> Settled:
    """Drop the changes that wait for their day."""
    subscription = billing.subscription(key)
    if not subscription.scheduled:
        raise Refusal("invalid_state_for_request", f"subscription {key} has no scheduled changes")
    subscription = touched(billing, subscription, scheduled=())
    billing.save_subscription(subscription)
    announce(billing, "subscription_scheduled_changes_removed", subscription)
    return Settled(plan(billing, subscription))


# --- ends -------------------------------------------------------------------------------------------------------------


def move_end(billing: Billing, key: str, end: date, reference: str, txn: str, prorates: bool = True) -> Settled:
    """Move the end of the term; what was billed beyond it is credited, what is missing up to it is charged."""
    subscription = billing.subscription(key)
    require_live(subscription, *WAITING)
    floor = max(subscription.start, billing.today(subscription.zone))
    if end <= floor:
        raise Refusal("param_wrong_value", f"{end} is not after {floor}", field="term_ends_at")
    former = subscription.term_end
    fixed = subscription.status in WAITING
    subscription = touched(
        billing,
        subscription,
        term_end=end,
        term_months=0 if fixed else subscription.term_months,
        at_term_end="cancel" if subscription.at_term_end == "evergreen" else subscription.at_term_end,
        applied=_also_applied(subscription, reference),
        scheduled=tuple(change for change in subscription.scheduled if change.day < end),
    )
    billing.save_subscription(subscription)
    announce(billing, "subscription_changed", subscription)
    if fixed or not prorates:
        return Settled(plan(billing, subscription))
    return settle(billing, subscription, min(former, end), txn or subscription.txn, reference or subscription.reference)


def _also_applied(subscription: Subscription, reference: str) -> tuple[tuple[date, str], ...]:
    """Return what is applied after a move of the end, which no later change of terms takes back."""
    if not reference or any(row[1] == reference for row in subscription.applied):
        return subscription.applied
    return (*subscription.applied, (subscription.start, reference))


def cancel(billing: Billing, key: str, cancellation: Cancellation) -> Settled:
    """Cancel a subscription from a day on; a day to come is waited for (pending_cancel)."""
    subscription = billing.subscription(key)
    require_live(subscription, *WAITING)
    if subscription.status in WAITING:
        return _cancel(billing, subscription, replace(cancellation, day=subscription.start))
    if not subscription.start <= cancellation.day <= subscription.term_end:
        detail = f"{cancellation.day} lies outside {subscription.start} to {subscription.term_end}"
        raise Refusal("param_wrong_value", detail, field="cancel_at")
    if cancellation.day <= billing.today(subscription.zone):
        return _cancel(billing, subscription, cancellation)
    subscription = touched(
        billing,
        subscription,
        status="pending_cancel",
        cancellation=cancellation,
        scheduled=tuple(change for change in subscription.scheduled if change.day < cancellation.day),
    )
    billing.save_subscription(subscription)
    announce(billing, "subscription_cancellation_scheduled", subscription)
    return Settled(plan(billing, subscription))


def _cancel(billing: Billing, subscription: Subscription, cancellation: Cancellation) -> Settled:
    begun = subscription.status in LIVE
    day = cancellation.day
    from_day = {"full": _period_starts(subscription, day)}.get(cancellation.credit, {})
    skus = dict.fromkeys(term.sku for term in subscription.terms)
    last = prices_at(subscription.terms, day) if begun else {}
    subscription = touched(
        billing,
        subscription,
        status="cancelled",
        paused=tuple([Term(sku, price, day) for sku, price in last.items()]) or subscription.paused,
        terms=changed(subscription.terms, {sku: from_day.get(sku, day) for sku in skus}, {}) if begun else (),
        charges=tuple(charge for charge in subscription.charges if charge.billed),
        applied=_applied(subscription, day, cancellation.reference),
        scheduled=(),
        cancellation=cancellation,
        cancelled_us=billing.book.now_us,
    )
    billing.save_subscription(subscription)
    announce(billing, "subscription_cancelled", subscription)
    metered = subscription.id in billing.usages
    if not begun or (cancellation.credit == "none" and not metered):
        return Settled(plan(billing, subscription))
    if cancellation.credit == "none":
        day = lives.paid_through(subscription, day)
    since = min((day, *from_day.values()))
    txn, reference = cancellation.txn or subscription.txn, cancellation.reference or subscription.reference
    return settle(billing, subscription, since, txn, reference)


def _period_starts(subscription: Subscription, day: date) -> dict[str, date]:
    """Return the first day of the billed line that each charge is in on `day`: from there a full credit is owed."""
    starts: dict[str, date] = {}
    for cover in subscription.covers:
        if cover.live[-1][1] > day:
            sku, start = cover.line.sku, min(cover.live[0][0], day)
            starts[sku] = min(starts.get(sku, start), start)
    return starts


def revoke_cancellation(billing: Billing, key: str) -> Settled:
    """Take back a cancellation that waits for its day."""
    subscription = billing.subscription(key)
    if subscription.status != "pending_cancel":
        raise Refusal("invalid_state_for_request", f"subscription {key} has no scheduled cancellation")
    subscription = touched(billing, subscription, status="active", cancellation=None)
    billing.save_subscription(subscription)
    announce(billing, "subscription_scheduled_cancellation_removed", subscription)
    return Settled(plan(billing, subscription))


# --- by itself --------------------------------------------------------------------------------------------------------


def wake(billing: Billing, key: str, number: int) -> None:
    """Do what has come due for a subscription: start, apply, cancel, end or bill; a replaced plan does nothing."""
    subscription: Subscription | None = billing.book.get("subscription", key)
    if subscription is None or subscription.wake != number:
        return
    subscription = replace(subscription, wakes_us=0)
    if subscription.status in WAITING:
        _begin(billing, subscription)
        return
    if subscription.status == "suspended":
        lives.resume(billing, key)
        return
    today = billing.today(subscription.zone)
    while subscription.scheduled and subscription.scheduled[0].day <= today:
        subscription = _apply_next(billing, subscription).subscription
    if subscription.cancellation is not None and subscription.cancellation.day <= today:
        _cancel(billing, subscription, subscription.cancellation)
    elif subscription.pause_day is not None and subscription.pause_day <= today:
        lives.begin_pause(billing, subscription, subscription.pause_day)
    elif today >= subscription.term_end:
        _end_term(billing, subscription)
    else:
        settle(billing, subscription, today, subscription.txn, subscription.reference)


def _begin(billing: Billing, subscription: Subscription) -> None:
    if subscription.starts_us <= billing.book.now_us:
        _with_waiting(billing, activate(billing, subscription))
        return
    subscription = touched(billing, subscription, status="trialing")
    billing.save_subscription(subscription)
    announce(billing, "subscription_started", subscription)
    plan(billing, subscription)


def _apply_next(billing: Billing, subscription: Subscription) -> Settled:
    change, *rest = subscription.scheduled
    day = max(change.day, subscription.start)
    return _apply(billing, replace(subscription, scheduled=tuple(rest)), replace(change, day=day))


def _end_term(billing: Billing, subscription: Subscription) -> None:
    former, months = subscription.term_end, subscription.term_months
    evergreen = subscription.at_term_end == "evergreen"
    if evergreen or (subscription.at_term_end == "renew" and months):
        end = FOREVER if evergreen else add_months(former, months, subscription.start.day)
        subscription = touched(billing, subscription, term_end=end)
        billing.save_subscription(subscription)
        announce(billing, "subscription_renewed", subscription)
        settle(billing, subscription, former, subscription.txn, subscription.reference)
        return
    if subscription.id in billing.usages:  # what was used in the last period
        subscription = settle(billing, subscription, former, subscription.txn, subscription.reference).subscription
    subscription = touched(billing, subscription, status="expired", scheduled=(), cancelled_us=billing.book.now_us)
    billing.save_subscription(subscription)
    announce(billing, "subscription_cancelled", subscription)
    plan(billing, subscription)
