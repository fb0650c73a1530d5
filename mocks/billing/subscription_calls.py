"""Calls on subscriptions: create, activate, amend, cancel, move the end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace

from domain.calendar import midnight_us
from domain.http import Reply
from mocks.billing import bodies as f
from mocks.billing import changes, coupons, gateway, lives, subscriptions, views
from mocks.billing.customer_calls import meta_of
from mocks.billing.items import Asked, asked, require_plan, start_of
from mocks.billing.model import Billing, quote_number
from mocks.billing.records import Cancellation, Change, Customer, Subscription
from mocks.billing.subscriptions import WAITING, Intent, Settled, require_live
from mocks.billing.terms import Term, next_bill_day
from mocks.billing.views import reply, show
from mocks.kernel.operations import Call, Refusal


def create_subscription(billing: Billing, call: Call) -> Reply:
    """Create a subscription of a customer; a start to come makes it wait as `future`, a trial as `in_trial`."""
    body: f.CreateSubscription = call.body
    customer = billing.customer(call.params["id"])
    if not body.subscription_items:
        raise Refusal("param_wrong_value", "cannot be blank", field="subscription_items[item_price_id][0]")
    meta_of(body.meta_data)
    found = asked(billing, customer.currency, body.subscription_items)
    require_plan(billing, found)
    wish = intent(billing, customer, found, body)
    if wish.auto_collection == "on" and wish.starts_us <= billing.book.now_us:
        gateway.require_collectable(billing, customer, wish.source)
    return settled_reply(billing, subscriptions.create(billing, wish))


def intent(billing: Billing, customer: Customer, found: Asked, body: f.CreateSubscription) -> Intent:
    """Return what a request to create a subscription means."""
    plan_price = next(iter(found.wanted.prices.values()), None)
    plan_sku = next(iter(found.wanted.prices), "")
    months = plan_price.months if plan_price else 1
    key = billing.price_keys.get((plan_sku, customer.currency, months), "")
    start, starts_us = start_of(billing, body.start_date, customer.zone)
    trial_start, trial_us = None, 0
    trial_end = _trial_end(billing, found, body.trial_end, start, customer.zone)
    if trial_end is not None:
        (trial_start, trial_us), (start, starts_us) = (start, starts_us), trial_end
    wanted_coupons = (*body.coupon_ids, *([body.coupon] if body.coupon else []))
    if wanted_coupons:
        coupons.require(billing, wanted_coupons, customer.currency)
    cycles = body.billing_cycles
    if cycles is None and found.plan is not None and found.plan.cycles:
        cycles = found.plan.cycles
    return Intent(
        id=body.id or f"sub_{billing.desk.next('subscription'):08d}",
        customer=customer,
        wanted=found.wanted,
        plan=found.plan.id if found.plan is not None else key,
        start=start,
        starts_us=starts_us,
        cycles=cycles,
        plan_months=months,
        at_term_end=body.contract_term.action_at_term_end,
        reference=body.po_number or body.id,
        meta=body.meta_data,
        texts=tuple(body.custom.values()),
        trial_start=trial_start,
        trial_us=trial_us,
        auto_collection=body.auto_collection or customer.auto_collection,
        net_term_days=body.net_term_days,
        source=body.payment_source_id,
        pending=body.create_pending_invoices,
        coupons=wanted_coupons,
        charges=body.invoice_immediately,
    )


def _trial_end(
    billing: Billing, found: Asked, seconds: int | None, start: date, zone: str
) -> tuple[date, int] | None:  # fmt: skip
    if seconds is not None:
        if not seconds:
            return None
        day, at_us = start_of(billing, seconds, zone)
        if day <= start:
            raise Refusal("param_wrong_value", "must lie after the start", field="trial_end")
        return day, at_us
    if found.plan is None or not found.plan.trial_days:
        return None
    day = start + timedelta(days=found.plan.trial_days)
    return day, midnight_us(day, zone)


def settled_reply(billing: Billing, settled: Settled) -> Reply:
    """Return the reply that shows what an operation on a subscription led to."""
    return reply(outcome(billing, settled))


def outcome(billing: Billing, settled: Settled) -> dict[str, Any]:
    """Return what an operation on a subscription led to, by resource name."""
    subscription = settled.subscription
    body: dict[str, Any] = {
        "subscription": show(billing, "subscription", subscription),
        "customer": show(billing, "customer", billing.customer(subscription.customer)),
    }
    if settled.invoice is not None:
        body["invoice"] = show(billing, "invoice", billing.invoice(settled.invoice.id))
    if settled.notes:
        body["credit_notes"] = [show(billing, "credit_note", note) for note in settled.notes]
    return body


def _reference(custom: dict[str, str], meta: dict[str, Any]) -> str:
    if "cf_amendment_ref" in custom:
        return custom["cf_amendment_ref"]
    amendments = meta.get("amendments")
    latest = amendments[-1] if isinstance(amendments, list) and amendments else ""
    return latest if isinstance(latest, str) else ""


def update_subscription(billing: Billing, call: Call) -> Reply:
    """Activate or revise a subscription that waits, or change the terms of a running one from a day on."""
    return settled_reply(billing, updated(billing, call.params["id"], call.body))


def updated(billing: Billing, key: str, body: f.UpdateSubscription) -> Settled:
    """Do what a request to change a subscription asks for."""
    subscription = billing.subscription(key)
    meta = meta_of(body.meta_data)
    if body.reactivate and subscription.status in ("cancelled", "expired"):
        subscription = lives.reactivate(billing, key, body.billing_cycles, body.invoice_immediately).subscription
    wanted = None
    if body.subscription_items:
        wanted = asked(billing, subscription.currency, body.subscription_items).wanted
    elif body.replace_items_list:
        raise Refusal("param_wrong_value", "cannot be blank", field="subscription_items[item_price_id][0]")
    if body.coupon_ids:
        coupons.require(billing, body.coupon_ids, subscription.currency)
    if subscription.status in WAITING and (body.start_date is not None or body.changes_scheduled_at is None):
        return _revised(billing, subscription, wanted, body)
    require_live(subscription, *WAITING)
    if body.start_date is not None:
        detail = f"subscription {subscription.id} has started; only a future one can be given another start_date"
        raise Refusal("invalid_state_for_request", detail, field="start_date")
    if wanted is None:
        return _plainly(billing, subscription, body, _known(meta))
    if body.coupon_ids:
        subscription = billing.keep_subscription(_with_coupons(billing, subscription, body))
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
        known=_known(meta),
    )
    return changes.amend(billing, subscription.id, change)


def _revised(billing: Billing, subscription: Subscription, wanted: Any, body: f.UpdateSubscription) -> Settled:
    seconds = body.start_date if subscription.status == "pending_activation" else body.trial_end
    start = None if seconds is None else start_of(billing, seconds, subscription.zone)
    if seconds == 0:  # the vendor's word for a trial that ends now
        start = start_of(billing, None, subscription.zone)
    return changes.revise(billing, subscription.id, start, wanted, body.replace_items_list, body.meta_data)


def _known(meta: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the amendments that an integration notes on the subscription, None when it notes none of that kind."""
    rows = meta.get("amendments")
    if not isinstance(rows, list):
        return None
    return tuple([str(row.get("ref", "")) if isinstance(row, dict) else str(row) for row in rows])


