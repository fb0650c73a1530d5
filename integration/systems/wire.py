"""Bodies on the wire, and the instants and amounts vendors write in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote_plus

import msgspec

from domain.currency import exponent
from integration.outcomes import Answer

T = TypeVar("T")
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
_encode = msgspec.json.Encoder(decimal_format="number").encode
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_needs_no_quotes = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch


class UnexpectedReply(Exception):
    """A system answered something its contract does not allow: CONTRACT.SCHEMA_DRIFT."""

    code = "CONTRACT.SCHEMA_DRIFT"


def json_body(value: Any) -> bytes:
    """Return compact JSON; Decimals become numbers."""
    return _encode(value)


def form_body(fields: Mapping[str, str | int] | Iterable[tuple[str, str | int]]) -> bytes:
    """Return a form body; names keep their brackets, values are percent-encoded."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    return "&".join([f"{name}={value if type(value) is int else quoted(str(value))}" for name, value in pairs]).encode()


def quoted(value: str) -> str:
    """Return a value as it stands in a form or a query; most are words and numbers that stand for themselves."""
    return value if _needs_no_quotes(value) else quote_plus(value)


def read(answer: Answer, decoder: msgspec.json.Decoder[T]) -> T:
    """Return the body of an answer as its type; raise UnexpectedReply when it does not fit."""
    try:
        return decoder.decode(answer.body)
    except msgspec.MsgspecError as error:
        raise UnexpectedReply(f"{error} in {answer.body[:200]!r}") from error


def major(amount_minor: int, currency: str) -> Decimal:
    """Return an amount in major units, with the currency's own number of decimals."""
    return Decimal(amount_minor).scaleb(-exponent(currency))


def minor(amount: Decimal, currency: str) -> int:
    """Return an amount in minor units; raise UnexpectedReply when it has more decimals than the currency."""
    scaled = amount.scaleb(exponent(currency))
    whole = int(scaled)
    if scaled != whole:
        raise UnexpectedReply(f"{amount} {currency} has more decimals than {currency} allows")
    return whole


def date_of_seconds(seconds: int) -> date:
    """Return the UTC date of a Unix time."""
    return date.fromordinal(_EPOCH_DAY + seconds // 86_400)


def seconds_of_date(day: date) -> int:
    """Return the Unix time of a date's UTC midnight."""
    return (day.toordinal() - _EPOCH_DAY) * 86_400


def iso_instant(at_us: int) -> str:
    """Return an instant as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
