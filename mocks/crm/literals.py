"""The literals of a SOQL statement, lifted out of its text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from mocks.kernel.codec import unescaped

STRING, INSTANT, DAY = "\x00", "\x01", "\x02"  # what stands for a lifted literal; none may occur in a statement
_LENGTH_MAX = 100_000
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:?\d\d))?|" + STRING)
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
    _require_no_controls(statement)
    skeleton, texts = _lift_texts(statement)
    skeleton, times = _lift_times(skeleton)
    return skeleton, _merged(texts, times)


def lift_encoded(parameter: str) -> tuple[str, tuple[Any, ...]]:
    """Return what `lift` returns for a statement as it stands in a query string, percent-encoded.

    Statements differ in their quoted literals mostly, so the text between these is decoded once and remembered.
    """
    parts = parameter.replace("'", "%27").split("%27")
    if len(parts) % 2 == 0 or "\\" in parameter or "%5" in parameter or len(parameter) > _LENGTH_MAX:
        return lift(unescaped(parameter))
    skeleton, times = _lift_encoded_shape(STRING.join(parts[::2]))
    texts = [unescaped(text) if "%" in text or "+" in text else text for text in parts[1::2]]
    return skeleton, _merged(texts, times) if times else tuple(texts)


@lru_cache(maxsize=1024)
def _lift_encoded_shape(shape: str) -> tuple[str, tuple[Any, ...]]:
    """Return the skeleton of an encoded shape and its times in order, none at all when only strings are lifted."""
    parts = [unescaped(part) for part in shape.split(STRING)]
    _require_no_controls("".join(parts))
    skeleton, times = _lift_times(STRING.join(parts))
    return skeleton, times if times.count(None) < len(times) else ()


def _merged(texts: Iterable[str], times: Iterable[Any]) -> tuple[Any, ...]:
    rest = iter(texts)
    return tuple([next(rest) if time is None else time for time in times])


def _require_no_controls(statement: str) -> None:
    if STRING in statement or INSTANT in statement or DAY in statement:
        raise MalformedQuery("the statement holds control characters")


def _lift_texts(statement: str) -> tuple[str, list[str]]:
    if "\\" not in statement:
        parts = statement.split("'")
        if len(parts) % 2 == 0:
            raise MalformedQuery("a string has no closing quote")
        return STRING.join(parts[::2]), parts[1::2]
    texts: list[str] = []

    def replace(match: re.Match[str]) -> str:
        texts.append(_unescape(match[1]))
        return STRING

    return _TEXT.sub(replace, statement), texts


@lru_cache(maxsize=1024)
def _lift_times(skeleton: str) -> tuple[str, tuple[Any, ...]]:
    """Return the skeleton without dates and instants, and these in order, None where a lifted string stands."""
    values: list[Any] = []

    def replace(match: re.Match[str]) -> str:
        day, time = match.groups()
        if day is None:
            values.append(None)
            return STRING
        values.append(_instant(day + time) if time else _date(day))
        return INSTANT if time else DAY

    return _TIME.sub(replace, skeleton), tuple(values)


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
