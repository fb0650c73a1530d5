"""Replies: documents as the dialect shows them, in major units of their currency."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from domain.calendar import local_date
from domain.currency import exponent
from mocks.tax.bodies import Address
from mocks.tax.documents import StoredDocument, TaxedLine, summarize
from mocks.tax.rates import Component

_SHORT_LEVELS = {"Country": "CNT", "State": "STA", "County": "CTY", "City": "CIT", "Special": "STJ"}
DEFAULT_INCLUDE = frozenset({"summary", "addresses"})
ALL = frozenset({"summary", "addresses", "lines", "details"})
Money = Callable[[int], Decimal]


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


def transaction(document: StoredDocument, parts: frozenset[str]) -> dict[str, Any]:
    """Return the body of one document; `parts` are those of `included`."""
    money = money_of(document.currency)
    taxable = sum([line.taxable_minor for line in document.lines])
    tax = money(document.tax_minor)
    amount = document.amount_minor
    body: dict[str, Any] = {
        "id": document.id,
        "code": document.code,
        "companyCode": document.company,
        "date": document.date,
        "status": document.status,
        "type": document.type,
        "currencyCode": document.currency,
        "customerCode": document.customer,
        "purchaseOrderNo": document.purchase_order,
        "referenceCode": document.reference,
        "description": document.description,
        "totalAmount": money(amount),
        "totalExempt": money(amount - taxable),
        "totalDiscount": money(sum([line.discount_minor for line in document.lines])),
        "totalTax": tax,
        "totalTaxable": money(taxable),
        "totalTaxCalculated": tax,
        "adjustmentReason": document.adjustment_reason,
        "locked": document.locked,
        "version": document.version,
        "taxDate": document.tax_date,
        "taxOverrideType": document.override,
        "taxOverrideReason": document.override_reason,
    }
    if document.id:
        body["modifiedDate"] = _instant(document.modified_us)
    if "lines" in parts:
        body["lines"] = [_line(document, line, money, "details" in parts) for line in document.lines]
    if "addresses" in parts:
        body["addresses"] = [address(document.ship_from), address(document.ship_to)]
    if "summary" in parts:
        body["summary"] = _summary(document, money)
    return body


def _line(document: StoredDocument, line: TaxedLine, money: Money, details: bool) -> dict[str, Any]:
    tax = money(sum(line.taxes))
    body: dict[str, Any] = {
        "transactionId": document.id,
        "lineNumber": line.number,
        "itemCode": line.item_code,
        "taxCode": line.tax_code,
        "description": line.description,
        "quantity": line.quantity,
        "lineAmount": money(line.amount_minor),
        "discountAmount": money(line.discount_minor),
        "exemptAmount": money(line.exempt_minor),
        "taxableAmount": money(line.taxable_minor),
        "tax": tax,
        "taxCalculated": tax,
        "taxIncluded": line.included,
        "isItemTaxable": line.taxable_minor != 0,
        "ref1": line.ref1,
        "ref2": line.ref2,
        "reportingDate": document.date,
        "taxDate": document.tax_date,
    }
    if details:
        taxable, exempt = money(line.taxable_minor), money(line.exempt_minor)
        body["details"] = [
            _detail(part, taxable, exempt, money(minor))
            for part, minor in zip(line.components, line.taxes, strict=True)
        ]
    return body


def _detail(part: Component, taxable: Decimal, exempt: Decimal, tax: Decimal) -> dict[str, Any]:
    return {
        "country": part.country,
        "region": part.region,
        "jurisCode": part.code,
        "jurisName": part.name,
        "jurisType": _SHORT_LEVELS[part.level],
        "jurisdictionType": part.level,
        "taxName": part.tax_name,
        "rateType": "General",
        "rate": part.rate,
        "taxableAmount": taxable,
        "nonTaxableAmount": exempt,
        "exemptAmount": 0,
        "tax": tax,
        "taxCalculated": tax,
    }


def _summary(document: StoredDocument, money: Money) -> list[dict[str, Any]]:
    rows = []
    for row in summarize(document.lines):
        tax = money(row.tax_minor)
        rows.append(
            {
                "country": row.component.country,
                "region": row.component.region,
                "jurisType": row.component.level,
                "jurisCode": row.component.code,
                "jurisName": row.component.name,
                "taxName": row.component.tax_name,
                "rateType": "General",
                "rate": row.component.rate,
                "taxable": money(row.taxable_minor),
                "nonTaxable": money(row.exempt_minor),
                "exemption": 0,
                "tax": tax,
                "taxCalculated": tax,
            }
        )
    return rows


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
    seconds, micros = divmod(at_us, 1_000_000)
    minutes, second = divmod(seconds % 86_400, 60)
    return f"{local_date(at_us, 'UTC')}T{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}.{micros:06d}Z"
