"""Field values: from JSON to what a row keeps, and back. A refusal names the field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from domain.calendar import utc_text
from domain.currency import EXPONENTS
from mocks.crm import ids
from mocks.crm.schema import CURRENCY, Field, Row, SObject
from mocks.kernel.operations import Refusal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = Decimal(10) ** 16
DEFAULT_CURRENCY = "USD"
CODE = "CurrencyIsoCode"


# --- reading ------------------------------------------------------------------------------------------------------


def _unreadable(field: Field, value: Any, expected: str) -> Refusal:
    return Refusal("malformed", f"cannot read a {expected} from {value!r}", field.name)


def _text(field: Field, value: Any, _currency: str) -> str:
    if not isinstance(value, str):
        raise _unreadable(field, value, "string")
    if field.length and len(value) > field.length:
        detail = f"{field.name}: value too large for {len(value)} characters (max length={field.length})"
        raise Refusal("string_too_long", detail, field.name)
    return value


def _choice(field: Field, value: Any, currency: str) -> str:
    text = _text(field, value, currency)
    if field.picklist and text not in field.picklist:
        raise Refusal("bad_picklist", f"{field.name}: bad value for restricted picklist field: {text}", field.name)
    return text


def _reference(field: Field, value: Any, currency: str) -> str:
    whole = ids.canonical(_text(field, value, currency))
    if whole is None:
        raise Refusal("malformed_id", f"{field.name}: id value of incorrect type: {value}", field.name)
    return whole


def _number(field: Field, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise _unreadable(field, value, "double")
    number = Decimal(value)
    if abs(number) >= _LARGEST:
        raise Refusal("number_outside_range", f"{field.name}: value outside of valid range: {value}", field.name)
    return number


def _whole(field: Field, value: Any, _currency: str) -> int:
    number = _number(field, value)
    if number != number.to_integral_value():
        raise _unreadable(field, value, "whole number")
    return int(number)


def plain(number: Decimal) -> Decimal:
    """Return the number without trailing zeros and without an exponent."""
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()


def _ratio(field: Field, value: Any, _currency: str) -> Decimal:
    return plain(_number(field, value).quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP))


def _amount(field: Field, value: Any, currency: str) -> int:
    exponent = EXPONENTS.get(currency)
    if exponent is None:
        raise Refusal("bad_picklist", f"CurrencyIsoCode: bad value for restricted picklist field: {currency}", CODE)
    return int(_number(field, value).scaleb(exponent).to_integral_value(ROUND_HALF_UP))


def _day(field: Field, value: Any, currency: str) -> date:
    try:
        return date.fromisoformat(_text(field, value, currency))
    except ValueError:
        raise _unreadable(field, value, "date") from None


def _instant(field: Field, value: Any, currency: str) -> int:
    try:
        return read_instant(_text(field, value, currency))
    except ValueError:
        raise _unreadable(field, value, "date and time") from None


def read_instant(text: str) -> int:
    """Return an ISO date and time as microseconds UTC (no offset means UTC); raise ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - _EPOCH) // timedelta(microseconds=1)


def _truth(field: Field, value: Any, _currency: str) -> bool:
    if not isinstance(value, bool):
        raise _unreadable(field, value, "boolean")
    return value


READERS: dict[str, Callable[[Field, Any, str], Any]] = {
    "string": _text,
    "textarea": _text,
    "picklist": _choice,
    "id": _reference,
    "reference": _reference,
    "int": _whole,
    "double": _ratio,
    "percent": _ratio,
    "currency": _amount,
    "date": _day,
    "datetime": _instant,
    "boolean": _truth,
}
"""Type -> what a row keeps for a JSON value that is not null; a reader refuses in the vendor's terms what does not fit.

References are only checked for form; whether the record exists is the caller's question.
"""


# --- writing ------------------------------------------------------------------------------------------------------


def instant(at_us: int) -> str:
    """Return an instant as the vendor writes it: milliseconds and a numeric offset."""
    seconds, rest_us = divmod(at_us, 1_000_000)
    return f"{utc_text(seconds)}.{rest_us // 1000:03d}+0000"


def shown(of: SObject, at: int, row: Row) -> Any:
    """Return one value of a record as JSON has it."""
    value, kind = row[at], of.fields[at].type
    if value is None:
        return None
    if kind == "currency":
        return Decimal(value).scaleb(-EXPONENTS[row[CURRENCY] or DEFAULT_CURRENCY])
    return WRITERS[kind](value) if kind in WRITERS else value


WRITERS: dict[str, Callable[[Any], Any]] = {"datetime": instant}
"""How to write the types that JSON does not write by itself; amounts need their record's currency as well."""