def _plainly(
    billing: Billing, subscription: Subscription, body: f.UpdateSubscription, known: tuple[str, ...] | None
) -> Settled:
    changed = subscriptions.touched(
        billing,
        _with_coupons(billing, subscription, body),
        meta=body.meta_data or subscription.meta,
        applied=changes.noted(subscription, known),
        reference=subscription.reference if body.po_number is None else body.po_number,
        auto_collection=body.auto_collection or subscription.auto_collection,
    )
    billing.save_subscription(changed)
    subscriptions.announce(billing, "subscription_changed", changed)
    return Settled(changed)


def _with_coupons(billing: Billing, subscription: Subscription, body: f.UpdateSubscription) -> Subscription:
    if not body.coupon_ids:
        return subscription
    coupons.redeem(billing, body.coupon_ids)
    kept = () if body.replace_coupon_list else subscription.coupons
    return subscriptions.touched(
        billing, subscription, coupons=(*kept, *[(key, 0) for key in body.coupon_ids if key not in dict(kept)])
    )


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
    return settled_reply(billing, changes.cancel(billing, subscription.id, cancellation))


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
    return settled_reply(billing, settled)


def remove_scheduled_changes(billing: Billing, call: Call) -> Reply:
    """Drop the changes that wait for their day."""
    return settled_reply(billing, changes.drop_scheduled(billing, call.params["id"]))


def remove_scheduled_cancellation(billing: Billing, call: Call) -> Reply:
    """Take back a cancellation that waits for its day."""
    return settled_reply(billing, changes.revoke_cancellation(billing, call.params["id"]))


