"""Exchange rates by date, each with an id, so that a posting can say which one it used."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from fractions import Fraction

import msgspec

from domain.currency import exponent
from domain.rounding import exact
from mocks.kernel.operations import Refusal


class Rate(msgspec.Struct, frozen=True, gc=False):
    """A rate as text, and as the ratio of minor units of base to minor units of the document's currency."""

    id: str
    text: str
    numerator: int = 1
    denominator: int = 1

    def convert(self, amount_minor: int) -> int:
        """Return an amount in base currency, rounded once, half away from zero."""
        if self.numerator == self.denominator:
            return amount_minor
        twice = 2 * abs(amount_minor) * self.numerator + self.denominator
        size = twice // (2 * self.denominator)
        return size if amount_minor >= 0 else -size


SAME = Rate("", "1")
"""The rate between a currency and itself."""


class Rates:
    """The rates of the account by pair and date."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], list[tuple[date, Rate]]] = {}

    def add(self, rate_id: str, source: str, target: str, rate: str, day: date) -> None:
        """Add a rate (units of target per unit of source) valid from a day on; a second one of that day replaces it."""
        ratio = exact(rate) * Fraction(10) ** (exponent(target) - exponent(source))
        if ratio <= 0:
            raise ValueError(f"rate {rate_id} is {rate}; expected a positive number")
        rows = self._pairs.setdefault((source, target), [])
        at = bisect_right(rows, day, key=lambda row: row[0])
        entry = (day, Rate(rate_id, str(rate), ratio.numerator, ratio.denominator))
        if at and rows[at - 1][0] == day:
            rows[at - 1] = entry
        else:
            rows.insert(at, entry)

    def currencies(self) -> set[str]:
        """Return the currencies there are rates of."""
        return {code for pair in self._pairs for code in pair}

    def find(self, source: str, target: str, day: date) -> Rate | None:
        """Return the rate valid on a day, or None. No inverse, no triangle: what is stored counts."""
        if source == target:
            return SAME
        rows = self._pairs.get((source, target))
        at = bisect_right(rows, day, key=lambda row: row[0]) if rows else 0
        return rows[at - 1][1] if rows and at else None

    def earliest(self, source: str, target: str, day: date) -> Rate | None:
        """Return the rate valid on a day, or the first one there is: opening balances may be older than the rates."""
        rows = self._pairs.get((source, target))
        return self.find(source, target, day) or (rows[0][1] if rows else None)

    def require(self, source: str, target: str, day: date) -> Rate:
        """Return the rate valid on a day, or refuse."""
        rate = self.find(source, target, day)
        if rate is None:
            raise Refusal(
                "user_error", f"There is no exchange rate from {source} to {target} on {day}.", "exchangeRate"
            )
        return rate
