"""Bodies of calls on estimates, quotes and orders."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mocks.billing.bodies.customers import AddressBody
from mocks.billing.bodies.subscriptions import ItemRow
from mocks.billing.bodies.words import Body, Cycles, Key, Name, OnOff, Seconds, Text


class EstimatedSubscription(Body, frozen=True, kw_only=True):
    """subscription[...] of an estimate."""

    id: str = ""
    start_date: Seconds | None = None
    trial_end: Seconds | None = None


class EstimatedCustomer(Body, frozen=True, kw_only=True):
    """customer[...] of an estimate: who has no record yet."""

    preferred_currency_code: str = ""
    taxability: str = ""


class EstimateNew(Body, frozen=True, kw_only=True):
    """POST /estimates/create_subscription_for_items and /customers/{id}/create_subscription_for_items_estimate."""

    subscription_items: tuple[ItemRow, ...] = ()
    subscription: EstimatedSubscription = EstimatedSubscription()
    customer: EstimatedCustomer = EstimatedCustomer()
    billing_address: AddressBody = AddressBody()
    billing_cycles: Cycles | None = None
    coupon_ids: tuple[str, ...] = ()
    invoice_immediately: bool = True
    use_existing_balances: bool = False


class UpdatedSubscription(Body, frozen=True, kw_only=True):
    """subscription[...] of an estimate of a change."""

    id: str
    start_date: Seconds | None = None
    coupon_ids: str = ""


class EstimateUpdate(Body, frozen=True, kw_only=True):
    """POST /estimates/update_subscription_for_items."""

    subscription: UpdatedSubscription
    subscription_items: tuple[ItemRow, ...] = ()
    replace_items_list: bool = False
    change_option: Literal["immediately", "end_of_term", "specific_date"] = "immediately"
    changes_scheduled_at: Seconds | None = None
    end_of_term: bool = False
    prorate: bool = True
    invoice_immediately: bool = True
    billing_cycles: Cycles | None = None
    use_existing_balances: bool = False


class QuotedStart(Body, frozen=True, kw_only=True):
    """subscription[...] of a quote."""

    id: Key = ""
    po_number: Annotated[str, Meta(max_length=100)] = ""
    start_date: Seconds | None = None
    trial_end: Seconds | None = None


class CreateQuote(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/create_subscription_quote_for_items."""

    subscription_items: tuple[ItemRow, ...] = ()
    subscription: QuotedStart = QuotedStart()
    name: Name = ""
    notes: Text = ""
    expires_at: Seconds | None = None
    billing_cycles: Cycles | None = None
    coupon_ids: tuple[str, ...] = ()


class ConvertedSubscription(Body, frozen=True, kw_only=True):
    """subscription[...] of a conversion."""

    id: Key = ""
    auto_collection: OnOff | None = None
    po_number: Annotated[str, Meta(max_length=100)] | None = None


class ConvertQuote(Body, frozen=True, kw_only=True):
    """POST /quotes/{id}/convert."""

    subscription: ConvertedSubscription = ConvertedSubscription()
    invoice_date: Seconds | None = None
    invoice_immediately: bool = True
    create_pending_invoices: bool | None = None


class QuoteStatus(Body, frozen=True, kw_only=True):
    """POST /quotes/{id}/update_status."""

    status: Literal["open", "accepted", "declined", "closed"]
    comment: Text = ""


OrderStatus = Literal[
    "new", "processing", "complete", "cancelled", "voided", "queued", "awaiting_shipment", "on_hold", "delivered",
    "shipped", "partially_delivered", "returned",
]  # fmt: skip


class CreateOrder(Body, frozen=True, kw_only=True):
    """POST /orders."""

    invoice_id: str
    id: Key = ""
    status: OrderStatus = "new"
    reference_id: Name = ""
    fulfillment_status: Name = ""
    note: Text = ""
    tracking_id: Name = ""
    tracking_url: Name = ""
    batch_id: Name = ""


class UpdateOrder(Body, frozen=True, kw_only=True):
    """POST /orders/{id}."""

    status: OrderStatus | None = None
    reference_id: Name | None = None
    fulfillment_status: Name | None = None
    note: Text | None = None
    tracking_id: Name | None = None
    tracking_url: Name | None = None
    batch_id: Name | None = None
    shipping_date: Seconds | None = None
    order_date: Seconds | None = None
    shipped_at: Seconds | None = None
    delivered_at: Seconds | None = None
    cancelled_at: Seconds | None = None
