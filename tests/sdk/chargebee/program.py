"""An integration with Chargebee's own client, as a team would write it: each check is one thing it does.

It runs in a Python of its own. `python program.py <check> ...` prints one JSON object a line: the check and what went
wrong in it (nothing when all is well). What one check makes the later ones use.
"""

import json
import os
import sys
import time
import traceback
import uuid

import chargebee
from chargebee import Chargebee, Filters

DAY = 86_400
KEEP = {}


def client():
    Chargebee.verify_ca_certs = False
    return Chargebee(api_key="test_key", site="127.0.0", chargebee_domain=f"1:{os.environ['PORT']}", protocol="http")


cb = client()


def now():
    """The site's own time: that of its latest event or of this machine."""
    return KEEP.get("now", int(time.time()))


def raises(kind, code, param=None, status=None):
    """Return a context in which an error of a kind, with a code, must occur."""
    return _Raises(kind, code, param, status)


class _Raises:
    def __init__(self, kind, code, param, status):
        self.kind, self.code, self.param, self.status = kind, code, param, status

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _trace):
        assert kind is not None, f"{self.kind.__name__} was expected"
        if not isinstance(error, self.kind):
            return False
        assert error.api_error_code == self.code, (error.api_error_code, str(error))
        assert self.status in (None, error.http_status_code), error.http_status_code
        if self.param:
            assert error.param == self.param, error.param
        return True


# --- the catalogue ----------------------------------------------------------------------------------------------------


def check_catalogue_is_built():
    family = cb.ItemFamily.create({"id": "software", "name": "Software"}).item_family
    assert (family.id, family.status) == ("software", "active")
    for key, kind in (("core", "plan"), ("support", "addon"), ("setup", "charge"), ("api-calls", "addon")):
        params = {"id": key, "name": key.title(), "type": kind, "item_family_id": "software"}
        if key == "api-calls":
            params |= {"metered": True, "usage_calculation": "sum_of_usages"}
        item = cb.Item.create(params).item
        assert (item.id, item.type, item.metered) == (key, kind, key == "api-calls")
    assert cb.Item.update("core", {"description": "The product"}).item.description == "The product"


def check_item_prices_of_every_model():
    monthly = {"currency_code": "USD", "period": 1, "period_unit": "month"}
    price = cb.ItemPrice.create(
        {
            "id": "core-usd-monthly",
            "name": "Core monthly",
            "item_id": "core",
            "pricing_model": "per_unit",
            "price": 5000,
            **monthly,
        }
    ).item_price
    assert (price.price, price.period, price.period_unit, price.item_type) == (5000, 1, "month", "plan")
    yearly = cb.ItemPrice.create(
        {
            "id": "core-usd-yearly",
            "name": "Core yearly",
            "item_id": "core",
            "pricing_model": "per_unit",
            "price": 50_000,
            "currency_code": "USD",
            "period": 1,
            "period_unit": "year",
        }
    ).item_price
    assert (yearly.period, yearly.period_unit) == (1, "year")
    cb.ItemPrice.create(
        {
            "id": "core-usd-quarterly",
            "name": "Core quarterly",
            "item_id": "core",
            "pricing_model": "tiered",
            "currency_code": "USD",
            "period": 3,
            "period_unit": "month",
            "tiers": [{"starting_unit": 1, "ending_unit": 10, "price": 1000}, {"starting_unit": 11, "price": 800}],
        }
    )
    found = cb.ItemPrice.retrieve("core-usd-quarterly").item_price
    assert [(t.starting_unit, t.price) for t in found.tiers] == [(1, 1000), (11, 800)]
    cb.ItemPrice.create(
        {
            "id": "support-usd-monthly",
            "name": "Support",
            "item_id": "support",
            "pricing_model": "flat_fee",
            "price": 2500,
            **monthly,
        }
    )
    cb.ItemPrice.create(
        {"id": "setup-usd", "name": "Setup", "item_id": "setup", "pricing_model": "per_unit", "price": 10_000}
    )
    cb.ItemPrice.create(
        {
            "id": "api-usd-monthly",
            "name": "API calls",
            "item_id": "api-calls",
            "pricing_model": "volume",
            "tiers": [{"starting_unit": 1, "ending_unit": 100, "price": 10}, {"starting_unit": 101, "price": 7}],
            **monthly,
        }
    )


