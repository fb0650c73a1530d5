"""What the platform remembers of each resource: frozen records, replaced when they change."""

from __future__ import annotations

from datetime import date

import msgspec

from domain.objects import Line
from mocks.billing.coverage import Cover
from mocks.billing.pricing import Tier
from mocks.billing.terms import Price, Term

FOREVER = date.max
"""The term end of a subscription without one."""


class Address(msgspec.Struct, frozen=True, gc=False):
    """A billing address, in the vendor's field names."""

    line1: str = ""
    city: str = ""
    state_code: str = ""
    zip: str = ""
    country: str = ""
    state: str = ""
    line2: str = ""
    line3: str = ""
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""


class Customer(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A customer; `id` is the account number, `entity` the legal entity that bills it, in `zone`."""

    id: str
    company: str
    currency: str
    entity: str
    zone: str
    net_term_days: int
    meta: str
    created_us: int
    updated_us: int
    address: Address = Address()
    version: int = 1
    excess_minor: int = 0
    promotional_minor: int = 0
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    locale: str = ""
    taxability: str = "taxable"
    auto_collection: str = "off"
    source: str = ""  # the primary payment source
    custom: tuple[tuple[str, str], ...] = ()
    deleted: bool = False


class ItemPrice(msgspec.Struct, frozen=True, gc=False):
    """A price of an item in one currency for one billing period (`months` 0: a one-time charge).

    `sku` is the id of the item, `list_unit_minor` the price of one unit (of all, for a flat fee; 0 with tiers).
    """

    id: str
    sku: str
    currency: str
    months: int
    kind: str  # recurring | one_time
    list_unit_minor: int
    item_type: str = "plan"  # plan | addon | charge
    model: str = "per_unit"
    tiers: tuple[Tier, ...] = ()
    free: int = 0
    metered: bool = False
    trial_days: int = 0
    cycles: int = 0
    name: str = ""
    family: str = ""
    period_unit: str = "month"
    status: str = "active"
    external_name: str = ""
    description: str = ""
    metadata: str = ""
    created_us: int = 0
    updated_us: int = 0
    version: int = 1
    deleted: bool = False


class Charge(msgspec.Struct, frozen=True, gc=False):
    """A one-time charge of a subscription: billed on `start`, once."""

    sku: str
    quantity: int
    unit_minor: int
    start: date
    billed: bool = False
    full_minor: int = 0  # what all of it costs


class Wanted(msgspec.Struct, frozen=True, gc=False):
    """What a request asks a subscription to consist of: recurring prices and one-time charges, by sku."""

    prices: dict[str, Price]
    charges: dict[str, tuple[int, int, int]]  # quantity, unit_minor, what all of it costs


class Change(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A change of terms from `day` on, applied or waiting for its day."""

    day: date
    wanted: Wanted
    replaces: bool
    prorates: bool
    invoices: bool
    reference: str
    txn: str
    meta: str = ""
    known: tuple[str, ...] | None = None  # the references that are applied afterwards, as the caller notes them


class Cancellation(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A cancellation from `day` on."""

    day: date
    credit: str  # prorate | full | none
    reference: str
    txn: str
    reason: str = ""


class Subscription(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A subscription. `status` is the canonical one; `wake` numbers the plan on the agenda that is still valid.

    While it is in trial, `start` is the first day after it.
    `fresh_from` is the first day that may be billed wrongly (None: all is right up to the next bill day).
    """

    id: str
    customer: str
    entity: str
    zone: str
    currency: str
    reference: str
    txn: str
    status: str
    start: date
    starts_us: int
    term_end: date
    term_months: int
    at_term_end: str  # cancel | renew | evergreen
    terms: tuple[Term, ...]
    charges: tuple[Charge, ...]
    meta: str
    created_us: int
    updated_us: int
    plan: str = ""
    covers: tuple[Cover, ...] = ()
    applied: tuple[tuple[date, str], ...] = ()
    scheduled: tuple[Change, ...] = ()
    cancellation: Cancellation | None = None
    cancelled_us: int = 0
    activated_us: int = 0
    fresh_from: date | None = None
    wake: int = 0
    wakes_us: int = 0
    version: int = 1
    auto_collection: str = "off"
    net_term_days: int | None = None  # None: as the customer
    source: str = ""  # a payment source of its own; empty: the customer's primary one
    pending: bool | None = None  # whether its invoices wait as pending; None: as the site does
    coupons: tuple[tuple[str, int], ...] = ()  # coupon, how often it was applied
    trial_start: date | None = None
    trial_us: int = 0  # the instant at which a trial begins; it ends at `starts_us`
    paused: tuple[Term, ...] = ()  # what goes on when it is resumed or reactivated
    pause_day: date | None = None
    resume_day: date | None = None
    ahead: date | None = None  # charged in advance for what begins up to this day
    bills_from: date | None = None  # what lies before was billed elsewhere (imported)
    deleted: bool = False


class Invoice(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An invoice; `status` is the vendor's word. Amounts are minor units; `due_minor` is what is left to pay."""

    id: str
    number: str
    customer: str
    subscription: str
    entity: str
    zone: str
    currency: str
    txn: str
    reference: str
    status: str
    lines: tuple[Line, ...]
    net_minor: int
    day: date
    due_day: date
    created_us: int
    updated_us: int
    tax_minor: int = 0
    paid_minor: int = 0
    adjusted_minor: int = 0
    credits_minor: int = 0
    written_off_minor: int = 0
    given_up: bool = False  # whether giving it up is what settled it
    payments: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    bill_from: date | None = None
    first: bool = False
    closed_us: int = 0
    paid_us: int = 0
    dunning: str = "current"
    dunning_stopped: bool = False
    version: int = 1
    recurring: bool = True
    discounts: tuple[tuple[str, str, int], ...] = ()  # line, coupon, what it took off; lines are net of it
    credits: tuple[tuple[str, int], ...] = ()  # credit note (empty: promotional credits), amount
    auto_collection: str = "off"
    source: str = ""
    voided_us: int = 0
    deleted: bool = False
    credited: tuple[tuple[str, str], ...] = ()  # credit lines of a net invoice, the invoices they take back from

    @property
    def total_minor(self) -> int:
        """The sum of all lines, tax lines included."""
        return self.net_minor + self.tax_minor

    @property
    def due_minor(self) -> int:
        """What is neither paid nor adjusted nor written off."""
        settled = self.paid_minor + self.adjusted_minor + self.credits_minor + self.written_off_minor
        return self.net_minor + self.tax_minor - settled


class CreditNote(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A credit note; amounts are positive. `allocated_minor` went to invoices, `refunded_minor` to the customer."""

    id: str
    invoice: str
    customer: str
    subscription: str
    entity: str
    zone: str
    currency: str
    txn: str
    reference: str
    type: str  # adjustment | refundable
    reason: str
    status: str  # adjusted | refund_due | refunded | voided
    lines: tuple[Line, ...]
    net_minor: int
    tax_minor: int
    day: date
    created_us: int
    updated_us: int
    allocations: tuple[tuple[str, int], ...] = ()
    allocated_minor: int = 0
    refunded_minor: int = 0
    refunds: tuple[tuple[str, int], ...] = ()
    notes: str = ""
    version: int = 1
    voided_us: int = 0
    deleted: bool = False

    @property
    def total_minor(self) -> int:
        """The sum of all lines."""
        return self.net_minor + self.tax_minor

    @property
    def available_minor(self) -> int:
        """What may still be refunded or allocated."""
        return self.net_minor + self.tax_minor - self.allocated_minor - self.refunded_minor


class Transaction(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A payment or refund that was recorded; the platform moves no money itself."""

    id: str
    type: str  # payment | refund
    customer: str
    subscription: str
    currency: str
    amount_minor: int
    unused_minor: int
    method: str
    reference: str
    date_us: int
    created_us: int
    txn: str
    invoice: str = ""
    note: str = ""
    status: str = "success"  # success | failure | voided
    applied: tuple[tuple[str, int], ...] = ()  # invoices it pays, amounts
    refunds: tuple[tuple[str, int], ...] = ()  # transactions that gave it back, amounts
    refunded: str = ""  # the payment that a refund gives back
    gateway: str = "not_applicable"
    source: str = ""
    masked: str = ""
    error_code: str = ""
    error_text: str = ""
    voided_us: int = 0
    updated_us: int = 0
    version: int = 1
    deleted: bool = False

    @property
    def refunded_minor(self) -> int:
        """What of a payment was given back."""
        return sum([amount for _, amount in self.refunds])


class Usage(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What was used of a metered charge; `invoice` and `line` once it was billed."""

    id: str
    subscription: str
    item_price: str
    sku: str
    quantity: int
    at_us: int
    day: date
    created_us: int
    updated_us: int
    note: str = ""
    invoice: str = ""
    line: str = ""
    version: int = 1
    deleted: bool = False


class Unbilled(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A charge that waits for an invoice."""

    id: str
    customer: str
    subscription: str
    currency: str
    line: Line
    zone: str
    created_us: int
    updated_us: int
    deleted: bool = False


class Source(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A card on file; only what may be shown of its number is kept. `decline` is how the gateway refuses it."""

    id: str
    customer: str
    masked: str
    last4: str
    iin: str
    brand: str
    expiry_month: int
    expiry_year: int
    created_us: int
    updated_us: int
    decline: str = ""
    version: int = 1
    deleted: bool = False
