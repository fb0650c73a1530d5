"""Estimates as the vendor shows them: what an operation would lead to."""

from __future__ import annotations

import msgspec

from mocks.billing.resources.lines import Discount, LineDiscount, LineItem
from mocks.billing.resources.objects import Shown


class SubscriptionEstimate(Shown, frozen=True, kw_only=True, tag="subscription_estimate"):
    """What a subscription would be."""

    currency_code: str
    status: str
    id: str | None = None
    next_billing_at: int | None = None
    trial_end: int | None = None


class InvoiceEstimate(Shown, frozen=True, kw_only=True, tag="invoice_estimate"):
    """What an invoice would be."""

    recurring: bool
    date: int
    price_type: str
    sub_total: int
    total: int
    credits_applied: int
    amount_paid: int
    amount_due: int
    round_off_amount: int
    customer_id: str
    currency_code: str
    line_items: list[LineItem] | msgspec.Raw
    line_item_discounts: list[LineDiscount] | None = None
    discounts: list[Discount] | None = None


class CreditNoteEstimate(Shown, frozen=True, kw_only=True, tag="credit_note_estimate"):
    """What a credit note would be."""

    reference_invoice_id: str
    type: str
    price_type: str
    currency_code: str
    sub_total: int
    total: int
    amount_allocated: int
    amount_available: int
    line_items: list[LineItem] | msgspec.Raw


class Estimate(Shown, frozen=True, kw_only=True, tag="estimate"):
    """What an operation would lead to."""

    created_at: int
    credit_note_estimates: list[CreditNoteEstimate]
    subscription_estimate: SubscriptionEstimate | None = None
    invoice_estimate: InvoiceEstimate | None = None
    next_invoice_estimate: InvoiceEstimate | None = None
