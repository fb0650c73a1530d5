"""Customers as the vendor shows them: with their address, cards and promotional credits."""

from __future__ import annotations

import msgspec

from mocks.billing.resources.objects import Shown


class BillingAddress(Shown, frozen=True, kw_only=True, tag="billing_address"):
    """An address of a customer or invoice."""

    line1: str
    city: str
    state_code: str
    zip: str
    country: str
    validation_status: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    company: str | None = None
    phone: str | None = None
    line2: str | None = None
    line3: str | None = None
    state: str | None = None


class Customer(Shown, frozen=True, kw_only=True, tag="customer"):
    """A customer."""

    id: str
    auto_collection: str
    net_term_days: int
    preferred_currency_code: str
    taxability: str
    created_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    allow_direct_debit: bool
    pii_cleared: str
    card_status: str
    promotional_credits: int
    refundable_credits: int
    excess_payments: int
    unbilled_charges: int
    company: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    locale: str | None = None
    business_entity_id: str | None = None
    primary_payment_source_id: str | None = None
    billing_address: BillingAddress | msgspec.Raw | None = None
    meta_data: msgspec.Raw | None = None


class Card(Shown, frozen=True, kw_only=True, tag="card"):
    """What may be shown of a card."""

    iin: str
    last4: str
    brand: str
    funding_type: str
    expiry_month: int
    expiry_year: int
    masked_number: str


class PaymentSource(Shown, frozen=True, kw_only=True, tag="payment_source"):
    """A card on file."""

    id: str
    customer_id: str
    type: str
    status: str
    reference_id: str
    gateway: str
    gateway_account_id: str
    card: Card
    created_at: int
    updated_at: int
    resource_version: int
    deleted: bool


class PromotionalCredit(Shown, frozen=True, kw_only=True, tag="promotional_credit"):
    """Promotional credits given or taken back."""

    id: str
    customer_id: str
    type: str
    amount: int
    currency_code: str
    description: str
    credit_type: str
    closing_balance: int
    created_at: int
    deleted: bool = False
    reference: str | None = None
