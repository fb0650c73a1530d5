"""Subscriptions: created for a day, activated, billed in advance on their days, and set right after every change."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
from msgspec.structs import replace

from domain.calendar import add_months, midnight_us
from domain.objects import Line
from mocks.billing import coupons, credit_notes, gateway, invoices, netting, usages
from mocks.billing.coverage import Cover, CreditPart, charge_amount, difference
from mocks.billing.model import Billing, quote_number
from mocks.billing.records import FOREVER, Charge, CreditNote, Customer, Invoice, Subscription, Wanted
from mocks.billing.terms import Segment, Term, due_segments, moved, next_bill_day
from mocks.kernel.operations import Refusal

LIVE = frozenset({"active", "pending_cancel"})
WAITING = frozenset({"pending_activation", "trialing"})


class Settled(msgspec.Struct, frozen=True):
    """What an operation on a subscription led to."""

    subscription: Subscription
    invoice: Invoice | None = None
    notes: tuple[CreditNote, ...] = ()


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription somebody wants: what `create` needs to know. `cycles` of `plan_months` make its term.

    A trial begins on `trial_start`, at `trial_us`; the subscription then starts on the day after it.
    """

    id: str
    customer: Customer
    wanted: Wanted
    plan: str
    start: date
    starts_us: int
    cycles: int | None
    plan_months: int
    at_term_end: str
    reference: str
    meta: str
    texts: tuple[str, ...] = ()
    trial_start: date | None = None
    trial_us: int = 0
    auto_collection: str = "off"
    net_term_days: int | None = None
    source: str = ""
    pending: bool | None = None
    coupons: tuple[str, ...] = ()
    charges: bool = True  # whether its first invoice is made at once
    bills_from: date | None = None


def create(billing: Billing, intent: Intent) -> Settled:
    """Create a subscription: active and billed when its start has come, otherwise waiting for it or in trial."""
    if billing.book.get("subscription", intent.id) is not None:
        raise Refusal("duplicate_entry", f"a subscription {intent.id} exists already", field="id")
    subscription, now_us = drafted(billing, intent), billing.book.now_us
    coupons.redeem(billing, intent.coupons)
    if intent.starts_us <= now_us:
        return activate(billing, subscription, "subscription_created", intent.charges)
    if intent.trial_us and intent.trial_us <= now_us:
        subscription = replace(subscription, status="trialing")
    billing.save_subscription(subscription)
    announce(billing, "subscription_created", subscription)
    return Settled(plan(billing, subscription))


def drafted(billing: Billing, intent: Intent) -> Subscription:
    """Return the subscription that an intent asks for, waiting for its start."""
    months = (intent.cycles or 0) * intent.plan_months
    customer, start, now_us = intent.customer, intent.start, billing.book.now_us
    return Subscription(
        id=intent.id,
        customer=customer.id,
        entity=customer.entity,
        zone=customer.zone,
        currency=customer.currency,
        reference=intent.reference,
        txn=quote_number(intent.id, intent.reference, intent.meta, *intent.texts),
        status="pending_activation",
        start=start,
        starts_us=intent.starts_us,
        term_end=add_months(start, months) if months else FOREVER,
        term_months=months,
        at_term_end=intent.at_term_end if months else "evergreen",
        terms=tuple([Term(sku, price, start) for sku, price in intent.wanted.prices.items()]),
        charges=charges_of(intent.wanted, start),
        meta=intent.meta,
        created_us=now_us,
        updated_us=now_us,
        plan=intent.plan,
        trial_start=intent.trial_start,
        trial_us=intent.trial_us,
        auto_collection=intent.auto_collection,
        net_term_days=intent.net_term_days,
        source=intent.source,
        pending=intent.pending,
        coupons=tuple([(key, 0) for key in intent.coupons]),
        bills_from=intent.bills_from,
    )


def charges_of(wanted: Wanted, start: date) -> tuple[Charge, ...]:
    """Return the one-time charges that are wanted, to be billed on a day."""
    return tuple(
        [
            Charge(sku, quantity, unit_minor, start, full_minor=full_minor)
            for sku, (quantity, unit_minor, full_minor) in wanted.charges.items()
        ]
    )


def require_live(subscription: Subscription, *others: str) -> None:
    """Refuse a change of a subscription that has ended."""
    if subscription.status not in LIVE and subscription.status not in others:
        detail = f"subscription {subscription.id} is {subscription.status} and cannot be changed"
        raise Refusal("invalid_state_for_request", detail)


