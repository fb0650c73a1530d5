"""What callers send to make, change and end subscriptions and their items."""

from __future__ import annotations

from typing import Any, Literal

from mocks.payment.invoicing.subscription import (
    BillingMode,
    CancellationDetails,
    Interval,
    PauseCollection,
    SubscriptionInvoiceSettings,
    SubscriptionPaymentSettings,
    TrialSettings,
)
from mocks.payment.parts import (
    AutomaticTax,
    Body,
    Clear,
    Collection,
    DiscountBody,
    MetadataChange,
    PaymentBehavior,
    PriceData,
    Proration,
    Shape,
)
from mocks.payment.queries import Paging

SubscriptionStatus = Literal[
    "active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due", "paused", "trialing", "unpaid"
]


class ItemEntry(Shape, frozen=True, kw_only=True):
    """An item to subscribe to, or, with an id, to change."""

    billing_thresholds: dict[str, Any] | Clear | None = None
    clear_usage: bool | None = None
    deleted: bool = False
    discounts: list[DiscountBody] | Clear | None = None
    id: str | None = None
    metadata: MetadataChange = None
    plan: str | None = None
    price: str | None = None
    price_data: PriceData | None = None
    quantity: int | None = None
    tax_rates: list[str] | Clear | None = None


class AddedItem(Shape, frozen=True, kw_only=True):
    """Something else on the next invoice."""

    discountable: bool | None = None
    discounts: list[DiscountBody] | None = None
    metadata: MetadataChange = None
    period: dict[str, Any] | None = None
    price: str | None = None
    price_data: PriceData | None = None
    quantity: int | None = None
    tax_rates: list[str] | Clear | None = None


class SubscriptionBody(Body, frozen=True, kw_only=True):
    """Subscribe a customer."""

    customer: str
    add_invoice_items: list[AddedItem] | None = None
    application_fee_percent: str | None = None
    automatic_tax: AutomaticTax | None = None
    backdate_start_date: int | None = None
    billing_cycle_anchor: int | None = None
    billing_cycle_anchor_config: dict[str, Any] | None = None
    billing_mode: BillingMode | None = None
    billing_schedules: list[dict[str, Any]] | None = None
    billing_thresholds: dict[str, Any] | Clear | None = None
    cancel_at: str | None = None
    cancel_at_period_end: bool | None = None
    collection_method: Collection = "charge_automatically"
    coupon: str | None = None
    currency: str | None = None
    customer_account: str | None = None
    days_until_due: int | None = None
    default_payment_method: str | None = None
    default_source: str | None = None
    default_tax_rates: list[str] | Clear | None = None
    description: str | None = None
    discounts: list[DiscountBody] | Clear | None = None
    invoice_settings: SubscriptionInvoiceSettings | None = None
    items: list[ItemEntry] | None = None
    metadata: MetadataChange = None
    off_session: bool | None = None
    on_behalf_of: str | None = None
    payment_behavior: PaymentBehavior = "allow_incomplete"
    payment_settings: SubscriptionPaymentSettings | None = None
    pending_invoice_item_interval: Interval | Clear | None = None
    promotion_code: str | None = None
    proration_behavior: Proration = "create_prorations"
    transfer_data: dict[str, Any] | None = None
    trial_end: str | None = None
    trial_from_plan: bool = False
    trial_period_days: int | None = None
    trial_settings: TrialSettings | None = None


class SubscriptionUpdate(Body, frozen=True, kw_only=True):
    """Change a subscription; empty text clears."""

    add_invoice_items: list[AddedItem] | None = None
    application_fee_percent: str | None = None
    automatic_tax: AutomaticTax | None = None
    billing_cycle_anchor: Any = None
    billing_schedules: list[dict[str, Any]] | str | None = None
    billing_thresholds: dict[str, Any] | Clear | None = None
    cancel_at: str | None = None
    cancel_at_period_end: bool | None = None
    cancellation_details: CancellationDetails | None = None
    collection_method: Collection | None = None
    coupon: str | None = None
    days_until_due: int | None = None
    default_payment_method: str | None = None
    default_source: str | None = None
    default_tax_rates: list[str] | Clear | None = None
    description: str | None = None
    discounts: list[DiscountBody] | Clear | None = None
    invoice_settings: SubscriptionInvoiceSettings | None = None
    items: list[ItemEntry] | None = None
    metadata: MetadataChange = None
    off_session: bool | None = None
    on_behalf_of: str | None = None
    pause_collection: PauseCollection | Clear | None = None
    payment_behavior: PaymentBehavior = "allow_incomplete"
    payment_settings: SubscriptionPaymentSettings | None = None
    pending_invoice_item_interval: Interval | Clear | None = None
    promotion_code: str | None = None
    proration_behavior: Proration = "create_prorations"
    proration_date: int | None = None
    transfer_data: dict[str, Any] | Clear | None = None
    trial_end: str | None = None
    trial_from_plan: bool | None = None
    trial_settings: TrialSettings | None = None


class CancelBody(Body, frozen=True, kw_only=True):
    """End a subscription now."""

    cancellation_details: CancellationDetails | None = None
    invoice_now: bool = False
    prorate: bool = False


class ResumeBody(Body, frozen=True, kw_only=True):
    """Let a paused subscription go on."""

    billing_cycle_anchor: Any = None
    payment_behavior: PaymentBehavior | None = None
    proration_behavior: Proration | None = None
    proration_date: int | None = None


class PauseBody(Body, frozen=True, kw_only=True):
    """Pause a subscription."""

    bill_for: dict[str, Any] | None = None
    invoicing_behavior: str | None = None
    type: str | None = None


class SubscriptionQuery(Paging, frozen=True, kw_only=True):
    """Which subscriptions; those that have ended are left out unless a status is asked for."""

    collection_method: Collection | None = None
    customer: str | None = None
    price: str | None = None
    status: SubscriptionStatus | None = None
    test_clock: str | None = None


class ItemBody(Body, frozen=True, kw_only=True):
    """Add an item to a subscription."""

    subscription: str
    billing_thresholds: dict[str, Any] | Clear | None = None
    discounts: list[DiscountBody] | Clear | None = None
    metadata: MetadataChange = None
    payment_behavior: PaymentBehavior = "allow_incomplete"
    plan: str | None = None
    price: str | None = None
    price_data: PriceData | None = None
    proration_behavior: Proration = "create_prorations"
    proration_date: int | None = None
    quantity: int | None = None
    tax_rates: list[str] | Clear | None = None


class ItemUpdate(Body, frozen=True, kw_only=True):
    """Change an item of a subscription."""

    billing_thresholds: dict[str, Any] | Clear | None = None
    discounts: list[DiscountBody] | Clear | None = None
    metadata: MetadataChange = None
    off_session: bool | None = None
    payment_behavior: PaymentBehavior = "allow_incomplete"
    plan: str | None = None
    price: str | None = None
    price_data: PriceData | None = None
    proration_behavior: Proration = "create_prorations"
    proration_date: int | None = None
    quantity: int | None = None
    tax_rates: list[str] | Clear | None = None


class ItemDelete(Body, frozen=True, kw_only=True):
    """Take an item out of a subscription."""

    clear_usage: bool | None = None
    payment_behavior: PaymentBehavior = "allow_incomplete"
    proration_behavior: Proration = "create_prorations"
    proration_date: int | None = None


class ItemQuery(Paging, frozen=True, kw_only=True):
    """The items of one subscription."""

    subscription: str
