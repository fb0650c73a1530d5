"""Calculation: from a request's lines and addresses to taxed lines. Pure, in minor units and parts per million."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache

import msgspec

from domain.currency import UnknownCurrency, exponent
from domain.money import allocate
from domain.rounding import Rounding, round_ratio
from mocks.kernel.operations import Refusal
from mocks.tax.bodies import NO_ADDRESSES, Address, Addresses, LineInput, Override, Transaction, read_date
from mocks.tax.documents import NO_ADDRESS, TaxedLine
from mocks.tax.quirks import Quirks
from mocks.tax.rates import PPM, STATE_DIGITS, Components, taxable_percent

Find = Callable[[Address, date], Components]
_replace = msgspec.structs.replace
_EXEMPTING_CODES = frozenset("ABCDEFGHIJKLMNPQR")  # entity use codes exempt; "TAXABLE" and empty do not [K]


class Site(msgspec.Struct, frozen=True, gc=False):
    """Where a line is delivered to, and who taxes there."""

    country: str
    region: str
    components: Components


@cache
def digits_of(currency: str) -> int:
    """Return the digits of a currency's minor unit; raise Refusal for an unknown one."""
    try:
        return exponent(currency)
    except UnknownCurrency:
        raise Refusal("validation", f"{currency!r} is not an ISO 4217 currency", field="currencyCode") from None


def to_minor(amount: Decimal, currency: str) -> int:
    """Return a major amount in minor units; digits beyond the currency's are rounded half up."""
    digits = digits_of(currency)
    if not amount.is_finite():
        raise Refusal("range", "An amount must be a number.", field="amount")
    return int(amount.scaleb(digits).to_integral_value(ROUND_HALF_UP))


def place(addresses: Addresses | None, *names: str) -> Address:
    """Return the first of the named addresses, or an empty one."""
    for name in names:
        found = (addresses or NO_ADDRESSES).get(name)
        if found is not None:
            return found
    return NO_ADDRESS


def region_of(address: Address) -> tuple[str, str, str]:
    """Return (country, region, postal code) in capitals; raise Refusal when the address cannot be taxed."""
    country = (address.country or "US").strip().upper()
    region = (address.region or "").strip().upper()
    postal = (address.postal_code or "").strip().upper()
    if country == "US":
        if region and region not in STATE_DIGITS:
            raise Refusal("address", f"{region!r} is not a state of the US.", field="addresses.shipTo.region")
        if not region:
            raise Refusal("address", "An address in the US needs a region.", field="addresses.shipTo.region")
    return country, region, postal


def tax_date_of(transaction: Transaction) -> date:
    """Return the day whose rates count: the override's, else the document's."""
    override = transaction.tax_override
    if override is not None and override.type == "TaxDate":
        return read_date(override.tax_date, "taxOverride.taxDate")
    return read_date(transaction.date, "date")


def tax_lines(transaction: Transaction, currency: str, day: date, find: Find, quirks: Quirks) -> tuple[TaxedLine, ...]:
    """Return the lines of a transaction with their tax."""
    given = transaction.lines or []
    amounts = [to_minor(line.amount, currency) for line in given]
    discounts = _discounts(transaction, given, amounts, currency)
    forced = _forced(transaction.tax_override, amounts, currency)
    exempt = _exempts(transaction) or _reverses_charge(transaction, quirks)
    own = all(line.addresses for line in given)
    common = None if own else _site(transaction.addresses, day, find)
    lines: list[TaxedLine] = []
    for index, line in enumerate(given):
        site = _site(line.addresses, day, find) if common is None or line.addresses else common
        amount = amounts[index] - discounts[index] if discounts else amounts[index]
        percent = (
            0 if exempt or _exempts_line(line) else taxable_percent(line.tax_code or "", site.country, site.region)
        )
        taxed = _tax_line(line, index, amount, percent, site.components, quirks.rounding)
        force = forced[index] if forced is not None else _forced_line(line.tax_override, currency)
        if force is not None:
            shares = allocate(force, [part.ppm for part in site.components]) if site.components else ()
            taxed = _replace(taxed, taxes=shares)
        lines.append(_replace(taxed, discount_minor=discounts[index]) if discounts else taxed)
    if quirks.rounding_level == "document" and forced is None:
        return _rounded_once(lines, quirks.rounding)
    return tuple(lines)


def _site(addresses: Addresses | None, day: date, find: Find) -> Site:
    address = place(addresses, "shipTo", "singleLocation")
    country, region, _ = region_of(address)
    return Site(country, region, find(address, day))


