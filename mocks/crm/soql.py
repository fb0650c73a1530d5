"""A parser for a subset of SOQL: text in, a tree of values out. It knows the grammar, not the objects.

Grammar: SELECT fields, dotted parents, one level of child sub-selects or COUNT() FROM object, WHERE with = != <> < <= >
>= LIKE, IN, NOT IN, AND, OR, NOT and parentheses, ORDER BY with ASC, DESC, NULLS FIRST and LAST, LIMIT, OFFSET. As in
the vendor's grammar, AND and OR do not mix without parentheses.

String, date and instant literals are lifted out first (`literals.lift`), so that the tree of a statement can be reused
for others that differ in these only: that is what makes a query cost microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from mocks.crm.literals import DAY, INSTANT, STRING, MalformedQuery

Path = tuple[str, ...]
_DEPTH_MAX = 50
_TOKEN = re.compile(
    r"[ \t\r\n]*(?:(?P<word>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(?P<number>[+-]?\d+(?:\.\d+)?)"
    r"|(?P<sign><=|>=|!=|<>|[=<>(),])|(?P<lifted>[\x00-\x02])|(?P<end>\Z))"
)
_RESERVED = frozenset(
    {"SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "LIKE", "ORDER", "BY", "LIMIT", "OFFSET"}
    | {"NULL", "TRUE", "FALSE", "ASC", "DESC"}
)


class Lifted(msgspec.Struct, frozen=True, gc=False):
    """The `index`-th literal lifted out of the statement; `kind` is string, datetime or date."""

    index: int
    kind: str


class Constant(msgspec.Struct, frozen=True, gc=False):
    """A literal that stays in the tree: a number, true, false or null."""

    value: Decimal | bool | None


Operand = Lifted | Constant


class Comparison(msgspec.Struct, frozen=True):
    """`path operator operand`; the operator is one of = != < <= > >= LIKE."""

    path: Path
    operator: str
    operand: Operand


class Membership(msgspec.Struct, frozen=True):
    """`path [NOT] IN (operands)`."""

    path: Path
    operands: tuple[Operand, ...]
    negated: bool


class Negation(msgspec.Struct, frozen=True):
    """NOT condition."""

    condition: Condition


class Junction(msgspec.Struct, frozen=True):
    """Two or more conditions joined by AND or OR."""

    connective: str
    conditions: tuple[Condition, ...]


Condition = Comparison | Membership | Negation | Junction


class Ordering(msgspec.Struct, frozen=True):
    """One key of ORDER BY."""

    path: Path
    descending: bool = False
    nulls_last: bool = False


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A statement. `fields` are paths and, for child sub-selects, whole queries; `counts` is SELECT COUNT()."""

    fields: tuple[Path | Query, ...]
    source: str
    where: Condition | None = None
    order: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0
    counts: bool = False


class _Tokens:
    """The words, signs and literals of a skeleton, with one of lookahead."""

    def __init__(self, skeleton: str) -> None:
        self.items: list[tuple[str, str, int]] = []
        at = 0
        while at < len(skeleton):
            match = _TOKEN.match(skeleton, at)
            if match is None:
                raise MalformedQuery(f"unexpected token {skeleton[at:].strip()[:20]!r} at position {at}")
            kind = match.lastgroup or "end"
            self.items.append((kind, match[kind], match.start(kind)))
            at = match.end()
        self.items.append(("end", "", at))
        self.at = 0
        self.lifted = 0
        self.depth = 0

    def word(self) -> str:
        """Return the next token in capitals when it is a word, else an empty string."""
        kind, text, _ = self.items[self.at]
        return text.upper() if kind == "word" else ""

    def sign(self) -> str:
        kind, text, _ = self.items[self.at]
        return text if kind == "sign" else ""

    def take(self, expected: str) -> None:
        """Consume a keyword or sign."""
        if not self.skip(expected):
            raise self.unexpected(expected)

    def skip(self, expected: str) -> bool:
        """Consume a keyword or sign when it is next; tell whether it was."""
        if expected in (self.word(), self.sign()):
            self.at += 1
            return True
        return False

    def unexpected(self, expected: str) -> MalformedQuery:
        kind, text, at = self.items[self.at]
        found = {"end": "the end", "lifted": "a literal"}.get(kind, repr(text))
        return MalformedQuery(f"unexpected token: {found} at position {at}; expected {expected}")

    def nested(self, rule: Callable[[_Tokens], Any]) -> Any:
        """Apply a rule inside parentheses."""
        self.depth += 1
        if self.depth > _DEPTH_MAX:
            raise MalformedQuery(f"more than {_DEPTH_MAX} levels of parentheses")
        self.take("(")
        found = rule(self)
        self.take(")")
        self.depth -= 1
        return found


def parse(skeleton: str) -> Query:
    """Return the tree of a statement whose literals were lifted; raise MalformedQuery."""
    tokens = _Tokens(skeleton)
    query = _query(tokens, nested=False)
    if tokens.items[tokens.at][0] != "end":
        raise tokens.unexpected("the end of the statement")
    return query


