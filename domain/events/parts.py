"""The small values that payloads are made of. Amounts are integer minor units of an ISO 4217 currency."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec

Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
"""An ISO 4217 code, as the API writes it too."""


class Amount(msgspec.Struct, frozen=True, gc=False):
    """Money on the wire: integer minor units and the currency code."""

    amount_minor: int
    currency: Currency


class LineItem(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a quote, order, invoice or credit memo; net of discount and of tax, the end date exclusive."""

    line_id: str
    sku: str
    quantity: int
    net: Amount
    kind: str = ""
    period_start: date | None = None
    period_end: date | None = None


class ChargeItem(msgspec.Struct, frozen=True, kw_only=True):
    """A charge of a subscription: the price of one billing period and when it runs."""

    charge_id: str
    sku: str
    quantity: int
    price: Amount
    billing_months: int
    start: date
    end: date | None = None


class DeltaItem(msgspec.Struct, frozen=True, kw_only=True):
    """One change that an amendment makes: the new quantity and price (0 removes), or by how many units, or both."""

    sku: str
    quantity_change: int | None = None
    quantity: int | None = None
    price: Amount | None = None


class ScheduleItem(msgspec.Struct, frozen=True, kw_only=True):
    """One bill that is due for a service period [start, end)."""

    charge_id: str
    period_start: date
    period_end: date
    bill_date: date
    amount: Amount
    status: str = "planned"


class TaxItem(msgspec.Struct, frozen=True, kw_only=True):
    """Tax of one jurisdiction on one base; the rate is a decimal fraction."""

    jurisdiction: str
    rate: Decimal
    base: Amount
    amount: Amount
    inclusive: bool = False
    reason: str = ""


class ApplicationItem(msgspec.Struct, frozen=True, kw_only=True):
    """Money put against one invoice, or taken off it (negative)."""

    invoice_id: str
    amount: Amount


class PayoutItem(msgspec.Struct, frozen=True, kw_only=True):
    """One movement inside a payout: a charge, a refund, a fee or a dispute."""

    payment_id: str
    kind: str
    amount: Amount


class SliceItem(msgspec.Struct, frozen=True, kw_only=True):
    """Revenue planned for one accounting period."""

    slice_id: str
    period: str
    amount: Amount
    status: str = "planned"


class LedgerLine(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a journal entry, in transaction and base currency."""

    account: str
    debit: Amount
    credit: Amount
    base_debit_minor: int = 0
    base_credit_minor: int = 0


class ErrorRef(msgspec.Struct, frozen=True, kw_only=True):
    """The class and the full code of an error."""

    error_class: str = msgspec.field(name="class")
    code: str


class MatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a customer was matched: the rule and its score from 0 to 1."""

    rule: str
    score: Decimal


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a record before and after."""

    field: str
    before: str
    after: str