def _tax_line(
    line: LineInput, index: int, amount: int, percent: int, components: Components, rounding: Rounding
) -> TaxedLine:
    if not components:
        percent = 0
    if line.tax_included and percent:
        amount = _net(amount, components, percent, rounding)
    taxable = amount if percent == 100 else round_ratio(Fraction(amount * percent, 100)) if percent else 0
    if rounding is Rounding.HALF_UP:
        taxes = tuple([_half_up(taxable * part.ppm) for part in components])
    else:
        taxes = tuple([round_ratio(Fraction(taxable * part.ppm, PPM), rounding) for part in components])
    return TaxedLine(
        number=str(line.number if line.number is not None else index + 1),
        quantity=line.quantity,
        amount_minor=amount,
        taxable_minor=taxable,
        exempt_minor=amount - taxable,
        components=components,
        taxes=taxes,
        item_code=line.item_code or "",
        tax_code=line.tax_code or "P0000000",
        description=line.description or "",
        ref1=line.ref1 or "",
        ref2=line.ref2 or "",
        included=line.tax_included,
    )


def _half_up(product: int) -> int:
    """Divide by a million, ties away from zero."""
    return (product + 500_000) // PPM if product >= 0 else -((500_000 - product) // PPM)


def _rounded_once(lines: Sequence[TaxedLine], rounding: Rounding) -> tuple[TaxedLine, ...]:
    """Add up unrounded by jurisdiction, round once, spread the result over the lines (domain.md 2.9, T01)."""
    exact: dict[str, int] = {}
    for line in lines:
        for part in line.components:
            exact[part.code] = exact.get(part.code, 0) + line.taxable_minor * part.ppm
    taxes = [[0] * len(line.components) for line in lines]
    for code, product in exact.items():
        cells = [(i, j) for i, line in enumerate(lines) for j, part in enumerate(line.components) if part.code == code]
        weights = [abs(lines[i].taxable_minor) for i, _ in cells]
        total = round_ratio(Fraction(product, PPM), rounding)
        if any(weights):
            for (i, j), share in zip(cells, allocate(total, weights), strict=True):
                taxes[i][j] = share
    return tuple(_replace(line, taxes=tuple(row)) for line, row in zip(lines, taxes, strict=True))


def _net(gross_minor: int, components: Components, percent: int, rounding: Rounding) -> int:
    """Return the net of an amount that includes its tax, net first (domain.md 2.9)."""
    ppm = sum(part.ppm for part in components) * Fraction(percent, 100)
    return round_ratio(gross_minor / (1 + ppm / PPM), rounding)


def _discounts(transaction: Transaction, lines: list[LineInput], amounts: list[int], currency: str) -> list[int]:
    discount = transaction.discount
    if not discount:
        return []
    weights = [abs(amount) if line.discounted else 0 for line, amount in zip(lines, amounts, strict=True)]
    if not any(weights):
        return []
    return list(allocate(to_minor(discount, currency), weights))


def _forced(override: Override | None, amounts: list[int], currency: str) -> tuple[int, ...] | None:
    if override is None or override.type != "TaxAmount":
        return None
    total = to_minor(override.tax_amount or Decimal(0), currency)
    weights = [abs(amount) for amount in amounts]
    return allocate(total, weights if any(weights) else [1] * len(amounts))


def _forced_line(override: Override | None, currency: str) -> int | None:
    if override is None or override.type != "TaxAmount":
        return None
    return to_minor(override.tax_amount or Decimal(0), currency)


def _exempts(transaction: Transaction) -> bool:
    override = transaction.tax_override
    use_code = transaction.entity_use_code or transaction.customer_usage_type or ""
    return bool(transaction.exemption_no or use_code in _EXEMPTING_CODES or (override and override.type == "Exemption"))


def _exempts_line(line: LineInput) -> bool:
    use_code = line.entity_use_code or line.customer_usage_type or ""
    return bool(line.exemption_code or use_code in _EXEMPTING_CODES)


def _reverses_charge(transaction: Transaction, quirks: Quirks) -> bool:
    """Tell whether the customer accounts for the tax: another country, and a VAT id (domain.md 2.9)."""
    if not quirks.reverse_charge or not transaction.business_identification_no:
        return False
    seller = place(transaction.addresses, "shipFrom", "singleLocation").country or "US"
    buyer = place(transaction.addresses, "shipTo", "singleLocation").country or "US"
    return seller != buyer and buyer != "US"