def check_catalogue_errors():
    with raises(chargebee.InvalidRequestError, "duplicate_entry", "id"):
        cb.Item.create({"id": "core", "name": "Core", "type": "plan", "item_family_id": "software"})
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "item_family_id"):
        cb.Item.create({"id": "x", "name": "X", "type": "plan", "item_family_id": "none"})
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "type"):
        cb.Item.create({"id": "x", "name": "X", "type": "song", "item_family_id": "software"})
    with raises(chargebee.InvalidRequestError, "resource_not_found"):
        cb.ItemPrice.retrieve("nothing")


def check_catalogue_lists_and_deletes():
    assert {row.item.id for row in cb.Item.list(cb.Item.ListParams(type=Filters.EnumFilter(IS="addon"))).list} == {
        "support",
        "api-calls",
    }
    names = [row.item_price.id for row in cb.ItemPrice.list({"sort_by": {"asc": "name"}, "limit": 100}).list]
    assert len(names) == 6, names
    cb.ItemPrice.create({"id": "gone", "name": "Gone", "item_id": "setup", "currency_code": "EUR", "price": 1})
    assert cb.ItemPrice.delete("gone").item_price.status == "deleted"
    with raises(chargebee.InvalidRequestError, "resource_not_found"):
        cb.ItemPrice.retrieve("gone")
    assert cb.ItemPrice.update("setup-usd", {"price": 12_000}).item_price.price == 12_000


def check_coupons():
    coupon = cb.Coupon.create_for_items(
        {
            "id": "TEN",
            "name": "Ten off",
            "discount_type": "percentage",
            "discount_percentage": 10.0,
            "apply_on": "invoice_amount",
            "duration_type": "one_time",
        }
    ).coupon
    assert (coupon.discount_percentage, coupon.status) == (10, "active")
    cb.Coupon.create_for_items(
        {
            "id": "FIVE",
            "name": "Five dollars",
            "discount_type": "fixed_amount",
            "discount_amount": 500,
            "currency_code": "USD",
            "apply_on": "invoice_amount",
            "duration_type": "forever",
        }
    )
    assert cb.Coupon.retrieve("TEN").coupon.name == "Ten off"
    assert {row.coupon.id for row in cb.Coupon.list().list} == {"TEN", "FIVE"}


# --- customers --------------------------------------------------------------------------------------------------------


def check_customer_is_created():
    customer = cb.Customer.create(
        {
            "id": "acme",
            "company": "Acme",
            "email": "billing@acme.example",
            "preferred_currency_code": "USD",
            "net_term_days": 30,
            "auto_collection": "off",
            "meta_data": {"crm": "A-1", "tier": 2},
            "cf_region": "west",
            "billing_address": {
                "line1": "1 Main St",
                "city": "Reno",
                "state_code": "NV",
                "zip": "89501",
                "country": "US",
            },
        }
    ).customer
    assert (customer.id, customer.company, customer.net_term_days) == ("acme", "Acme", 30)
    assert customer.billing_address.city == "Reno"
    assert customer.meta_data == {"crm": "A-1", "tier": 2}
    assert cb.Customer.retrieve("acme").customer.email == "billing@acme.example"


def check_customer_is_changed():
    customer = cb.Customer.update("acme", {"first_name": "Ada", "net_term_days": 15}).customer
    assert (customer.first_name, customer.net_term_days) == ("Ada", 15)
    address = {"line1": "2 Main St", "city": "Reno", "country": "US", "state": "Nevada"}
    customer = cb.Customer.update_billing_info("acme", {"billing_address": address}).customer
    assert customer.billing_address.line1 == "2 Main St"


def check_customer_errors():
    with raises(chargebee.InvalidRequestError, "duplicate_entry", "id"):
        cb.Customer.create({"id": "acme"})
    with raises(chargebee.InvalidRequestError, "resource_not_found"):
        cb.Customer.retrieve("nobody")
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "preferred_currency_code"):
        cb.Customer.create({"id": "x", "preferred_currency_code": "dollars"})
    nobody = Chargebee(api_key="", site="127.0.0", chargebee_domain=f"1:{os.environ['PORT']}", protocol="http")
    with raises(chargebee.APIError, "api_authentication_failed", status=401):
        nobody.Customer.list()


