"""Charges that wait for an invoice, and what was used of metered ones, as the vendor shows them."""

from __future__ import annotations

from mocks.billing.resources.objects import Shown


class Usage(Shown, frozen=True, kw_only=True, tag="usage"):
    """What was used of a metered charge."""

    id: str
    usage_date: int
    subscription_id: str
    item_price_id: str
    quantity: str
    source: str
    created_at: int
    updated_at: int
    resource_version: int
    invoice_id: str | None = None
    line_item_id: str | None = None
    note: str | None = None


class UnbilledCharge(Shown, frozen=True, kw_only=True, tag="unbilled_charge"):
    """A charge that waits for an invoice."""

    id: str
    customer_id: str
    subscription_id: str
    date_from: int
    date_to: int
    unit_amount: int
    pricing_model: str
    quantity: int
    amount: int
    currency_code: str
    discount_amount: int
    description: str
    entity_type: str
    is_voided: bool
    deleted: bool
    created_at: int
    updated_at: int
    entity_id: str | None = None