def pause_subscription(billing: Billing, call: Call) -> Reply:
    """Pause a subscription at once, on a day, or when its billing period is over."""
    body: f.Pause = call.body
    subscription = billing.subscription(call.params["id"])
    today, zone = billing.today(subscription.zone), subscription.zone
    day = today
    if body.pause_option == "specific_date":
        if body.pause_date is None:
            raise Refusal("param_wrong_value", "cannot be blank", field="pause_date")
        day = billing.day_at(body.pause_date, zone)
    elif body.pause_option != "immediately":
        day = next_bill_day(subscription.terms, subscription.start, subscription.term_end, today) or today
    resume_day = None if body.resume_date is None else billing.day_at(body.resume_date, zone)
    return settled_reply(billing, lives.pause(billing, subscription.id, day, resume_day))


def resume_subscription(billing: Billing, call: Call) -> Reply:
    """Let a paused subscription go on, now or on a day."""
    body: f.Resume = call.body
    key = call.params["id"]
    if body.resume_option == "immediately":
        settled = lives.resume(billing, key, body.charges_handling == "invoice_immediately")
        return settled_reply(billing, settled)
    if body.resume_date is None:
        raise Refusal("param_wrong_value", "cannot be blank", field="resume_date")
    day = billing.day_at(body.resume_date, billing.subscription(key).zone)
    return settled_reply(billing, lives.schedule_resumption(billing, key, day))


def reactivate_subscription(billing: Billing, call: Call) -> Reply:
    """Let a cancelled subscription live again."""
    body: f.Reactivate = call.body
    settled = lives.reactivate(billing, call.params["id"], body.billing_cycles, body.invoice_immediately)
    return settled_reply(billing, settled)


def charge_future_renewals(billing: Billing, call: Call) -> Reply:
    """Charge the next billing periods in advance."""
    return settled_reply(billing, lives.charge_ahead(billing, call.params["id"], call.body.terms_to_charge))


def import_subscription(billing: Billing, call: Call) -> Reply:
    """Take over a subscription that lived elsewhere: what lies before its current term's end is billed already."""
    body: f.ImportSubscription = call.body
    customer = billing.customer(call.params["id"])
    found = asked(billing, customer.currency, body.subscription_items)
    meta_of(body.meta_data)
    seconds = body.current_term_start if body.start_date is None else body.start_date
    start, starts_us = start_of(billing, seconds, customer.zone)
    bills_from = None
    if body.current_term_end is not None and not body.create_current_term_invoice:
        bills_from = billing.day_at(body.current_term_end, customer.zone)
    wish = intent(
        billing,
        customer,
        found,
        f.CreateSubscription(
            id=body.id, start_date=seconds, billing_cycles=body.billing_cycles, po_number=body.po_number,
            auto_collection=body.auto_collection, meta_data=body.meta_data, custom=body.custom, trial_end=0,
        ),
    )  # fmt: skip
    if body.status == "active" and starts_us > billing.book.now_us:
        raise Refusal("param_wrong_value", "an active subscription has started", field="start_date")
    wish = replace(wish, start=start, starts_us=starts_us, bills_from=bills_from)
    return settled_reply(billing, subscriptions.create(billing, wish))


def delete_subscription(billing: Billing, call: Call) -> Reply:
    """Delete a subscription that was never active or is over."""
    subscription = billing.subscription(call.params["id"])
    if subscription.status not in ("pending_activation", "cancelled", "expired"):
        raise Refusal("invalid_state_for_request", f"subscription {subscription.id} is {subscription.status}")
    if subscription.status == "pending_activation":
        subscription = changes.cancel(
            billing, subscription.id, Cancellation(day=subscription.start, credit="none", reference="", txn="")
        ).subscription
    subscription = billing.keep_subscription(subscriptions.touched(billing, subscription, deleted=True))
    subscriptions.announce(billing, "subscription_deleted", subscription)
    return settled_reply(billing, Settled(subscription))


def retrieve_with_scheduled_changes(billing: Billing, call: Call) -> Reply:
    """Show a subscription as it will be when its next scheduled change has been applied."""
    subscription = billing.subscription(call.params["id"])
    if not subscription.scheduled:
        raise Refusal("invalid_state_for_request", f"subscription {subscription.id} has no scheduled changes")
    prices = subscription.scheduled[0].wanted.prices
    terms = tuple([Term(sku, price, subscription.start) for sku, price in prices.items()])
    return reply(
        {
            "subscription": views.subscription(billing, replace(subscription, terms=terms)),
            "customer": show(billing, "customer", billing.customer(subscription.customer)),
        }
    )
