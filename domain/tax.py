"""Tax arithmetic: exclusive and inclusive prices, rounding levels, compound taxes, discounts and credit memos.

Amounts are minor units, rates are Fractions (20 % is Fraction(1, 5)). Jurisdiction tables are data in
`domain.tax_rules`. Oracle cases T01-T12.
"""

from collections.abc import Sequence
from enum import Enum
from fractions import Fraction

import msgspec

from domain.money import allocate
from domain.rounding import Exact, Rounding, exact, round_ratio


class TaxLevel(Enum):
    """Where tax is rounded: on every line and jurisdiction, or once on the document."""

    LINE = "LINE"
    DOCUMENT = "DOCUMENT"


class InclusiveMethod(Enum):
    """Which part of a gross price is rounded first; the other is what is left."""

    NET_FIRST = "NET_FIRST"
    TAX_FIRST = "TAX_FIRST"


class ChainedTax(msgspec.Struct, frozen=True, gc=False):
    """One tax in an ordered chain; `affects_base` enlarges the base of those after it; negative is withholding."""

    rate: Fraction
    affects_base: bool = False


class DocumentTax(msgspec.Struct, frozen=True, gc=False):
    """The tax of a document: cells per line and jurisdiction that add up exactly to the total (minor units)."""

    cells: tuple[tuple[int, ...], ...]
    total_minor: int

    @property
    def line_taxes(self) -> tuple[int, ...]:
        """Return the tax of each line."""
        return tuple(sum(row) for row in self.cells)

    @property
    def jurisdiction_taxes(self) -> tuple[int, ...]:
        """Return the tax of each jurisdiction over all lines (lines must name the same jurisdictions)."""
        return tuple(sum(column) for column in zip(*self.cells, strict=True))


def percent(value: Exact | str) -> Fraction:
    """Read a percentage ("6.5") as a rate."""
    return exact(value) / 100


def tax_on(net_minor: Exact, rate: Fraction, mode: Rounding = Rounding.HALF_UP) -> int:
    """Return the tax on one exclusive base."""
    return round_ratio(exact(net_minor) * rate, mode)


def per_jurisdiction(net_minor: int, rates: Sequence[Fraction], mode: Rounding = Rounding.HALF_UP) -> tuple[int, ...]:
    """Round each jurisdiction on its own (Avalara's line level, T08: 0.40)."""
    return tuple(tax_on(net_minor, rate, mode) for rate in rates)


def combined(net_minor: int, rates: Sequence[Fraction], mode: Rounding = Rounding.HALF_UP) -> int:
    """Round once on the sum of the rates (T08: 0.41)."""
    return tax_on(net_minor, sum(rates, Fraction(0)), mode)


def document_tax(
    nets_minor: Sequence[int],
    rates: Sequence[Sequence[Fraction]],
    level: TaxLevel = TaxLevel.LINE,
    mode: Rounding = Rounding.HALF_UP,
) -> DocumentTax:
    """Return a document's tax; `rates[i]` holds the jurisdictions' rates of line i.

    LINE rounds every cell and adds. DOCUMENT adds unrounded, rounds once and spreads the difference over the cells
    that rounding moved furthest, ties to the earlier cell.
    """
    exact_cells = [[net * rate for rate in row] for net, row in zip(nets_minor, rates, strict=True)]
    cells = [[round_ratio(cell, mode) for cell in row] for row in exact_cells]
    if level is TaxLevel.DOCUMENT:
        total = round_ratio(sum((cell for row in exact_cells for cell in row), Fraction(0)), mode)
        _spread(cells, exact_cells, total)
    return DocumentTax(tuple(tuple(row) for row in cells), sum(sum(row) for row in cells))


def _spread(cells: list[list[int]], exact_cells: list[list[Fraction]], total: int) -> None:
    difference = total - sum(sum(row) for row in cells)
    step = 1 if difference > 0 else -1
    places = [(i, j) for i, row in enumerate(cells) for j in range(len(row))]
    places.sort(key=lambda place: step * (cells[place[0]][place[1]] - exact_cells[place[0]][place[1]]))
    for i, j in places[: abs(difference)]:
        cells[i][j] += step


