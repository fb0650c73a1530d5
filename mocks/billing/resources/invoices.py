"""An invoice as the vendor shows it."""

from __future__ import annotations

import msgspec

from mocks.billing.resources.customers import BillingAddress
from mocks.billing.resources.lines import Discount, LineDiscount, LineItem
from mocks.billing.resources.links import LinkedNote, LinkedPayment
from mocks.billing.resources.objects import Shown


class Invoice(Shown, frozen=True, kw_only=True, tag="invoice"):
    """An invoice; a pending one has no number yet."""

    id: str
    customer_id: str
    recurring: bool
    status: str
    price_type: str
    date: int
    due_date: int
    net_term_days: int
    currency_code: str
    total: int
    sub_total: int
    tax: int
    amount_paid: int
    amount_adjusted: int
    credits_applied: int
    write_off_amount: int
    amount_due: int
    amount_to_collect: int
    round_off_amount: int
    first_invoice: bool
    has_advance_charges: bool
    term_finalized: bool
    is_gifted: bool
    generated_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    line_items: list[LineItem] | msgspec.Raw
    linked_payments: list[LinkedPayment]
    applied_credits: list[LinkedNote]
    adjustment_credit_notes: list[LinkedNote]
    issued_credit_notes: list[LinkedNote]
    dunning_attempts: list[str]
    linked_orders: list[str]
    invoice_number: str | None = None
    subscription_id: str | None = None
    po_number: str | None = None
    paid_at: int | None = None
    voided_at: int | None = None
    dunning_status: str | None = None
    cf_dunning_stage: str | None = None
    business_entity_id: str | None = None
    line_item_discounts: list[LineDiscount] | None = None
    discounts: list[Discount] | None = None
    billing_address: BillingAddress | msgspec.Raw | None = None
