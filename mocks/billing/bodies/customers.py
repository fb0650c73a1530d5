"""Bodies of calls on customers, their cards and their money."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mocks.billing.bodies.words import Body, Currency, Custom, Json, Key, Name, OnOff, Positive, Seconds, Text


class AddressBody(Body, frozen=True, kw_only=True):
    """A billing address; the names of people and their contacts are taken and not kept."""

    line1: str = ""
    line2: str = ""
    line3: str = ""
    city: str = ""
    state: str = ""
    state_code: str = ""
    zip: str = ""
    country: str = ""
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    validation_status: str = ""


class CardBody(Body, frozen=True, kw_only=True):
    """card[...]: only numbers that are published for tests are taken."""

    number: Annotated[str, Meta(pattern="^[0-9 ]{12,23}$")]
    expiry_month: Annotated[int, Meta(ge=1, le=12)]
    expiry_year: Annotated[int, Meta(ge=2000, le=2199)]
    cvv: Annotated[str, Meta(max_length=4)] = ""
    first_name: str = ""
    last_name: str = ""
    gateway_account_id: str = ""
    gateway: str = ""
    billing_addr1: str = ""
    billing_city: str = ""
    billing_state: str = ""
    billing_zip: str = ""
    billing_country: str = ""


class CreateCustomer(Body, frozen=True, kw_only=True):
    """POST /customers."""

    id: Key = ""
    company: Name = ""
    first_name: Name = ""
    last_name: Name = ""
    email: Name = ""
    phone: Name = ""
    preferred_currency_code: Currency = "USD"
    net_term_days: Annotated[int, Meta(ge=0, le=365)] = 0
    auto_collection: OnOff = "off"
    taxability: Literal["taxable", "exempt"] = "taxable"
    business_entity_id: str = ""
    locale: str = ""
    meta_data: Json = ""
    billing_address: AddressBody = AddressBody()
    card: CardBody | None = None
    token_id: str = ""
    custom: Custom = msgspec.field(default_factory=dict)


class UpdateCustomer(Body, frozen=True, kw_only=True):
    """POST /customers/{id}: what is not given stays."""

    company: Name | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    email: Name | None = None
    phone: Name | None = None
    locale: Name | None = None
    net_term_days: Annotated[int, Meta(ge=0, le=365)] | None = None
    auto_collection: OnOff | None = None
    taxability: Literal["taxable", "exempt"] | None = None
    meta_data: Json | None = None
    custom: Custom = msgspec.field(default_factory=dict)


class UpdateBilling(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/update_billing_info."""

    billing_address: AddressBody


class TransactionRow(Body, frozen=True, kw_only=True):
    """transaction[...] of a recorded payment or refund."""

    payment_method: Literal["cash", "check", "bank_transfer", "other", "custom", "card", "chargeback", "direct_debit"]
    amount: Positive | None = None
    reference_number: Annotated[str, Meta(max_length=100)] = ""
    date: Seconds | None = None
    id: str = ""
    currency_code: str = ""
    status: Literal["success", "failure", "late_failure"] = "success"
    id_at_gateway: str = ""
    error_code: str = ""
    error_text: str = ""
    custom_payment_method_id: str = ""


class ExcessPayment(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/record_excess_payment."""

    transaction: TransactionRow
    comment: Text = ""


class DeleteCustomer(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/delete."""

    delete_payment_method: bool = True


class CollectFromCustomer(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/collect_payment."""

    amount: Positive | None = None
    payment_source_id: str = ""
    card: CardBody | None = None
    token_id: str = ""
    retain_payment_source: bool = True
    replace_primary_payment_source: bool = False
    invoice_allocations: tuple[AllocationRow, ...] = ()


class AllocationRow(Body, frozen=True, kw_only=True):
    """One row of invoice_allocations."""

    invoice_id: str
    allocation_amount: Positive | None = None


class AddCredits(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/add_promotional_credits, and promotional_credits/add and /deduct."""

    amount: Positive
    description: Annotated[str, Meta(min_length=1, max_length=250)]
    customer_id: str = ""
    currency_code: str = ""
    credit_type: Literal["loyalty_credits", "referral_rewards", "general"] = "general"
    reference: Name = ""


class CreateCard(Body, frozen=True, kw_only=True):
    """POST /payment_sources/create_card."""

    customer_id: str
    card: CardBody
    replace_primary_payment_source: bool = False


class CreateFromToken(Body, frozen=True, kw_only=True):
    """POST /payment_sources/create_using_token."""

    customer_id: str
    token_id: Annotated[str, Meta(min_length=1, max_length=100)]
    replace_primary_payment_source: bool = False
