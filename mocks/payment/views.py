"""Views: the core objects of payment as they stand on the wire, in the newest version of the dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mocks.payment.parts import BillingDetails, Shape, Shipping


class Card(Shape, frozen=True, kw_only=True):
    """A card, as far as anybody may see it."""

    brand: str = "visa"
    country: str = "US"
    display_brand: str = "visa"
    exp_month: int = 12
    exp_year: int = 2034
    fingerprint: str = "q2cFingerprint01"
    funding: str = "credit"
    last4: str = "4242"


class BankAccount(Shape, frozen=True, kw_only=True):
    """A bank account that can be debited."""

    account_holder_type: str = "company"
    account_type: str = "checking"
    bank_name: str = "TEST BANK"
    fingerprint: str = "q2cFingerprint02"
    last4: str = "6789"
    routing_number: str = "110000000"


class PaymentMethod(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A payment method; the details stand under the name of its type."""

    id: str
    object: str
    allow_redisplay: str
    billing_details: BillingDetails
    created: int
    customer: str | None
    livemode: bool
    metadata: Mapping[str, str]
    type: str
    card: Card | None = None
    us_bank_account: BankAccount | None = None
    sepa_debit: BankAccount | None = None
    customer_balance: dict[str, Any] | None = None
    p24: dict[str, Any] | None = None


