"""A parser for a subset of SOQL: text in, a tree of values out. It knows the grammar, not the objects.

Grammar: SELECT fields, dotted parents, FIELDS(ALL|STANDARD|CUSTOM), one level of child sub-selects, COUNT() or COUNT,
COUNT_DISTINCT, SUM, AVG, MIN and MAX of a field, FROM object, WHERE with = != <> < <= > >= LIKE, IN, NOT IN (lists and
semi-joins), AND, OR, NOT, parentheses and date literals, GROUP BY, ORDER BY with ASC, DESC, NULLS FIRST and LAST,
LIMIT, OFFSET. As in the vendor's grammar, AND and OR do not mix without parentheses.

String, date and instant literals are lifted out first (`literals.lift`), so that the tree of a statement can be reused
for others that differ in these only: that is what makes a query cost microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from mocks.crm.literals import DAY, INSTANT, STRING, MalformedQuery
from mocks.crm.soql_tree import (
    Aggregate,
    Column,
    Comparison,
    Condition,
    Constant,
    Everything,
    Junction,
    Lifted,
    Membership,
    Negation,
    Operand,
    Ordering,
    Path,
    Query,
    Relative,
    SemiJoin,
)

_DEPTH_MAX = 50
_TOKEN = re.compile(
    r"[ \t\r\n]*(?:(?P<word>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(?P<number>[+-]?\d+(?:\.\d+)?)"
    r"|(?P<sign><=|>=|!=|<>|[=<>(),:])|(?P<lifted>[\x00-\x02])|(?P<end>\Z))"
)
_RESERVED = frozenset(
    {"SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "LIKE", "ORDER", "BY", "LIMIT", "OFFSET"}
    | {"NULL", "TRUE", "FALSE", "ASC", "DESC", "GROUP", "HAVING"}
)
_OBJECTS = frozenset({"ORDER", "GROUP"})  # reserved words that are names of objects too
_FUNCTIONS = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})
_PLAIN_DATES = frozenset(
    f"{when}{span}" for when in ("THIS_", "LAST_", "NEXT_") for span in ("WEEK", "MONTH", "QUARTER", "YEAR")
) | {"TODAY", "YESTERDAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS"}
_COUNTS_MAX = {"DAYS": 20_000, "AGO": 20_000, "WEEKS": 2_000, "MONTHS": 500, "YEARS": 50}
_COUNTED_DATES = frozenset(
    f"{when}_N_{span}" for when in ("LAST", "NEXT") for span in ("DAYS", "WEEKS", "MONTHS", "YEARS")
) | {"N_DAYS_AGO"}


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

    def forget_alias(self, alias: str) -> bool:
        """Take an object's alias off the names that begin with it; tell whether there were any."""
        prefix = alias.upper() + "."
        bare = [
            (kind, text[len(prefix) :] if kind == "word" and text.upper().startswith(prefix) else text, at)
            for kind, text, at in self.items
        ]
        had_any, self.items = bare != self.items, bare
        return had_any

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
    start, lifted = tokens.at, tokens.lifted
    tokens.take("SELECT")
    counts = _is_count(tokens)
    aliases: list[tuple[Path, str]] = []
    fields = () if counts else _fields(tokens, nested, aliases)
    tokens.take("FROM")
    source = ".".join(_path(tokens, _OBJECTS))
    if tokens.word() and tokens.word() not in _AFTER_FROM and tokens.forget_alias(_path(tokens)[0]):
        tokens.at, tokens.lifted = start, lifted
        return _query(tokens, nested)
    where = _condition(tokens) if tokens.skip("WHERE") else None
    groups = _groups(tokens) if tokens.skip("GROUP") else ()
    order = _order(tokens) if tokens.skip("ORDER") else ()
    limit = _whole(tokens) if tokens.skip("LIMIT") else None
    offset = _whole(tokens) if tokens.skip("OFFSET") else 0
    return Query(
        fields=fields, source=source, where=where, groups=groups, aliases=tuple(aliases), order=order, limit=limit,
        offset=offset, counts=counts,
    )  # fmt: skip


_AFTER_FROM = frozenset({"WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET", "HAVING"})


