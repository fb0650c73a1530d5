"""Replies: documents as the dialect shows them, in major units of their currency."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from domain.currency import exponent
from mocks.tax.bodies import Address
from mocks.tax.documents import StoredDocument, TaxedLine
from mocks.tax.rates import Component

_SHORT_LEVELS = {"Country": "CNT", "State": "STA", "County": "CTY", "City": "CIT", "Special": "STJ"}
DEFAULT_INCLUDE = frozenset({"summary", "addresses"})
ALL = frozenset({"summary", "addresses", "lines", "details"})
SOFTWARE_VERSION = "26.10.0"
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_SHOWN_MAX = 1_024


class _Money(dict[int, Decimal]):
    """Amounts in major units by minor units: one is shown many times, in its line, its details and the totals."""

    def __init__(self, digits: int) -> None:
        super().__init__()
        self._digits = digits

    def __missing__(self, minor: int) -> Decimal:
        if len(self) >= _SHOWN_MAX:
            self.clear()
        amount = self[minor] = Decimal(minor).scaleb(-self._digits)
        return amount


Money = Mapping[int, Decimal]
_MONEY = {digits: _Money(digits) for digits in (0, 2, 3, 4)}


def money_of(currency: str) -> Money:
    """Return the amounts of a currency in major units, by minor units."""
    return _MONEY[exponent(currency)]


def included(query: str, default: frozenset[str]) -> frozenset[str]:
    """Return the parts that an `$include` asks for; SummaryOnly and LinesOnly leave the rest out."""
    wanted = {part.strip().lower() for part in query.split(",") if part.strip()}
    if not wanted:
        return default
    if "summaryonly" in wanted:
        return frozenset({"summary"})
    if "linesonly" in wanted:
        return frozenset({"lines"})
    if "details" in wanted:
        wanted.add("lines")
    return frozenset(wanted) | DEFAULT_INCLUDE


class AddressReply(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An address as replies show it."""

    line1: str
    line2: str
    line3: str
    city: str
    region: str
    country: str
    postal_code: str


