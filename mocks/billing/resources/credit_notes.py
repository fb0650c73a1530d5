"""A credit note as the vendor shows it."""

from __future__ import annotations

import msgspec

from mocks.billing.resources.lines import LineItem
from mocks.billing.resources.links import Allocation, LinkedRefund
from mocks.billing.resources.objects import Shown


class CreditNote(Shown, frozen=True, kw_only=True, tag="credit_note"):
    """A credit note."""

    id: str
    customer_id: str
    reference_invoice_id: str
    type: str
    reason_code: str
    create_reason_code: str
    status: str
    date: int
    price_type: str
    currency_code: str
    total: int
    sub_total: int
    amount_allocated: int
    amount_refunded: int
    amount_available: int
    round_off_amount: int
    generated_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    line_items: list[LineItem] | msgspec.Raw
    allocations: list[Allocation]
    linked_refunds: list[LinkedRefund]
    subscription_id: str | None = None
    customer_notes: str | None = None
    voided_at: int | None = None
    business_entity_id: str | None = None
