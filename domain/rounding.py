"""Rounding turns an exact ratio into whole units, by a mode that is named and never assumed.

HALF_UP means "ties away from zero", so that -x always rounds to minus the rounding of x and a
credit mirrors its charge. Case M01 tells the modes apart.
"""

from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from domain.currency import exponent

Exact = Fraction | Decimal | int
"""Numbers that carry no binary rounding error; float is not among them."""


class Rounding(Enum):
    """A rounding mode; the three HALF modes differ only on exact ties."""

    HALF_UP = "HALF_UP"
    HALF_EVEN = "HALF_EVEN"
    HALF_DOWN = "HALF_DOWN"
    UP = "UP"
    DOWN = "DOWN"
    CEILING = "CEILING"
    FLOOR = "FLOOR"


HALF_UP = Rounding.HALF_UP
HALF_EVEN = Rounding.HALF_EVEN
HALF_DOWN = Rounding.HALF_DOWN


def _half_up(whole: int, twice_rest: int, denominator: int) -> bool:
    return twice_rest >= denominator


def _half_down(whole: int, twice_rest: int, denominator: int) -> bool:
    return twice_rest > denominator


def _half_even(whole: int, twice_rest: int, denominator: int) -> bool:
    return twice_rest > denominator or (twice_rest == denominator and whole % 2 == 1)


_AWAY: dict[Rounding, Callable[[int, int, int], bool]] = {
    Rounding.HALF_UP: _half_up,
    Rounding.HALF_EVEN: _half_even,
    Rounding.HALF_DOWN: _half_down,
    Rounding.UP: lambda whole, twice_rest, denominator: twice_rest > 0,
    Rounding.DOWN: lambda whole, twice_rest, denominator: False,
}


def exact(value: Exact | str) -> Fraction:
    """Return `value` as a Fraction; raise TypeError for float and bool, ValueError for text that is no number."""
    if isinstance(value, bool) or not isinstance(value, int | str | Fraction | Decimal):
        message = f"expected an int, Decimal, Fraction or decimal text, got {type(value).__name__} {value!r}"
        raise TypeError(message)
    try:
        return Fraction(value)
    except (ValueError, OverflowError, ZeroDivisionError):
        raise ValueError(f"expected a finite number, got {value!r}") from None


def round_ratio(value: Exact, mode: Rounding = Rounding.HALF_UP) -> int:
    """Round an exact number to an integer by `mode`."""
    ratio = value if isinstance(value, Fraction) else exact(value)
    numerator, denominator = ratio.numerator, ratio.denominator
    if denominator == 1:
        return numerator
    if mode is Rounding.FLOOR:
        return numerator // denominator
    if mode is Rounding.CEILING:
        return -(-numerator // denominator)
    whole, rest = divmod(abs(numerator), denominator)
    size = whole + _AWAY[mode](whole, 2 * rest, denominator)
    return size if numerator > 0 else -size


def round_to_digits(value: Exact, digits: int, mode: Rounding = Rounding.HALF_UP) -> Fraction:
    """Round an exact number to `digits` decimal places and return it as a Fraction (for ratios, not money)."""
    scale = 10**digits
    return Fraction(round_ratio(exact(value) * scale, mode), scale)


def round_to_minor(major: Exact, currency: str, mode: Rounding = Rounding.HALF_UP) -> int:
    """Round an exact major amount to integer minor units of `currency`, once."""
    return round_ratio(exact(major) * 10 ** exponent(currency), mode)


def round_to_step(amount_minor: int, step_minor: int, mode: Rounding = Rounding.HALF_UP) -> int:
    """Round minor units to a cash step, e.g. 5 for Swiss coins; for document totals only."""
    if step_minor < 1:
        raise ValueError(f"cash step is {step_minor} minor units; expected at least 1")
    return step_minor * round_ratio(Fraction(amount_minor, step_minor), mode)
