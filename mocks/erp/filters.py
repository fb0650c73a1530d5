"""The `q` filter of record lists: conditions such as `externalId IS "A-000001" AND balance GREATER 10`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from mocks.erp.columns import TABLES
from mocks.erp.model import Erp
from mocks.erp.sql_functions import COMPARISONS, Value, compare, instant
from mocks.kernel.operations import Refusal

_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([()\[\],])|([^\s()\[\],"]+))')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_DEEPEST = 40
Test = Callable[[Value, list[str]], bool]
Condition = Callable[[Callable[[str], Value]], bool]


def _ordered(sign: str) -> Test:
    test = COMPARISONS[sign]
    return lambda value, given: compare(value, given[0], test)


def _text(test: Callable[[str, str], bool]) -> Test:
    return lambda value, given: value is not None and test(str(value).lower(), given[0].lower())


_OPERATORS: Mapping[str, tuple[int, Test]] = {
    "IS": (1, _ordered("=")),
    "IS_NOT": (1, _ordered("!=")),
    "EQUAL": (1, _ordered("=")),
    "EQUAL_NOT": (1, _ordered("!=")),
    "GREATER": (1, _ordered(">")),
    "GREATER_OR_EQUAL": (1, _ordered(">=")),
    "LESS": (1, _ordered("<")),
    "LESS_OR_EQUAL": (1, _ordered("<=")),
    "ON": (1, _ordered("=")),
    "ON_OR_AFTER": (1, _ordered(">=")),
    "ON_OR_BEFORE": (1, _ordered("<=")),
    "AFTER": (1, _ordered(">")),
    "BEFORE": (1, _ordered("<")),
    "CONTAIN": (1, _text(lambda value, given: given in value)),
    "START_WITH": (1, _text(lambda value, given: value.startswith(given))),
    "END_WITH": (1, _text(lambda value, given: value.endswith(given))),
    "EMPTY": (0, lambda value, given: value is None),
    "EMPTY_NOT": (0, lambda value, given: value is not None),
    "ANY_OF": (-1, lambda value, given: any(compare(value, one, COMPARISONS["="]) for one in given)),
    "ANY_OF_NOT": (-1, lambda value, given: not any(compare(value, one, COMPARISONS["="]) for one in given)),
    "BETWEEN": (
        2,
        lambda value, given: (
            compare(value, given[0], COMPARISONS[">="]) and compare(value, given[1], COMPARISONS["<="])
        ),
    ),
}
"""Operator -> (number of values, -1 for a list; test)."""


def matches(erp: Erp, table: str, text: str) -> list[str]:
    """Return the internal ids of the rows of a table that a filter takes, in order of creation."""
    found = TABLES[table]
    rows: list[Any] = list(found.rows(erp, 0))
    if text.strip():
        condition = condition_of(text, found.columns)
        rows = [row for row in rows if condition(lambda name, row=row: found.columns[name](erp, row))]  # type: ignore[misc]
    ids = [found.columns["id"](erp, row) for row in rows]
    return [str(key) for key in sorted(ids, key=_by_number)]


def condition_of(text: str, columns: Mapping[str, Any]) -> Condition:
    """Return the condition that a filter is on these columns; it is given a way to read one of them by its name."""
    return _Parser(text, columns).condition()


def _by_number(key: Value) -> tuple[int, str]:
    return (key, "") if isinstance(key, int) else (0, str(key))


def _broken(detail: str) -> Refusal:
    return Refusal("invalid_parameter", f"Invalid search query. {detail}", "q")


class _Parser:
    def __init__(self, text: str, columns: Mapping[str, Any]) -> None:
        self._columns = columns
        self._tokens: list[str] = []
        self._depth = 0
        at, text = 0, text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise _broken(f"Unexpected text at {at}.")
            quoted, sign, word = match.groups()
            self._tokens.append(sign or word or '"' + _ESCAPE.sub(r"\1", quoted))
            at = match.end()

    def condition(self) -> Condition:
        found = self._either()
        if self._tokens:
            raise _broken(f"Unexpected {self._tokens[0]}.")
        return found

    def _next(self) -> str:
        if not self._tokens:
            raise _broken("The filter ends too early.")
        return self._tokens.pop(0)

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._tokens and self._tokens[0].upper() == "OR":
            self._tokens.pop(0)
            parts.append(self._both())
        return lambda read: any(part(read) for part in parts)

    def _both(self) -> Condition:
        parts = [self._one()]
        while self._tokens and self._tokens[0].upper() == "AND":
            self._tokens.pop(0)
            parts.append(self._one())
        return lambda read: all(part(read) for part in parts)

    def _one(self) -> Condition:
        word = self._next()
        if word == "(":
            self._depth += 1
            if self._depth > _DEEPEST:
                raise _broken("The filter is nested too deeply.")
            inner = self._either()
            if self._next() != ")":
                raise _broken("A parenthesis is not closed.")
            return inner
        column = word.lower()
        if column not in self._columns:
            raise _broken(f"Unknown field {word}.")
        name = self._next().upper()
        if name not in _OPERATORS:
            raise _broken(f"Unknown operator {name}.")
        count, test = _OPERATORS[name]
        values = self._values(count)
        return lambda read: test(read(column), values)

    def _values(self, count: int) -> list[str]:
        if count == 1:
            return [self._value()]
        if count == 0:
            return []
        if self._next() != "[":
            raise _broken("Expected a list of values in brackets.")
        values = [self._value()]
        while (sign := self._next()) == ",":
            values.append(self._value())
        if sign != "]" or count not in (-1, len(values)):
            raise _broken("The list of values is not closed or has the wrong length.")
        return values

    def _value(self) -> str:
        return instant(self._next().removeprefix('"'))
