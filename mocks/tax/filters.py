"""The `$filter` language of the dialect: comparisons, lists, ranges and patterns, joined by `and`, `or`, brackets."""

from __future__ import annotations

import fnmatch
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from mocks.kernel.operations import Refusal

Read = Callable[[Any], Any]
Test = Callable[[Any], bool]


_WILD = str.maketrans({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"})


@lru_cache(maxsize=256)
def _like(pattern: str) -> re.Pattern[str]:
    """Return a pattern of SQL: `%` is any text, `_` any character, and all else stands for itself."""
    return re.compile(fnmatch.translate(pattern.translate(_WILD)))  # which never looks back for long


def _matches(found: str, pattern: str) -> bool:
    return _like(pattern).fullmatch(found) is not None


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge, "gte": operator.ge,
    "lt": operator.lt, "le": operator.le, "lte": operator.le,
    "contains": operator.contains, "like": _matches,
    "startswith": str.startswith, "endswith": str.endswith,
}  # fmt: skip
_PATTERNS = ("contains", "like", "startswith", "endswith")
_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|([(),])|([^\s(),']+))")
_LENGTH_MAX, _DEPTH_MAX = 4_000, 20


def test_of(text: str, fields: Mapping[str, Read]) -> Test:
    """Return the test that a filter makes of a row; `fields` are read by name in lower case.

    Raise Refusal for a filter that is not understood.
    """
    if len(text) > _LENGTH_MAX:
        raise Refusal("string_length", f"A filter takes at most {_LENGTH_MAX} characters.", field="$filter")
    parser = _Parser(_tokens(text), fields)
    test = parser.any_of(0)
    if parser.word() is not None:
        raise parser.wrong()
    return test


def _tokens(text: str) -> list[tuple[str, bool]]:
    """Return (word, whether it was quoted) of a filter; what cannot be read is left for the parser to refuse."""
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Refusal("validation", f"{text[at : at + 40]!r} is not understood.", field="$filter")
        quoted, mark, word = match.groups()
        found.append((quoted.replace("''", "'"), True) if quoted is not None else (mark or word, False))
        at = match.end()
    return found


class _Parser:
    """Reads a filter from left to right."""

    def __init__(self, tokens: Sequence[tuple[str, bool]], fields: Mapping[str, Read]) -> None:
        self._tokens, self._fields, self._at = tokens, fields, 0

    def word(self) -> str | None:
        """Return the next word in lower case, or None at the end; what is quoted is no word."""
        if self._at >= len(self._tokens):
            return None
        text, is_quoted = self._tokens[self._at]
        return "'" if is_quoted else text.lower()

    def wrong(self) -> Refusal:
        """Return the refusal of a filter at the place where it is not understood."""
        rest = " ".join(text for text, _ in self._tokens[self._at :])[:60]
        problem = f"{rest!r} is not a filter such as: status eq 'Saved' and date ge '2026-01-01'"
        return Refusal("validation", problem, field="$filter")

    def _take(self, *expected: str) -> str:
        """Return the next word and go on; raise Refusal when it is none of those expected (none given: any)."""
        word = self.word()
        if word is None or (expected and word not in expected):
            raise self.wrong()
        self._at += 1
        return word

    def _value(self) -> str:
        if self.word() in (None, "(", ")", ","):
            raise self.wrong()
        self._at += 1
        return self._tokens[self._at - 1][0]

    def any_of(self, depth: int) -> Test:
        """Read tests joined by `or`."""
        tests = [self._all_of(depth)]
        while self.word() == "or":
            self._at += 1
            tests.append(self._all_of(depth))
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _all_of(self, depth: int) -> Test:
        tests = [self._one(depth)]
        while self.word() == "and":
            self._at += 1
            tests.append(self._one(depth))
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _one(self, depth: int) -> Test:
        if self.word() == "(" and depth < _DEPTH_MAX:
            self._at += 1
            inner = self.any_of(depth + 1)
            self._take(")")
            return inner
        read = self._fields.get(self.word() or "")
        if read is None:
            raise self.wrong()
        self._at += 1
        return self._clause(read)

    def _clause(self, read: Read) -> Test:
        verb = self._take("in", "between", "is", *_COMPARE)
        if verb == "in":
            wanted = self._list()
            return lambda row: any(_holds("eq", read(row), text) for text in wanted)
        if verb == "between":
            low = self._value()
            self._take("and")
            high = self._value()
            return lambda row: _holds("ge", read(row), low) and _holds("le", read(row), high)
        if verb == "is":
            is_null = self._take("null", "not") == "null" or not self._take("null")
            return lambda row: (read(row) in (None, "")) is is_null
        text = self._value()
        return lambda row: _holds(verb, read(row), text)

    def _list(self) -> list[str]:
        self._take("(")
        found = [self._value()]
        while self._take(",", ")") == ",":
            found.append(self._value())
        return found


def _holds(verb: str, found: Any, text: str) -> bool:
    """Tell whether a value compares with a literal, which is read as what the value is."""
    if found is None:
        return verb == "ne"
    if verb in _PATTERNS:
        return _COMPARE[verb](str(found).casefold(), text.casefold())
    try:
        value = _as(found, text)
    except (ValueError, InvalidOperation):
        raise Refusal("validation", f"{text[:40]!r} does not compare with this field.", field="$filter") from None
    return _COMPARE[verb](found.casefold() if isinstance(found, str) else found, value)


def _as(found: Any, text: str) -> Any:
    if isinstance(found, bool):
        return text.lower() == "true"
    if isinstance(found, int | Decimal):
        number = Decimal(text)
        if not number.is_finite():
            raise InvalidOperation(text)
        return number
    if isinstance(found, datetime):
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=found.tzinfo)
    return date.fromisoformat(text[:10]) if isinstance(found, date) else text.casefold()
