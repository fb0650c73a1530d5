"""Parts: what several objects of the dialect have in common, and the bases of objects and of bodies.

A part stands on the wire as it is here, in requests and in replies alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

Clear = Annotated[str, msgspec.Meta(max_length=0)]
"""Empty text in the place of a hash or an array: it clears the field; any other text is refused."""
Collection = Literal["charge_automatically", "send_invoice"]
FutureUsage = Literal["off_session", "on_session", ""]
PaymentBehavior = Literal["allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"]
Proration = Literal["always_invoice", "create_prorations", "none"]
TaxBehavior = Literal["exclusive", "inclusive", "unspecified"]
Metadata = Mapping[str, str]
MetadataChange = dict[str, str] | Clear | None
"""What callers send: names with new values, an empty value to remove one, empty text to remove all."""


class Shape(msgspec.Struct, frozen=True, gc=False):
    """The base of all that stands on the wire."""


class Body(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The base of what callers send: any of them may ask for expansions."""

    expand: list[str] = msgspec.field(default_factory=list)


class Address(Shape, frozen=True, kw_only=True):
    """A postal address."""

    city: str | None = None
    country: str | None = None
    line1: str | None = None
    line2: str | None = None
    postal_code: str | None = None
    state: str | None = None


class Shipping(Shape, frozen=True, kw_only=True):
    """Who receives goods, and where."""

    address: Address | None = None
    carrier: str | None = None
    name: str | None = None
    phone: str | None = None
    tracking_number: str | None = None


class BillingDetails(Shape, frozen=True, kw_only=True):
    """Who pays."""

    address: Address | None = None
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    tax_id: str | None = None


class CustomField(Shape, frozen=True, kw_only=True):
    """A field of the caller's own on an invoice."""

    name: str
    value: str


class Period(Shape, frozen=True, kw_only=True):
    """A span of time in seconds."""

    end: int
    start: int


class Liability(Shape, frozen=True, kw_only=True):
    """Whose tax it is."""

    account: str | None = None
    type: str = "self"


class AutomaticTax(Shape, frozen=True, kw_only=True):
    """Whether the processor computes tax; it never does here, so the status stays empty."""

    disabled_reason: str | None = None
    enabled: bool = False
    liability: Liability | None = None
    provider: str | None = None
    status: str | None = None


class Source(Shape, frozen=True, kw_only=True):
    """Where a discount comes from."""

    coupon: str | None = None
    type: str = "coupon"


class Discount(Shape, frozen=True, kw_only=True):
    """A coupon applied to a customer, a subscription, an invoice or a line (`di_`)."""

    id: str
    object: str = "discount"
    checkout_session: str | None = None
    customer: str | None = None
    customer_account: str | None = None
    end: int | None = None
    invoice: str | None = None
    invoice_item: str | None = None
    promotion_code: str | None = None
    source: Source
    start: int
    subscription: str | None = None
    subscription_item: str | None = None


class DiscountBody(Shape, frozen=True, kw_only=True):
    """A discount to apply: by coupon, by promotion code, or one there is already."""

    coupon: str | None = None
    discount: str | None = None
    promotion_code: str | None = None


class DiscountAmount(Shape, frozen=True, kw_only=True):
    """What one discount takes off."""

    amount: int
    discount: str


class TaxRateDetails(Shape, frozen=True, kw_only=True):
    """The rate a tax was computed with."""

    tax_rate: str


class Tax(Shape, frozen=True, kw_only=True):
    """Tax by one rate on one line, or on a whole document."""

    amount: int
    tax_behavior: str  # exclusive | inclusive
    tax_rate_details: TaxRateDetails | None = None
    taxability_reason: str = "not_available"
    taxable_amount: int | None = None
    type: str = "tax_rate_details"


class RecurringData(Shape, frozen=True, kw_only=True):
    """How often a price made on the fly recurs."""

    interval: str
    interval_count: int = 1


class PriceData(Shape, frozen=True, kw_only=True):
    """A price made on the fly."""

    currency: str
    product: str | None = None
    product_data: dict[str, Any] | None = None
    recurring: RecurringData | None = None
    tax_behavior: TaxBehavior | None = None
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None


class Pricing(Shape, frozen=True, kw_only=True):
    """The price of an invoice item, by id."""

    price: str | None = None


class Deleted(Shape, frozen=True, kw_only=True):
    """What is left of a deleted object."""

    id: str
    object: str
    deleted: bool = True


class Page(Shape, frozen=True, kw_only=True):
    """A page of a list, the newest first."""

    object: str = "list"
    data: list[Any]
    has_more: bool
    url: str


class SearchPage(Shape, frozen=True, kw_only=True):
    """A page of what a search found."""

    object: str = "search_result"
    data: list[Any]
    has_more: bool
    next_page: str | None
    url: str
