"""Calculation: from a request's lines and addresses to taxed lines. Pure, in minor units and parts per million."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache

import msgspec

from domain.currency import UnknownCurrency, exponent
from domain.money import allocate
from domain.rounding import Rounding, round_ratio
from mocks.kernel.operations import Refusal
from mocks.tax.bodies import Address, Addresses, LineInput, Override, Transaction
from mocks.tax.documents import NO_ADDRESS, TaxedLine
from mocks.tax.quirks import Quirks
from mocks.tax.rates import PPM, Components
from mocks.tax.reading import read_date
from mocks.tax.sites import Site

Find = Callable[[str, Address, date], Site]
_replace = msgspec.structs.replace
_EXEMPTING_CODES = frozenset("ABCDEFGHIJKLMNPQR")  # entity use codes exempt; "TAXABLE" and empty do not [K]
_AMOUNT_MAX = Decimal(10) ** 15
_QUANTITY_MAX = Decimal(10) ** 12


@cache
def units_of(currency: str) -> Decimal:
    """Return how many minor units make one major unit; raise Refusal for a currency that there is not."""
    try:
        return Decimal(10) ** exponent(currency)
    except UnknownCurrency:
        raise Refusal("validation", f"{currency!r} is not an ISO 4217 currency", field="currencyCode") from None


def to_minor(amount: Decimal, units: Decimal, field: str = "amount") -> int:
    """Return a major amount in minor units; digits beyond the currency's are rounded half up."""
    try:
        if -_AMOUNT_MAX < amount < _AMOUNT_MAX:
            scaled = amount * units
            minor = int(scaled)
            return minor if minor == scaled else int(scaled.to_integral_value(ROUND_HALF_UP))
    except ArithmeticError:
        pass  # not a number
    raise Refusal("range", f"{field} must be a number below {_AMOUNT_MAX:,}.", field=field)


def place(addresses: Addresses | None) -> tuple[Address, Address]:
    """Return where something is shipped from and to; a single location is both."""
    if addresses is None:
        return NO_ADDRESS, NO_ADDRESS
    both = addresses.single_location or NO_ADDRESS
    return addresses.ship_from or both, addresses.ship_to or both


def tax_date_of(transaction: Transaction, day: date) -> date:
    """Return the day whose rates count: the override's, else the document's."""
    override = transaction.tax_override
    if override is not None and override.kind == "TaxDate":
        return read_date(override.tax_date, "taxOverride.taxDate")
    return day


class Taxation(msgspec.Struct, frozen=True, gc=False):
    """How the lines of one transaction are taxed: for whom, on which day, where if the line does not say, and how.

    `units` are the minor units of one major unit. `zones` are the places where the customer is exempt.
    """

    company: str
    ship_to: Address
    units: Decimal
    day: date
    find: Find
    quirks: Quirks
    exempt: bool = False
    zones: frozenset[tuple[str, str]] = frozenset()


def tax_lines(transaction: Transaction, given: Sequence[LineInput], taxation: Taxation) -> tuple[TaxedLine, ...]:
    """Return some lines of a transaction with their tax."""
    units, quirks = taxation.units, taxation.quirks
    amounts = [to_minor(line.amount, units) for line in given]
    discounts = _discounts(transaction, given, amounts, units)
    forced = _forced(transaction.tax_override, amounts, units)
    common: Site | None = None
    lines: list[TaxedLine] = []
    told: set[int] = set()
    for index, line in enumerate(given):
        day = taxation.day
        if line.addresses is not None or line.tax_override is not None:
            day = _own_day(line, taxation)
            site = _own_site(line, taxation, day)
        else:
            common = common or taxation.find(taxation.company, taxation.ship_to, taxation.day)
            site = common
        amount = amounts[index] - discounts[index] if discounts else amounts[index]
        is_taxed = site.components and not taxation.exempt
        if line.exemption_code or line.entity_use_code or line.customer_usage_type or taxation.zones:
            is_taxed = is_taxed and not _is_exempt(line, site, taxation)
        percent = site.shares[line.tax_code or ""] if is_taxed else 0
        taxed = _tax_line(line, index, day, amount, percent, site.components, quirks.rounding)
        force = forced[index] if forced is not None else None
        if force is None and line.tax_override is not None:
            force = _forced_line(line.tax_override, units)
        if force is not None or line.tax_included:
            told.add(index)
        if force is not None:
            shares = allocate(force, [part.ppm for part in site.components]) if site.components else ()
            taxed = _replace(taxed, taxes=shares)
        lines.append(_replace(taxed, discount_minor=discounts[index]) if discounts else taxed)
    if quirks.rounding_level == "document" and forced is None:
        return _rounded_once(lines, told, quirks.rounding)
    return tuple(lines)


def _own_day(line: LineInput, taxation: Taxation) -> date:
    """Return the day whose rates count for a line: its own override's, else the transaction's."""
    override = line.tax_override
    if override is not None and override.kind == "TaxDate":
        return read_date(override.tax_date, "lines.taxOverride.taxDate")
    return taxation.day


def _own_site(line: LineInput, taxation: Taxation, day: date) -> Site:
    """Return where a line with an address or an override of its own is taxed, at the rates of its day."""
    where = taxation.ship_to if line.addresses is None else place(line.addresses)[1]
    return taxation.find(taxation.company, where, day)


