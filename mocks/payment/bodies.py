"""What callers send: one type per operation. A field that no type names is an unknown parameter."""

from __future__ import annotations

from typing import Any, Literal

from mocks.payment.parts import (
    Address,
    BillingDetails,
    Body,
    Clear,
    CustomField,
    FutureUsage,
    MetadataChange,
    Shape,
    Shipping,
)


class InvoiceSettingsBody(Shape, frozen=True, kw_only=True):
    """How invoices of a customer look, and how they are paid; empty text clears."""

    custom_fields: list[CustomField] | Clear | None = None
    default_payment_method: str | None = None
    footer: str | None = None
    rendering_options: dict[str, Any] | Clear | None = None


class TaxIdBody(Body, frozen=True, kw_only=True):
    """A tax id of a customer."""

    type: str
    value: str


class CustomerBody(Body, frozen=True, kw_only=True):
    """Create or update a customer; empty text clears a field."""

    address: Address | Clear | None = None
    balance: int | None = None
    business_name: str | None = None
    cash_balance: dict[str, Any] | None = None
    coupon: str | None = None
    default_source: str | None = None
    description: str | None = None
    email: str | None = None
    individual_name: str | None = None
    invoice_prefix: str | None = None
    invoice_settings: InvoiceSettingsBody | None = None
    metadata: MetadataChange = None
    name: str | None = None
    next_invoice_sequence: int | None = None
    payment_method: str | None = None
    phone: str | None = None
    preferred_locales: list[str] | None = None
    promotion_code: str | None = None
    shipping: Shipping | Clear | None = None
    source: str | None = None
    tax: dict[str, Any] | None = None
    tax_exempt: Literal["exempt", "none", "reverse", ""] | None = None
    tax_id_data: list[TaxIdBody] | None = None
    test_clock: str | None = None
    validate: bool | None = None


class CardBody(Shape, frozen=True, kw_only=True):
    """A card by token, or by a test number."""

    token: str | None = None
    number: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    cvc: str | None = None


class BankBody(Shape, frozen=True, kw_only=True):
    """A bank account to debit."""

    account_number: str | None = None
    routing_number: str | None = None
    account_holder_type: str | None = None
    account_type: str | None = None
    iban: str | None = None


class MethodData(Shape, frozen=True, kw_only=True):
    """A payment method made on the fly."""

    type: str
    allow_redisplay: str | None = None
    billing_details: BillingDetails | None = None
    card: CardBody | None = None
    customer_balance: dict[str, str] | None = None
    metadata: MetadataChange = None
    p24: dict[str, Any] | None = None
    radar_options: dict[str, Any] | None = None
    sepa_debit: BankBody | None = None
    us_bank_account: BankBody | None = None


class MethodBody(Body, frozen=True, kw_only=True):
    """Create a payment method."""

    type: str
    allow_redisplay: str | None = None
    billing_details: BillingDetails | None = None
    card: CardBody | None = None
    customer: str | None = None
    customer_balance: dict[str, str] | None = None
    metadata: MetadataChange = None
    payment_method: str | None = None
    sepa_debit: BankBody | None = None
    us_bank_account: BankBody | None = None


class MethodUpdate(Body, frozen=True, kw_only=True):
    """Change a payment method."""

    allow_redisplay: str | None = None
    billing_details: BillingDetails | None = None
    card: CardBody | None = None
    metadata: MetadataChange = None
    us_bank_account: BankBody | None = None


class AttachBody(Body, frozen=True, kw_only=True):
    """Attach a payment method to a customer."""

    customer: str
    customer_account: str | None = None


class UpdateBody(Body, frozen=True, kw_only=True):
    """Change what may be changed of an object that is otherwise fixed."""

    metadata: MetadataChange = None


class ChargeUpdate(Body, frozen=True, kw_only=True):
    """Change a charge."""

    customer: str | None = None
    description: str | None = None
    fraud_details: dict[str, Any] | None = None
    metadata: MetadataChange = None
    receipt_email: str | None = None
    shipping: Shipping | None = None
    transfer_group: str | None = None


class EmptyBody(Body, frozen=True, kw_only=True):
    """Nothing but what to expand."""


class Automatic(Shape, frozen=True, kw_only=True):
    """Whether the processor chooses the method types."""

    enabled: bool
    allow_redirects: str | None = None


class MandateOnline(Shape, frozen=True, kw_only=True):
    """How a mandate was accepted."""

    ip_address: str | None = None
    user_agent: str | None = None


class Acceptance(Shape, frozen=True, kw_only=True):
    """When and how a mandate was accepted."""

    type: str = "offline"
    accepted_at: int | None = None
    offline: dict[str, Any] | None = None
    online: MandateOnline | None = None


class Mandate(Shape, frozen=True, kw_only=True):
    """The customer's mandate for bank debits."""

    customer_acceptance: Acceptance


