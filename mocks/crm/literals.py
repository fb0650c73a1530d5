"""The literals of a SOQL statement, lifted out of its text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

STRING, INSTANT, DAY = "\x00", "\x01", "\x02"  # what stands for a lifted literal; none may occur in a statement
_LENGTH_MAX = 100_000
_LITERAL = re.compile(
    r"'((?:[^'\\]|\\.)*)'|(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:?\d\d))?", re.DOTALL
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "_": "\\_", "%": "\\%"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MalformedQuery(Exception):
    """A statement the grammar does not allow; the message says what was expected where."""


def lift(statement: str) -> tuple[str, tuple[Any, ...]]:
    """Return the statement with its string, instant and date literals replaced, and their values.

    Instants become microseconds UTC. Raises MalformedQuery for impossible dates and control characters.
    """
    if len(statement) > _LENGTH_MAX:
        raise MalformedQuery(f"the statement is longer than {_LENGTH_MAX} characters")
    if STRING in statement or INSTANT in statement or DAY in statement:
        raise MalformedQuery("the statement holds control characters")
    values: list[Any] = []

    def replace(match: re.Match[str]) -> str:
        text, day, time = match.groups()
        if text is not None:
            values.append(_unescape(text) if "\\" in text else text)
            return STRING
        values.append(_instant(day + time) if time else _date(day))
        return INSTANT if time else DAY

    return _LITERAL.sub(replace, statement), tuple(values)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text, flags=re.DOTALL)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise MalformedQuery(f"{text} is not a date: {error}") from None


def _instant(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise MalformedQuery(f"{text} is not a date and time: {error}") from None
    return (moment - _EPOCH) // timedelta(microseconds=1)
