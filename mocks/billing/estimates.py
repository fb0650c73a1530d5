"""Estimates: the operation is done on a scratch copy of what it touches, and shown; the site stays as it is."""

from __future__ import annotations

from collections import ChainMap
from typing import Any

from msgspec.structs import replace

from domain.calendar import SECOND_US, midnight_us
from domain.http import Reply
from mocks.billing import bodies as f
from mocks.billing import resources as r
from mocks.billing import subscriptions, views
from mocks.billing.customer_calls import address_of
from mocks.billing.items import asked, require_plan
from mocks.billing.model import Billing
from mocks.billing.records import Customer, Subscription
from mocks.billing.subscription_calls import intent, updated
from mocks.billing.subscriptions import Settled, require_live
from mocks.billing.terms import next_bill_day
from mocks.billing.views import reply
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Call, Refusal


def scratch(billing: Billing, customer: Customer, subscription: Subscription | None = None) -> Billing:
    """Return a site that knows one customer, a subscription of theirs with what billed it, and the catalogue."""
    desk = Desk("billing", billing.desk.draws, lambda _record: None)
    trial = Billing(desk, replace(billing.quirks, topics=frozenset(), pending_invoices=True, applies_credits=False))
    desk.book.now_us = billing.book.now_us
    trial.price_keys = billing.price_keys
    for kind in ("item_price", "item", "coupon"):
        desk.book.table(kind).update(billing.book.table(kind))
    trial.save_customer(customer)
    if subscription is not None:
        for key in dict.fromkeys([cover.invoice for cover in subscription.covers]):
            trial.save_invoice(billing.invoice(key))
        trial.credited = ChainMap({}, billing.credited)
        usages = billing.usages.get(subscription.id)
        if usages:
            trial.usages[subscription.id] = usages
            desk.book.table("usage").update({key: billing.book.get("usage", key) for key in usages})
        trial.save_subscription(subscription)
    return trial


def _shown(trial: Billing, settled: Settled) -> Reply:
    subscription, invoice = settled.subscription, settled.invoice
    estimate = r.Estimate(
        created_at=trial.book.now_us // SECOND_US,
        subscription_estimate=_subscription(trial, subscription),
        invoice_estimate=None if invoice is None else invoice_estimate(trial, invoice.id),
        next_invoice_estimate=None,
        credit_note_estimates=[_note(trial, note.id) for note in settled.notes],
    )
    return reply({"estimate": estimate})


def _subscription(trial: Billing, record: Subscription) -> r.SubscriptionEstimate:
    shown = views.subscription(trial, record)
    return r.SubscriptionEstimate(
        id=record.id or None,
        currency_code=record.currency,
        status=shown.status,
        next_billing_at=shown.next_billing_at,
        trial_end=shown.trial_end,
    )


def invoice_estimate(trial: Billing, key: str) -> r.InvoiceEstimate:
    """Return an invoice of a scratch site as an estimate."""
    shown = views.invoice(trial, trial.invoice(key))
    return r.InvoiceEstimate(
        recurring=shown.recurring,
        date=shown.date,
        price_type=shown.price_type,
        sub_total=shown.sub_total,
        total=shown.total,
        amount_due=shown.amount_due,
        amount_paid=0,
        credits_applied=shown.credits_applied,
        round_off_amount=0,
        customer_id=shown.customer_id,
        currency_code=shown.currency_code,
        line_items=shown.line_items,
        line_item_discounts=shown.line_item_discounts,
        discounts=shown.discounts,
    )


def _note(trial: Billing, key: str) -> r.CreditNoteEstimate:
    shown = views.credit_note(trial, trial.note(key))
    return r.CreditNoteEstimate(
        reference_invoice_id=shown.reference_invoice_id,
        type=shown.type,
        price_type=shown.price_type,
        currency_code=shown.currency_code,
        sub_total=shown.sub_total,
        total=shown.total,
        amount_allocated=shown.amount_allocated,
        amount_available=shown.amount_available,
        line_items=shown.line_items,
    )


# --- calls ------------------------------------------------------------------------------------------------------------


def estimate_creation(billing: Billing, call: Call) -> Reply:
    """Show what the first invoice of a new subscription would be."""
    body: f.EstimateNew = call.body
    if not body.subscription_items:
        raise Refusal("param_wrong_value", "cannot be blank", field="subscription_items[item_price_id][0]")
    customer = _customer(billing, call.params.get("id", ""), body)
    trial = scratch(billing, customer)
    found = asked(trial, customer.currency, body.subscription_items)
    require_plan(trial, found)
    wish = intent(
        trial,
        customer,
        found,
        f.CreateSubscription(
            id=body.subscription.id, start_date=body.subscription.start_date, billing_cycles=body.billing_cycles,
            trial_end=body.subscription.trial_end, coupon_ids=body.coupon_ids, auto_collection="off",
        ),
    )  # fmt: skip
    settled = subscriptions.create(trial, wish)
    if settled.invoice is None and settled.subscription.status != "active":
        settled = _begun(trial, settled)
    return _shown(trial, settled)


def _begun(trial: Billing, settled: Settled) -> Settled:
    """Let a subscription of a scratch site begin, so that its first invoice can be seen."""
    trial.book.now_us = max(settled.subscription.starts_us, trial.book.now_us)
    begun = subscriptions.activate(trial, settled.subscription)
    return replace(settled, invoice=begun.invoice)


def _customer(billing: Billing, key: str, body: f.EstimateNew) -> Customer:
    if key:
        return billing.customer(key)
    first = billing.prices.get(body.subscription_items[0].item_price_id)
    currency = body.customer.preferred_currency_code or (first.currency if first is not None else "USD")
    now_us = billing.book.now_us
    return Customer(
        id="estimate", company="", currency=currency, entity="", zone=billing.zone_of(""), net_term_days=0, meta="",
        created_us=now_us, updated_us=now_us, address=address_of(body.billing_address),
    )  # fmt: skip


def estimate_update(billing: Billing, call: Call) -> Reply:
    """Show what a change of a subscription would credit and charge."""
    body: f.EstimateUpdate = call.body
    subscription = billing.subscription(body.subscription.id)
    trial = scratch(billing, billing.customer(subscription.customer), subscription)
    wish: dict[str, Any] = {
        name: getattr(body, name)
        for name in ("subscription_items", "replace_items_list", "change_option", "changes_scheduled_at",
                     "end_of_term", "prorate", "invoice_immediately", "billing_cycles")
    }  # fmt: skip
    start = body.subscription.start_date
    return _shown(trial, updated(trial, subscription.id, f.UpdateSubscription(start_date=start, **wish)))


def estimate_renewal(billing: Billing, call: Call) -> Reply:
    """Show what the next invoice of a subscription will be."""
    subscription = billing.subscription(call.params["id"])
    require_live(subscription, "trialing", "pending_activation")
    trial = scratch(billing, billing.customer(subscription.customer), subscription)
    if subscription.status in subscriptions.WAITING:
        return _shown(trial, _begun(trial, Settled(subscription)))
    today = trial.today(subscription.zone)
    day = next_bill_day(subscription.terms, subscription.start, subscription.term_end, today)
    if day is None:
        raise Refusal("invalid_state_for_request", f"subscription {subscription.id} is not renewed any more")
    trial.book.now_us = midnight_us(day, subscription.zone)
    settled = subscriptions.settle(trial, subscription, today, subscription.txn, subscription.reference)
    return _shown(trial, settled)