class IntentBody(Body, frozen=True, kw_only=True):
    """Create a payment intent, and confirm it at once with `confirm`."""

    amount: int
    currency: str
    allowed_payment_method_types: list[str] | None = None
    amount_details: dict[str, Any] | None = None
    application_fee_amount: int | None = None
    automatic_payment_methods: Automatic | None = None
    capture_method: str = "automatic"
    confirm: bool = False
    confirmation_method: Literal["automatic", "manual"] = "automatic"
    confirmation_token: str | None = None
    customer: str | None = None
    customer_account: str | None = None
    description: str | None = None
    error_on_requires_action: bool = False
    excluded_payment_method_types: list[str] | None = None
    hooks: dict[str, Any] | None = None
    mandate: str | None = None
    mandate_data: Mandate | Clear | None = None
    metadata: MetadataChange = None
    off_session: str | None = None  # true | false | one_off | recurring
    on_behalf_of: str | None = None
    payment_details: dict[str, Any] | None = None
    payment_method: str | None = None
    payment_method_configuration: str | None = None
    payment_method_data: MethodData | None = None
    payment_method_options: dict[str, Any] | None = None
    payment_method_types: list[str] | None = None
    radar_options: dict[str, Any] | None = None
    receipt_email: str | None = None
    return_url: str | None = None
    setup_future_usage: FutureUsage | None = None
    shipping: Shipping | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    transfer_data: dict[str, Any] | None = None
    transfer_group: str | None = None
    use_stripe_sdk: bool | None = None


class IntentUpdate(Body, frozen=True, kw_only=True):
    """Change a payment intent before it is confirmed; metadata and description at any time."""

    amount: int | None = None
    amount_details: dict[str, Any] | Clear | None = None
    application_fee_amount: int | str | None = None
    capture_method: str | None = None
    currency: str | None = None
    customer: str | None = None
    description: str | None = None
    metadata: MetadataChange = None
    payment_method: str | None = None
    payment_method_data: MethodData | None = None
    payment_method_options: dict[str, Any] | None = None
    payment_method_types: list[str] | None = None
    allowed_payment_method_types: list[str] | None = None
    receipt_email: str | None = None
    setup_future_usage: FutureUsage | None = None
    shipping: Shipping | Clear | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    transfer_group: str | None = None


class ConfirmBody(Body, frozen=True, kw_only=True):
    """Confirm a payment intent."""

    allowed_payment_method_types: list[str] | None = None
    amount_details: dict[str, Any] | Clear | None = None
    amount_to_confirm: int | None = None
    capture_method: str | None = None
    confirmation_token: str | None = None
    error_on_requires_action: bool = False
    mandate: str | None = None
    mandate_data: Mandate | Clear | None = None
    off_session: str | None = None
    payment_details: dict[str, Any] | Clear | None = None
    payment_method: str | None = None
    payment_method_data: MethodData | None = None
    payment_method_options: dict[str, Any] | None = None
    payment_method_types: list[str] | None = None
    radar_options: dict[str, Any] | None = None
    receipt_email: str | None = None
    return_url: str | None = None
    setup_future_usage: FutureUsage | None = None
    shipping: Shipping | Clear | None = None
    use_stripe_sdk: bool | None = None


class CaptureBody(Body, frozen=True, kw_only=True):
    """Capture an authorised intent, all of it or less."""

    amount_details: dict[str, Any] | Clear | None = None
    amount_to_capture: int | None = None
    application_fee_amount: int | None = None
    final_capture: bool = True
    metadata: MetadataChange = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    transfer_data: dict[str, Any] | None = None


class IncrementBody(Body, frozen=True, kw_only=True):
    """Raise the amount of an authorisation to a new total."""

    amount: int
    application_fee_amount: int | None = None
    description: str | None = None
    metadata: MetadataChange = None
    statement_descriptor: str | None = None


class BalanceBody(Body, frozen=True, kw_only=True):
    """Pay an intent from the customer's cash balance."""

    amount: int | None = None
    currency: str | None = None


class MicrodepositsBody(Body, frozen=True, kw_only=True):
    """Prove that a bank account is one's own."""

    amounts: list[int] | None = None
    descriptor_code: str | None = None


class CancelBody(Body, frozen=True, kw_only=True):
    """Cancel a payment intent or a setup intent."""

    cancellation_reason: str | None = None


class ChargeBody(Body, frozen=True, kw_only=True):
    """Charge a card at once, the old way: a payment intent is made, confirmed and left behind it."""

    amount: int
    currency: str
    application_fee_amount: int | None = None
    capture: bool = True
    customer: str | None = None
    description: str | None = None
    metadata: MetadataChange = None
    receipt_email: str | None = None
    shipping: Shipping | None = None
    source: str | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    transfer_group: str | None = None


class ChargeCaptureBody(Body, frozen=True, kw_only=True):
    """Capture a charge, all of it or less."""

    amount: int | None = None
    application_fee_amount: int | None = None
    receipt_email: str | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None


class RefundBody(Body, frozen=True, kw_only=True):
    """Refund a charge, all that is left of it or less."""

    amount: int | None = None
    charge: str | None = None
    currency: str | None = None
    customer: str | None = None
    instructions_email: str | None = None
    metadata: MetadataChange = None
    origin: str | None = None
    payment_intent: str | None = None
    reason: str | None = None
    refund_application_fee: bool | None = None
    reverse_transfer: bool | None = None


class DisputeBody(Body, frozen=True, kw_only=True):
    """Answer a dispute."""

    evidence: dict[str, str] | None = None
    metadata: MetadataChange = None
    submit: bool = True


class PayoutBody(Body, frozen=True, kw_only=True):
    """Pay out of the balance by hand."""

    amount: int
    currency: str
    description: str | None = None
    destination: str | None = None
    metadata: MetadataChange = None
    method: Literal["instant", "standard"] = "standard"
    source_type: str | None = None
    statement_descriptor: str | None = None
