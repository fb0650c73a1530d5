"""Discount governance: who may approve how much off the list (domain.md 2.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

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


def effective_percent(lines: Sequence[Line]) -> Fraction:
    """Return 1 - sum(net) / sum(list) in percent; 0 where no list prices are known."""
    priced = [line for line in lines if line.list_unit_minor > 0]
    listed = sum(line.list_unit_minor * line.quantity for line in priced)
    net = sum(line.unit_minor * line.quantity for line in priced)
    return Fraction(100) * (listed - net) / listed if listed else Fraction(0)


def may_approve(approver: str, declared_percent: Decimal, lines: Sequence[Line]) -> bool:
    """Tell whether an approver (empty: nobody) may let pass the declared and the effective discount of a quote.

    Unit prices are rounded to minor units, so half a minor unit per unit sold is forgiven.
    """
    authority = AUTHORITY_PERCENT.get(approver, EVERYTHING)
    if authority >= EVERYTHING:
        return True
    priced = [line for line in lines if line.list_unit_minor > 0]
    floor = sum(line.list_unit_minor * line.quantity for line in priced) * Fraction(100 - authority, 100)
    net = sum(line.unit_minor * line.quantity for line in priced)
    forgiven = Fraction(sum(line.quantity for line in priced), 2)
    return declared_percent <= authority and net + forgiven >= floor