def _is_count(tokens: _Tokens) -> bool:
    if tokens.word() != "COUNT" or [text for _, text, _ in tokens.items[tokens.at + 1 : tokens.at + 3]] != ["(", ")"]:
        return False
    tokens.at += 3
    return True


def _fields(tokens: _Tokens, nested: bool, aliases: list[tuple[Path, str]]) -> tuple[Column | Query, ...]:
    fields: list[Column | Query] = []
    while True:
        if tokens.sign() == "(":
            if nested:
                raise MalformedQuery("a sub-select may not hold another one")
            fields.append(tokens.nested(lambda inner: _query(inner, nested=True)))
        else:
            fields.append(_column(tokens, aliases))
        if not tokens.skip(","):
            return tuple(fields)


def _column(tokens: _Tokens, aliases: list[tuple[Path, str]]) -> Column:
    word = tokens.word()
    if word and tokens.items[tokens.at + 1][1] == "(":
        if word == "FIELDS":
            tokens.at += 1
            return Everything(tokens.nested(_scope))
        return _aggregate(tokens)
    path = _path(tokens)
    if tokens.word() and tokens.word() != "FROM":
        aliases.append((path, _path(tokens)[0]))
    return path


def _scope(tokens: _Tokens) -> str:
    word = tokens.word()
    if word not in ("ALL", "STANDARD", "CUSTOM"):
        raise tokens.unexpected("ALL, STANDARD or CUSTOM")
    tokens.at += 1
    return word


def _aggregate(tokens: _Tokens) -> Aggregate:
    function = tokens.word()
    if function not in _FUNCTIONS:
        raise tokens.unexpected("a function of the grammar")
    tokens.at += 1
    path: Path = tokens.nested(lambda inner: () if inner.sign() == ")" else _path(inner))
    if not path and function != "COUNT":
        raise tokens.unexpected("a field")
    has_alias = bool(tokens.word()) and tokens.word() not in _RESERVED
    return Aggregate(function, path, _path(tokens)[0] if has_alias else "")


def _path(tokens: _Tokens, allowed: frozenset[str] = frozenset()) -> Path:
    """Return a dotted name; only those reserved words may be one that are `allowed`."""
    word = tokens.word()
    if not word or (word in _RESERVED and word not in allowed):
        raise tokens.unexpected("a name")
    text = tokens.items[tokens.at][1]
    tokens.at += 1
    return tuple(text.split("."))


def _groups(tokens: _Tokens) -> tuple[Path, ...]:
    tokens.take("BY")
    paths = [_path(tokens)]
    while tokens.skip(","):
        paths.append(_path(tokens))
    return tuple(paths)


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
        inside = tokens.nested(_members)
        return SemiJoin(path, inside, negated) if isinstance(inside, Query) else Membership(path, inside, negated)
    if tokens.skip("LIKE"):
        return Comparison(path, "LIKE", _operand(tokens))
    operator = tokens.sign()
    if operator not in ("=", "!=", "<>", "<", "<=", ">", ">="):
        raise tokens.unexpected("an operator")
    tokens.at += 1
    return Comparison(path, "!=" if operator == "<>" else operator, _operand(tokens))


def _members(tokens: _Tokens) -> Query | tuple[Operand, ...]:
    return _query(tokens, nested=True) if tokens.word() == "SELECT" else _operands(tokens)


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
    if tokens.word() in _PLAIN_DATES or tokens.word() in _COUNTED_DATES:
        return _relative(tokens)
    raise tokens.unexpected("a value")


def _relative(tokens: _Tokens) -> Relative:
    name = tokens.word()
    tokens.at += 1
    if name not in _COUNTED_DATES:
        return Relative(name)
    tokens.take(":")
    count = _whole(tokens)
    if count > _COUNTS_MAX[name.rpartition("_")[2]]:
        raise MalformedQuery(f"{name}:{count} is out of range")
    return Relative(name, count)


def _order(tokens: _Tokens) -> tuple[Ordering, ...]:
    tokens.take("BY")
    keys = [_ordering(tokens)]
    while tokens.skip(","):
        keys.append(_ordering(tokens))
    return tuple(keys)


def _ordering(tokens: _Tokens) -> Ordering:
    is_function = tokens.word() in _FUNCTIONS and tokens.items[tokens.at + 1][1] == "("
    path = _aggregate(tokens) if is_function else _path(tokens)
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
