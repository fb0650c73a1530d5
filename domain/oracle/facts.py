"""Facts are the inputs of a case (or of one of its rows) read by meaning: amounts, rates, dates, intervals.

Amounts are decimal text in major units, or integers where the key, or the case as a whole, says minor units.
Inside the oracle every amount is an exact Fraction of minor units.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any

from domain.calendar import CADENCES, Cadence, Interval, Unit, UnknownZone, instant_us, local_date, zone_named
from domain.currency import UnknownCurrency, exponent
from domain.oracle.policy import Policy
from domain.oracle.result import Amount, NotUnderstood, Share
from domain.rounding import Rounding, round_ratio

_MINOR_SUFFIXES = ("_minor", "_amount_minor", "_cents", "_amount_cents")
_MAJOR_SUFFIXES = ("", "_amount")
_LARGEST = 10**30

CADENCE_WORDS: Mapping[str, Cadence] = {
    **CADENCES,
    "daily": CADENCES["day"],
    "weekly": CADENCES["week"],
    "biweekly": Cadence(Unit.WEEK, 2),
    "monthly": CADENCES["month"],
    "bimonthly": Cadence(Unit.MONTH, 2),
    "quarterly": CADENCES["quarter"],
    "semiannual": CADENCES["half_year"],
    "semi_annual": CADENCES["half_year"],
    "half-year": CADENCES["half_year"],
    "yearly": CADENCES["year"],
    "annual": CADENCES["year"],
    "annually": CADENCES["year"],
}


class Facts:
    """The inputs of one case or row, with the policy under which they are to be read."""

    def __init__(
        self,
        case_id: str,
        inputs: Mapping[str, Any],
        policy: Policy,
        text: str = "",
        minor: bool = False,
        length: int = 0,
    ) -> None:
        """Take inputs and policy; `text` is title and convention, `minor` says integers are minor units.

        `length` is how many values a list of results has (its shape).
        """
        self.case_id, self.inputs, self.policy = case_id, inputs, policy
        self.text, self.minor, self.length = text.lower(), minor, length

    def having(self, policy: Policy) -> "Facts":
        """Return the same inputs under another policy."""
        return Facts(self.case_id, self.inputs, policy, self.text, self.minor, self.length)

    def row(self, values: Mapping[str, Any]) -> "Facts":
        """Return the facts of one row: the shared inputs with the row's own on top."""
        shared = {key: value for key, value in self.inputs.items() if key != "rows"}
        return Facts(self.case_id, {**shared, **values}, self.policy, self.text, self.minor)

    def wrong(self, what: str, understood: str = "") -> NotUnderstood:
        """Return the error to raise about this case."""
        return NotUnderstood(self.case_id, what, understood)

    def says(self, *words: str) -> bool:
        """Tell whether the title or convention uses one of the words (lower case)."""
        return any(word in self.text for word in words)

    def key(self, *names: str) -> str | None:
        """Return the first of the names that the inputs have."""
        return next((name for name in names if name in self.inputs and self.inputs[name] is not None), None)

    def has(self, *names: str) -> bool:
        """Tell whether the inputs have one of the names."""
        return self.key(*names) is not None

    def raw(self, *names: str) -> Any:
        """Return the value under the first name that is there; raise NotUnderstood when none is."""
        key = self.key(*names)
        if key is None:
            raise self.wrong(f"inputs lack {' or '.join(names)}", ", ".join(map(str, self.inputs)))
        return self.inputs[key]

    # Numbers

    def number(self, *names: str) -> Fraction:
        """Return an exact plain number."""
        return self.as_number(self.raw(*names), names[0])

    def as_number(self, value: Any, name: str) -> Fraction:
        """Read a plain number or decimal text or "a/b"."""
        if isinstance(value, bool) or not isinstance(value, int | str | float | Fraction):
            raise self.wrong(f"{name} is {value!r}", "a number, or decimal text")
        try:
            result: Fraction = Fraction(str(value)) if isinstance(value, float) else Fraction(value)
        except (ValueError, ZeroDivisionError, OverflowError):
            raise self.wrong(f"{name} is {value!r}", "a number, or decimal text such as '12.30'") from None
        if abs(result) > _LARGEST or result.denominator > _LARGEST:
            raise self.wrong(f"{name} is {str(value)[:40]}...", f"numbers of at most {len(str(_LARGEST)) - 1} digits")
        return result

    def whole(self, *names: str) -> int:
        """Return a whole number."""
        value = self.number(*names)
        if value.denominator != 1:
            raise self.wrong(f"{names[0]} is {value}", "a whole number")
        return value.numerator

    def rate(self, *names: str) -> Fraction:
        """Return a percentage as a ratio ("20" is 1/5; "20%" too)."""
        return self.as_rate(self.raw(*names), names[0])

    def as_rate(self, value: Any, name: str) -> Fraction:
        """Read a percentage as a ratio."""
        text = value.strip().removesuffix("%") if isinstance(value, str) else value
        return self.as_number(text, name) / 100

    @cached_property
    def digits(self) -> int:
        """Return the digits of the currency's minor unit (2 when neither currency nor exponent is given)."""
        if "exponent" in self.inputs:
            digits = self.whole("exponent")
            if not 0 <= digits <= 6:
                raise self.wrong(f"exponent is {digits}", "0 to 6")
            return digits
        code = self.inputs.get("currency", self.policy.free.get("currency", "USD"))
        try:
            return exponent(code)
        except UnknownCurrency as problem:
            raise self.wrong(str(problem)) from None

    def amount_key(self, *names: str) -> str | None:
        """Return the first key that names one of these amounts, in major or minor units."""
        for name in names:
            found = self.key(*(name + suffix for suffix in (*_MINOR_SUFFIXES, *_MAJOR_SUFFIXES)))
            if found:
                return found
        return None

    def has_amount(self, *names: str) -> bool:
        """Tell whether one of the amounts is there."""
        return self.amount_key(*names) is not None

    def amount(self, *names: str) -> Fraction:
        """Return an amount in exact minor units."""
        key = self.amount_key(*names)
        if key is None:
            raise self.wrong(f"inputs lack an amount named {' or '.join(names)}", ", ".join(map(str, self.inputs)))
        return self.as_amount(self.inputs[key], key)

    def as_amount(self, value: Any, key: str) -> Fraction:
        """Read one amount: minor units when the key says so or the case counts in them and it is an integer."""
        number = self.as_number(value, key)
        if key.endswith(("_minor", "_cents")) or (self.minor and isinstance(value, int)):
            return number
        return number * int(10**self.digits)

    def amounts(self, *names: str) -> list[Fraction]:
        """Return a list of amounts in exact minor units."""
        key = self.amount_key(*names)
        values = self.inputs[key] if key else None
        if key is None or not isinstance(values, list):
            raise self.wrong(f"inputs lack a list of amounts named {' or '.join(names)}")
        return [self.as_amount(value, key) for value in values]

    # Results

    def money(self, minor: Fraction | int, mode: Rounding | None = None) -> Amount:
        """Round exact minor units to an amount of this case's currency."""
        return Amount(round_ratio(minor, mode or self.policy.mode), self.digits)

    # Time

    def as_date(self, value: Any, name: str) -> date:
        """Read a date, or the UTC date part of an instant."""
        try:
            return date.fromisoformat(value) if len(value) == 10 else self._local_date(value, name)
        except (TypeError, ValueError, OverflowError):
            raise self.wrong(f"{name} is {value!r}", "a date such as '2026-01-31'") from None

    def _local_date(self, value: Any, name: str) -> date:
        moment = self.as_moment(value, name)
        return local_date(instant_us(moment), self.zone) if moment.tzinfo else moment.date()

    @cached_property
    def zone(self) -> str:
        """Return the IANA zone of the inputs or the policy, UTC when none is named."""
        named = self.inputs.get(self.key("tz", "zone", "timezone", "time_zone") or "", self.policy.free.get("tz"))
        zone = named or self.policy.free.get("zone", "UTC")
        if not isinstance(zone, str) or (named is None and "/" not in zone):
            return "UTC"
        try:
            zone_named(zone)
        except UnknownZone as problem:
            raise self.wrong(str(problem)) from None
        return zone

    def day(self, *names: str) -> date:
        """Return a local date."""
        return self.as_date(self.raw(*names), names[0])

    def as_moment(self, value: Any, name: str) -> datetime:
        """Read a date or an ISO 8601 date and time."""
        try:
            return datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise self.wrong(
                f"{name} is {value!r}", "a date, or a date and time such as '2026-01-31T00:00:00Z'"
            ) from None

    def instant(self, value: Any, name: str) -> int:
        """Read an instant in microseconds; without an offset it is local to the case's zone."""
        moment = self.as_moment(value, name)
        return instant_us(moment if moment.tzinfo else moment.replace(tzinfo=zone_named(self.zone)))

    def pair(self, value: Any, name: str) -> tuple[Any, Any] | None:
        """Return the two ends of a written interval, or None when the value is not one."""
        if isinstance(value, Mapping):
            inner = Facts(self.case_id, value, self.policy)
            if inner.has(*_STARTS) and inner.has(*_ENDS):
                return inner.raw(*_STARTS), inner.raw(*_ENDS)
        if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
            return value[0], value[1]
        return None

    def as_interval(self, value: Any, name: str) -> Interval:
        """Read a pair of dates by the policy's bounds."""
        ends = self.pair(value, name)
        if ends is None:
            raise self.wrong(f"{name} is {value!r}", "a pair of dates [start, end]")
        return self.interval_of(self.as_date(ends[0], name), self.as_date(ends[1], name), name)

    def interval_of(self, start: date, end: date, name: str, inclusive: bool | None = None) -> Interval:
        """Make an interval by the policy's bounds, or inclusive when the key says so."""
        closed = self.policy.get("interval") == "inclusive" if inclusive is None else inclusive
        try:
            return Interval(start, end + timedelta(days=1) if closed else end)
        except (ValueError, OverflowError) as problem:
            raise self.wrong(f"{name}: {problem}") from None

    def used(self) -> Interval | None:
        """Return the used days: from/to in any spelling, or None."""
        start = self.key(*_STARTS)
        if start is None or not isinstance(self.inputs[start], str):
            return None
        for names, inclusive in ((_INCLUSIVE_ENDS, True), (_ENDS, None)):
            end = self.key(*names)
            if end is not None:
                return self.interval_of(self.day(start), self.day(end), end, inclusive)
        return None

    def cadence(self, *names: str) -> Cadence | None:
        """Return the billing frequency that a word names ("month", "annual"), or None."""
        for name in names:
            word = self.inputs.get(name)
            if isinstance(word, str):
                found = CADENCE_WORDS.get(word.lower().removeprefix("calendar").strip(" _-"))
                if found:
                    return found
        return None


_STARTS = ("from", "start", "start_date", "service_start", "begin", "from_date")
_INCLUSIVE_ENDS = ("to_inclusive", "end_inclusive", "last_day", "through", "until_inclusive", "terminate_inclusive")
_ENDS = ("to", "end", "end_date", "service_end", "until", "to_date", *_INCLUSIVE_ENDS)


def share(value: Fraction) -> Share:
    """Wrap an exact ratio as a result."""
    return Share(value)
