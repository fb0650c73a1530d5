"""The scalar words of the scenario language: durations, shares, dates, instants, names of things that exist.

Each is a pydantic type whose validator says what it expected. A bare number where a unit is needed is an error, so
that nobody waits four milliseconds for a four-hour outage.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, PlainSerializer
from pydantic_core import PydanticCustomError

from domain.calendar import DAY_US, HOUR_US, MINUTE_US
from scenarios.catalogue import PRICE_LEVELS

MICROSECOND = timedelta(microseconds=1)
DURATION = "a duration with a unit, such as 250ms, 30s, 15m, 4h, 2d or 1h30m"
SHARE = "a share from 0 to 1, such as 0.05 or 5%"
INSTANT = 'a local instant, such as "2026-12-31 14:00", or a relative one, such as "quarter_end - 10h"'

_UNITS = {"ms": 1_000, "s": 1_000_000, "m": MINUTE_US, "h": HOUR_US, "d": DAY_US, "w": 604_800_000_000}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]) ?)+")
_RELATIVE = re.compile(r"(quarter_start|quarter_end|rehearsal_start|rehearsal_end)(?: *([+-]) *(\S.*))?")
_LOCAL = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2}))?)?")


@dataclass(frozen=True, slots=True)
class Shape:
    """How the reference page names a type of value."""

    text: str


@dataclass(frozen=True, slots=True)
class Instant:
    """A parsed instant: `offset_us` after an anchor, or (`anchor` empty) a local date and microseconds into its day."""

    anchor: str
    offset_us: int
    day: date | None = None


def wrong(expected: str, hint: str = "") -> PydanticCustomError:
    """Return the error a validator raises: what was expected and what to do about it."""
    return PydanticCustomError("expected", "expected {expected}", {"expected": expected, "hint": hint})


def duration(value: object) -> timedelta:
    """Return a duration written as `4h`, `1h30m` or `250ms`; raise for a bare number, a sign or an unknown unit."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise wrong(DURATION, f"add the unit: {value}s, {value}m or {value}h")
    if not isinstance(value, str) or not _DURATION.fullmatch(value.strip()):
        raise wrong(DURATION)
    total = sum(Fraction(number) * _UNITS[unit] for number, unit in _PART.findall(value))
    if total.denominator != 1 or total > 400 * _UNITS["d"]:
        raise wrong("a duration of whole microseconds, at most 400d")
    return timedelta(microseconds=int(total))


def duration_text(value: timedelta) -> str:
    """Return a duration as the language writes it: `1h30m`, `250ms`, `0s`."""
    rest, parts = value // MICROSECOND, []
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, _UNITS[unit])
        parts += [f"{count}{unit}"] if count else []
    if rest:
        parts.append(f"{decimal_text(Fraction(rest, 1000))}ms")
    return "".join(parts) or "0s"


def decimal_text(value: Fraction) -> str:
    """Return a fraction as a plain decimal number, exactly; the language only makes fractions that have one."""
    number = Decimal(value.numerator) / Decimal(value.denominator)
    assert Fraction(number) == value, f"{value} has no short decimal form"
    return f"{number.normalize():f}"


def share(value: object) -> Fraction:
    """Return a share written as `5%` or 0.05; raise unless it lies in [0, 1]."""
    fraction = _ratio(value, SHARE)
    if not 0 <= fraction <= 1:
        hint = f"did you mean {value}%?" if isinstance(value, int | float) and 1 < value <= 100 else ""
        raise wrong(SHARE, hint)
    return fraction


def ratio(value: object) -> Fraction:
    """Return a ratio written as `7%` or 0.07; raise unless it lies in (-1, 10]."""
    expected = "a ratio, such as 7% or 0.07"
    fraction = _ratio(value, expected)
    if not -1 < fraction <= 10:
        raise wrong(expected)
    return fraction


def _ratio(value: object, expected: str) -> Fraction:
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise wrong(expected)
    if isinstance(value, float) and not math.isfinite(value):
        raise wrong(expected)
    text = str(value).strip()
    if not re.fullmatch(r"-?\d+(\.\d{1,9})?(e-?\d{1,2})?%?", text):
        raise wrong(expected)
    return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)


def share_text(value: Fraction) -> str:
    """Return a share as the language writes it: `5%`."""
    return f"{decimal_text(value * 100)}%"


def day(value: object) -> date:
    """Return a date written as 2026-12-31."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")
    except ValueError:
        raise wrong("a date such as 2026-12-31") from None


def instant(text: str) -> Instant:
    """Return the parsed form of an instant; raise for anything else."""
    relative = _RELATIVE.fullmatch(text.strip())
    if relative:
        anchor, sign, amount = relative.groups()
        offset = duration(amount) // MICROSECOND if amount else 0
        return Instant(anchor, -offset if sign == "-" else offset)
    local = _LOCAL.fullmatch(text.strip())
    if not local:
        raise wrong(INSTANT)
    hours, minutes, seconds = (int(part or 0) for part in local.groups()[1:])
    if hours > 23 or minutes > 59 or seconds > 59:
        raise wrong(INSTANT, "hours go from 00 to 23, minutes and seconds from 00 to 59")
    return Instant("", (hours * 3600 + minutes * 60 + seconds) * 1_000_000, day(local.group(1)))


def _instant_text(value: object) -> str:
    if not isinstance(value, str):
        raise wrong(INSTANT)
    instant(value)
    return value.strip()


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise wrong("the name of a time zone, such as Europe/London") from None
    return value


def _currency(value: str) -> str:
    if value not in PRICE_LEVELS:
        raise wrong(f"a currency with a price list: {', '.join(PRICE_LEVELS)}")
    return value


Duration = Annotated[
    timedelta, BeforeValidator(duration), PlainSerializer(duration_text, return_type=str), Shape("duration")
]
Share = Annotated[Fraction, BeforeValidator(share), PlainSerializer(share_text, return_type=str), Shape("share")]
Ratio = Annotated[Fraction, BeforeValidator(ratio), PlainSerializer(share_text, return_type=str), Shape("ratio")]
Day = Annotated[date, BeforeValidator(day), PlainSerializer(date.isoformat, return_type=str), Shape("date")]
InstantText = Annotated[str, BeforeValidator(_instant_text), Shape("instant")]
Zone = Annotated[str, AfterValidator(_zone), Shape("time zone")]
Currency = Annotated[str, AfterValidator(_currency), Shape("currency")]
