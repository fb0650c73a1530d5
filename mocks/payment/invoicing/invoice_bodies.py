"""What callers send to make and to change invoices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from mocks.payment.invoicing.invoice import (
    FromInvoice,
    PaymentSettings,
)
from mocks.payment.invoicing.lines import LineBody
from mocks.payment.parts import (
    AutomaticTax,
    Body,
    Clear,
    Collection,
    CustomField,
    DiscountBody,
    Liability,
    MetadataChange,
    Period,
    Shipping,
)
from mocks.payment.queries import Paging, Range


class InvoiceBody(Body, frozen=True, kw_only=True):
    """Make or change a draft; empty text clears."""

    account_tax_ids: list[str] | Clear | None = None
    application_fee_amount: int | None = None
    auto_advance: bool | None = None
    automatic_tax: AutomaticTax | None = None
    automatically_finalizes_at: int | None = None
    collection_method: Collection | None = None
    currency: str | None = None
    custom_fields: list[CustomField] | Clear | None = None
    customer: str | None = None
    customer_account: str | None = None
    days_until_due: int | None = None
    default_payment_method: str | None = None
    default_source: str | None = None
    default_tax_rates: list[str] | Clear | None = None
    description: str | None = None
    discounts: list[DiscountBody] | Clear | None = None
    due_date: int | None = None
    effective_at: int | None = None
    footer: str | None = None
    from_invoice: FromInvoice | None = None
    issuer: Liability | None = None
    metadata: MetadataChange = None
    number: str | None = None
    on_behalf_of: str | None = None
    payment_settings: PaymentSettings | None = None
    pending_invoice_items_behavior: Literal["exclude", "include"] | None = None
    rendering: dict[str, Any] | None = None
    shipping_cost: dict[str, Any] | Clear | None = None
    shipping_details: Shipping | Clear | None = None
    statement_descriptor: str | None = None
    subscription: str | None = None
    transfer_data: dict[str, Any] | None = None


class InvoiceQuery(Paging, frozen=True, kw_only=True):
    """Which invoices."""

    collection_method: Collection | None = None
    customer: str | None = None
    due_date: Range | int | None = None
    status: Literal["draft", "open", "paid", "uncollectible", "void"] | None = None
    subscription: str | None = None


class LinesBody(Body, frozen=True, kw_only=True):
    """Lines to add or to change."""

    lines: list[LineBody]
    invoice_metadata: MetadataChange = None


class RemovedLine(Body, frozen=True, kw_only=True):
    """A line to take away: its item is deleted, or waits again."""

    id: str
    behavior: str = "delete"


class RemoveBody(Body, frozen=True, kw_only=True):
    """Lines to take away."""

    lines: list[RemovedLine]
    invoice_metadata: MetadataChange = None


class LineUpdate(Body, frozen=True, kw_only=True):
    """Change one line of a draft."""

    amount: int | None = None
    description: str | None = None
    discountable: bool | None = None
    discounts: list[DiscountBody] | Clear | None = None
    metadata: MetadataChange = None
    period: Period | None = None
    price_data: Any = None
    pricing: dict[str, Any] | None = None
    quantity: int | None = None
    quantity_decimal: Decimal | None = None
    tax_amounts: list[dict[str, Any]] | str | None = None
    tax_rates: list[str] | Clear | None = None
