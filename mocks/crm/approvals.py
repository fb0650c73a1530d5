"""Discount governance: who may approve how much off the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from domain.objects import Line

EVERYTHING = 100
AUTHORITY_PERCENT: Mapping[str, int] = {
    "": 10,  # nobody: the seller's own authority
    "sales_manager": 20,
    "deal_desk": 35,
    "finance": 35,
    "cfo": EVERYTHING,
    "legal": EVERYTHING,
}
"""Role -> discount it may approve. A name that is no role is a person with full authority."""


class Discount(msgspec.Struct, frozen=True, gc=False):
    """What a quote asks for off the list: the sums of its lines at list and net prices, and the units sold."""

    listed_minor: int
    net_minor: int
    units: int
    declared_percent: Decimal

    @property
    def percent(self) -> Fraction:
        """The larger of the declared discount and 1 - net / list, in percent."""
        taken = Fraction(100 * (self.listed_minor - self.net_minor), self.listed_minor) if self.listed_minor else 0
        return max(Fraction(self.declared_percent), Fraction(taken))


def discount_of(lines: Sequence[Line], declared_percent: Decimal) -> Discount:
    """Return the discount of a quote's lines; lines without a list price do not count."""
    listed_minor = net_minor = units = 0
    for line in lines:
        if line.list_unit_minor > 0:
            listed_minor += line.list_unit_minor * line.quantity
            net_minor += line.unit_minor * line.quantity
            units += line.quantity
    return Discount(listed_minor, net_minor, units, declared_percent)


def may_approve(approver: str, asked: Discount) -> bool:
    """Tell whether an approver (empty: nobody) may let a discount pass.

    Unit prices are rounded to minor units, so half a minor unit per unit sold is forgiven.
    """
    authority = AUTHORITY_PERCENT.get(approver, EVERYTHING)
    if authority >= EVERYTHING:
        return True
    enough = 200 * asked.net_minor + 100 * asked.units >= 2 * asked.listed_minor * (100 - authority)
    return enough and asked.declared_percent <= authority