def inclusive(
    gross_minor: int,
    rate: Fraction,
    method: InclusiveMethod = InclusiveMethod.NET_FIRST,
    mode: Rounding = Rounding.HALF_UP,
) -> tuple[int, int]:
    """Split a gross price into (net, tax); the two always add up to the gross (T02-T04)."""
    if rate <= -1:
        raise ValueError(f"inclusive tax rate is {rate}; expected more than -100 %")
    if method is InclusiveMethod.NET_FIRST:
        net = round_ratio(gross_minor / (1 + rate), mode)
        return net, gross_minor - net
    tax = round_ratio(gross_minor * rate / (1 + rate), mode)
    return gross_minor - tax, tax


def chained(net_minor: int, taxes: Sequence[ChainedTax], mode: Rounding = Rounding.HALF_UP) -> tuple[int, ...]:
    """Return the taxes of an ordered chain with enlarged bases and withholding (T06: -10.00, 2.00, 11.44)."""
    base, amounts = net_minor, []
    for tax in taxes:
        amount = tax_on(base, tax.rate, mode)
        amounts.append(amount)
        base += amount if tax.affects_base else 0
    return tuple(amounts)


def reverse_charge(net_minor: int, rate: Fraction, mode: Rounding = Rounding.HALF_UP) -> tuple[int, int]:
    """Return two equal and opposite tax entries; the total stays the net (T05)."""
    tax = tax_on(net_minor, rate, mode)
    return tax, -tax


def spread_discount(nets_minor: Sequence[int], discount_minor: int) -> tuple[int, ...]:
    """Split a discount over lines in proportion to what is left of them; never more than there is (T09)."""
    whole = sum(nets_minor)
    return allocate(min(discount_minor, whole), nets_minor) if whole > 0 else (0,) * len(nets_minor)


def apply_coupons(nets_minor: Sequence[int], coupons: Sequence["Coupon"]) -> list[tuple[int, ...]]:
    """Apply coupons one after another on what is left; return each coupon's share per line (T10)."""
    left = list(nets_minor)
    shares = []
    for coupon in coupons:
        share = spread_discount(left, coupon.size_minor(sum(left)))
        left = [net - part for net, part in zip(left, share, strict=True)]
        shares.append(share)
    return shares


class Coupon(msgspec.Struct, frozen=True, gc=False):
    """A fixed (`amount_minor`) or relative (`rate`) discount; exactly one of the two is set."""

    amount_minor: int | None = None
    rate: Fraction | None = None

    def size_minor(self, left_minor: int, mode: Rounding = Rounding.HALF_UP) -> int:
        """Return the discount on what earlier coupons left."""
        if self.rate is not None:
            return round_ratio(left_minor * self.rate, mode)
        if self.amount_minor is None:
            raise ValueError("coupon has neither an amount nor a rate")
        return min(self.amount_minor, left_minor)


def credit_tax(exact_net_minor: Exact, rate: Fraction, mode: Rounding = Rounding.HALF_UP) -> tuple[int, int]:
    """Return (net, tax) of a credit: the net rounds, the tax rounds on the precise net, the total is their sum.

    Case T11: 19333.33 at 25 % is 19333 and 4833, so 24166, although 24166.67 rounds to 24167.
    """
    precise = exact(exact_net_minor)
    return round_ratio(precise, mode), round_ratio(precise * rate, mode)


def capped_credit_taxes(
    invoice_tax_minor: int, memo_nets_minor: Sequence[Exact], rate: Fraction, mode: Rounding = Rounding.HALF_UP
) -> list[int]:
    """Return each memo's tax at the original rate; together they never exceed the invoice's tax (T12)."""
    left, taxes = invoice_tax_minor, []
    for net in memo_nets_minor:
        tax = min(tax_on(net, rate, mode), left)
        taxes.append(tax)
        left -= tax
    return taxes
