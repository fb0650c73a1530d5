"""Calls on subscriptions: create, activate, amend, cancel, move the end."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec.structs import replace

from domain.http import Reply
from mocks.billing import changes, seeds, subscriptions, views
from mocks.billing import bodies as f
from mocks.billing.customer_calls import meta_of
from mocks.billing.model import Billing, quote_number
from mocks.billing.records import Cancellation, Change, Subscription, Wanted
from mocks.billing.subscriptions import Intent, Settled
from mocks.billing.terms import Price, Term, next_bill_day
from mocks.billing.views import reply, show
from mocks.kernel.operations import Call, Refusal


def _wanted(billing: Billing, currency: str, rows: list[f.ItemRow]) -> Wanted:
    prices: dict[str, Price] = {}
    charges: dict[str, tuple[int, int]] = {}
    for index, row in enumerate(rows):
        field = f"subscription_items[item_price_id][{index}]"
        listed = billing.prices.get(row.item_price_id)
        if listed is None:
            raise Refusal("param_wrong_value", f"{row.item_price_id} is no item price of this site", field=field)
        if listed.currency != currency:
            detail = f"{row.item_price_id} is in {listed.currency}, the customer in {currency}"
            raise Refusal("param_wrong_value", detail, field=field)
        if listed.sku in prices or listed.sku in charges:
            raise Refusal("param_wrong_value", f"{listed.sku} is given twice", field=field)
        unit_minor = listed.list_unit_minor if row.unit_price is None else row.unit_price
        if listed.months:
            prices[listed.sku] = Price(row.quantity, unit_minor, listed.months)
        else:
            charges[listed.sku] = (row.quantity, unit_minor)
    return Wanted(prices, charges)


def create_subscription(billing: Billing, call: Call) -> Reply:
    """Create a subscription of a customer; a start to come makes it wait as `future`."""
    body: f.CreateSubscription = call.body
    customer = billing.customer(call.params["id"])
    if not body.subscription_items:
        raise Refusal("param_wrong_value", "cannot be blank", field="subscription_items[item_price_id][0]")
    meta_of(body.meta_data)
    wanted = _wanted(billing, customer.currency, body.subscription_items)
    plan_sku, plan_price = next(iter(wanted.prices.items()), ("", None))
    start, starts_us = _start(billing, body.start_date, customer.zone)
    settled = subscriptions.create(
        billing,
        Intent(
            id=body.id or f"sub_{billing.desk.next('subscription'):08d}",
            customer=customer,
            wanted=wanted,
            plan=seeds.price_key(plan_sku, customer.currency, plan_price.months) if plan_price else "",
            start=start,
            starts_us=starts_us,
            cycles=body.billing_cycles,
            plan_months=plan_price.months if plan_price else 1,
            at_term_end=body.contract_term.action_at_term_end,
            reference=body.po_number or body.id,
            meta=body.meta_data,
            texts=tuple(body.custom.values()),
        ),
    )
    return _settled(billing, settled)


def _start(billing: Billing, seconds: int | None, zone: str) -> tuple[date, int]:
    if seconds is None:
        return billing.today(zone), billing.book.now_us
    return billing.day_at(seconds, zone), billing.due_at(seconds, zone)


def _settled(billing: Billing, settled: Settled) -> Reply:
    subscription = settled.subscription
    body = {
        "subscription": show(billing, "subscription", subscription),
        "customer": show(billing, "customer", billing.customer(subscription.customer)),
    }
    if settled.invoice is not None:
        body["invoice"] = show(billing, "invoice", billing.invoice(settled.invoice.id))
    if settled.notes:
        shown: Any = [show(billing, "credit_note", note) for note in settled.notes]
        body["credit_notes"] = shown
    return reply(body)


def _reference(custom: dict[str, str], meta: dict[str, Any]) -> str:
    if "cf_amendment_ref" in custom:
        return custom["cf_amendment_ref"]
    amendments = meta.get("amendments")
    latest = amendments[-1] if isinstance(amendments, list) and amendments else ""
    return latest if isinstance(latest, str) else ""


def update_subscription(billing: Billing, call: Call) -> Reply:
    """Activate or revise a subscription that waits, or change the terms of a running one from a day on."""
    body: f.UpdateSubscription = call.body
    subscription = billing.subscription(call.params["id"])
    meta = meta_of(body.meta_data)
    wanted = None
    if body.subscription_items:
        wanted = _wanted(billing, subscription.currency, body.subscription_items)
    elif body.replace_items_list:
        raise Refusal("param_wrong_value", "cannot be blank", field="subscription_items[item_price_id][0]")
    waiting = subscription.status == "pending_activation"
    if waiting and (body.start_date is not None or body.changes_scheduled_at is None):
        start = None if body.start_date is None else _start(billing, body.start_date, subscription.zone)
        revised = changes.revise(billing, subscription.id, start, wanted, body.replace_items_list, body.meta_data)
        return _settled(billing, revised)
    changes.require_live(subscription, "pending_activation")
    if body.start_date is not None:
        detail = f"subscription {subscription.id} has started; only a future one can be given another start_date"
        raise Refusal("invalid_state_for_request", detail, field="start_date")
    if wanted is None:
        return _settled(billing, _plainly(billing, subscription, body))
    reference = _reference(body.custom, meta)
    change = Change(
        day=_change_day(billing, subscription, body),
        wanted=wanted,
        replaces=body.replace_items_list,
        prorates=body.prorate,
        invoices=body.invoice_immediately,
        reference=reference,
        txn=quote_number(reference, *body.custom.values()),
        meta=body.meta_data,
    )
    return _settled(billing, changes.amend(billing, subscription.id, change))


def _plainly(billing: Billing, subscription: Subscription, body: f.UpdateSubscription) -> Settled:
    changed = subscriptions.touched(
        billing,
        subscription,
        meta=body.meta_data or subscription.meta,
        reference=subscription.reference if body.po_number is None else body.po_number,
    )
    billing.save_subscription(changed)
    subscriptions.announce(billing, "subscription_changed", changed)
    return Settled(changed)


def _change_day(billing: Billing, subscription: Subscription, body: f.UpdateSubscription) -> date:
    today = billing.today(subscription.zone)
    if body.end_of_term or body.change_option == "end_of_term":
        day = next_bill_day(subscription.terms, subscription.start, subscription.term_end, today)
        if day is None:
            raise Refusal("param_wrong_value", "the subscription is not renewed any more", field="end_of_term")
        return day
    if body.change_option == "immediately":
        return today
    if body.changes_scheduled_at is None:
        raise Refusal("param_wrong_value", "cannot be blank", field="changes_scheduled_at")
    return billing.day_at(body.changes_scheduled_at, subscription.zone)


def cancel_subscription(billing: Billing, call: Call) -> Reply:
    """Cancel a subscription at once, on a day (past, present or to come), or at the end of its term."""
    body: f.CancelSubscription = call.body
    subscription = billing.subscription(call.params["id"])
    reference = body.custom.get("cf_amendment_ref", "")
    cancellation = Cancellation(
        day=_cancel_day(billing, subscription, body),
        credit=body.credit_option_for_current_term_charges,
        reference=reference,
        txn=quote_number(reference, *body.custom.values()),
        reason=body.cancel_reason_code,
    )
    return _settled(billing, changes.cancel(billing, subscription.id, cancellation))


def _cancel_day(billing: Billing, subscription: Subscription, body: f.CancelSubscription) -> date:
    today = billing.today(subscription.zone)
    if body.end_of_term or body.cancel_option == "end_of_term":
        day = next_bill_day(subscription.terms, subscription.start, subscription.term_end, today)
        return subscription.term_end if day is None else day
    if body.cancel_at is not None:
        return billing.day_at(body.cancel_at, subscription.zone)
    if body.cancel_option == "specific_date":
        raise Refusal("param_wrong_value", "cannot be blank", field="cancel_at")
    return today


def change_term_end(billing: Billing, call: Call) -> Reply:
    """Move the end of a subscription's term."""
    body: f.ChangeTermEnd = call.body
    subscription = billing.subscription(call.params["id"])
    reference = body.custom.get("cf_amendment_ref", "")
    end = billing.day_at(body.term_ends_at, subscription.zone)
    settled = changes.move_end(billing, subscription.id, end, reference, quote_number(reference), body.prorate)
    return _settled(billing, settled)


def remove_scheduled_changes(billing: Billing, call: Call) -> Reply:
    """Drop the changes that wait for their day."""
    return _settled(billing, changes.drop_scheduled(billing, call.params["id"]))


def remove_scheduled_cancellation(billing: Billing, call: Call) -> Reply:
    """Take back a cancellation that waits for its day."""
    return _settled(billing, changes.revoke_cancellation(billing, call.params["id"]))


def retrieve_with_scheduled_changes(billing: Billing, call: Call) -> Reply:
    """Show a subscription as it will be when its next scheduled change has been applied."""
    subscription = billing.subscription(call.params["id"])
    if not subscription.scheduled:
        raise Refusal("invalid_state_for_request", f"subscription {subscription.id} has no scheduled changes")
    change = subscription.scheduled[0]
    prices = change.wanted.prices
    terms = tuple(Term(sku, price, subscription.start) for sku, price in prices.items())
    return reply({"subscription": views.subscription(billing, replace(subscription, terms=terms))})