def check_customer_pages():
    for number in range(12):
        cb.Customer.create({"id": f"page-{number:02d}", "company": f"Page {number:02d}"})
    seen, offset = [], None
    while True:
        params = {"limit": 5, "sort_by": {"asc": "created_at"}, "id": {"starts_with": "page-"}}
        if offset:
            params["offset"] = offset
        page = cb.Customer.list(params)
        seen += [row.customer.id for row in page.list]
        offset = page.next_offset
        if not offset:
            break
    assert seen == [f"page-{number:02d}" for number in range(12)], seen
    many = cb.Customer.list({"id": {"in": ["page-01", "page-03"]}, "limit": 100})
    assert {row.customer.id for row in many.list} == {"page-01", "page-03"}
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "limit"):
        cb.Customer.list({"limit": 1000})
    assert cb.Customer.delete("page-00").customer.deleted
    with raises(chargebee.InvalidRequestError, "resource_not_found"):
        cb.Customer.retrieve("page-00")


def check_cards_are_kept():
    card = {"number": "4111111111111111", "expiry_month": 12, "expiry_year": 2033, "cvv": "123"}
    made = cb.PaymentSource.create_card({"customer_id": "acme", "card": card})
    source = made.payment_source
    assert (source.type, source.card.last4, source.card.brand, source.status) == ("card", "1111", "visa", "valid")
    assert made.customer.primary_payment_source_id == source.id
    KEEP["card"] = source.id
    other = cb.PaymentSource.create_using_token({"customer_id": "acme", "token_id": "tok_declined"}).payment_source
    KEEP["declined"] = other.id
    assert {row.payment_source.id for row in cb.PaymentSource.list({"customer_id": {"is": "acme"}}).list} == {
        source.id,
        other.id,
    }
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "card[number]"):
        cb.PaymentSource.create_card({"customer_id": "acme", "card": {**card, "number": "4539578763621486"}})


# --- estimates and quotes ---------------------------------------------------------------------------------------------


def items(*rows):
    return [
        {"item_price_id": key, "quantity": quantity} if quantity else {"item_price_id": key} for key, quantity in rows
    ]


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


# --- subscriptions ----------------------------------------------------------------------------------------------------


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


# --- usage and unbilled charges ---------------------------------------------------------------------------------------


def check_usage_is_reported():
    cb.Subscription.create_with_items(
        "acme", {"id": "sub-usage", "subscription_items": items(("core-usd-monthly", 1), ("api-usd-monthly", None))}
    )
    for number in range(3):
        usage = cb.Usage.create(
            "sub-usage",
            {"id": f"u-{number}", "item_price_id": "api-usd-monthly", "quantity": "50", "usage_date": now()},
        ).usage
        assert (usage.quantity, usage.subscription_id) == ("50", "sub-usage")
    assert cb.Usage.retrieve("sub-usage", {"id": "u-1"}).usage.id == "u-1"
    assert len(cb.Usage.list({"subscription_id": {"is": "sub-usage"}}).list) == 3
    cb.Usage.delete("sub-usage", {"id": "u-2"})
    with raises(chargebee.InvalidRequestError, "duplicate_entry", "id"):
        cb.Usage.create(
            "sub-usage", {"id": "u-1", "item_price_id": "api-usd-monthly", "quantity": "1", "usage_date": now()}
        )
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "item_price_id"):
        cb.Usage.create("sub-usage", {"item_price_id": "core-usd-monthly", "quantity": "1", "usage_date": now()})


def check_unbilled_charges_are_invoiced():
    made = cb.UnbilledCharge.create(
        {
            "subscription_id": "sub-1",
            "charges": [{"amount": 700, "description": "Travel"}],
            "item_prices": [{"item_price_id": "setup-usd", "quantity": 1}],
        }
    ).unbilled_charges
    assert sorted(charge.amount for charge in made) == [700, 12_000]
    assert cb.Customer.retrieve("acme").customer.unbilled_charges == 12_700
    assert len(cb.UnbilledCharge.list({"subscription_id": {"is": "sub-1"}}).list) == 2
    (invoice,) = cb.UnbilledCharge.invoice_unbilled_charges({"subscription_id": "sub-1"}).invoices
    assert invoice.total == 12_700
    assert cb.Customer.retrieve("acme").customer.unbilled_charges == 0
    with raises(chargebee.InvalidRequestError, "invalid_state_for_request"):
        cb.UnbilledCharge.invoice_unbilled_charges({"subscription_id": "sub-1"})


