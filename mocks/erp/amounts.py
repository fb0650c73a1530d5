"""Amounts on the wire are decimal major units; inside they are integer minor units."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from domain.currency import EXPONENTS
from mocks.kernel.operations import Refusal

SCALES: Mapping[str, int] = {code: 10**digits for code, digits in EXPONENTS.items()}
"""ISO 4217 code -> minor units of one major unit."""
_LARGEST = 10**17


def minor(amount: Decimal, currency: str, field: str) -> int:
    """Return minor units; refuse more digits than the currency has (I-31) and amounts no ledger holds."""
    try:
        scaled = amount * SCALES[currency]
        if -_LARGEST < scaled < _LARGEST:
            units = int(scaled)
            if units == scaled:
                return units
            raise Refusal("invalid_content", f"{amount} has more decimal places than {currency} allows.", field)
    except ArithmeticError:  # not a number, or one beyond all bounds
        pass
    raise Refusal("invalid_content", f"{amount} is not an amount.", field)


def major(amount_minor: int, currency: str) -> Decimal:
    """Return the major amount with exactly the currency's digits."""
    return Decimal(amount_minor).scaleb(-EXPONENTS[currency])
