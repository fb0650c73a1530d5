"""Amounts on the wire are decimal major units; inside they are integer minor units."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from domain.currency import EXPONENTS
from mocks.kernel.operations import Refusal

SCALES: Mapping[str, int] = {code: 10**digits for code, digits in EXPONENTS.items()}
"""ISO 4217 code -> minor units of one major unit."""
_LARGEST = 10**17


class NotAnAmount(ValueError):
    """A number that is no amount of its currency; the text says why."""


@lru_cache(maxsize=2_048)
def units(amount: Decimal, currency: str) -> int:
    """Return minor units; prices come again and again, so the latest are remembered.

    Raise NotAnAmount for more digits than the currency has (I-31) and amounts no ledger holds, and the errors of
    decimal arithmetic for what is no number at all.
    """
    scaled = amount * SCALES[currency]
    if not -_LARGEST < scaled < _LARGEST:
        raise NotAnAmount(f"{amount} is not an amount.")
    found = int(scaled)
    if found != scaled:
        raise NotAnAmount(f"{amount} has more decimal places than {currency} allows.")
    return found


def minor(amount: Decimal, currency: str, field: str) -> int:
    """Return minor units, or refuse the field."""
    try:
        return units(amount, currency)
    except NotAnAmount as error:
        raise Refusal("invalid_content", str(error), field) from None
    except (ArithmeticError, TypeError):  # not a number, or one beyond all bounds
        raise Refusal("invalid_content", f"{amount} is not an amount.", field) from None


def major(amount_minor: int, currency: str) -> Decimal:
    """Return the major amount with exactly the currency's digits."""
    return Decimal(amount_minor).scaleb(-EXPONENTS[currency])