# --- invoices and money -----------------------------------------------------------------------------------------------


def one_off(amount=1000, **more):
    params = {
        "customer_id": "acme",
        "charges": [{"amount": amount, "description": "Consulting"}],
        "auto_collection": "off",
    }
    return cb.Invoice.create_for_charge_items_and_charges({**params, **more}).invoice


def check_invoice_of_charges():
    invoice = one_off(5000, item_prices=[{"item_price_id": "setup-usd", "quantity": 2}], po_number="PO-7")
    assert (invoice.total, invoice.status, invoice.recurring, invoice.po_number) == (
        29_000,
        "payment_due",
        False,
        "PO-7",
    )
    assert cb.Invoice.retrieve(invoice.id).invoice.line_items[1].amount == 5000


def check_pending_invoice_is_completed_and_closed():
    invoice = one_off(create_pending_invoice=True)
    assert invoice.status == "pending"
    invoice = cb.Invoice.add_charge(invoice.id, {"amount": 85, "description": "Tax NV"}).invoice
    assert invoice.total == 1085
    assert cb.Invoice.close(invoice.id, {}).invoice.status == "payment_due"
    with raises(chargebee.InvalidRequestError, "invalid_state_for_request"):
        cb.Invoice.close(invoice.id, {})


def check_payment_is_recorded():
    paid = cb.Invoice.record_payment(
        KEEP["invoice"],
        {
            "transaction": {
                "amount": 4500,
                "payment_method": "bank_transfer",
                "reference_number": "wire 1",
                "date": now(),
            }
        },
    )
    assert (paid.transaction.status, paid.transaction.amount) == ("success", 4500)
    assert paid.invoice.amount_paid == 4500
    paid = cb.Invoice.record_payment(KEEP["invoice"], {"transaction": {"payment_method": "check"}})
    assert (paid.invoice.status, paid.invoice.amount_due) == ("paid", 0)
    assert len(paid.invoice.linked_payments) == 2
    assert cb.Transaction.retrieve(paid.transaction.id).transaction.linked_invoices[0].invoice_id == KEEP["invoice"]


def check_payment_is_collected_and_refunded():
    invoice = one_off(8000)
    paid = cb.Invoice.collect_payment(invoice.id, {"payment_source_id": KEEP["card"]})
    assert (paid.invoice.status, paid.transaction.payment_method, paid.transaction.gateway) == (
        "paid",
        "card",
        "chargebee",
    )
    back = cb.Invoice.refund(
        invoice.id, {"refund_amount": 3000, "credit_note": {"reason_code": "service_unsatisfactory"}}
    )
    assert (back.transaction.type, back.transaction.amount, back.credit_note.status) == ("refund", 3000, "refunded")
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "refund_amount"):
        cb.Invoice.refund(invoice.id, {"refund_amount": 5001})


def check_declined_card_is_a_payment_error():
    invoice = one_off(8000)
    with raises(chargebee.PaymentError, "payment_processing_failed"):
        cb.Invoice.collect_payment(invoice.id, {"payment_source_id": KEEP["declined"]})
    assert cb.Invoice.retrieve(invoice.id).invoice.status == "payment_due"
    failed = cb.Transaction.list({"status": {"is": "failure"}}).list
    assert [row.transaction.error_code for row in failed] == ["card_declined"]
    with raises(chargebee.PaymentError, "payment_processing_failed"):
        cb.Subscription.create_with_items(
            "acme",
            {
                "id": "sub-never",
                "auto_collection": "on",
                "payment_source_id": KEEP["declined"],
                "subscription_items": items(("core-usd-monthly", 1)),
            },
        )
    with raises(chargebee.InvalidRequestError, "resource_not_found"):
        cb.Subscription.retrieve("sub-never")


