"""Amounts on the wire are decimal major units; inside they are integer minor units."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from domain.currency import EXPONENTS
from mocks.kernel.operations import Refusal

_SCALES: Mapping[str, Decimal] = {code: Decimal(10) ** digits for code, digits in EXPONENTS.items()}
_LARGEST = Decimal(10) ** 15


def minor(amount: Decimal, currency: str, field: str) -> int:
    """Return minor units; refuse more digits than the currency has (I-31) and amounts no ledger holds."""
    if not amount.is_finite() or not -_LARGEST < amount < _LARGEST:
        raise Refusal("invalid_content", f"{amount} is not an amount.", field)
    scaled = amount * _SCALES[currency]
    whole = int(scaled)
    if whole != scaled:
        raise Refusal("invalid_content", f"{amount} has more decimal places than {currency} allows.", field)
    return whole


def major(amount_minor: int, currency: str) -> Decimal:
    """Return the major amount with exactly the currency's digits."""
    return Decimal(amount_minor).scaleb(-EXPONENTS[currency])


def whole(amount: Decimal, field: str) -> int:
    """Return an integer quantity; refuse fractions, because canonical quantities have none."""
    if not amount.is_finite() or not -_LARGEST < amount < _LARGEST or int(amount) != amount:
        raise Refusal("invalid_content", f"{amount} is not a whole quantity.", field)
    return int(amount)