class PaymentError(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """Why a payment failed."""

    charge: str
    code: str
    decline_code: str
    message: str
    type: str
    network_decline_code: str | None = None


class AutomaticMethods(Shape, frozen=True, kw_only=True):
    """Whether the processor chooses the method types."""

    allow_redirects: str = "always"
    enabled: bool = True


class PaymentIntent(Shape, frozen=True, kw_only=True):
    """A payment intent."""

    id: str
    object: str = "payment_intent"
    amount: int
    amount_capturable: int
    amount_details: dict[str, Any] | None = None
    amount_received: int
    application: str | None = None
    application_fee_amount: int | None = None
    automatic_payment_methods: AutomaticMethods | None = None
    canceled_at: int | None
    cancellation_reason: str | None
    capture_method: str
    client_secret: str
    confirmation_method: str = "automatic"
    created: int
    currency: str
    customer: str | None
    customer_account: str | None = None
    description: str | None
    last_payment_error: PaymentError | None
    latest_charge: str | None
    livemode: bool = False
    metadata: Mapping[str, str]
    next_action: dict[str, Any] | None
    on_behalf_of: str | None = None
    payment_method: str | None
    payment_method_options: dict[str, Any] | None = msgspec.field(default_factory=dict)
    payment_method_types: Sequence[str]
    processing: dict[str, Any] | None = None
    receipt_email: str | None
    review: str | None = None
    setup_future_usage: str | None
    shipping: Shipping | None = None
    source: str | None = None
    statement_descriptor: str | None
    statement_descriptor_suffix: str | None = None
    status: str
    transfer_data: dict[str, Any] | None = None
    transfer_group: str | None = None


class ChargeOutcome(Shape, frozen=True, kw_only=True):
    """What the network made of a charge."""

    network_decline_code: str | None = None
    network_status: str
    reason: str | None = None
    risk_level: str = "normal"
    seller_message: str
    type: str


class Charge(Shape, frozen=True, kw_only=True):
    """A charge."""

    id: str
    object: str = "charge"
    amount: int
    amount_captured: int
    amount_refunded: int
    application: str | None = None
    application_fee: str | None = None
    application_fee_amount: int | None = None
    balance_transaction: str | None
    billing_details: BillingDetails = BillingDetails()
    calculated_statement_descriptor: str | None = "Q2C"
    captured: bool
    created: int
    currency: str
    customer: str | None
    description: str | None
    dispute: str | None
    disputed: bool
    failure_balance_transaction: str | None = None
    failure_code: str | None
    failure_message: str | None
    fraud_details: dict[str, Any] = msgspec.field(default_factory=dict)
    livemode: bool = False
    metadata: Mapping[str, str]
    on_behalf_of: str | None = None
    outcome: ChargeOutcome
    paid: bool
    payment_intent: str
    payment_method: str | None
    payment_method_details: dict[str, Any]
    receipt_email: str | None = None
    receipt_number: str | None = None
    receipt_url: str | None = None
    refunded: bool
    review: str | None = None
    shipping: Shipping | None = None
    source: str | None = None
    source_transfer: str | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    status: str
    transfer_data: dict[str, Any] | None = None
    transfer_group: str | None = None


class Refund(Shape, frozen=True, kw_only=True):
    """A refund."""

    id: str
    object: str = "refund"
    amount: int
    balance_transaction: str | None
    charge: str
    created: int
    currency: str
    destination_details: dict[str, Any] | None = None
    failure_reason: str | None = None
    metadata: Mapping[str, str]
    payment_intent: str
    reason: str | None
    receipt_number: str | None = None
    source_transfer_reversal: str | None = None
    status: str
    transfer_reversal: str | None = None


class EvidenceDetails(Shape, frozen=True, kw_only=True):
    """How far the answer to a dispute is."""

    due_by: int
    enhanced_eligibility: dict[str, Any] = msgspec.field(default_factory=dict)
    has_evidence: bool
    past_due: bool = False
    submission_count: int
    submission_method: str


class Dispute(Shape, frozen=True, kw_only=True):
    """A dispute."""

    id: str
    object: str = "dispute"
    amount: int
    balance_transactions: Sequence[BalanceTransaction]
    charge: str
    created: int
    currency: str
    enhanced_eligibility_types: Sequence[str] = ()
    evidence: Mapping[str, str]
    evidence_details: EvidenceDetails
    is_charge_refundable: bool = False
    livemode: bool = False
    metadata: Mapping[str, str]
    network_reason_code: str | None = None
    payment_intent: str
    reason: str
    status: str


class Fee(Shape, frozen=True, kw_only=True):
    """What the processor takes from a balance transaction."""

    amount: int
    application: str | None = None
    currency: str
    description: str = "processing fee"
    type: str = "stripe_fee"


class BalanceTransaction(Shape, frozen=True, kw_only=True):
    """A balance transaction."""

    id: str
    object: str = "balance_transaction"
    amount: int
    available_on: int
    balance_type: str = "payments"
    created: int
    currency: str
    description: str | None
    exchange_rate: float | None = None
    fee: int
    fee_details: Sequence[Fee]
    net: int
    reporting_category: str
    source: str
    status: str
    type: str


class Payout(Shape, frozen=True, kw_only=True):
    """A payout."""

    id: str
    object: str = "payout"
    amount: int
    application_fee: str | None = None
    application_fee_amount: int | None = None
    arrival_date: int
    automatic: bool
    balance_transaction: str | None
    created: int
    currency: str
    description: str | None
    destination: str | None = None
    failure_balance_transaction: str | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    livemode: bool = False
    metadata: Mapping[str, str]
    method: str = "standard"
    original_payout: str | None = None
    reconciliation_status: str
    reversed_by: str | None = None
    source_type: str = "card"
    statement_descriptor: str | None = None
    status: str
    trace_id: dict[str, Any] | None = None
    type: str = "bank_account"


class EventRequest(Shape, frozen=True, kw_only=True):
    """The request that led to an event, if it was one."""

    id: str | None
    idempotency_key: str | None


class EventSubject(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """The object as it was when the event happened, and what it had been where it changed."""

    object: Any
    previous_attributes: dict[str, Any] | None = None


class Event(Shape, frozen=True, kw_only=True):
    """An event."""

    id: str
    object: str = "event"
    api_version: str
    created: int
    data: EventSubject
    livemode: bool = False
    pending_webhooks: int
    request: EventRequest
    type: str


class Funds(Shape, frozen=True, kw_only=True):
    """An amount of one currency in the balance."""

    amount: int
    currency: str
    source_types: dict[str, int]


class Balance(Shape, frozen=True, kw_only=True):
    """What is available, and what is on its way."""

    object: str = "balance"
    available: list[Funds]
    livemode: bool = False
    pending: list[Funds]