def check_auto_collection_pays_at_once():
    made = cb.Subscription.create_with_items(
        "acme",
        {
            "id": "sub-auto",
            "auto_collection": "on",
            "payment_source_id": KEEP["card"],
            "subscription_items": items(("core-usd-monthly", 1)),
        },
    )
    assert (made.invoice.status, made.invoice.amount_paid) == ("paid", 5000)


def check_excess_payment_is_applied():
    made = cb.Customer.record_excess_payment(
        "acme", {"transaction": {"amount": 2500, "payment_method": "bank_transfer", "date": now()}}
    )
    assert (made.customer.excess_payments, made.transaction.amount_unused) == (2500, 2500)
    invoice = one_off(4000)
    applied = cb.Invoice.apply_payments(invoice.id, {"transactions": [{"id": made.transaction.id}]}).invoice
    assert (applied.amount_paid, applied.amount_due) == (2500, 1500)
    assert cb.Customer.retrieve("acme").customer.excess_payments == 0
    got = cb.Customer.collect_payment("acme", {"amount": 900, "payment_source_id": KEEP["card"]})
    assert got.transaction.amount_unused == 900
    back = cb.Transaction.refund(got.transaction.id, {"amount": 900}).transaction
    assert (back.type, back.refunded_txn_id) == ("refund", got.transaction.id)


def check_promotional_credits_settle_the_next_invoice():
    given = cb.Customer.add_promotional_credits("acme", {"amount": 600, "description": "Sorry"})
    assert given.customer.promotional_credits == 600
    given = cb.PromotionalCredit.deduct({"customer_id": "acme", "amount": 100, "description": "Oops"})
    assert (given.customer.promotional_credits, given.promotional_credit.closing_balance) == (500, 500)
    given = cb.PromotionalCredit.add({"customer_id": "acme", "amount": 100, "description": "Sorry again"})
    assert given.promotional_credit.closing_balance == 600
    invoice = one_off(1000)
    assert (invoice.credits_applied, invoice.amount_due) == (600, 400)
    assert cb.Customer.retrieve("acme").customer.promotional_credits == 0


def check_credit_notes():
    invoice = one_off(9000)
    note = cb.CreditNote.create(
        {
            "reference_invoice_id": invoice.id,
            "type": "adjustment",
            "reason_code": "order_change",
            "line_items": [
                {"reference_line_item_id": invoice.line_items[0].id, "amount": 2000, "unit_amount": 2000, "quantity": 1}
            ],
        }
    )
    assert (note.credit_note.status, note.invoice.amount_due) == ("adjusted", 7000)
    cb.Invoice.record_payment(invoice.id, {"transaction": {"payment_method": "cash"}})
    params = {"reference_invoice_id": invoice.id, "type": "refundable", "reason_code": "waiver", "total": 1500}
    note = cb.CreditNote.create(params).credit_note
    assert (note.status, note.amount_available) == ("refund_due", 1500)
    refund = {"transaction": {"amount": 500, "payment_method": "cash", "date": now()}}
    back = cb.CreditNote.record_refund(note.id, refund)
    assert (back.credit_note.amount_available, back.transaction.type) == (1000, "refund")
    used = one_off(800)
    used = (
        used if used.credits_applied else cb.Invoice.apply_credits(used.id, {"credit_notes": [{"id": note.id}]}).invoice
    )
    assert (used.status, used.credits_applied) == ("paid", 800)
    voided = cb.CreditNote.create({**params, "total": 100}).credit_note
    assert cb.CreditNote.void_credit_note(voided.id, {}).credit_note.status == "voided"
    listed = cb.CreditNote.list({"reference_invoice_id": {"is": invoice.id}}).list
    assert {row.credit_note.type for row in listed} >= {"adjustment", "refundable"}


def check_record_refund_of_an_invoice():
    invoice = one_off(700)  # of which what is left of the last credit note pays 200
    cb.Invoice.record_payment(invoice.id, {"transaction": {"payment_method": "cash"}})
    back = cb.Invoice.record_refund(
        invoice.id, {"transaction": {"amount": 500, "payment_method": "cash", "date": now()}}
    )
    assert (back.credit_note.status, back.transaction.amount) == ("refunded", 500)


