"""Replies: documents as the dialect shows them, in major units of their currency."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from domain.currency import exponent
from mocks.tax.bodies import Address
from mocks.tax.documents import StoredDocument, TaxedLine, summarize
from mocks.tax.rates import Component

_SHORT_LEVELS = {"Country": "CNT", "State": "STA", "County": "CTY", "City": "CIT", "Special": "STJ"}
DEFAULT_INCLUDE = frozenset({"summary", "addresses"})
ALL = frozenset({"summary", "addresses", "lines", "details"})
Money = Callable[[int], Decimal]
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def money_of(currency: str) -> Money:
    """Return the function from minor units to major units of a currency."""
    return _MONEY[exponent(currency)]


def _money(digits: int) -> Money:
    def money(minor: int) -> Decimal:
        return Decimal(minor).scaleb(-digits)

    return lru_cache(maxsize=32_768)(money)  # one amount is shown many times: in its line, its details, the totals


_MONEY = {digits: _money(digits) for digits in (0, 2, 3, 4)}


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


class Detail(msgspec.Struct, frozen=True, gc=False, rename="camel"):
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


class SummaryRow(msgspec.Struct, frozen=True, gc=False, rename="camel"):
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


class LineBody(msgspec.Struct, frozen=True, gc=False, rename="camel"):
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
    details: list[Detail] | msgspec.UnsetType = msgspec.UNSET


class Body(msgspec.Struct, frozen=True, gc=False, rename="camel", kw_only=True):
    """One document; what `$include` leaves out is unset."""

    id: int
    code: str
    company_code: str
    date: datetime.date
    status: str
    type: str
    currency_code: str
    customer_code: str
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
    locked: bool
    version: int
    tax_date: datetime.date
    tax_override_type: str
    tax_override_reason: str
    modified_date: str | msgspec.UnsetType = msgspec.UNSET
    lines: list[LineBody] | msgspec.UnsetType = msgspec.UNSET
    addresses: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET
    summary: list[SummaryRow] | msgspec.UnsetType = msgspec.UNSET


def transaction(document: StoredDocument, parts: frozenset[str]) -> Body:
    """Return the body of one document; `parts` are those of `included`."""
    money, lines, unset = money_of(document.currency), document.lines, msgspec.UNSET
    amount, taxable = document.amount_minor, sum([line.taxable_minor for line in lines])
    tax = money(document.tax_minor)
    details = "details" in parts
    return Body(
        id=document.id,
        code=document.code,
        company_code=document.company,
        date=document.date,
        status=document.status,
        type=document.type,
        currency_code=document.currency,
        customer_code=document.customer,
        purchase_order_no=document.purchase_order,
        reference_code=document.reference,
        description=document.description,
        total_amount=money(amount),
        total_exempt=money(amount - taxable),
        total_discount=money(sum([line.discount_minor for line in lines])),
        total_tax=tax,
        total_taxable=money(taxable),
        total_tax_calculated=tax,
        adjustment_reason=document.adjustment_reason,
        locked=document.locked,
        version=document.version,
        tax_date=document.tax_date,
        tax_override_type=document.override,
        tax_override_reason=document.override_reason,
        modified_date=_instant(document.modified_us) if document.id else unset,
        lines=[_line(document, line, money, details) for line in lines] if "lines" in parts else unset,
        addresses=[address(document.ship_from), address(document.ship_to)] if "addresses" in parts else unset,
        summary=_summary(document, money) if "summary" in parts else unset,
    )


def _line(document: StoredDocument, line: TaxedLine, money: Money, details: bool) -> LineBody:
    tax, taxable, exempt = money(sum(line.taxes)), money(line.taxable_minor), money(line.exempt_minor)
    rows: list[Detail] | msgspec.UnsetType = msgspec.UNSET
    if details:
        rows = [
            _detail(part, taxable, exempt, money(minor))
            for part, minor in zip(line.components, line.taxes, strict=True)
        ]
    return LineBody(
        document.id, line.number, line.item_code, line.tax_code, line.description, line.quantity,
        money(line.amount_minor), money(line.discount_minor), exempt, taxable, tax, tax, line.included,
        line.taxable_minor != 0, line.ref1, line.ref2, document.date, document.tax_date, rows,
    )  # fmt: skip


def _detail(part: Component, taxable: Decimal, exempt: Decimal, tax: Decimal) -> Detail:
    return Detail(
        part.country, part.region, part.code, part.name, _SHORT_LEVELS[part.level], part.level, part.tax_name,
        "General", part.rate, taxable, exempt, 0, tax, tax,
    )  # fmt: skip


def _summary(document: StoredDocument, money: Money) -> list[SummaryRow]:
    return [
        SummaryRow(
            row.component.country, row.component.region, row.component.level, row.component.code, row.component.name,
            row.component.tax_name, "General", row.component.rate, money(row.taxable_minor), money(row.exempt_minor),
            0, money(row.tax_minor), money(row.tax_minor),
        )
        for row in summarize(document.lines)
    ]  # fmt: skip


def address(given: Address) -> dict[str, Any]:
    """Return an address as replies show it."""
    return {
        "line1": given.line1 or "",
        "line2": given.line2 or "",
        "line3": given.line3 or "",
        "city": given.city or "",
        "region": given.region or "",
        "country": given.country or "US",
        "postalCode": given.postal_code or "",
    }


def _instant(at_us: int) -> str:
    moment = _EPOCH + datetime.timedelta(microseconds=at_us)
    return moment.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"
