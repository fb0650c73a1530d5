"""Quotes as the vendor shows them: with the subscription each offers."""

from __future__ import annotations

import msgspec

from mocks.billing.resources.objects import Shown
from mocks.billing.resources.subscriptions import SubscriptionItem


class Quote(Shown, frozen=True, kw_only=True, tag="quote"):
    """An offer."""

    id: str
    customer_id: str
    status: str
    operation_type: str
    price_type: str
    valid_till: int
    date: int
    sub_total: int
    total: int
    total_payable: int
    charge_on_acceptance: int
    credits_applied: int
    amount_paid: int
    amount_due: int
    version: int
    resource_version: int
    updated_at: int
    currency_code: str
    line_items: msgspec.Raw
    notes: list[dict[str, str]]
    deleted: bool
    name: str | None = None
    po_number: str | None = None
    subscription_id: str | None = None
    invoice_id: str | None = None
    business_entity_id: str | None = None


class QuotedSubscription(Shown, frozen=True, kw_only=True, tag="quoted_subscription"):
    """The subscription that a quote offers."""

    id: str
    subscription_items: list[SubscriptionItem]
    billing_period: int | None = None
    billing_period_unit: str | None = None
    start_date: int | None = None
    remaining_billing_cycles: int | None = None
    po_number: str | None = None