def check_void_write_off_and_pdf():
    assert cb.Invoice.void_invoice(one_off(300).id, {}).invoice.status == "voided"
    lost = cb.Invoice.write_off(one_off(300).id, {})
    assert (lost.invoice.write_off_amount, lost.invoice.amount_due) == (300, 0)
    assert cb.Invoice.pdf(KEEP["invoice"], {}).download.valid_till > now()


def check_invoice_lists():
    due = cb.Invoice.list(
        {"status": {"is": "payment_due"}, "customer_id": {"is": "acme"}, "limit": 100, "sort_by": {"desc": "date"}}
    ).list
    assert due
    assert all(row.invoice.amount_due > 0 for row in due)
    big = cb.Invoice.list({"total": {"gte": "100000"}, "limit": 100}).list
    assert {row.invoice.total for row in big} >= {100_000}


def check_orders():
    order = cb.Order.create({"id": "ship-1", "invoice_id": KEEP["invoice"], "status": "processing"}).order
    assert (order.id, order.status, order.total) == ("ship-1", "processing", 64_500)
    order = cb.Order.update("ship-1", {"status": "shipped", "tracking_id": "T-1"}).order
    assert (order.status, order.tracking_id) == ("shipped", "T-1")
    assert [row.order.id for row in cb.Order.list({"status": {"is": "shipped"}}).list] == ["ship-1"]


# --- idempotency, limits, errors --------------------------------------------------------------------------------------


def check_repeated_key_is_replayed():
    key = {"chargebee-idempotency-key": str(uuid.uuid4())}
    params = {"customer_id": "acme", "charges": [{"amount": 111, "description": "Once"}], "auto_collection": "off"}
    first = cb.Invoice.create_for_charge_items_and_charges(params, headers=key)
    again = cb.Invoice.create_for_charge_items_and_charges(params, headers=key)
    assert (again.invoice.id, first.is_idempotency_replayed, again.is_idempotency_replayed) == (
        first.invoice.id,
        False,
        True,
    )
    with raises(chargebee.InvalidRequestError, "invalid_request"):
        cb.Invoice.create_for_charge_items_and_charges({**params, "po_number": "other"}, headers=key)


# --- events and the site ----------------------------------------------------------------------------------------------


def check_events():
    page = cb.Event.list({"limit": 100, "event_type": {"is": "subscription_created"}}).list
    assert {row.event.event_type for row in page} == {"subscription_created"}
    event = cb.Event.retrieve(page[0].event.id).event
    assert event.api_version == "v2"
    assert event.content["subscription"]["id"]


def check_webhook_endpoints():
    made = cb.WebhookEndpoint.create(
        {
            "name": "ours",
            "url": os.environ["WEBHOOKS"],
            "basic_auth_username": "u",
            "basic_auth_password": "p",
            "enabled_events": ["customer_created"],
        }
    ).webhook_endpoint
    assert (made.name, made.disabled, made.enabled_events) == ("ours", False, ["customer_created"])
    assert [row.webhook_endpoint.id for row in cb.WebhookEndpoint.list().list] == [made.id]
    cb.Customer.create({"id": "told"})
    KEEP["endpoint"] = made.id
    assert cb.WebhookEndpoint.update(made.id, {"disabled": True}).webhook_endpoint.disabled


def check_webhook_endpoint_is_deleted():
    cb.WebhookEndpoint.delete(KEEP["endpoint"])
    assert not cb.WebhookEndpoint.list().list


def check_configurations():
    (found,) = cb.Configuration.list().configurations
    assert found.product_catalog_version == "v2"


def check_time_machine_renews():
    machine = cb.TimeMachine.retrieve("delorean").time_machine
    assert machine.time_travel_status == "succeeded"
    cb.env.time_travel_retry_delay_ms = 100
    KEEP["now"] = now() + 40 * DAY
    cb.TimeMachine.travel_forward("delorean", {"destination_time": KEEP["now"]})
    for _ in range(100):
        machine = cb.TimeMachine.retrieve("delorean").time_machine
        if machine.time_travel_status != "in_progress":
            break
        time.sleep(0.05)
    assert machine.time_travel_status == "succeeded"
    assert cb.Subscription.retrieve("sub-trial").subscription.status == "active"
    assert cb.Subscription.retrieve("sub-future").subscription.status == "active"
    assert cb.Subscription.retrieve("sub-term").subscription.status == "cancelled"
    renewed = cb.Invoice.list({"subscription_id": {"is": "sub-auto"}, "limit": 100}).list
    assert [row.invoice.status for row in renewed] == ["paid", "paid"]


