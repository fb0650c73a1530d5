"""The resources that can be listed, each with its rows, its attributes and the orders one may ask for."""

from __future__ import annotations

from domain.calendar import SECOND_US
from mocks.billing.listing.query import Attribute, Resource
from mocks.billing.listing.rows import events, invoices, notes, table
from mocks.billing.listing.words import (
    DUNNING,
    ITEM_TYPES,
    ORDER_STATUSES,
    QUOTE_STATUSES,
    REASONS,
    SHELVED,
    WEBHOOK_STATUSES,
)
from mocks.billing.views import STATUSES, dunning_status, subscription, webhook_status


def _text(name: str) -> Attribute:
    return Attribute("text", lambda _billing, record: getattr(record, name))


def _word(name: str, *values: str) -> Attribute:
    return Attribute("word", lambda _billing, record: getattr(record, name), values)


def _same(value: str, *values: str) -> Attribute:
    """Return what all rows here have the same."""
    return Attribute("word", lambda _billing, _record: value, values)


def _number(name: str) -> Attribute:
    return Attribute("number", lambda _billing, record: getattr(record, name))


def _instant(name: str) -> Attribute:
    return Attribute("instant", lambda _billing, record: getattr(record, name) // SECOND_US)


def _second(name: str) -> Attribute:
    return Attribute("instant", lambda _billing, record: getattr(record, name) or 0)


def _flag(name: str) -> Attribute:
    return Attribute("flag", lambda _billing, record: "true" if getattr(record, name) else "false")


_MADE = {"created_at": _instant("created_us"), "updated_at": _instant("updated_us")}
_DATED = {"date": _instant("created_us"), "updated_at": _instant("updated_us")}
_SHOWN = {
    "id": _text("id"), "name": _text("name"), "status": _word("status", *SHELVED), "updated_at": _second("updated_at"),
}  # fmt: skip
CHANNEL = _same("web", "web", "app_store", "play_store")
PRICE_TYPE = _same("tax_exclusive", "tax_exclusive", "tax_inclusive")
CUSTOMERS = Resource(
    "customer",
    table("customer"),
    {
        "id": _text("id"), "company": _text("company"), "first_name": _text("first_name"),
        "last_name": _text("last_name"), "email": _text("email"), "phone": _text("phone"),
        "auto_collection": _word("auto_collection", "on", "off"), "channel": CHANNEL,
        "taxability": _word("taxability", "taxable", "exempt", "zero_rated"), **_MADE,
    },
    ("created_at", "updated_at"),
)  # fmt: skip
ITEM_FAMILIES = Resource("item_family", table("item_family"), _SHOWN, ("updated_at",))
ITEMS = Resource(
    "item",
    table("item"),
    {
        **_SHOWN, "item_family_id": _text("item_family_id"), "type": _word("type", *ITEM_TYPES),
        "metered": _flag("metered"), "item_applicability": _word("item_applicability", "all", "restricted"),
        "channel": CHANNEL, "enabled_for_checkout": _flag("enabled_for_checkout"),
    },
    ("id", "name", "updated_at"),
)  # fmt: skip
ITEM_PRICES = Resource(
    "item_price",
    table("item_price"),
    {
        "id": _text("id"), "item_id": _text("sku"), "currency_code": _word("currency"), "name": _text("name"),
        "item_family_id": _text("family"), "item_type": _word("item_type", *ITEM_TYPES),
        "pricing_model": _word("model", "flat_fee", "per_unit", "tiered", "volume", "stairstep"), "channel": CHANNEL,
        "status": _word("status", *SHELVED), "period": _number("months"), "period_unit": _word("period_unit"), **_MADE,
    },
    ("id", "name", "updated_at"),
)  # fmt: skip
COUPONS = Resource(
    "coupon",
    table("coupon"),
    {
        **_SHOWN, "created_at": _second("created_at"), "status": _word("status", "future", "expired", *SHELVED),
        "discount_type": _word("discount_type", "fixed_amount", "percentage", "offer_quantity"),
        "duration_type": _word("duration_type", "one_time", "forever", "limited_period"),
        "apply_on": _word("apply_on", "invoice_amount", "each_specified_item"), "currency_code": _word("currency_code"),
    },
    ("created_at",),
)  # fmt: skip
SUBSCRIPTIONS = Resource(
    "subscription",
    table("subscription"),
    {
        "id": _text("id"),
        "customer_id": _text("customer"),
        "status": Attribute(
            "word",
            lambda _billing, record: STATUSES[record.status],
            ("future", "in_trial", "active", "non_renewing", "paused", "cancelled", "transferred"),
        ),
        "item_price_id": Attribute(
            "many",
            lambda billing, record: [row.item_price_id for row in subscription(billing, record).subscription_items],
        ),
        "next_billing_at": Attribute(
            "instant", lambda billing, record: subscription(billing, record).next_billing_at or 0
        ),
        "remaining_billing_cycles": Attribute(
            "number", lambda billing, record: subscription(billing, record).remaining_billing_cycles
        ),
        "cancel_reason_code": Attribute(
            "text", lambda _billing, record: record.cancellation.reason or "" if record.cancellation else ""
        ),
        "channel": CHANNEL,
        "item_id": Attribute("many", lambda _billing, record: [term.sku for term in record.terms]),
        "has_scheduled_changes": Attribute("flag", lambda _billing, record: "true" if record.scheduled else "false"),
        "activated_at": _instant("activated_us"),
        "cancelled_at": _instant("cancelled_us"),
        **_MADE,
    },
    ("created_at", "updated_at"),
)
INVOICES = Resource(
    "invoice",
    invoices,
    {
        "id": _text("id"),
        "subscription_id": _text("subscription"),
        "customer_id": _text("customer"),
        "status": _word("status", "paid", "posted", "payment_due", "not_paid", "voided", "pending"),
        "price_type": PRICE_TYPE,
        "channel": CHANNEL,
        "recurring": _flag("recurring"),
        "total": _number("total_minor"),
        "amount_due": _number("due_minor"),
        "amount_paid": _number("paid_minor"),
        "amount_adjusted": _number("adjusted_minor"),
        "credits_applied": _number("credits_minor"),
        "paid_at": _instant("paid_us"),
        "voided_at": _instant("voided_us"),
        "dunning_status": Attribute("word", lambda _billing, record: dunning_status(record), DUNNING),
        **_DATED,
    },
    ("date", "updated_at"),
)
CREDIT_NOTES = Resource(
    "credit_note",
    notes,
    {
        "id": _text("id"),
        "subscription_id": _text("subscription"),
        "customer_id": _text("customer"),
        "reference_invoice_id": _text("invoice"),
        "type": _word("type", "adjustment", "refundable", "store"),
        "reason_code": _word("reason", *REASONS),
        "create_reason_code": _text("reason"),
        "status": _word("status", "adjusted", "refunded", "refund_due", "voided"),
        "price_type": PRICE_TYPE,
        "channel": CHANNEL,
        "total": _number("total_minor"),
        "amount_available": _number("available_minor"),
        "amount_refunded": _number("refunded_minor"),
        "amount_allocated": _number("allocated_minor"),
        "voided_at": _instant("voided_us"),
        **_DATED,
    },
    ("date", "updated_at"),
)
TRANSACTIONS = Resource(
    "transaction",
    table("transaction"),
    {
        "id": _text("id"),
        "customer_id": _text("customer"),
        "subscription_id": _text("subscription"),
        "payment_source_id": _text("source"),
        "payment_method": _word("method"),
        "gateway": _word("gateway"),
        "type": _word("type", "authorization", "payment", "refund", "payment_reversal"),
        "status": _word(
            "status", "in_progress", "success", "voided", "failure", "timeout", "needs_attention", "late_failure"
        ),
        "reference_number": _text("reference"),
        "amount": _number("amount_minor"),
        "date": _instant("date_us"),
        "updated_at": _instant("updated_us"),
    },
    ("date", "updated_at"),
)
PAYMENT_SOURCES = Resource(
    "payment_source",
    table("payment_source"),
    {
        "id": _text("id"), "customer_id": _text("customer"), "type": _same("card"),
        "status": _same("valid", "valid", "expiring", "expired", "invalid", "pending_verification"), **_MADE,
    },
    ("created_at", "updated_at"),
)  # fmt: skip
PROMOTIONAL_CREDITS = Resource(
    "promotional_credit",
    table("promotional_credit"),
    {
        "id": _text("id"), "customer_id": _text("customer_id"), "type": _word("type", "increment", "decrement"),
        "created_at": _second("created_at"),
    },
    ("created_at",),
)  # fmt: skip
USAGES = Resource(
    "usage",
    table("usage"),
    {
        "id": _text("id"), "subscription_id": _text("subscription"), "item_price_id": _text("item_price"),
        "usage_date": _instant("at_us"), "invoice_id": _text("invoice"), **_MADE,
    },
    ("usage_date", "updated_at"),
)  # fmt: skip
UNBILLED_CHARGES = Resource(
    "unbilled_charge",
    table("unbilled_charge"),
    {"id": _text("id"), "subscription_id": _text("subscription"), "customer_id": _text("customer"), **_MADE},
    ("created_at",),
)
QUOTES = Resource(
    "quote",
    table("quote"),
    {
        "id": _text("id"),
        "customer_id": Attribute("text", lambda _billing, offer: offer.quote.customer_id),
        "subscription_id": Attribute("text", lambda _billing, offer: offer.quote.subscription_id or ""),
        "status": Attribute("word", lambda _billing, offer: offer.quote.status, QUOTE_STATUSES),
        "date": _second("created_at"),
        "updated_at": _second("updated_at"),
    },
    ("date",),
)
ORDERS = Resource(
    "order",
    table("order"),
    {
        "id": _text("id"), "invoice_id": _text("invoice_id"), "subscription_id": _text("subscription_id"),
        "order_type": _word("order_type", "manual", "system_generated"), "created_at": _second("created_at"),
        "status": _word("status", *ORDER_STATUSES),
        "updated_at": _second("updated_at"),
    },
    ("created_at", "updated_at"),
)  # fmt: skip
RAMPS = Resource(
    "ramp",
    table("ramp"),
    {
        "id": _text("id"), "subscription_id": _text("subscription_id"),
        "status": _word("status", "scheduled", "succeeded", "failed", "draft"),
        "effective_from": _second("effective_from"), "created_at": _second("created_at"),
        "updated_at": _second("updated_at"),
    },
    ("effective_from", "updated_at"),
)  # fmt: skip
WEBHOOK_ENDPOINTS = Resource(
    "webhook_endpoint", table("webhook_endpoint"), {"id": _text("id"), "created_at": _second("created_at")},
    ("created_at",),
)  # fmt: skip
EVENTS = Resource(
    "event",
    events,
    {
        "id": _text("id"), "event_type": _word("topic"), "occurred_at": _instant("occurred_us"),
        "source": _same("api"), "webhook_status": Attribute("word", webhook_status, WEBHOOK_STATUSES),
    },
    ("occurred_at",),
)  # fmt: skip


def _none(name: str) -> Resource:
    """Return a resource of the vendor that this site never has any of."""
    attributes = {"id": _text("id"), "created_at": _second("created_at"), "updated_at": _second("updated_at")}
    return Resource(name, table(name), attributes, ("created_at", "updated_at"))


NEVER = tuple(
    _none(name)
    for name in ("attached_item", "comment", "gift", "hosted_page", "site_migration_detail", "virtual_bank_account")
)
"""What exporters ask for and this site never has: the lists are empty."""
RESOURCES = {
    resource.name: resource
    for resource in (
        CUSTOMERS, ITEM_FAMILIES, ITEMS, ITEM_PRICES, COUPONS, SUBSCRIPTIONS, INVOICES, CREDIT_NOTES, TRANSACTIONS,
        PAYMENT_SOURCES, PROMOTIONAL_CREDITS, USAGES, UNBILLED_CHARGES, QUOTES, ORDERS, RAMPS, WEBHOOK_ENDPOINTS,
        EVENTS, *NEVER,
    )
}  # fmt: skip