class DetailReply(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The tax of one jurisdiction on one line."""

    country: str
    region: str
    juris_code: str
    juris_name: str
    juris_type: str
    jurisdiction_type: str
    tax_name: str
    rate_type: str
    rate: Decimal
    taxable_amount: Decimal
    non_taxable_amount: Decimal
    exempt_amount: int
    tax: Decimal
    tax_calculated: Decimal


class SummaryReply(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The tax of one jurisdiction on the whole document."""

    country: str
    region: str
    juris_type: str
    juris_code: str
    juris_name: str
    tax_name: str
    rate_type: str
    rate: Decimal
    taxable: Decimal
    non_taxable: Decimal
    exemption: int
    tax: Decimal
    tax_calculated: Decimal


class LineReply(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """One line of a document."""

    transaction_id: int
    line_number: str
    item_code: str
    tax_code: str
    description: str
    quantity: Decimal
    line_amount: Decimal
    discount_amount: Decimal
    exempt_amount: Decimal
    taxable_amount: Decimal
    tax: Decimal
    tax_calculated: Decimal
    tax_included: bool
    is_item_taxable: bool
    ref1: str
    ref2: str
    reporting_date: datetime.date
    tax_date: datetime.date
    details: list[DetailReply] | msgspec.UnsetType = msgspec.UNSET


class TransactionReply(msgspec.Struct, frozen=True, gc=False, rename="camel", kw_only=True):
    """One document; what `$include` leaves out is unset."""

    id: int
    code: str
    company_id: int
    company_code: str
    date: datetime.date
    status: str
    type: str
    currency_code: str
    customer_vendor_code: str
    customer_code: str
    exempt_no: str
    customer_usage_type: str
    entity_use_code: str
    business_identification_no: str
    purchase_order_no: str
    reference_code: str
    description: str
    total_amount: Decimal
    total_exempt: Decimal
    total_discount: Decimal
    total_tax: Decimal
    total_taxable: Decimal
    total_tax_calculated: Decimal
    adjustment_reason: str
    adjustment_description: str
    locked: bool
    version: int
    software_version: str
    tax_date: datetime.date
    tax_override_type: str
    tax_override_reason: str
    modified_date: datetime.datetime | msgspec.UnsetType = msgspec.UNSET
    lines: list[LineReply] | msgspec.UnsetType = msgspec.UNSET
    addresses: list[AddressReply] | msgspec.UnsetType = msgspec.UNSET
    summary: list[SummaryReply] | msgspec.UnsetType = msgspec.UNSET


def transaction(document: StoredDocument, parts: frozenset[str]) -> TransactionReply:
    """Return the body of one document; `parts` are those of `included`."""
    money, totals, unset = money_of(document.currency), document.totals, msgspec.UNSET
    tax, is_stored = money[totals.tax_minor], document.id != 0
    return TransactionReply(
        id=document.id,
        code=document.code,
        company_id=document.company_id,
        company_code=document.company,
        date=document.date,
        status=document.status,
        type=document.type,
        currency_code=document.currency,
        customer_vendor_code=document.customer,
        customer_code=document.customer,
        exempt_no=document.exemption_no,
        customer_usage_type=document.use_code,
        entity_use_code=document.use_code,
        business_identification_no=document.vat_id,
        purchase_order_no=document.purchase_order,
        reference_code=document.reference,
        description=document.description,
        total_amount=money[totals.amount_minor],
        total_exempt=money[totals.amount_minor - totals.taxable_minor],
        total_discount=money[totals.discount_minor],
        total_tax=tax,
        total_taxable=money[totals.taxable_minor],
        total_tax_calculated=tax,
        adjustment_reason=document.adjustment_reason,
        adjustment_description=document.adjustment_description,
        locked=document.locked,
        version=document.version,
        software_version=SOFTWARE_VERSION,
        tax_date=document.tax_date,
        tax_override_type=document.override,
        tax_override_reason=document.override_reason,
        modified_date=_EPOCH + datetime.timedelta(microseconds=document.modified_us) if is_stored else unset,
        lines=[_line(document, line, money, "details" in parts) for line in document.lines]
        if "lines" in parts
        else unset,
        addresses=[address(document.ship_from), address(document.ship_to)] if "addresses" in parts else unset,
        summary=_summary(document, money) if "summary" in parts else unset,
    )


def _line(document: StoredDocument, line: TaxedLine, money: Money, details: bool) -> LineReply:
    tax, taxable, exempt = money[sum(line.taxes)], money[line.taxable_minor], money[line.exempt_minor]
    rows: list[DetailReply] | msgspec.UnsetType = msgspec.UNSET
    if details:
        rows = [
            _detail(part, taxable, exempt, money[minor])
            for part, minor in zip(line.components, line.taxes, strict=True)
        ]
    return LineReply(
        document.id, line.number, line.item_code, line.tax_code, line.description, line.quantity,
        money[line.amount_minor], money[line.discount_minor], exempt, taxable, tax, tax, line.included,
        line.taxable_minor != 0, line.ref1, line.ref2, document.date, document.tax_date, rows,
    )  # fmt: skip


def _detail(part: Component, taxable: Decimal, exempt: Decimal, tax: Decimal) -> DetailReply:
    return DetailReply(
        part.country, part.region, part.code, part.name, _SHORT_LEVELS[part.level], part.level, part.tax_name,
        "General", part.rate, taxable, exempt, 0, tax, tax,
    )  # fmt: skip


def _summary(document: StoredDocument, money: Money) -> list[SummaryReply]:
    rows = []
    for row in document.totals.rows:
        part, tax = row.component, money[row.tax_minor]
        rows.append(
            SummaryReply(
                part.country, part.region, part.level, part.code, part.name, part.tax_name, "General", part.rate,
                money[row.taxable_minor], money[row.exempt_minor], 0, tax, tax,
            )
        )  # fmt: skip
    return rows


def address(given: Address) -> AddressReply:
    """Return an address as replies show it."""
    return AddressReply(
        given.line1 or "", given.line2 or "", given.line3 or "", given.city or "", given.region or "",
        given.country or "US", given.postal_code or "",
    )  # fmt: skip
