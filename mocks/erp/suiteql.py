"""A subset of SuiteQL, parsed: one table, expressions, aggregates, grouping, ordering.

    SELECT [DISTINCT] <column | aggregate(column) | COUNT(*)> [AS name], ... | *  FROM <table> [alias]
    [WHERE <condition>] [GROUP BY <columns>] [ORDER BY <column> [ASC|DESC], ...] [FETCH FIRST n ROWS ONLY]

Conditions: = != <> < <= > >= LIKE IN BETWEEN IS [NOT] NULL, AND OR NOT and parentheses; literals are text, numbers,
TO_DATE('...', '...') and TO_TIMESTAMP. UPPER, LOWER and BUILTIN.DF may wrap a column. Joins are not supported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from mocks.erp.columns import Value
from mocks.kernel.operations import Refusal

_TEXT = re.compile(r"'(?:[^']|'')*'")
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)*)"
    r"|(?P<sign><>|!=|<=|>=|[=<>(),*-]))"
)
_AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG"})
_WRAPPERS = frozenset({"UPPER", "LOWER", "BUILTIN.DF", "TO_CHAR", "TO_DATE", "TO_TIMESTAMP"})
_WORDS = "SELECT FROM WHERE GROUP ORDER BY FETCH AND OR NOT ASC DESC AS IN IS LIKE BETWEEN JOIN LEFT INNER"
_RESERVED = frozenset(_WORDS.split(" "))

Texts = tuple[str, ...]
"""The text literals of one query, in order: queries that differ only in these share a statement."""


class Read(Protocol):
    """Reads the columns of one row by name, for a query with these text literals."""

    texts: Texts

    def __call__(self, column: str) -> Value: ...


Condition = Callable[[Read], bool]


class Operand(msgspec.Struct, frozen=True):
    """A column (in lower case), a number, or the text literal in a slot (from 0), possibly inside a function."""

    column: str = ""
    literal: Decimal | None = None
    function: str = ""
    slot: int = -1

    def value(self, read: Read) -> Value:
        """Return the operand's value for one row."""
        found = read(self.column) if self.column else read.texts[self.slot] if self.slot >= 0 else self.literal
        if found is not None and self.function == "UPPER":
            return str(found).upper()
        if found is not None and self.function == "LOWER":
            return str(found).lower()
        return found


