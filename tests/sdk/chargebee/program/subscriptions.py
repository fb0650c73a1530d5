"""Subscriptions, from the estimate and the quote to what is changed, paused, cancelled and renewed."""

import chargebee
from shop import DAY, KEEP, cb, items, now, raises


def check_estimate_of_a_subscription():
    estimate = cb.Estimate.create_sub_item_estimate(
        {
            "subscription_items": items(("core-usd-monthly", 4), ("setup-usd", 1)),
            "customer": {"taxability": "taxable"},
            "billing_address": {"country": "US"},
        }
    ).estimate
    assert estimate.invoice_estimate.total == 4 * 5000 + 12_000
    assert estimate.subscription_estimate.status == "active"
    assert len(cb.Subscription.list().list) == 0
    estimate = cb.Estimate.create_sub_item_for_customer_estimate(
        "acme", {"subscription_items": items(("core-usd-quarterly", 12))}
    ).estimate
    assert estimate.invoice_estimate.total == 10 * 1000 + 2 * 800


def check_quote_becomes_a_subscription():
    made = cb.Quote.create_sub_items_for_customer_quote(
        "acme",
        {
            "name": "Offer",
            "subscription_items": items(("core-usd-yearly", 2)),
            "billing_cycles": 1,
            "subscription": {"id": "sub-quoted", "po_number": "PO-9"},
        },
    )
    assert (made.quote.status, made.quote.total) == ("open", 100_000)
    assert made.quoted_subscription.subscription_items[0].quantity == 2
    assert cb.Quote.update_status(made.quote.id, {"status": "accepted"}).quote.status == "accepted"
    done = cb.Quote.convert(made.quote.id, {})
    assert (done.subscription.id, done.subscription.status, done.invoice.total) == ("sub-quoted", "active", 100_000)
    assert cb.Quote.retrieve(made.quote.id).quote.status == "invoiced"
    with raises(chargebee.InvalidRequestError, "invalid_state_for_request"):
        cb.Quote.convert(made.quote.id, {})


def check_subscription_is_created():
    made = cb.Subscription.create_with_items(
        "acme",
        {
            "id": "sub-1",
            "po_number": "PO-1",
            "auto_collection": "off",
            "meta_data": {"order": "SO-1"},
            "subscription_items": items(("core-usd-monthly", 10), ("support-usd-monthly", None), ("setup-usd", 1)),
        },
    )
    subscription, invoice = made.subscription, made.invoice
    assert (subscription.status, subscription.billing_period, subscription.billing_period_unit) == (
        "active",
        1,
        "month",
    )
    assert {i.item_price_id: i.amount for i in subscription.subscription_items} == {
        "core-usd-monthly": 50_000,
        "support-usd-monthly": 2500,
        "setup-usd": 12_000,
    }
    assert subscription.next_billing_at > subscription.current_term_start
    assert (invoice.status, invoice.total, invoice.amount_due) == ("payment_due", 64_500, 64_500)
    assert {line.entity_type for line in invoice.line_items} == {
        "plan_item_price",
        "addon_item_price",
        "charge_item_price",
    }
    KEEP["invoice"] = invoice.id


def check_subscription_errors():
    with raises(chargebee.InvalidRequestError, "duplicate_entry", "id"):
        cb.Subscription.create_with_items("acme", {"id": "sub-1", "subscription_items": items(("core-usd-monthly", 1))})
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "subscription_items[item_price_id][0]"):
        cb.Subscription.create_with_items("acme", {"subscription_items": items(("none", 1))})
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "subscription_items[quantity][0]"):
        cb.Subscription.create_with_items(
            "acme", {"subscription_items": [{"item_price_id": "core-usd-monthly", "quantity": -1}]}
        )
    with raises(chargebee.InvalidRequestError, "resource_not_found"):
        cb.Subscription.create_with_items("nobody", {"subscription_items": items(("core-usd-monthly", 1))})
    with raises(chargebee.InvalidRequestError, "param_wrong_value"):
        cb.Subscription.create_with_items("acme", {"subscription_items": items(("support-usd-monthly", None))})


def check_subscription_is_upgraded_with_proration():
    estimate = cb.Estimate.update_subscription_for_items(
        {"subscription": {"id": "sub-1"}, "subscription_items": items(("core-usd-monthly", 20))}
    ).estimate
    changed = cb.Subscription.update_for_items(
        "sub-1", {"subscription_items": items(("core-usd-monthly", 20)), "prorate": True, "invoice_immediately": True}
    )
    assert {i.item_price_id: i.quantity for i in changed.subscription.subscription_items}["core-usd-monthly"] == 20
    assert changed.invoice.total == 100_000
    assert [note.total for note in changed.credit_notes] == [50_000]
    assert estimate.invoice_estimate.total == 100_000
    assert cb.Subscription.retrieve("sub-1").subscription.resource_version > 1


def check_scheduled_changes():
    changed = cb.Subscription.update_for_items(
        "sub-1", {"subscription_items": items(("core-usd-monthly", 5)), "end_of_term": True}
    ).subscription
    assert changed.has_scheduled_changes
    ahead = cb.Subscription.retrieve_with_scheduled_changes("sub-1").subscription
    assert ahead.subscription_items[0].quantity == 5
    assert not cb.Subscription.remove_scheduled_changes("sub-1").subscription.has_scheduled_changes
    with raises(chargebee.InvalidRequestError, "invalid_state_for_request"):
        cb.Subscription.remove_scheduled_changes("sub-1")