def _tax_line(
    line: LineInput, index: int, day: date, amount: int, percent: int, components: Components, rounding: Rounding
) -> TaxedLine:
    gross = amount
    if line.tax_included and percent:
        amount = _net(gross, components, percent, rounding)
    taxable = amount if percent == 100 else round_ratio(Fraction(amount * percent, 100)) if percent else 0
    if line.tax_included and gross != amount:  # net and tax are the gross, whatever the roundings
        taxes = allocate(gross - amount, [part.ppm for part in components])
    elif rounding is Rounding.HALF_UP:  # ties away from zero, in whole numbers
        half = 500_000 if taxable >= 0 else 499_999
        taxes = tuple([(taxable * part.ppm + half) // PPM for part in components])
    else:
        taxes = tuple([round_ratio(Fraction(taxable * part.ppm, PPM), rounding) for part in components])
    if not -_QUANTITY_MAX < line.quantity < _QUANTITY_MAX:
        raise Refusal("range", f"quantity must be a number below {_QUANTITY_MAX:,}.", field="quantity")
    return TaxedLine(
        number=line.number or str(index + 1),
        quantity=line.quantity,
        amount_minor=amount,
        taxable_minor=taxable,
        exempt_minor=amount - taxable,
        components=components,
        taxes=taxes,
        day=day,
        item_code=line.item_code or "",
        tax_code=line.tax_code or "P0000000",
        description=line.description or "",
        ref1=line.ref1 or "",
        ref2=line.ref2 or "",
        included=line.tax_included,
    )


def _rounded_once(lines: Sequence[TaxedLine], told: Set[int], rounding: Rounding) -> tuple[TaxedLine, ...]:
    """Add up unrounded by jurisdiction, round once, spread the result over the lines.

    The lines whose tax the caller has `told` (their indexes), or has included, bear just that.
    """
    exact: dict[str, int] = {}
    free = [(i, line) for i, line in enumerate(lines) if i not in told]
    for _, line in free:
        for part in line.components:
            exact[part.code] = exact.get(part.code, 0) + line.taxable_minor * part.ppm
    taxes = [list(line.taxes) if i in told else [0] * len(line.components) for i, line in enumerate(lines)]
    for code, product in exact.items():
        cells = [(i, j) for i, line in free for j, part in enumerate(line.components) if part.code == code]
        weights = [lines[i].taxable_minor for i, _ in cells]
        total = round_ratio(Fraction(product, PPM), rounding)
        if any(weights):
            for (i, j), share in zip(
                cells, _spread(total, weights, [lines[i].components[j].ppm for i, j in cells]), strict=True
            ):
                taxes[i][j] = share
    return tuple(_replace(line, taxes=tuple(row)) for line, row in zip(lines, taxes, strict=True))


def _spread(total: int, weights: Sequence[int], ppm: Sequence[int]) -> Sequence[int]:
    """Spread a tax over lines in proportion; where some charge and some credit, each bears its own."""
    if min(weights) >= 0 or max(weights) <= 0:
        return allocate(total, [abs(weight) for weight in weights])
    own = [round_ratio(Fraction(weight * rate, PPM)) for weight, rate in zip(weights, ppm, strict=True)]
    return [own[0] + total - sum(own), *own[1:]]


def _net(gross_minor: int, components: Components, percent: int, rounding: Rounding) -> int:
    """Return the net of an amount that includes its tax, net first."""
    ppm = sum(part.ppm for part in components) * Fraction(percent, 100)
    return round_ratio(gross_minor / (1 + ppm / PPM), rounding)


def _discounts(
    transaction: Transaction, lines: Sequence[LineInput], amounts: list[int], units: Decimal
) -> Sequence[int]:
    discount = transaction.discount
    if not discount:
        return ()
    total = to_minor(discount, units, "discount")
    weights = [abs(amount) if line.discounted else 0 for line, amount in zip(lines, amounts, strict=True)]
    if not any(weights):
        return ()
    return allocate(total, weights)


def _forced(override: Override | None, amounts: list[int], units: Decimal) -> tuple[int, ...] | None:
    if override is None or override.kind != "TaxAmount":
        return None
    total = to_minor(override.tax_amount or Decimal(0), units, "taxOverride.taxAmount")
    weights = [abs(amount) for amount in amounts]
    return allocate(total, weights if any(weights) else [1] * len(amounts))


def _forced_line(override: Override, units: Decimal) -> int | None:
    if override.kind != "TaxAmount":
        return None
    return to_minor(override.tax_amount or Decimal(0), units, "taxOverride.taxAmount")


def is_exempt(transaction: Transaction, quirks: Quirks) -> bool:
    """Tell whether a transaction carries no tax wherever it is delivered to."""
    if transaction.exemption_no or use_code(transaction) in _EXEMPTING_CODES:
        return True
    override = transaction.tax_override
    return (override is not None and override.kind == "Exemption") or _reverses_charge(transaction, quirks)


def use_code(given: Transaction | LineInput) -> str:
    """Return the entity use code under its present or its former name."""
    return given.entity_use_code or given.customer_usage_type or ""


def _is_exempt(line: LineInput, site: Site, taxation: Taxation) -> bool:
    if line.exemption_code or (site.country, site.region) in taxation.zones:
        return True
    return use_code(line) in _EXEMPTING_CODES


def _reverses_charge(transaction: Transaction, quirks: Quirks) -> bool:
    """Tell whether the customer accounts for the tax: another country, and a VAT id."""
    if not quirks.reverse_charge or not transaction.business_identification_no:
        return False
    sent, received = place(transaction.addresses)
    seller, buyer = sent.country or "US", received.country or "US"
    return seller != buyer and buyer != "US"