def announce(billing: Billing, topic: str, subscription: Subscription) -> None:
    """Announce a subscription as it stands."""
    customer = billing.customer(subscription.customer)
    billing.announce(topic, (("subscription", subscription), ("customer", customer)), subscription.txn)


def touched(billing: Billing, subscription: Subscription, **changes: object) -> Subscription:
    """Return a subscription with changes, its version and time of update moved on."""
    return replace(subscription, updated_us=billing.book.now_us, version=subscription.version + 1, **changes)


def restarted(subscription: Subscription, start: date, starts_us: int) -> Subscription:
    """Return a subscription that has not begun, beginning on another day; a term counted in months moves along."""
    months = subscription.term_months
    return replace(
        subscription,
        start=start,
        starts_us=starts_us,
        terms=moved(subscription.terms, start),
        charges=tuple([replace(charge, start=start) for charge in subscription.charges]),
        term_end=add_months(start, months) if months else subscription.term_end,
    )


def activate(
    billing: Billing, subscription: Subscription, topic: str = "subscription_activated", charges: bool = True
) -> Settled:
    """Start a subscription on its start day, which has come, and bill everything due since."""
    subscription = touched(billing, subscription, status="active", activated_us=billing.book.now_us)
    billing.save_subscription(subscription)
    announce(billing, topic, subscription)
    return settle(billing, subscription, subscription.start, subscription.txn, subscription.reference, charges)


# --- setting the bill right -------------------------------------------------------------------------------------------


def settle(
    billing: Billing, subscription: Subscription, since: date, txn: str, reference: str, charges: bool = True
) -> Settled:
    """Credit what is billed wrongly from `since` on and charge what is missing up to today; plan the next bill day."""
    if subscription.fresh_from is not None and subscription.fresh_from < since:
        since = subscription.fresh_from
    if subscription.bills_from is not None and subscription.bills_from > since:
        since = subscription.bills_from
    if not charges and billing.quirks.nets_changes:  # credits wait with the charges, for they share a document
        return Settled(plan(billing, replace(subscription, fresh_from=since)))
    parts, missing, covers = _compare(billing, subscription, since, charges)
    subscription = replace(subscription, covers=covers, fresh_from=None if charges else since)
    if charges:
        subscription, invoice, notes = _bill(billing, subscription, missing, parts, txn, reference)
    else:
        invoice, notes = None, credit_notes.issue(billing, parts, txn, reference)
    return Settled(plan(billing, subscription), invoice, tuple(notes))


def _compare(
    billing: Billing, subscription: Subscription, since: date, charges: bool
) -> tuple[list[CreditPart], list[tuple[str, Segment]], tuple[Cover, ...]]:
    today, policy = billing.today(subscription.zone), billing.policy(subscription.zone)
    horizon = today if subscription.ahead is None or subscription.ahead < today else subscription.ahead
    due: dict[str, list[Segment]] = {}
    for term in subscription.terms:
        if term.price.metered:
            continue
        own = due.setdefault(term.sku, [])
        if term.end is None or term.end > since:
            own.extend(due_segments(term, subscription.start, since, subscription.term_end, horizon))
    settled, open_ = [], {sku: [] for sku in due}  # type: list[Cover], dict[str, list[Cover]]
    for cover in subscription.covers:
        if cover.live[-1][1] <= since:
            settled.append(cover)
        else:
            open_.setdefault(cover.line.sku, []).append(cover)
    parts: list[CreditPart] = []
    missing: list[tuple[str, Segment]] = []
    for sku, covers in open_.items():
        found = difference(tuple(covers), due.get(sku, []), since, billing.credited, policy, charges)
        parts.extend(found.credits)
        missing.extend([(sku, segment) for segment in found.missing])
        settled.extend(found.covers)
    return parts, missing, tuple(settled)