def _query(tokens: _Tokens, nested: bool) -> Query:
    tokens.take("SELECT")
    counts = _is_count(tokens)
    fields = () if counts else _fields(tokens, nested)
    tokens.take("FROM")
    source = ".".join(_path(tokens))
    where = _condition(tokens) if tokens.skip("WHERE") else None
    order = _order(tokens) if tokens.skip("ORDER") else ()
    limit = _whole(tokens) if tokens.skip("LIMIT") else None
    offset = _whole(tokens) if tokens.skip("OFFSET") else 0
    return Query(fields=fields, source=source, where=where, order=order, limit=limit, offset=offset, counts=counts)


def _is_count(tokens: _Tokens) -> bool:
    if tokens.word() != "COUNT" or tokens.items[tokens.at + 1][1] != "(":
        return False
    tokens.at += 2
    tokens.take(")")
    return True


def _fields(tokens: _Tokens, nested: bool) -> tuple[Path | Query, ...]:
    fields: list[Path | Query] = []
    while True:
        if tokens.sign() == "(":
            if nested:
                raise MalformedQuery("a sub-select may not hold another one")
            fields.append(tokens.nested(lambda inner: _query(inner, nested=True)))
        else:
            fields.append(_path(tokens))
        if not tokens.skip(","):
            return tuple(fields)


def _path(tokens: _Tokens) -> Path:
    word = tokens.word()
    if not word or word in _RESERVED:
        raise tokens.unexpected("a name")
    text = tokens.items[tokens.at][1]
    tokens.at += 1
    return tuple(text.split("."))


def _condition(tokens: _Tokens) -> Condition:
    first = _simple(tokens)
    connective = tokens.word()
    if connective not in ("AND", "OR"):
        return first
    conditions = [first]
    while tokens.skip(connective):
        conditions.append(_simple(tokens))
    if tokens.word() in ("AND", "OR"):
        raise tokens.unexpected("parentheses around AND and OR that are mixed")
    return Junction(connective, tuple(conditions))


def _simple(tokens: _Tokens) -> Condition:
    if tokens.skip("NOT"):
        tokens.depth += 1
        if tokens.depth > _DEPTH_MAX:
            raise MalformedQuery(f"more than {_DEPTH_MAX} levels of NOT")
        negation = Negation(_simple(tokens))
        tokens.depth -= 1
        return negation
    if tokens.sign() == "(":
        found: Condition = tokens.nested(_condition)
        return found
    return _comparison(tokens)


def _comparison(tokens: _Tokens) -> Condition:
    path = _path(tokens)
    if tokens.word() in ("IN", "NOT"):
        negated = tokens.skip("NOT")
        tokens.take("IN")
        return Membership(path, tokens.nested(_operands), negated)
    if tokens.skip("LIKE"):
        return Comparison(path, "LIKE", _operand(tokens))
    operator = tokens.sign()
    if operator not in ("=", "!=", "<>", "<", "<=", ">", ">="):
        raise tokens.unexpected("an operator")
    tokens.at += 1
    return Comparison(path, "!=" if operator == "<>" else operator, _operand(tokens))


def _operands(tokens: _Tokens) -> tuple[Operand, ...]:
    operands = [_operand(tokens)]
    while tokens.skip(","):
        operands.append(_operand(tokens))
    return tuple(operands)


_WORDS: dict[str, bool | None] = {"NULL": None, "TRUE": True, "FALSE": False}
_KINDS = {STRING: "string", INSTANT: "datetime", DAY: "date"}


def _operand(tokens: _Tokens) -> Operand:
    kind, text, _ = tokens.items[tokens.at]
    if kind == "lifted":
        tokens.at += 1
        tokens.lifted += 1
        return Lifted(tokens.lifted - 1, _KINDS[text])
    if kind == "number":
        tokens.at += 1
        return Constant(Decimal(text))
    if tokens.word() in _WORDS:
        tokens.at += 1
        return Constant(_WORDS[text.upper()])
    raise tokens.unexpected("a value")


def _order(tokens: _Tokens) -> tuple[Ordering, ...]:
    tokens.take("BY")
    keys = [_ordering(tokens)]
    while tokens.skip(","):
        keys.append(_ordering(tokens))
    return tuple(keys)


def _ordering(tokens: _Tokens) -> Ordering:
    path = _path(tokens)
    descending = tokens.skip("DESC")
    if not descending:
        tokens.skip("ASC")
    nulls_last = False
    if tokens.skip("NULLS"):
        nulls_last = tokens.skip("LAST")
        if not nulls_last:
            tokens.take("FIRST")
    return Ordering(path, descending, nulls_last)


def _whole(tokens: _Tokens) -> int:
    kind, text, _ = tokens.items[tokens.at]
    if kind != "number" or not text.isdigit():
        raise tokens.unexpected("a whole number")
    tokens.at += 1
    return int(text)