def check_usage_is_billed_after_its_period():
    lines = [
        line
        for row in cb.Invoice.list({"subscription_id": {"is": "sub-usage"}, "limit": 100}).list
        for line in row.invoice.line_items
        if line.entity_id == "api-usd-monthly"
    ]
    assert [(line.quantity, line.amount, line.metered) for line in lines] == [(100, 1000, True)]
    assert cb.Usage.retrieve("sub-usage", {"id": "u-0"}).usage.invoice_id


def check_unpaid_invoices_are_dunned():
    late = cb.Invoice.list({"dunning_status": {"is": "in_progress"}, "limit": 100}).list
    assert late
    invoice = cb.Invoice.stop_dunning(late[0].invoice.id, {}).invoice
    assert invoice.dunning_status == "stopped"
    assert cb.Invoice.resume_dunning(invoice.id, {}).invoice.dunning_status == "in_progress"


def check_journey_into_the_past_is_refused():
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "destination_time"):
        cb.TimeMachine.travel_forward("delorean", {"destination_time": now() - DAY})


def check_start_afresh_empties_the_site():
    assert cb.TimeMachine.start_afresh("delorean", {}).time_machine.time_travel_status == "succeeded"
    assert cb.Customer.list().list == []
    assert cb.ItemPrice.retrieve("core-usd-monthly").item_price.price == 5000
    cb.Customer.create({"id": "acme"})
    made = cb.Subscription.create_with_items(
        "acme", {"id": "sub-1", "subscription_items": items(("core-usd-monthly", 1))}
    )
    assert made.subscription.status == "active"


# --- what faults do to the client (started apart, each with its own plan) ---------------------------------------------


def retrying():
    retry = chargebee.retry_config.RetryConfig(enabled=True, max_retries=3, delay_ms=20, retry_on=[500, 502, 503, 504])
    found = client()
    found.update_retry_config(retry)
    return found


def fault_throttled_client_gives_up_without_retries():
    with raises(chargebee.OperationFailedError, "api_request_limit_exceeded", status=429):
        cb.Customer.create({"id": "t1"})


def fault_throttled_client_comes_again():
    # It is told `retry-after: 1` but looks for it in another attribute of its error and waits its own delay.
    assert retrying().Customer.create({"id": "t2"}).customer.id == "t2"


def fault_throttled_client_is_told_when_to_come_again():
    try:
        cb.Customer.create({"id": "t3"})
    except chargebee.OperationFailedError as error:
        KEEP["told"] = error.http_headers["retry-after"]
    assert KEEP["told"] == "1"


def fault_error_before_is_retried():
    assert retrying().Customer.create({"id": "e1"}).customer.id == "e1"


def fault_error_after_the_commit_is_replayed():
    made = retrying().Customer.create({"company": "Once"})
    assert made.is_idempotency_replayed
    assert len(cb.Customer.list({"company": {"is": "Once"}}).list) == 1


def fault_maintenance_is_an_operation_error():
    with raises(chargebee.OperationFailedError, "internal_temporary_error", status=503):
        cb.Customer.create({"id": "m1"})


def fault_key_in_progress():
    with raises(chargebee.APIError, "request_in_progress", status=409):
        cb.Customer.create({"id": "p1"}, headers={"chargebee-idempotency-key": "k"})


def over_https():
    """The same client over https by host name, through the proxy of its environment."""
    Chargebee.verify_ca_certs, Chargebee.ca_cert_path = True, os.environ["CA_BUNDLE"]
    found = Chargebee(api_key="test_key", site="acme-test")
    assert found.Customer.create({"id": "tls"}).customer.id == "tls"
    assert found.Customer.retrieve("tls").customer.id == "tls"
    with raises(chargebee.APIError, "api_authentication_failed", status=401):
        Chargebee(api_key="live_key", site="acme").Customer.list()


def main(names):
    for name in names:
        error = None
        try:
            globals()[name]()
        except BaseException:
            error = traceback.format_exc(limit=-3)
        print(json.dumps({"check": name, "error": error}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
