"""Kinds: what the processor keeps, under the names that objects have on the wire."""

from __future__ import annotations

KINDS = (
    "customer",
    "payment_method",
    "payment_intent",
    "setup_intent",
    "charge",
    "refund",
    "dispute",
    "balance_transaction",
    "payout",
    "event",
    "webhook_endpoint",
    "test_helpers.test_clock",
    "tax_id",
    "customer_balance_transaction",
    "product",
    "price",
    "coupon",
    "promotion_code",
    "discount",
    "tax_rate",
    "subscription",
    "subscription_item",
    "subscription_schedule",
    "invoiceitem",
    "invoice",
    "invoice_payment",
    "credit_note",
    "quote",
    "billing.meter",
    "billing.meter_event",
)
"""Every kind has a table: records by id, in order of creation."""

TOPICS = {
    "subscription": "customer.subscription",
    "tax_id": "customer.tax_id",
    "discount": "customer.discount",
    "dispute": "charge.dispute",
}
"""What the events of a kind are called, where that is not the kind."""
