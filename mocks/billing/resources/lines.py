"""Lines and discounts of invoices and credit notes as the vendor shows them."""

from __future__ import annotations

from mocks.billing.resources.objects import Part, Shown


class LineItem(Shown, frozen=True, kw_only=True, tag="line_item"):
    """A line of an invoice or credit note; `date_to` is exclusive.

    A negative line of an invoice takes back the line `reference_line_item_id` of `reference_invoice_id` (ours, not the
    vendor's, which shows no credits among charges: quirk `nets_changes`).
    """

    id: str
    customer_id: str
    date_from: int
    date_to: int
    unit_amount: int
    quantity: int
    amount: int
    pricing_model: str
    is_taxed: bool
    tax_amount: int
    discount_amount: int
    description: str
    entity_type: str
    item_level_discount_amount: int | None = None
    entity_id: str | None = None
    subscription_id: str | None = None
    reference_line_item_id: str | None = None
    reference_invoice_id: str | None = None
    metered: bool | None = None


class LineDiscount(Part, frozen=True, kw_only=True):
    """What a coupon took off a line."""

    line_item_id: str
    discount_type: str
    discount_amount: int
    entity_id: str | None = None
    coupon_id: str | None = None


class Discount(Part, frozen=True, kw_only=True):
    """What a coupon or promotional credit took off an invoice."""

    amount: int
    entity_type: str
    description: str | None = None
    entity_id: str | None = None