class Field(msgspec.Struct, frozen=True):
    """One selected column: its name in the reply, what it reads, and the aggregate around it."""

    name: str
    operand: Operand
    aggregate: str = ""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed query. `floors` are the (column, slot) of the `column >= text` conditions every row must meet."""

    fields: tuple[Field, ...]  # empty: all columns
    distinct: bool
    table: str
    where: Condition | None
    floors: tuple[tuple[str, int], ...]
    group: tuple[str, ...]
    order: tuple[tuple[str, bool], ...]  # (column or result name, descending)
    limit: int | None


def broken(detail: str) -> Refusal:
    """Return the refusal of a query that cannot be run."""
    return Refusal(
        "invalid_parameter", f"Invalid search query. Detailed unprocessed description follows. {detail}", "q"
    )


def parse(text: str) -> tuple[Statement, Texts]:
    """Return the parsed statement and its text literals, or refuse it as the vendor does.

    A sweep asks the same again and again with another instant, so statements are remembered by all but their texts.
    """
    texts = tuple([found[1:-1].replace("''", "'") for found in _TEXT.findall(text)])
    return _parsed(_TEXT.sub("''", text)), texts


@lru_cache(maxsize=1024)
def _parsed(skeleton: str) -> Statement:
    return _Parser(_tokens(skeleton)).statement()


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    text = text.strip().rstrip(";").rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise broken(f"Unexpected character at {at}: {text[at : at + 20]!r}.")
        kind = match.lastgroup or ""
        tokens.append((kind, match.group(kind)))
        at = match.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._alias = ""
        self._slots = 0
        self._floors: list[tuple[str, int]] = []

    # --- tokens -----------------------------------------------------------------------------------------------------

    def _peek(self) -> str:
        return self._tokens[self._at][1].upper() if self._at < len(self._tokens) else ""

    def _take(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise broken("The query ends too early.")
        self._at += 1
        return self._tokens[self._at - 1]

    def _accept(self, *words: str) -> bool:
        ahead = [token[1].upper() for token in self._tokens[self._at : self._at + len(words)]]
        if ahead != list(words):
            return False
        self._at += len(words)
        return True

    def _expect(self, *words: str) -> None:
        if not self._accept(*words):
            raise broken(f"Expected {' '.join(words)} before {self._peek() or 'the end'}.")

    def _name(self) -> str:
        kind, text = self._take()
        if kind != "name" or text.upper() in _RESERVED:
            raise broken(f"Expected a name, found {text!r}.")
        return text

    def _column(self) -> str:
        return self._name().lower().rpartition(".")[2]

    # --- statement --------------------------------------------------------------------------------------------------

    def statement(self) -> Statement:
        self._expect("SELECT")
        distinct = self._accept("DISTINCT")
        fields = () if self._accept("*") else self._list(self._field)
        self._expect("FROM")
        table = self._name().lower()
        if self._at < len(self._tokens) and self._tokens[self._at][0] == "name" and self._peek() not in _RESERVED:
            self._take()
        if self._peek() in ("JOIN", "LEFT", "INNER", ","):
            raise broken("Joins are not supported here.")
        where = self._either(True) if self._accept("WHERE") else None
        group = self._list(self._column) if self._accept("GROUP", "BY") else ()
        order = self._list(self._order) if self._accept("ORDER", "BY") else ()
        limit = self._limit()
        if self._at < len(self._tokens):
            raise broken(f"Unexpected {self._peek()}.")
        return Statement(
            fields=fields, distinct=distinct, table=table, where=where, floors=tuple(self._floors), group=group,
            order=order, limit=limit,
        )  # fmt: skip

    def _list(self, item: Callable[[], Any]) -> tuple[Any, ...]:
        found = [item()]
        while self._accept(","):
            found.append(item())
        return tuple(found)

    def _field(self) -> Field:
        aggregate, operand = "", Operand()
        if self._peek() in _AGGREGATES and self._follows("("):
            aggregate = self._take()[1].upper()
            self._expect("(")
            operand = Operand() if self._accept("*") else self._operand()
            self._expect(")")
        else:
            operand = self._operand()
        name = operand.column or "expr"
        if aggregate:
            name = "expr1"
        if self._accept("AS"):
            name = self._name().lower()
        return Field(name, operand, aggregate)

    def _follows(self, sign: str) -> bool:
        return self._at + 1 < len(self._tokens) and self._tokens[self._at + 1][1] == sign

    def _order(self) -> tuple[str, bool]:
        column = self._operand().column
        if not column:
            raise broken("ORDER BY needs columns.")
        descending = self._accept("DESC")
        if not descending:
            self._accept("ASC")
        return column, descending

    def _limit(self) -> int | None:
        if not self._accept("FETCH"):
            return None
        if not self._accept("FIRST"):
            self._expect("NEXT")
        kind, text = self._take()
        if kind != "number":
            raise broken(f"Expected a number of rows, found {text!r}.")
        if not self._accept("ROWS"):
            self._expect("ROW")
        self._expect("ONLY")
        return int(Decimal(text))

    # --- conditions -------------------------------------------------------------------------------------------------

    def _either(self, top: bool = False) -> Condition:
        start = list(self._floors)
        parts = [self._both(top)]
        while self._accept("OR"):
            self._floors = start  # what one branch asks for, not every row must meet
            parts.append(self._both(False))
        return parts[0] if len(parts) == 1 else lambda read: any(part(read) for part in parts)

    def _both(self, top: bool) -> Condition:
        parts = [self._negated(top)]
        while self._accept("AND"):
            parts.append(self._negated(top))
        return parts[0] if len(parts) == 1 else lambda read: all(part(read) for part in parts)

    def _negated(self, top: bool) -> Condition:
        if self._accept("NOT"):
            inner = self._negated(False)
            return lambda read: not inner(read)
        if self._accept("("):
            inner = self._either()
            self._expect(")")
            return inner
        return self._comparison(top)

    def _comparison(self, top: bool) -> Condition:
        left = self._operand()
        if self._accept("IS"):
            wanted = not self._accept("NOT")
            self._expect("NULL")
            return lambda read: (left.value(read) is None) is wanted
        if self._accept("NOT"):
            inner = self._set_condition(left)
            return lambda read: not inner(read)
        if self._peek() in ("IN", "LIKE", "BETWEEN"):
            return self._set_condition(left)
        kind, sign = self._take()
        if kind != "sign" or sign not in _COMPARE:
            raise broken(f"Expected a comparison, found {sign!r}.")
        right = self._operand()
        if top and sign in (">", ">=") and left.column and right.slot >= 0:
            self._floors.append((left.column, right.slot))
        test = _COMPARE[sign]
        return lambda read: compare(left.value(read), right.value(read), test)

    def _set_condition(self, left: Operand) -> Condition:
        if self._accept("IN"):
            self._expect("(")
            options = self._list(self._operand)
            self._expect(")")
            return lambda read: any(compare(left.value(read), option.value(read), _equal) for option in options)
        if self._accept("BETWEEN"):
            low = self._operand()
            self._expect("AND")
            high = self._operand()
            return lambda read: (
                compare(left.value(read), low.value(read), _COMPARE[">="])
                and compare(left.value(read), high.value(read), _COMPARE["<="])
            )
        self._expect("LIKE")
        like = self._operand()
        return lambda read: _is_like(left.value(read), like.value(read))

    def _operand(self) -> Operand:
        kind, text = self._take()
        if kind == "text":
            self._slots += 1
            return Operand(slot=self._slots - 1)
        if kind == "number":
            return Operand(literal=Decimal(text))
        if text == "-":
            number = self._operand().literal
            if number is None:
                raise broken("A minus sign needs a number.")
            return Operand(literal=-number)
        if kind != "name" or text.upper() in _RESERVED:
            raise broken(f"Expected a column or value, found {text!r}.")
        if self._peek() == "(":
            return self._function(text.upper())
        return Operand(column=text.lower().rpartition(".")[2])

    def _function(self, name: str) -> Operand:
        if name not in _WRAPPERS:
            raise broken(f"Function {name} is not supported.")
        self._expect("(")
        inner = self._operand()
        while self._accept(","):
            self._operand()  # a format: dates are ISO here
        self._expect(")")
        return msgspec.structs.replace(inner, function=name)


def _equal(order: int) -> bool:
    return order == 0


_COMPARE: Mapping[str, Callable[[int], bool]] = {
    "=": _equal,
    "!=": lambda order: order != 0,
    "<>": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def compare(left: Value, right: Value, test: Callable[[int], bool]) -> bool:
    """Compare two values; numbers as numbers when both are, everything else as text. NULL meets no condition."""
    if left is None or right is None:
        return False
    if isinstance(left, int | Decimal) or isinstance(right, int | Decimal):
        try:
            first, second = Decimal(str(left)), Decimal(str(right))
            return test((first > second) - (first < second))
        except InvalidOperation:
            pass
    one, other = _text(left, right), _text(right, left)
    return test((one > other) - (one < other))


def _text(value: Value, other: Value) -> str:
    """Return a value as text; an instant written with a blank, or without its fraction, as this ERP writes it."""
    text = value.isoformat() if isinstance(value, date) else str(value)
    if len(text) >= 16 and text[4] == "-" and text[10] in " T" and text[13] == ":":
        return _instant(text)
    return text


def _instant(text: str) -> str:
    clock = text[11:].rstrip("Z").removesuffix("+00:00")
    clock += ":00" if len(clock) == 5 else ""
    clock, _, fraction = clock.partition(".")
    return f"{text[:10]}T{clock}.{fraction:0<3}Z" if len(fraction) <= 3 else f"{text[:10]}T{clock}.{fraction}Z"


def _is_like(value: Value, pattern: Value) -> bool:
    return value is not None and _pattern(str(pattern or "")).fullmatch(str(value)) is not None


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    parts = [".*" if char == "%" else "." if char == "_" else re.escape(char) for char in text]
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
