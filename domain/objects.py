"""Canonical documents: how a system's record looks in a history, whichever vendor dialect it came through.

Every system of record writes its own view: the invoice of `billing` and the invoice of `erp` are two documents of one
type, and checks compare them. Amounts are integer minor units of `currency`; contract dates are local dates of the
legal entity; `txn` is the business transaction (the quote number without its version), empty when the system cannot
know it; `ref` is the reference the caller gave, verbatim (an external id, a document code, a metadata value).
"""

from __future__ import annotations

from datetime import date

import msgspec


class Line(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One line of a quote, order, invoice or credit memo. `amount_minor` is net of discount and of tax.

    `period_start`/`period_end` (half-open) is the service period. `full_start`/`full_end` is the full billing period
    that `full_minor` prices, when the line bills a part of it. `reverses` names the line that a credit line takes back.
    On a net invoice credit lines are negative; on a net credit note what is charged is negative and reverses nothing.
    `parent` names the line of the bundle that a part belongs to: the part is ordered and delivered, its price is there.
    On a quote `entity` is the legal entity that sells the line and `delivered_by` the one that delivers it, where they
    are others than the quote's.
    """

    id: str
    sku: str
    kind: str  # recurring | one_time | usage | tax
    quantity: int
    unit_minor: int  # net price of one unit for a full billing period
    amount_minor: int
    list_unit_minor: int = 0
    months: int = 0  # length of the full billing period in months; 0 for one-time lines
    period_start: date | None = None
    period_end: date | None = None
    full_start: date | None = None
    full_end: date | None = None
    reverses: str = ""
    parent: str = ""
    entity: str = ""
    delivered_by: str = ""


class TaxShare(msgspec.Struct, frozen=True, gc=False):
    """Tax of one jurisdiction on one document."""

    jurisdiction: str
    base_minor: int
    amount_minor: int


class Account(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="account"):
    """A customer as sales knows it (CRM)."""

    id: str
    name: str
    entity: str
    currency: str
    country: str
    region: str = ""
    credit_status: str = "clear"  # mirrored from the ERP: clear | soft_hold | hard_hold


class Customer(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="customer"):
    """A customer as a finance system knows it (ERP, billing, payment)."""

    id: str
    ref: str
    name: str
    entity: str = ""
    currency: str = ""
    credit_limit_minor: int = 0
    credit_status: str = "clear"
    terms_days: int = 0


class Delta(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One change an amendment makes to a subscription: the new quantity and unit price of a sku (0 removes it)."""

    sku: str
    quantity: int
    unit_minor: int
    months: int = 12


class Quote(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="quote"):
    """One quote version. `deltas`, `subscription`, `effective_date` and `sequence` are set on amendments.

    A pause ends on `resume_date`, the first day that is paid for again. `refund` says what a cancellation gives back of
    what was paid ahead: none, prorated (also when empty) or full. A renewal names the `subscription` it follows; its
    `amendment_kind` is "auto" when the contract renews itself. In a partner deal the `account` is who buys and is
    billed (the reseller, or the distributor of two tiers), `end_customer` is the account of who uses it. When several
    legal entities sell, a deal that is `ship_complete` is delivered only once all of them have booked their part.
    """

    id: str
    txn: str
    number: str
    version: int
    account: str
    entity: str
    currency: str
    kind: str  # new | amend | renew
    amendment_kind: str = ""
    status: str
    lines: tuple[Line, ...]
    total_minor: int  # sum of the lines: what one full billing period of each costs
    discount_percent: str = "0"
    approvals: tuple[str, ...] = ()
    valid_until: date | None = None
    term_start: date | None = None
    term_months: int = 0
    subscription: str = ""
    effective_date: date | None = None
    sequence: int = 0
    deltas: tuple[Delta, ...] = ()
    co_term_end: date | None = None
    resume_date: date | None = None
    refund: str = ""
    partner_model: str = ""  # resale or two_tier; empty: sold directly
    reseller: str = ""
    end_customer: str = ""
    payment_method: str = ""
    ship_complete: bool = False


class Mirror(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="mirror"):
    """What the CRM shows sales of the financial truth of one quote; empty until the integration has written it."""

    id: str
    txn: str
    order_status: str = ""
    order_number: str = ""
    invoice_status: str = ""
    invoice_balance_minor: int = 0
    payment_status: str = ""
    sequence: int = 0  # grows with each mirrored state; a lower one never overwrites a higher one


class Order(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="order"):
    """A sales order of the ERP."""

    id: str
    ref: str
    txn: str
    version: int
    number: str
    customer: str
    entity: str
    currency: str
    kind: str
    status: str
    lines: tuple[Line, ...]
    total_minor: int
    business_date: date
    end_customer: str = ""


class Task(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="task"):
    """A fulfilment task of one order."""

    id: str
    ref: str
    txn: str
    status: str
    skus: tuple[str, ...] = ()
    account: str = ""


class Item(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The terms of one charge of a subscription from `start` (inclusive) to `end` (exclusive, None while open)."""

    sku: str
    kind: str
    quantity: int
    unit_minor: int
    months: int
    start: date
    end: date | None = None


class Subscription(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="subscription"):
    """A subscription of the billing platform with every term its charges have had, in order of time."""

    id: str
    ref: str
    txn: str
    customer: str
    entity: str
    currency: str
    status: str
    start: date
    term_end: date
    items: tuple[Item, ...]
    applied: tuple[str, ...] = ()  # references of the amendments applied so far, in order of application


class Invoice(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="invoice"):
    """An invoice as billing or the ERP holds it."""

    id: str
    ref: str
    txn: str
    number: str
    customer: str
    entity: str
    currency: str
    status: str
    lines: tuple[Line, ...]
    taxes: tuple[TaxShare, ...]
    net_minor: int
    tax_minor: int
    total_minor: int
    balance_minor: int
    business_date: date
    due_date: date
    subscription: str = ""
    bill_from: date | None = None
    rebills: str = ""


class CreditMemo(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="credit_memo"):
    """A credit note of billing or a credit memo of the ERP. Amounts are positive; the document is what is negative."""

    id: str
    ref: str
    txn: str
    invoice: str
    customer: str
    entity: str
    currency: str
    status: str
    lines: tuple[Line, ...]
    taxes: tuple[TaxShare, ...]
    net_minor: int
    tax_minor: int
    total_minor: int
    balance_minor: int
    business_date: date


class TaxLine(msgspec.Struct, frozen=True, gc=False):
    """A line of a document of the tax engine: what kind of goods it is, and the day whose rates it was taxed at."""

    sku: str
    goods: str  # the engine's code for this kind of goods
    day: date
    amount_minor: int
    tax_minor: int


class TaxDocument(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="tax_document"):
    """A stored document of the tax engine; `code` is the caller's document code. Return documents are negative."""

    id: str
    code: str
    kind: str  # invoice | return
    status: str
    currency: str
    taxes: tuple[TaxShare, ...]
    net_minor: int
    tax_minor: int
    revision: int = 0
    original: str = ""
    lines: tuple[TaxLine, ...] = ()


class Payment(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="payment"):
    """A payment intent. `ref` names the invoice it pays."""

    id: str
    ref: str
    txn: str
    customer: str
    currency: str
    status: str
    method: str  # card | debit | push
    amount_minor: int
    captured_minor: int = 0
    refunded_minor: int = 0
    disputed_minor: int = 0
    fee_minor: int = 0
    payout: str = ""


class Refund(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="refund"):
    """Money given back from a payment."""

    id: str
    payment: str
    currency: str
    amount_minor: int
    status: str


class Dispute(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="dispute"):
    """A chargeback on a payment."""

    id: str
    payment: str
    currency: str
    amount_minor: int
    fee_minor: int
    status: str


class Payout(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="payout"):
    """Money the processor moves to the bank: gross of the payments in it, less fees, refunds and disputes."""

    id: str
    currency: str
    gross_minor: int
    fee_minor: int
    net_minor: int
    payments: tuple[str, ...]
    status: str


class Cash(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="cash"):
    """Cash in the ERP (or recorded in billing): a customer payment and the invoices it is applied to."""

    id: str
    ref: str
    txn: str
    customer: str
    entity: str
    currency: str
    amount_minor: int
    applied: tuple[tuple[str, int], ...]  # (invoice id of the same system, amount in minor units)
    status: str
    business_date: date


class Posting(msgspec.Struct, frozen=True, gc=False):
    """One line of a journal entry: debit positive, credit negative, in document and in base currency."""

    account: str
    amount_minor: int
    base_minor: int


class Entry(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="entry"):
    """A journal entry of the general ledger."""

    id: str
    source: str  # kind/id of the document that caused it
    entity: str
    currency: str
    base_currency: str
    rate: str  # units of base per unit of currency, as a decimal string; "1" in base currency
    rate_id: str  # empty when currency = base_currency
    period: str
    business_date: date
    postings: tuple[Posting, ...]
    original_date: date | None = None  # the date asked for, when its period was closed


class Period(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="period"):
    """An accounting period of one entity and module."""

    id: str
    entity: str
    module: str  # ar | gl
    start: date
    end: date  # exclusive
    status: str


class Hold(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="hold"):
    """A credit hold on a customer."""

    id: str
    customer: str
    account: str
    level: str  # soft | hard
    status: str  # active | released


class RevenueSchedule(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="revenue_schedule"):
    """The revenue plan of one invoice line: slices of (month end, amount)."""

    id: str
    invoice: str
    line: str
    currency: str
    total_minor: int
    slices: tuple[tuple[date, int], ...]


Document = (
    Account | Customer | Quote | Mirror | Order | Task | Subscription | Invoice | CreditMemo | TaxDocument
    | Payment | Refund | Dispute | Payout | Cash | Entry | Period | Hold | RevenueSchedule
)  # fmt: skip