def _bill(
    billing: Billing, subscription: Subscription, missing: list[tuple[str, Segment]], parts: list[CreditPart],
    txn: str, reference: str,
) -> tuple[Subscription, Invoice | None, list[CreditNote]]:  # fmt: skip
    today, policy = billing.today(subscription.zone), billing.policy(subscription.zone)
    lines = []
    for sku, segment in missing:
        lines.append(_recurring(billing, subscription, sku, segment, charge_amount(segment, policy)))
    due = [charge for charge in subscription.charges if not charge.billed and charge.start <= today]
    once = [_one_time(billing, subscription, charge) for charge in due]
    used = usages.due(billing, subscription) if subscription.id in billing.usages else []
    whole = (*lines, *once, *[line for line, _ in used])
    if not whole:
        return subscription, None, credit_notes.issue(billing, parts, txn, reference) if parts else []
    keys = coupons.of_subscription(billing, subscription) if subscription.coupons else []
    discounts: coupons.Discounts = ()
    if keys:
        whole, discounts = coupons.take_off(billing, keys, whole)
    invoice, notes, homes = netting.documents(billing, subscription, whole, parts, txn, reference, discounts)
    if invoice is not None and invoice.auto_collection == "on":
        invoice = gateway.automatic(billing, invoice)
    if used and invoice is not None:
        usages.mark(billing, used, invoice.id)
    covers = [
        Cover(line, homes[line.id], ((segment.start, segment.end),), segment.price)
        for line, (_, segment) in zip(whole[: len(missing)], missing, strict=True)
    ]
    done = subscription.charges
    if due:
        done = tuple([replace(charge, billed=True) if charge in due else charge for charge in done])
    if keys:
        applied = tuple([(key, count + (key in keys)) for key, count in subscription.coupons])
        subscription = replace(subscription, coupons=applied)
    return replace(subscription, covers=(*subscription.covers, *covers), charges=done), invoice, notes


def _list_price(billing: Billing, subscription: Subscription, sku: str, months: int) -> int:
    price = billing.prices.get(billing.price_keys.get((sku, subscription.currency, months), ""))
    return price.list_unit_minor if price is not None else 0


def _recurring(
    billing: Billing, subscription: Subscription, sku: str, segment: Segment, amount_minor: int
) -> Line:  # fmt: skip
    price = segment.price
    return Line(
        id=invoices.next_line_id(billing),
        sku=sku,
        kind="recurring",
        quantity=price.quantity,
        unit_minor=price.unit_minor,
        amount_minor=amount_minor,
        list_unit_minor=_list_price(billing, subscription, sku, price.months),
        months=price.months,
        period_start=segment.start,
        period_end=segment.end,
        full_start=segment.full_start,
        full_end=segment.full_end,
    )


def _one_time(billing: Billing, subscription: Subscription, charge: Charge) -> Line:
    return Line(
        id=invoices.next_line_id(billing),
        sku=charge.sku,
        kind="one_time",
        quantity=charge.quantity,
        unit_minor=charge.unit_minor,
        amount_minor=charge.full_minor,
        list_unit_minor=_list_price(billing, subscription, charge.sku, 0),
    )


# --- the agenda -------------------------------------------------------------------------------------------------------


def plan(billing: Billing, subscription: Subscription) -> Subscription:
    """Keep a subscription and put the next instant on which something happens to it on the agenda.

    Only the latest plan counts: an older one still on the agenda is told apart by its number and ignored.
    """
    due_us = _next_us(billing, subscription)
    if due_us and due_us != subscription.wakes_us:
        subscription = replace(subscription, wake=subscription.wake + 1, wakes_us=due_us)
        billing.desk.agenda.add(due_us, "wake", subscription.id, subscription.wake)
    elif not due_us and subscription.wakes_us:
        subscription = replace(subscription, wake=subscription.wake + 1, wakes_us=0)
    return billing.keep_subscription(subscription)


def _next_us(billing: Billing, subscription: Subscription) -> int:
    if subscription.status in WAITING:
        trial_us = subscription.trial_us
        return trial_us if subscription.status == "pending_activation" and trial_us else subscription.starts_us
    if subscription.status == "suspended":
        return midnight_us(subscription.resume_day, subscription.zone) if subscription.resume_day else 0
    if subscription.status not in LIVE:
        return 0
    today = billing.today(subscription.zone)
    days = [change.day for change in subscription.scheduled]
    if subscription.pause_day is not None:
        days.append(subscription.pause_day)
    if subscription.cancellation is not None:
        days.append(subscription.cancellation.day)
    if subscription.term_end != FOREVER:
        days.append(subscription.term_end)
    bill_day = next_bill_day(subscription.terms, subscription.start, subscription.term_end, today)
    if bill_day is not None:
        days.append(bill_day)
    days.extend([charge.start for charge in subscription.charges if not charge.billed and charge.start > today])
    if subscription.fresh_from is not None and not days:
        days.append(today + timedelta(days=1))
    return midnight_us(min(days), subscription.zone) if days else 0
