"""Subscriptions become what the vendor shows of them: the charges of today, and the term at work."""

from __future__ import annotations

from datetime import date

import msgspec

from domain.calendar import SECOND_US
from mocks.billing import resources as r
from mocks.billing import usages
from mocks.billing.model import Billing
from mocks.billing.records import FOREVER, Subscription
from mocks.billing.terms import Price, boundary, next_bill_day, prices_at, steps_to

STATUSES = {
    "pending_activation": "future",
    "trialing": "in_trial",
    "active": "active",
    "pending_cancel": "non_renewing",
    "suspended": "paused",
    "cancelled": "cancelled",
    "expired": "cancelled",
    "renewed": "cancelled",
}


def subscription(billing: Billing, record: Subscription) -> r.Subscription:
    """Show a subscription with the charges that hold today (or from its start on)."""
    today = max(billing.today(record.zone), record.start)
    prices = prices_at(record.terms, today)
    seconds = billing.seconds[record.zone]
    starts, ends, months = _current_term(record, today, prices)
    bill_day = next_bill_day(record.terms, record.start, record.term_end, today) if months else None
    activated, trial, paused = record.activated_us, record.trial_start, record.pause_day
    cancellation = record.cancellation
    return r.Subscription(
        id=record.id,
        customer_id=record.customer,
        currency_code=record.currency,
        status=STATUSES[record.status],
        start_date=seconds[record.start],
        created_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
        has_scheduled_changes=bool(record.scheduled),
        auto_collection=record.auto_collection,
        po_number=record.reference or None,
        business_entity_id=record.entity or None,
        deleted=record.deleted,
        due_invoices_count=0,
        subscription_items=_items(billing, record, prices),
        billing_period=months or None,
        billing_period_unit="month" if months else None,
        remaining_billing_cycles=_remaining(record, ends, months) if months else None,
        trial_start=seconds[trial] if trial else None,
        trial_end=seconds[record.start] if trial else None,
        current_term_start=seconds[starts] if starts else None,
        current_term_end=seconds[ends] if ends else None,
        next_billing_at=seconds[bill_day] if bill_day else None,
        contract_term=_contract_term(billing, record) if record.term_end != FOREVER else None,
        started_at=seconds[trial or record.start] if activated or record.status == "trialing" else None,
        activated_at=activated // SECOND_US if activated else None,
        pause_date=seconds[paused] if paused else None,
        resume_date=seconds[record.resume_day] if record.resume_day else None,
        cancelled_at=_cancelled_at(billing, record),
        cancel_reason_code=cancellation.reason or None if cancellation else None,
        cancel_schedule_created_at=seconds[cancellation.day] if cancellation and not record.cancelled_us else None,
        changes_scheduled_at=seconds[record.scheduled[0].day] if record.scheduled else None,
        coupons=[r.AppliedCoupon(coupon_id=key, applied_count=count) for key, count in record.coupons]
        if record.coupons
        else None,
        meta_data=msgspec.Raw(record.meta.encode()) if record.meta else None,
        cf_amendment_refs=",".join([reference for _, reference in record.applied]) if record.applied else None,
    )


def _remaining(record: Subscription, ends: date | None, months: int) -> int | None:
    if record.term_end == FOREVER or ends is None:
        return None
    left = (record.term_end.year - ends.year) * 12 + record.term_end.month - ends.month
    return max(left // months, 0)


def _items(billing: Billing, record: Subscription, prices: dict[str, Price]) -> list[r.SubscriptionItem]:
    items, keys, currency = [], billing.price_keys, record.currency
    for sku, price in prices.items():
        key = keys.get((sku, currency, price.months)) or f"{sku}-{currency}-{price.months}"
        items.append(
            r.SubscriptionItem(
                item_price_id=key,
                item_type="plan" if key == record.plan else "addon",
                quantity=None if price.metered else price.quantity,
                unit_price=price.unit_minor,
                amount=None if price.metered else price.full_minor,
                metered_quantity=_metered(billing, record, sku, price) if price.metered else None,
            )
        )
    for charge in record.charges:
        items.append(
            r.SubscriptionItem(
                item_price_id=keys.get((charge.sku, currency, 0)) or f"{charge.sku}-{currency}-0",
                item_type="charge",
                quantity=charge.quantity,
                unit_price=charge.unit_minor,
                amount=charge.full_minor,
                charge_once=True,
            )
        )
    return items


def _metered(billing: Billing, record: Subscription, sku: str, price: Price) -> str:
    today = max(billing.today(record.zone), record.start)
    steps = steps_to(record.start, price.months, today)
    start, end = (boundary(record.start, price.months, steps + step) for step in (0, 1))
    return str(usages.counted(billing, record, sku, price.months, start, end))


def _current_term(
    record: Subscription, today: date, prices: dict[str, Price]
) -> tuple[date | None, date | None, int]:  # fmt: skip
    """Return start and end of the billing period at work, and its length in months (0: none)."""
    if record.status not in ("active", "pending_cancel") or not prices:
        return None, None, 0
    months = min([price.months for price in prices.values()])
    steps = steps_to(record.start, months, today)
    ends = boundary(record.start, months, steps + 1)
    return boundary(record.start, months, steps), min(ends, record.term_end), months


def _contract_term(billing: Billing, record: Subscription) -> r.ContractTerm:
    seconds = billing.seconds[record.zone]
    return r.ContractTerm(
        id=f"ct_{record.id}",
        status="active",
        contract_start=seconds[record.start],
        contract_end=seconds[record.term_end],
        billing_cycle=1,
        action_at_term_end=record.at_term_end,
        total_contract_value=0,
        cancellation_cutoff_period=0,
        created_at=record.created_us // SECOND_US,
        subscription_id=record.id,
    )


def _cancelled_at(billing: Billing, record: Subscription) -> int | None:
    if not record.cancelled_us:
        return None
    if record.cancellation is not None:
        return billing.seconds[record.zone][record.cancellation.day]
    return record.cancelled_us // SECOND_US
