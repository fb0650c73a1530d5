"""What the functions, operators and comparisons of SuiteQL do. NULL in, NULL out, unless a function says otherwise."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from mocks.erp.sql_nodes import broken

Value = str | int | Decimal | None
Plain = Callable[..., Value]

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


_LARGEST_EXPONENT, _LONGEST_TEXT = 100, 100_000


def compare(left: Value, right: Value, test: Callable[[Any, Any], bool]) -> bool:
    """Compare two values; numbers as numbers when both are, everything else as text. NULL meets no condition."""
    if type(left) is str and type(right) is str:
        return test(left, right)
    if left is None or right is None:
        return False
    try:
        return test(number(left), number(right))
    except InvalidOperation:
        return test(str(left), str(right))


def number(value: Value) -> int | Decimal:
    """Return a value as a number; raise InvalidOperation when it is none."""
    if type(value) is int or isinstance(value, Decimal):
        return value
    found = Decimal(str(value).strip())
    if not found.is_finite() or abs(found.adjusted()) > _LARGEST_EXPONENT:
        raise InvalidOperation(f"{value} is not a number")
    return found


def instant(text: str) -> str:
    """Return a literal as this ERP writes it: an instant with a blank or without its fraction gets both right."""
    if len(text) < 16 or text[4] != "-" or text[10] not in " T" or text[13] != ":":
        return text
    clock = text[11:].rstrip("Z").removesuffix("+00:00")
    clock += ":00" if len(clock) == 5 else ""
    clock, _, fraction = clock.partition(".")
    return f"{text[:10]}T{clock}.{fraction:0<3}Z"


@lru_cache(maxsize=256)
def pattern(text: str) -> re.Pattern[str]:
    """Return what a LIKE pattern matches: % any text, _ any character; case does not matter.

    Each part between two % is looked for where it comes first and never again (an atomic group), so that no pattern
    takes more than a walk along the text.
    """
    first, *others = ["".join(["." if char == "_" else re.escape(char) for char in part]) for part in text.split("%")]
    if not others:
        return re.compile(first, re.IGNORECASE | re.DOTALL)
    middle = "".join([f"(?>.*?{part})" for part in others[:-1] if part])
    return re.compile(f"{first}{middle}.*{others[-1]}", re.IGNORECASE | re.DOTALL)


def _numbers(name: str, combine: Callable[[Decimal, Decimal], Decimal]) -> Plain:
    def calculate(left: Value, right: Value) -> Value:
        if left is None or right is None:
            return None
        try:
            return combine(Decimal(number(left)), Decimal(number(right)))
        except (InvalidOperation, ZeroDivisionError, OverflowError):
            raise broken(f"{left} {name} {right} cannot be calculated.") from None

    return calculate


def _shifted(value: Value, digits: Value, rounding: str) -> Value:
    if value is None:
        return None
    places = int(number(digits if digits is not None else 0))
    if not -20 <= places <= 20:
        raise broken("Round to at most 20 digits.")
    return Decimal(number(value)).quantize(Decimal(1).scaleb(-places), rounding=rounding)


def _substring(value: Value, start: Value, length: Value = None) -> Value:
    if value is None:
        return None
    text, at = _text(value), int(number(start))
    first = at - 1 if at > 0 else max(0, len(text) + at)
    return text[first:] if length is None else text[first : first + max(0, int(number(length)))]


_DATE_PARTS = ("YYYY", "HH24", "MM", "DD", "MI", "SS")


@lru_cache(maxsize=64)
def _date_pattern(form: str) -> re.Pattern[str]:
    text = re.escape(form.upper())
    for part in _DATE_PARTS:
        text = text.replace(part, f"(?P<{part}>\\d{{1,{len(part.rstrip('24'))}}})", 1)
    return re.compile(text)


def _to_date(value: Value, form: Value = None) -> Value:
    """Return a date (or an instant, when the format has hours) as ISO text."""
    if value is None:
        return None
    if form is None or "YYYY" not in str(form).upper() or re.match(r"\d{4}-\d\d-\d\d", str(value)):
        return str(value)
    found = _date_pattern(str(form)).fullmatch(str(value))
    if found is None:
        raise broken(f"'{value}' is not a date of the form {form}.")
    part = {name: int(text) for name, text in found.groupdict().items()}
    day = f"{part.get('YYYY', 0):04d}-{part.get('MM', 1):02d}-{part.get('DD', 1):02d}"
    if "HH24" not in part:
        return day
    return f"{day}T{part['HH24']:02d}:{part.get('MI', 0):02d}:{part.get('SS', 0):02d}.000Z"


def _to_char(value: Value, form: Value = None) -> Value:
    text = _text(value) if value is not None else None
    if text is None or form is None or len(text) < 10 or text[4:5] != "-":
        return text
    parts = {"YYYY": text[:4], "MM": text[5:7], "DD": text[8:10], "HH24": text[11:13] or "00",
             "MI": text[14:16] or "00", "SS": text[17:19] or "00"}  # fmt: skip
    shown = str(form).upper()
    for name, digits in parts.items():
        shown = shown.replace(name, digits)
    return shown


def _text(value: Value) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _coalesce(*values: Value) -> Value:
    for value in values:
        if value is not None:
            return value
    return None


def _decode(value: Value, *rest: Value) -> Value:
    pairs = zip(rest[::2], rest[1::2], strict=False)
    for wanted, result in pairs:
        if (value is None and wanted is None) or compare(value, wanted, operator.eq):
            return result
    return rest[-1] if len(rest) % 2 else None


def _upon(change: Callable[[str], Any]) -> Plain:
    return lambda value: None if value is None else change(_text(value))


def _joined(*parts: Value) -> Value:
    return _bounded("".join([_text(part) for part in parts if part is not None]))


def _replaced(value: Value, old: Value, new: Value = None) -> Value:
    if value is None or old is None:
        return value
    text, other = _text(value), _text(new) if new is not None else ""
    if len(text) + text.count(_text(old)) * len(other) > _LONGEST_TEXT:
        raise broken("A text becomes too long.")
    return text.replace(_text(old), other)


def _bounded(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise broken("A text becomes too long.")
    return text


def _absolute(value: Value) -> Value:
    if value is None:
        return None
    found = number(value)
    return -found if found < 0 else found


FUNCTIONS: Mapping[str, tuple[int, int, Plain]] = {
    "UPPER": (1, 1, _upon(str.upper)),
    "LOWER": (1, 1, _upon(str.lower)),
    "TRIM": (1, 1, _upon(str.strip)),
    "LENGTH": (1, 1, _upon(len)),
    "SUBSTR": (2, 3, _substring),
    "REPLACE": (2, 3, _replaced),
    "CONCAT": (2, 2, _joined),
    "NVL": (2, 2, _coalesce),
    "NVL2": (3, 3, lambda value, some, none: none if value is None else some),
    "NULLIF": (2, 2, lambda left, right: None if compare(left, right, operator.eq) else left),
    "COALESCE": (1, 99, _coalesce),
    "DECODE": (3, 99, _decode),
    "ABS": (1, 1, _absolute),
    "ROUND": (1, 2, lambda value, digits=0: _shifted(value, digits, ROUND_HALF_UP)),
    "TRUNC": (1, 2, lambda value, digits=0: value[:10] if type(value) is str else _shifted(value, digits, ROUND_DOWN)),
    "TO_NUMBER": (1, 1, lambda value: None if value is None else number(value)),
    "TO_CHAR": (1, 2, _to_char),
    "TO_DATE": (1, 2, _to_date),
    "TO_TIMESTAMP": (1, 2, lambda value, form=None: None if value is None else instant(str(_to_date(value, form)))),
    "+": (2, 2, _numbers("+", operator.add)),
    "-": (2, 2, _numbers("-", operator.sub)),
    "*": (2, 2, _numbers("*", operator.mul)),
    "/": (2, 2, _numbers("/", operator.truediv)),
    "||": (2, 2, _joined),
}  # fmt: skip
"""Name -> (fewest arguments, most arguments, what it does)."""

CLOCK = frozenset({"SYSDATE", "CURRENT_DATE"})
"""The functions without arguments: today."""
