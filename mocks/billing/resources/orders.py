"""Orders as the vendor shows them: by which invoices are shipped."""

from __future__ import annotations

from mocks.billing.resources.objects import Shown


class OrderLine(Shown, frozen=True, kw_only=True, tag="order_line_item"):
    """A line of an order."""

    id: str
    invoice_id: str
    invoice_line_item_id: str
    unit_price: int
    description: str
    amount: int
    fulfillment_quantity: int
    fulfillment_amount: int
    status: str
    entity_type: str
    is_shippable: bool
    discount_amount: int
    tax_amount: int
    amount_paid: int
    amount_adjusted: int


class Order(Shown, frozen=True, kw_only=True, tag="order"):
    """An order by which an invoice is shipped."""

    id: str
    document_number: str
    invoice_id: str
    customer_id: str
    status: str
    order_type: str
    price_type: str
    created_by: str
    tax: int
    sub_total: int
    total: int
    amount_paid: int
    amount_adjusted: int
    currency_code: str
    payment_status: str
    order_line_items: list[OrderLine]
    created_at: int
    status_update_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    subscription_id: str | None = None
    reference_id: str | None = None
    fulfillment_status: str | None = None
    note: str | None = None
    tracking_id: str | None = None
    tracking_url: str | None = None
    batch_id: str | None = None
    shipping_date: int | None = None
    order_date: int | None = None
    shipped_at: int | None = None
    delivered_at: int | None = None
    cancelled_at: int | None = None
