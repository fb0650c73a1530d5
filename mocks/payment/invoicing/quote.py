"""The quote as it stands on the wire, and what callers send to make one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from mocks.payment.invoicing.prices import Price
from mocks.payment.parts import (
    AutomaticTax,
    Body,
    Clear,
    Collection,
    CustomField,
    DiscountBody,
    Liability,
    Metadata,
    MetadataChange,
    PriceData,
    Shape,
)
from mocks.payment.queries import Paging


class LineItem(Shape, frozen=True, kw_only=True):
    """A line of a quote (`li_`), as it stands on the wire."""

    id: str
    object: str = "item"
    adjustable_quantity: dict[str, Any] | None = None
    amount_discount: int = 0
    amount_subtotal: int
    amount_tax: int = 0
    amount_total: int
    currency: str
    description: str
    price: Price
    quantity: int


class TotalDetails(Shape, frozen=True, kw_only=True):
    """What is taken off and what is added."""

    amount_discount: int
    amount_shipping: int | None = 0
    amount_tax: int


class Recurring(Shape, frozen=True, kw_only=True):
    """What recurs."""

    amount_subtotal: int
    amount_total: int
    interval: str
    interval_count: int
    total_details: TotalDetails


class Upfront(Shape, frozen=True, kw_only=True):
    """What is to be paid at first."""

    amount_subtotal: int
    amount_total: int
    total_details: TotalDetails


class Computed(Shape, frozen=True, kw_only=True):
    """What a quote comes to, at first and again and again."""

    recurring: Recurring | None = None
    upfront: Upfront


class QuoteTransitions(Shape, frozen=True, kw_only=True):
    """When a quote became what it is."""

    accepted_at: int | None = None
    canceled_at: int | None = None
    finalized_at: int | None = None


class QuoteInvoiceSettings(Shape, frozen=True, kw_only=True):
    """How its invoices are paid."""

    custom_fields: list[CustomField] | Clear | None = None
    days_until_due: int | None = None
    description: str | None = None
    footer: str | None = None
    issuer: Liability = Liability()


class SubscriptionData(Shape, frozen=True, kw_only=True):
    """What the subscription it becomes is like."""

    billing_mode: dict[str, Any] | None = None
    description: str | None = None
    effective_date: str | int | None = None
    metadata: Metadata | None = None
    trial_period_days: str | int | None = None


class FromQuote(Shape, frozen=True, kw_only=True):
    """The quote it revises."""

    quote: str
    is_revision: bool = False


class Quote(Shape, frozen=True, kw_only=True):
    """A quote (`qt_`), as it stands on the wire."""

    id: str
    object: str = "quote"
    amount_subtotal: int
    amount_total: int
    application: str | None = None
    application_fee_amount: int | None = None
    application_fee_percent: float | None = None
    automatic_tax: AutomaticTax = AutomaticTax()
    collection_method: Collection = "charge_automatically"
    computed: Computed
    created: int
    currency: str | None
    customer: str | None = None
    customer_account: str | None = None
    default_tax_rates: Sequence[str] = ()
    description: str | None = None
    discounts: Sequence[str] = ()
    expires_at: int
    footer: str | None = None
    from_quote: FromQuote | None = None
    header: str | None = None
    invoice: str | None = None
    invoice_settings: QuoteInvoiceSettings = QuoteInvoiceSettings()
    livemode: bool = False
    metadata: Metadata
    number: str | None = None
    on_behalf_of: str | None = None
    status: str = "draft"
    status_transitions: QuoteTransitions = QuoteTransitions()
    subscription: str | None = None
    subscription_data: SubscriptionData = SubscriptionData()
    subscription_schedule: str | None = None
    test_clock: str | None = None
    total_details: TotalDetails
    transfer_data: dict[str, Any] | None = None


class QuoteLine(Shape, frozen=True, kw_only=True):
    """A line, as callers send it."""

    discounts: list[DiscountBody] | Clear | None = None
    id: str | None = None
    price: str | None = None
    price_data: PriceData | None = None
    quantity: int | None = None
    tax_rates: list[str] | Clear | None = None


class QuoteBody(Body, frozen=True, kw_only=True):
    """Make or change a quote."""

    application_fee_amount: int | str | None = None
    application_fee_percent: str | None = None
    automatic_tax: AutomaticTax | None = None
    collection_method: Collection | None = None
    customer: str | None = None
    customer_account: str | None = None
    default_tax_rates: list[str] | Clear | None = None
    description: str | None = None
    discounts: list[DiscountBody] | Clear | None = None
    expires_at: int | None = None
    footer: str | None = None
    from_quote: FromQuote | None = None
    header: str | None = None
    invoice_settings: QuoteInvoiceSettings | None = None
    line_items: list[QuoteLine] | None = None
    metadata: MetadataChange = None
    on_behalf_of: str | None = None
    subscription_data: SubscriptionData | None = None
    test_clock: str | None = None
    transfer_data: dict[str, Any] | Clear | None = None


class FinalizeBody(Body, frozen=True, kw_only=True):
    """Finalize a quote."""

    expires_at: int | None = None


class QuoteQuery(Paging, frozen=True, kw_only=True):
    """Which quotes."""

    customer: str | None = None
    status: Literal["accepted", "canceled", "draft", "open"] | None = None
    test_clock: str | None = None