def check_coupons_take_off():
    made = cb.Subscription.create_with_items(
        "acme", {"id": "sub-coupon", "subscription_items": items(("core-usd-monthly", 2)), "coupon_ids": ["TEN"]}
    )
    invoice = made.invoice
    assert (invoice.sub_total, invoice.total) == (10_000, 9000)
    assert [d.amount for d in invoice.discounts] == [1000]
    assert invoice.line_items[0].discount_amount == 1000
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "coupon_ids[0]"):
        cb.Subscription.create_with_items(
            "acme", {"subscription_items": items(("core-usd-monthly", 2)), "coupon_ids": ["NONE"]}
        )


def check_trials():
    made = cb.Subscription.create_with_items(
        "acme", {"id": "sub-trial", "trial_end": now() + 14 * DAY, "subscription_items": items(("core-usd-monthly", 1))}
    )
    assert (made.subscription.status, made.invoice) == ("in_trial", None)
    assert made.subscription.trial_end > made.subscription.trial_start


def check_future_subscriptions():
    made = cb.Subscription.create_with_items(
        "acme",
        {"id": "sub-future", "start_date": now() + 3 * DAY, "subscription_items": items(("core-usd-monthly", 1))},
    )
    assert made.subscription.status == "future"
    assert (
        cb.Subscription.update_for_items("sub-future", {"start_date": now() + 5 * DAY}).subscription.status == "future"
    )


def check_pause_and_resume():
    cb.Subscription.create_with_items("acme", {"id": "sub-pause", "subscription_items": items(("core-usd-monthly", 1))})
    assert cb.Subscription.pause("sub-pause", {"pause_option": "immediately"}).subscription.status == "paused"
    with raises(chargebee.InvalidRequestError, "invalid_state_for_request"):
        cb.Subscription.pause("sub-pause", {"pause_option": "immediately"})
    assert cb.Subscription.resume("sub-pause", {"resume_option": "immediately"}).subscription.status == "active"


def check_cancel_and_reactivate():
    cb.Subscription.create_with_items(
        "acme", {"id": "sub-cancel", "subscription_items": items(("core-usd-monthly", 1))}
    )
    gone = cb.Subscription.cancel_for_items("sub-cancel", {"end_of_term": True}).subscription
    assert gone.status == "non_renewing"
    assert cb.Subscription.remove_scheduled_cancellation("sub-cancel", {}).subscription.status == "active"
    gone = cb.Subscription.cancel_for_items(
        "sub-cancel", {"end_of_term": False, "credit_option_for_current_term_charges": "prorate"}
    )
    assert gone.subscription.status == "cancelled"
    assert gone.subscription.cancelled_at
    with raises(chargebee.InvalidRequestError, "invalid_state_for_request"):
        cb.Subscription.cancel_for_items("sub-cancel", {})
    assert cb.Subscription.reactivate("sub-cancel", {}).subscription.status == "active"


def check_terms_and_renewals():
    estimate = cb.Estimate.renewal_estimate("sub-1").estimate
    assert estimate.invoice_estimate.total == 20 * 5000 + 2500
    ahead = cb.Subscription.charge_future_renewals("sub-1", {"terms_to_charge": 1})
    assert ahead.invoice.total == 20 * 5000 + 2500
    made = cb.Subscription.create_with_items(
        "acme",
        {
            "id": "sub-term",
            "billing_cycles": 3,
            "subscription_items": items(("core-usd-monthly", 1)),
            "contract_term": {"action_at_term_end": "cancel"},
        },
    ).subscription
    assert made.contract_term.contract_end > made.contract_term.contract_start
    moved = cb.Subscription.change_term_end("sub-term", {"term_ends_at": now() + 20 * DAY})
    assert moved.subscription.contract_term.contract_end < made.contract_term.contract_end
    assert moved.credit_notes


def check_import():
    taken = cb.Subscription.import_for_items(
        "acme",
        {
            "id": "sub-old",
            "status": "active",
            "start_date": now() - 45 * DAY,
            "current_term_end": now() + 16 * DAY,
            "subscription_items": items(("core-usd-monthly", 3)),
        },
    )
    assert (taken.subscription.status, taken.invoice) == ("active", None)


def check_ramps():
    ramp = cb.Ramp.create_for_subscription(
        "sub-1",
        {
            "effective_from": now() + 10 * DAY,
            "description": "more",
            "items_to_update": [{"item_price_id": "core-usd-monthly", "quantity": 25}],
        },
    ).ramp
    assert (ramp.status, ramp.items_to_update[0].quantity) == ("scheduled", 25)
    assert cb.Ramp.retrieve(ramp.id).ramp.subscription_id == "sub-1"
    assert [row.ramp.id for row in cb.Ramp.list({"subscription_id": {"in": ["sub-1"]}}).list] == [ramp.id]
    cb.Subscription.remove_scheduled_changes("sub-1")


def check_subscription_lists():
    active = cb.Subscription.list({"status": {"is": "active"}, "customer_id": {"is": "acme"}, "limit": 100})
    assert "sub-1" in {row.subscription.id for row in active.list}
    statuses = cb.Subscription.list({"status": {"in": ["in_trial", "future"]}, "limit": 100}).list
    assert {row.subscription.id for row in statuses} == {"sub-trial", "sub-future"}
    assert all(row.customer.id == "acme" for row in statuses)
