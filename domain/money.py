"""Money is an integer number of minor units of one currency; it never meets a float and never mixes currencies."""

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from enum import Enum
from fractions import Fraction

import msgspec

from domain.currency import EXPONENTS, exponent
from domain.rounding import Exact, Rounding, exact, round_ratio, round_to_minor


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies meet in one operation."""


class Allocation(Enum):
    """How leftover units are found when an amount is split by weights.

    LARGEST_REMAINDER splits the absolute value and signs afterwards, so `allocate(-x) == -allocate(x)`.
    FLOOR floors the signed shares (moneyphp): -5 by 7:3 is -3, -2 although +5 is 4, 1; kept for vendors that do so.
    """

    LARGEST_REMAINDER = "LARGEST_REMAINDER"
    FLOOR = "FLOOR"


class Money(msgspec.Struct, frozen=True, order=False, gc=False):
    """An amount of `amount_minor` minor units (cents, yen, fils) in ISO 4217 `currency`."""

    amount_minor: int
    currency: str

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Return nothing of a known currency."""
        exponent(currency)
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Read a major amount such as "12.30"; raise ValueError when it has more digits than the currency."""
        try:
            major = Decimal(text)
        except (InvalidOperation, TypeError):
            raise ValueError(f"expected an amount such as '12.30', got {text!r}") from None
        if not major.is_finite():
            raise ValueError(f"expected a finite amount, got {text!r}")
        digits = exponent(currency)
        minor = Fraction(major) * 10**digits
        if minor.denominator != 1:
            raise ValueError(f"{text} has too many digits for {currency}, which has {digits} after the point")
        return cls(minor.numerator, currency)

    def decimal(self) -> Decimal:
        """Return the major amount with exactly the currency's digits (Money(1230, "USD") -> 12.30)."""
        sign = 1 if self.amount_minor < 0 else 0
        digits = tuple(int(digit) for digit in str(abs(self.amount_minor)))
        return Decimal((sign, digits, -exponent(self.currency)))

    def __str__(self) -> str:
        """Return e.g. "12.30 USD"."""
        return f"{self.decimal():f} {self.currency}"

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"cannot combine {self} with {other}: convert one at a named rate first")

    def __add__(self, other: "Money") -> "Money":
        """Add an amount of the same currency."""
        self._same(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        """Subtract an amount of the same currency."""
        self._same(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def __neg__(self) -> "Money":
        """Turn a charge into the credit of the same size."""
        return Money(-self.amount_minor, self.currency)

    def __abs__(self) -> "Money":
        """Drop the sign."""
        return Money(abs(self.amount_minor), self.currency)

    def __bool__(self) -> bool:
        """Tell whether anything is there."""
        return self.amount_minor != 0

    def __lt__(self, other: "Money") -> bool:
        """Compare within one currency."""
        self._same(other)
        return self.amount_minor < other.amount_minor

    def __le__(self, other: "Money") -> bool:
        """Compare within one currency."""
        self._same(other)
        return self.amount_minor <= other.amount_minor

    def __gt__(self, other: "Money") -> bool:
        """Compare within one currency."""
        return other < self

    def __ge__(self, other: "Money") -> bool:
        """Compare within one currency."""
        return other <= self

    def times(self, ratio: Exact, rounding: Rounding = Rounding.HALF_UP) -> "Money":
        """Multiply by an exact ratio and round once."""
        return Money(round_ratio(self.amount_minor * exact(ratio), rounding), self.currency)

    def converted(self, rate: Exact, currency: str, rounding: Rounding = Rounding.HALF_UP) -> "Money":
        """Convert at `rate` (target major per source major) with full precision; round once at the target."""
        major = Fraction(self.amount_minor, 10 ** exponent(self.currency))
        return Money(round_to_minor(major * exact(rate), currency, rounding), currency)

    def allocate(
        self, weights: Sequence[Exact], policy: Allocation = Allocation.LARGEST_REMAINDER
    ) -> tuple["Money", ...]:
        """Split into shares proportional to `weights` that add up exactly; zero weight gets nothing."""
        return tuple(Money(share, self.currency) for share in allocate(self.amount_minor, weights, policy))


def said(amount_minor: int, currency: str) -> str:
    """Return an amount for people, e.g. "1,234.50 USD"; minor units when ISO 4217 does not know the currency."""
    if currency not in EXPONENTS:
        return f"{amount_minor:,} {currency or '?'} (minor units)"
    return f"{Money(amount_minor, currency).decimal():,f} {currency}"


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Add amounts of one currency; nothing adds up to zero."""
    result = Money.zero(currency)
    for amount in amounts:
        result = result + amount
    return result


def allocate(
    amount_minor: int,
    weights: Sequence[Exact],
    policy: Allocation = Allocation.LARGEST_REMAINDER,
) -> tuple[int, ...]:
    """Split minor units by weights; the shares always sum to the amount.

    Leftover units go one each to the largest remainders, ties to the earlier share; zero weight gets nothing.
    Raises ValueError when there are no weights, one is negative, or all are zero (unless the amount is zero).
    """
    ratios = [exact(weight) for weight in weights]
    whole = sum(ratios, Fraction(0))
    if not ratios or any(ratio < 0 for ratio in ratios) or (whole == 0 and amount_minor != 0):
        raise ValueError(f"cannot split {amount_minor} by {list(weights)!r}: expected weights >= 0, one above 0")
    if whole == 0:
        return (0,) * len(ratios)
    sign = -1 if policy is Allocation.LARGEST_REMAINDER and amount_minor < 0 else 1
    exact_shares = [sign * amount_minor * ratio / whole for ratio in ratios]
    shares = [share.numerator // share.denominator for share in exact_shares]
    leftover = sign * amount_minor - sum(shares)
    by_remainder = sorted(range(len(ratios)), key=lambda index: shares[index] - exact_shares[index])
    for index in by_remainder[:leftover]:
        assert ratios[index] > 0, "a zero weight never has a remainder"
        shares[index] += 1
    return tuple(sign * share for share in shares)
