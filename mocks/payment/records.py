"""Records: what the processor keeps. All are immutable; a change makes a new one. Amounts are minor units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from mocks.payment.parts import Address, BillingDetails, CustomField, Discount, Metadata, Shape, Shipping

NOTHING: Mapping[str, str] = {}


class Behaviour(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How a payment method will behave, as acts decide.

    The first `declines` confirmations are declined with `decline_code`; with `hard` every one is. `returned` bank
    debits fail when they are decided; `challenge` asks for authentication; `dispute` opens one at once.
    `pays_after_days` < 0: never pays; None: the quirk's default.
    """

    declines: int = 0
    decline_code: str = ""
    hard: bool = False
    returned: bool = False
    challenge: bool = False
    dispute: bool = False
    pays_after_days: int | None = None


class InvoiceSettings(Shape, frozen=True, kw_only=True):
    """How invoices of a customer look, and how they are paid."""

    custom_fields: list[CustomField] | None = None
    default_payment_method: str | None = None
    footer: str | None = None
    rendering_options: dict[str, Any] | None = None


class Customer(Shape, frozen=True, kw_only=True):
    """A customer (`cus_`), as it stands on the wire. A negative `balance` is credit for coming invoices."""

    id: str
    object: str = "customer"
    address: Address | None = None
    balance: int = 0
    business_name: str | None = None
    created: int
    currency: str | None = None
    customer_account: str | None = None
    default_source: str | None = None
    deleted: bool | msgspec.UnsetType = msgspec.UNSET
    delinquent: bool = False
    description: str | None = None
    discount: Discount | None = None
    email: str | None = None
    individual_name: str | None = None
    invoice_prefix: str = ""
    invoice_settings: InvoiceSettings = InvoiceSettings()
    livemode: bool = False
    metadata: Metadata = NOTHING
    name: str | None = None
    next_invoice_sequence: int = 1
    phone: str | None = None
    preferred_locales: list[str] = msgspec.field(default_factory=list)
    shipping: Shipping | None = None
    tax_exempt: str = "none"
    test_clock: str | None = None

    @property
    def method(self) -> str:
        """The payment method for invoices, or nothing."""
        return self.invoice_settings.default_payment_method or ""

    @property
    def is_deleted(self) -> bool:
        """Whether it can no longer be charged."""
        return self.deleted is True


class Method(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A payment method (`pm_`) of a vendor type, and how it behaves."""

    id: str
    created: int
    type: str  # card | us_bank_account | customer_balance
    customer: str = ""
    behaviour: Behaviour = Behaviour()
    billing_details: BillingDetails = BillingDetails()
    exp_month: int = 12
    exp_year: int = 2034
    last4: str = "4242"
    metadata: Metadata = NOTHING


class Failure(msgspec.Struct, frozen=True, gc=False):
    """Why an attempt failed: the vendor's error code, the issuer's decline code, the bank's return code."""

    code: str
    decline_code: str
    message: str
    network_code: str = ""
    type: str = "card_error"


class Intent(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A payment intent (`pi_`). `attempt` counts lives of the canonical payment: a new one after each failure."""

    id: str
    created: int
    amount: int
    currency: str
    status: str
    customer: str = ""
    method: str = ""
    kind: str = "card"  # card | debit | push
    types: tuple[str, ...] = ("card",)
    manual_capture: bool = False
    capturable: int = 0
    received: int = 0
    charge: str = ""
    failure: Failure | None = None
    attempt: int = 0
    description: str = ""
    statement_descriptor: str = ""
    receipt_email: str = ""
    setup_future_usage: str = ""
    shipping: Shipping | None = None
    automatic: str = ""  # whether the processor chooses the method types, and with what redirects
    metadata: Metadata = NOTHING
    canceled_at: int = 0
    cancellation_reason: str = ""
    ref: str = ""
    txn: str = ""


class Charge(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A charge (`ch_`, `py_` for bank debits): one attempt to move the money of an intent."""

    id: str
    created: int
    intent: str
    attempt: int
    amount: int
    currency: str
    status: str  # pending | succeeded | failed
    customer: str
    method: str
    kind: str
    captured: int = 0
    refunded: int = 0
    disputed: int = 0
    dispute: str = ""
    fee: int = 0
    balance_transaction: str = ""
    payout: str = ""
    failure: Failure | None = None
    description: str = ""
    metadata: Metadata = NOTHING


class Refund(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A refund (`re_`)."""

    id: str
    created: int
    charge: str
    intent: str
    amount: int
    currency: str
    status: str = "succeeded"
    reason: str = ""
    balance_transaction: str = ""
    metadata: Metadata = NOTHING


class Movement(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A balance transaction (`txn_`): what one object did to the balance. `net` = `amount` - `fee`."""

    id: str
    created: int
    available_on: int
    type: str  # charge | payment | refund | adjustment | payout
    source: str
    amount: int
    fee: int
    currency: str
    description: str = ""
    payout: str = ""

    @property
    def net(self) -> int:
        """What the balance changed by."""
        return self.amount - self.fee


class Dispute(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A dispute (`du_`)."""

    id: str
    created: int
    charge: str
    intent: str
    amount: int
    currency: str
    status: str
    fee: int
    reason: str = "general"
    due: int = 0
    submissions: int = 0
    evidence: Metadata = NOTHING
    balance_transactions: tuple[Movement, ...] = ()
    metadata: Metadata = NOTHING


class Payout(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A payout (`po_`) and the balance transactions in it, the oldest first; its own is the last."""

    id: str
    created: int
    arrival: int
    amount: int
    currency: str
    movements: tuple[str, ...]
    status: str = "paid"
    automatic: bool = True
    original: str = ""
    reversed_by: str = ""
    description: str = "PAYOUT"
    metadata: Metadata = NOTHING


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An event (`evt_`): the object as it was, because records never change, and as it had been if it was changed."""

    id: str
    created: int
    type: str
    subject: Any
    before: Any = None
    request: str = ""
    key: str = ""


class Endpoint(Shape, frozen=True, kw_only=True):
    """A webhook endpoint (`we_`), as it stands on the wire; the secret is shown when it is made, and never again."""

    id: str
    object: str = "webhook_endpoint"
    api_version: str | None = None
    application: str | None = None
    created: int
    description: str | None = None
    enabled_events: list[str]
    livemode: bool = False
    metadata: Metadata = NOTHING
    secret: str | msgspec.UnsetType = msgspec.UNSET
    status: str = "enabled"
    url: str

    def hears(self, topic: str) -> bool:
        """Tell whether events of a topic are sent there."""
        return self.status == "enabled" and (topic in self.enabled_events or "*" in self.enabled_events)


class Notice(Shape, frozen=True):
    """An event on its way to an endpoint: by id, or the integration's own when there is none."""

    event: Event
    endpoint: str = ""
