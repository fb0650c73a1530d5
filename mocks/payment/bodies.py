"""What callers send: one type per operation. A field that no type names is an unknown parameter."""

from __future__ import annotations

import msgspec

_METADATA_TEXT = dict[str, str]


class InvoiceSettings(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """How invoices of a customer are paid."""

    default_payment_method: str | None = None


class CustomerBody(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Create or update a customer; empty text clears a field."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    description: str | None = None
    payment_method: str | None = None
    invoice_settings: InvoiceSettings | None = None
    metadata: _METADATA_TEXT | str | None = None
    expand: list[str] = []


class CardBody(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """A card by token, or by a test number."""

    token: str | None = None
    number: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    cvc: str | None = None


class BankBody(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """A bank account to debit."""

    account_number: str | None = None
    routing_number: str | None = None
    account_holder_type: str | None = None
    account_type: str | None = None
    iban: str | None = None


class BillingDetails(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Who pays."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    address: _METADATA_TEXT | None = None


class MethodBody(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Create a payment method."""

    type: str
    card: CardBody | None = None
    us_bank_account: BankBody | None = None
    sepa_debit: BankBody | None = None
    customer_balance: _METADATA_TEXT | None = None
    billing_details: BillingDetails | None = None
    metadata: _METADATA_TEXT | str | None = None
    expand: list[str] = []


class AttachBody(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Attach a payment method to a customer."""

    customer: str
    expand: list[str] = []


class UpdateBody(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Change what may be changed of an object that is otherwise fixed."""

    metadata: _METADATA_TEXT | str | None = None
    description: str | None = None
    expand: list[str] = []


class EmptyBody(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Nothing but what to expand."""

    expand: list[str] = []


class Automatic(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Whether the processor chooses the method types."""

    enabled: bool
    allow_redirects: str | None = None


class MandateOnline(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How a mandate was accepted."""

    ip_address: str | None = None
    user_agent: str | None = None


class Acceptance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """When and how a mandate was accepted."""

    type: str = "offline"
    accepted_at: int | None = None
    online: MandateOnline | None = None


class Mandate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The customer's mandate for bank debits."""

    customer_acceptance: Acceptance


class MethodData(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """A payment method made on the fly."""

    type: str
    card: CardBody | None = None
    us_bank_account: BankBody | None = None
    sepa_debit: BankBody | None = None
    customer_balance: _METADATA_TEXT | None = None
    billing_details: BillingDetails | None = None


class IntentBody(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Create a payment intent, and confirm it at once with `confirm`."""

    amount: int
    currency: str
    customer: str | None = None
    payment_method: str | None = None
    payment_method_types: list[str] | None = None
    payment_method_data: MethodData | None = None
    payment_method_options: dict[str, object] | None = None
    automatic_payment_methods: Automatic | None = None
    mandate_data: Mandate | None = None
    confirm: bool = False
    off_session: bool = False
    capture_method: str = "automatic"
    confirmation_method: str = "automatic"
    description: str | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    receipt_email: str | None = None
    setup_future_usage: str | None = None
    return_url: str | None = None
    error_on_requires_action: bool = False
    metadata: _METADATA_TEXT | str | None = None
    expand: list[str] = []


class IntentUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Change a payment intent before it is confirmed; metadata and description at any time."""

    amount: int | None = None
    currency: str | None = None
    customer: str | None = None
    payment_method: str | None = None
    payment_method_types: list[str] | None = None
    description: str | None = None
    receipt_email: str | None = None
    metadata: _METADATA_TEXT | str | None = None
    expand: list[str] = []


class ConfirmBody(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Confirm a payment intent."""

    payment_method: str | None = None
    payment_method_types: list[str] | None = None
    payment_method_options: dict[str, object] | None = None
    off_session: bool = False
    capture_method: str | None = None
    mandate_data: Mandate | None = None
    return_url: str | None = None
    receipt_email: str | None = None
    error_on_requires_action: bool = False
    expand: list[str] = []


class CaptureBody(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Capture an authorised intent, all of it or less."""

    amount_to_capture: int | None = None
    final_capture: bool = True
    metadata: _METADATA_TEXT | str | None = None
    expand: list[str] = []


class CancelBody(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Cancel a payment intent."""

    cancellation_reason: str | None = None
    expand: list[str] = []


class RefundBody(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Refund a charge, all that is left of it or less."""

    payment_intent: str | None = None
    charge: str | None = None
    amount: int | None = None
    reason: str | None = None
    metadata: _METADATA_TEXT | str | None = None
    expand: list[str] = []


class DisputeBody(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Answer a dispute."""

    evidence: _METADATA_TEXT | None = None
    submit: bool = True
    metadata: _METADATA_TEXT | str | None = None
    expand: list[str] = []


class Range(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Bounds of an instant in seconds."""

    gt: int | None = None
    gte: int | None = None
    lt: int | None = None
    lte: int | None = None


class ListQuery(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Paging, and the filters of all lists; an operation's table says which filters it has."""

    limit: int = 10
    starting_after: str | None = None
    ending_before: str | None = None
    created: Range | int | None = None
    customer: str | None = None
    email: str | None = None
    payment_intent: str | None = None
    charge: str | None = None
    payout: str | None = None
    source: str | None = None
    type: str | None = None
    types: list[str] | None = None
    currency: str | None = None
    status: str | None = None
    expand: list[str] = []


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """A search and its page."""

    query: str
    limit: int = 10
    page: str | None = None
    expand: list[str] = []
