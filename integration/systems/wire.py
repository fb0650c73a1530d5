"""Bodies on the wire, and the instants and amounts vendors write in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
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
_EPOCH = date(1970, 1, 1)
_SCALES = {places: Decimal(1).scaleb(-places) for places in range(5)}


class UnexpectedReply(Exception):
    """A system answered something its contract does not allow: CONTRACT.SCHEMA_DRIFT."""

    code = "CONTRACT.SCHEMA_DRIFT"


def json_body(value: Any) -> bytes:
    """Return compact JSON; Decimals become numbers."""
    return _encode(value)


def form_body(fields: Mapping[str, str | int] | Iterable[tuple[str, str | int]]) -> bytes:
    """Return a form body; names keep their brackets, values are percent-encoded."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    return "&".join(f"{name}={quote_plus(str(value))}" for name, value in pairs).encode()


def read(answer: Answer, decoder: msgspec.json.Decoder[T]) -> T:
    """Return the body of an answer as its type; raise UnexpectedReply when it does not fit."""
    try:
        return decoder.decode(answer.body)
    except msgspec.MsgspecError as error:
        raise UnexpectedReply(f"{error} in {answer.body[:200]!r}") from error


def major(amount_minor: int, currency: str) -> Decimal:
    """Return an amount in major units, with the currency's own number of decimals."""
    places = exponent(currency)
    return Decimal(amount_minor).scaleb(-places).quantize(_SCALES[places]) if places else Decimal(amount_minor)


def minor(amount: Decimal, currency: str) -> int:
    """Return an amount in minor units; raise UnexpectedReply when it has more decimals than the currency."""
    scaled = amount.scaleb(exponent(currency))
    whole = int(scaled)
    if scaled != whole:
        raise UnexpectedReply(f"{amount} {currency} has more decimals than {currency} allows")
    return whole


def date_of_seconds(seconds: int) -> date:
    """Return the UTC date of a Unix time."""
    return _EPOCH + timedelta(days=seconds // 86_400)


def seconds_of_date(day: date) -> int:
    """Return the Unix time of a date's UTC midnight."""
    return (day - _EPOCH).days * 86_400


def iso_instant(at_us: int) -> str:
    """Return an instant as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
