"""Bodies on the wire, and the instants and amounts vendors write in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote_plus

import msgspec

from domain.currency import EXPONENTS, exponent
from integration.effects import Call
from integration.outcomes import Answer

T = TypeVar("T")
JSON = {"content-type": "application/json"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FORM = {"content-type": "application/x-www-form-urlencoded"}
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MINOR_UNITS = {currency: 10**places for currency, places in EXPONENTS.items()}
_needs_no_quotes = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch


class UnexpectedReply(Exception):
    """A system answered something its contract does not allow: CONTRACT.SCHEMA_DRIFT."""

    code = "CONTRACT.SCHEMA_DRIFT"


json_body = msgspec.json.Encoder().encode
"""Returns a value as compact JSON; amounts are numbers in it (see `major`)."""


def form_body(fields: Iterable[tuple[str, str | int]]) -> bytes:
    """Return a form body; names keep their brackets, values are percent-encoded."""
    return "&".join(
        [
            f"{name}={value if type(value) is int or _needs_no_quotes(value) else quote_plus(value)}"  # type: ignore[arg-type]
            for name, value in fields
        ]
    ).encode()


def quoted(value: str) -> str:
    """Return a value as it stands in a form or a query; most are words and numbers that stand for themselves."""
    return value if _needs_no_quotes(value) else quote_plus(value)


def page_at(call: Call, parameter: str, place: str) -> Call:
    """Return the call for the page of a list that begins behind a place, which is the last parameter of its query."""
    sign = f"&{parameter}="
    return msgspec.structs.replace(call, target=f"{call.target.partition(sign)[0]}{sign}{quoted(place)}")


def read(answer: Answer, decoder: msgspec.json.Decoder[T]) -> T:
    """Return the body of an answer as its type; raise UnexpectedReply when it does not fit."""
    try:
        return decoder.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnexpectedReply(f"{error} in {answer.body[:200]!r}") from error


def read_text(answer: Answer) -> str:
    """Return the body of an answer as text; raise UnexpectedReply when it is no UTF-8."""
    try:
        return answer.body.decode()
    except UnicodeDecodeError as error:
        raise UnexpectedReply(f"{error} in {answer.body[:200]!r}") from error


@lru_cache(maxsize=1_024)  # amounts come again while their document is under way, not later
def major(amount_minor: int, currency: str) -> msgspec.Raw:
    """Return an amount in major units as a JSON number, with the currency's own number of decimals."""
    return msgspec.Raw(major_text(amount_minor, currency))


def major_text(amount_minor: int, currency: str) -> str:
    """Return an amount in major units as text: 12345 USD is "123.45"."""
    places = EXPONENTS[currency] if currency in EXPONENTS else exponent(currency)
    if not places:
        return str(amount_minor)
    digits = f"{amount_minor:0{places + 1 + (amount_minor < 0)}d}"
    return f"{digits[:-places]}.{digits[-places:]}"


def minor(amount: Decimal, currency: str) -> int:
    """Return an amount in minor units; raise UnexpectedReply when it has more decimals, or is no number (NaN)."""
    try:
        scaled = amount * _MINOR_UNITS[currency] if currency in _MINOR_UNITS else amount.scaleb(exponent(currency))
        whole = int(scaled)
    except (ArithmeticError, ValueError) as error:
        raise UnexpectedReply(f"{amount} {currency} is no amount") from error
    if scaled != whole:
        raise UnexpectedReply(f"{amount} {currency} has more decimals than {currency} allows")
    return whole


@lru_cache(maxsize=4096)
def date_of_seconds(seconds: int) -> date:
    """Return the UTC date of a Unix time."""
    return date.fromordinal(_EPOCH_DAY + seconds // 86_400)


@lru_cache(maxsize=4096)
def seconds_of_date(day: date) -> int:
    """Return the Unix time of a date's UTC midnight."""
    return (day.toordinal() - _EPOCH_DAY) * 86_400


def iso_instant(at_us: int) -> str:
    """Return an instant as ISO 8601 in UTC, to the second."""
    days, seconds = divmod(at_us // 1_000_000, 86_400)
    hours, rest = divmod(seconds, 3600)
    return f"{date.fromordinal(_EPOCH_DAY + days).isoformat()}T{hours:02d}:{rest // 60:02d}:{rest % 60:02d}Z"


def instant_of(text: str) -> int:
    """Return the instant of an ISO 8601 text with an offset ("2026-12-31T23:59:58.123+0000"), in microseconds."""
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, TypeError) as error:  # a TypeError: it has no offset
        raise UnexpectedReply(f"{text!r} is no instant of ISO 8601 with an offset") from error
