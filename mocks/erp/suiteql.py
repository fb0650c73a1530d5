"""A subset of SuiteQL, parsed.

    SELECT [DISTINCT] [TOP n] <expression> [[AS] name], ... | * | alias.*
    FROM <table> [[AS] alias] [, <table> ...] [[INNER | LEFT [OUTER] | CROSS] JOIN <table> [alias] ON <condition>] ...
    [WHERE <condition>] [GROUP BY <expressions>] [HAVING <condition>]
    [ORDER BY <expression | number> [ASC | DESC] [NULLS FIRST | LAST], ...]
    [OFFSET n ROWS] [FETCH FIRST n ROWS ONLY]

Conditions: = != <> < <= > >= LIKE IN BETWEEN IS [NOT] NULL, AND OR NOT and parentheses; ROWNUM <= n among those every
row must meet. Expressions: columns, text, numbers, NULL, + - * / ||, CASE WHEN, the functions of `sql_functions`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from mocks.erp import sql_nodes as sql
from mocks.erp.sql_functions import CLOCK, FUNCTIONS
from mocks.erp.sql_nodes import Condition, Node, broken

_TEXT = re.compile(r"'(?:[^']|'')*'")
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'')|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w$]*)|\"(?P<quoted>[^\"]+)\""
    r"|(?P<sign><>|!=|<=|>=|\|\||[=<>(),.*/+-]))"
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG"})
_COMPARISONS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})
_WORDS = (
    "SELECT DISTINCT FROM WHERE GROUP ORDER BY HAVING FETCH OFFSET UNION AND OR NOT ASC DESC AS IN IS LIKE BETWEEN"
    " JOIN LEFT RIGHT FULL OUTER INNER CROSS ON NULLS CASE WHEN THEN ELSE END"
)
_RESERVED = frozenset(_WORDS.split(" "))
_LONGEST, _DEEPEST, _MOST_OPERATORS = 20_000, 40, 100
Texts = tuple[str, ...]
"""The text literals of one query, in order."""


def parse(text: str) -> tuple[sql.Select, Texts]:
    """Return the parsed statement and its text literals, or refuse it as the vendor does.

    A sweep asks the same again and again with another instant, so statements are remembered by all but their texts.
    """
    if len(text) > _LONGEST:
        raise broken(f"The query is longer than {_LONGEST} characters.")
    if "--" in text or "/*" in text:
        text = _COMMENT.sub(" ", text)
    texts = tuple([found[1:-1].replace("''", "'") for found in _TEXT.findall(text)])
    return _parsed(_TEXT.sub("''", text) if texts else text), texts


@lru_cache(maxsize=1024)
def _parsed(skeleton: str) -> sql.Select:
    return _Parser(_tokens(skeleton)).statement()


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    text = text.strip().rstrip(";").rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise broken(f"Unexpected character at {at}: {text[at : at + 20]!r}.")
        kind = match.lastgroup or ""
        tokens.append(("name" if kind == "quoted" else kind, match.group(kind)))
        at = match.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._slots = 0
        self._depth = 0
        self._operators = 0

    # --- tokens -----------------------------------------------------------------------------------------------------

    def _peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at][1].upper() if at < len(self._tokens) else ""

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

    def _is_name(self) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at][0] == "name" and self._peek() not in _RESERVED

    def _name(self) -> str:
        if not self._is_name():
            raise broken(f"Expected a name, found {self._peek() or 'the end'!r}.")
        return self._take()[1].lower()

    def _count(self) -> int:
        kind, text = self._take()
        if kind != "number" or "." in text or len(text) > 9:
            raise broken(f"Expected a number of rows, found {text!r}.")
        return int(text)

    def _list(self, item: Callable[[], Any]) -> tuple[Any, ...]:
        found = [item()]
        while self._accept(","):
            found.append(item())
        return tuple(found)

    # --- statement --------------------------------------------------------------------------------------------------

    def statement(self) -> sql.Select:
        self._expect("SELECT")
        distinct = self._accept("DISTINCT")
        top = self._top()
        fields = self._list(self._field)
        self._expect("FROM")
        sources = self._sources()
        where = self._either() if self._accept("WHERE") else None
        group = self._list(self._expression) if self._accept("GROUP", "BY") else ()
        having = self._either() if self._accept("HAVING") else None
        order = self._list(self._order) if self._accept("ORDER", "BY") else ()
        offset, limit = self._slice()
        if self._at < len(self._tokens):
            raise broken(f"Unexpected {self._peek()}.")
        where, rownum = _without_rownum(where)
        return sql.Select(
            fields=fields, distinct=distinct, sources=sources, where=where, group=group, having=having, order=order,
            offset=offset, limit=limit if top is None else top, rownum=rownum,
        )  # fmt: skip

    def _top(self) -> int | None:
        if self._peek() != "TOP" or not self._peek(1).isdecimal():
            return None
        self._at += 1
        return self._count()

    def _field(self) -> sql.Field:
        if self._accept("*"):
            return sql.Field("*", None)
        if self._is_name() and self._peek(1) == "." and self._peek(2) == "*":
            source = self._name()
            self._at += 2
            return sql.Field("*", None, source)
        node = self._expression()
        if self._accept("AS") or self._is_name():
            return sql.Field(self._name(), node)
        return sql.Field(node.name if isinstance(node, sql.Column) else "", node)

    def _sources(self) -> tuple[sql.Source, ...]:
        sources = [sql.Source(*self._table())]
        while True:
            if self._accept(","):
                sources.append(sql.Source(*self._table(), "cross"))
                continue
            kind = self._join()
            if not kind:
                return tuple(sources)
            table, alias = self._table()
            on = None
            if kind != "cross":
                self._expect("ON")
                on = self._either()
            sources.append(sql.Source(table, alias, kind, on))

    def _join(self) -> str:
        if self._accept("CROSS", "JOIN"):
            return "cross"
        if self._accept("LEFT", "OUTER", "JOIN") or self._accept("LEFT", "JOIN"):
            return "left"
        if self._accept("INNER", "JOIN") or self._accept("JOIN"):
            return "inner"
        if self._peek() in ("RIGHT", "FULL"):
            raise broken(f"{self._peek()} joins are not supported here: turn the tables round and use LEFT JOIN.")
        return ""

    def _table(self) -> tuple[str, str]:
        if self._peek() == "(":
            raise broken("A query within FROM is not supported here.")
        table = self._name()
        alias = self._name() if self._accept("AS") or self._is_name() else table
        return table, alias

    def _order(self) -> sql.Order:
        node = self._expression()
        if isinstance(node, sql.Text):
            raise broken("ORDER BY needs columns.")
        descending = self._accept("DESC")
        if not descending:
            self._accept("ASC")
        nulls_first = descending
        if self._accept("NULLS", "FIRST"):
            nulls_first = True
        elif self._accept("NULLS", "LAST"):
            nulls_first = False
        return sql.Order(node, descending, nulls_first)

    def _slice(self) -> tuple[int, int | None]:
        offset = 0
        if self._accept("OFFSET"):
            offset = self._count()
            if not self._accept("ROWS"):
                self._expect("ROW")
        if not self._accept("FETCH"):
            return offset, None
        if not self._accept("FIRST"):
            self._expect("NEXT")
        limit = self._count()
        if not self._accept("ROWS"):
            self._expect("ROW")
        self._expect("ONLY")
        return offset, limit

    # --- conditions -------------------------------------------------------------------------------------------------

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._accept("OR"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else sql.Some(tuple(parts))

    def _both(self) -> Condition:
        parts = [self._negated()]
        while self._accept("AND"):
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else sql.All(tuple(parts))

    def _negated(self) -> Condition:
        if self._accept("NOT"):
            return sql.Not(self._nested(self._negated))
        if self._peek() == "(" and self._is_condition_in_parentheses():
            self._expect("(")
            inner: Condition = self._nested(self._either)
            self._expect(")")
            return inner
        return self._comparison()

    def _nested(self, part: Callable[[], Any]) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise broken("The query is nested too deeply.")
        found = part()
        self._depth -= 1
        return found

    def _is_condition_in_parentheses(self) -> bool:
        """Tell whether the parenthesis ahead holds a condition, not an expression: it has a comparison at its level."""
        level = 0
        for kind, text in self._tokens[self._at :]:
            word = text.upper()
            level += (word == "(") - (word == ")")
            if level == 0:
                return False
            if (kind == "sign" and word in _COMPARISONS) or (kind == "name" and word in _CONDITION_WORDS):
                return True
        raise broken("A parenthesis is not closed.")

    def _comparison(self) -> Condition:
        left = self._expression()
        if self._accept("IS"):
            negated = self._accept("NOT")
            self._expect("NULL")
            return sql.Not(sql.IsNull(left)) if negated else sql.IsNull(left)
        if self._accept("NOT"):
            return sql.Not(self._set_condition(left))
        if self._peek() in ("IN", "LIKE", "BETWEEN"):
            return self._set_condition(left)
        kind, sign = self._take()
        if kind != "sign" or sign not in _COMPARISONS:
            raise broken(f"Expected a comparison, found {sign!r}.")
        return sql.Compared("!=" if sign == "<>" else sign, left, self._expression())

    def _set_condition(self, left: Node) -> Condition:
        if self._accept("IN"):
            self._expect("(")
            if self._peek() == "SELECT":
                raise broken("A query within IN is not supported here: use a join.")
            options = self._list(self._expression)
            self._expect(")")
            return sql.OneOf(left, options)
        if self._accept("BETWEEN"):
            low = self._expression()
            self._expect("AND")
            return sql.Between(left, low, self._expression())
        self._expect("LIKE")
        return sql.Like(left, self._expression())

    # --- expressions ------------------------------------------------------------------------------------------------

    def _expression(self) -> Node:
        node = self._product()
        while self._peek() in ("+", "-", "||"):
            node = self._combined(node, self._product)
        return node

    def _combined(self, left: Node, right: Callable[[], Node]) -> Node:
        self._operators += 1
        if self._operators > _MOST_OPERATORS:
            raise broken(f"The query has more than {_MOST_OPERATORS} operators.")
        return sql.Function(self._take()[1], (left, right()))

    def _product(self) -> Node:
        node = self._operand()
        while self._peek() in ("*", "/"):
            node = self._combined(node, self._operand)
        return node

    def _operand(self) -> Node:
        kind, text = self._take()
        if kind == "text":
            self._slots += 1
            return sql.Text(self._slots - 1)
        if kind == "number":
            return sql.Number(Decimal(text))
        if text == "-":
            return self._negative()
        if text == "(":
            inner: Node = self._nested(self._expression)
            self._expect(")")
            return inner
        word = text.upper()
        if kind == "name" and word == "NULL":
            return sql.Number(None)
        if kind == "name" and word == "CASE":
            found: Node = self._nested(self._case)
            return found
        if kind != "name" or word in _RESERVED:
            raise broken(f"Expected a column or value, found {text!r}.")
        return self._named(text.lower())

    def _negative(self) -> Node:
        node: Node = self._nested(self._operand)
        if isinstance(node, sql.Number) and node.value is not None:
            return sql.Number(-node.value)
        if isinstance(node, sql.Text):
            raise broken("A minus sign needs a number.")
        return sql.Function("-", (sql.Number(Decimal(0)), node))

    def _named(self, name: str) -> Node:
        source = ""
        if self._accept("."):
            source, name = name, self._name()
        if self._peek() == "(":
            node: Node = self._nested(lambda: self._function(f"{source}.{name}".strip(".").upper()))
            return node
        if not source and name.upper() in CLOCK:
            return sql.Function(name.upper(), ())
        return sql.Column(source, name)

    def _case(self) -> Node:
        branches = []
        while self._accept("WHEN"):
            condition = self._either()
            self._expect("THEN")
            branches.append((condition, self._expression()))
        if not branches:
            raise broken("CASE needs WHEN.")
        otherwise = self._expression() if self._accept("ELSE") else None
        self._expect("END")
        return sql.Case(tuple(branches), otherwise)

    def _function(self, name: str) -> Node:
        self._expect("(")
        if name in _AGGREGATES:
            distinct = self._accept("DISTINCT")
            argument = None if self._accept("*") else self._expression()
            self._expect(")")
            if argument is None and name != "COUNT":
                raise broken(f"{name} needs a column.")
            return sql.Aggregate(name, argument, distinct)
        if name not in FUNCTIONS and name != "BUILTIN.DF":
            raise broken(f"Function {name} is not supported.")
        arguments = () if self._peek() == ")" else self._list(self._expression)
        self._expect(")")
        return sql.Function(name, arguments)


_CONDITION_WORDS = frozenset({"IS", "IN", "LIKE", "BETWEEN", "NOT", "AND", "OR"})


def _without_rownum(where: Condition | None) -> tuple[Condition | None, int | None]:
    """Return the condition without its ROWNUM bounds, and the lowest of them."""
    parts = list(where.parts) if isinstance(where, sql.All) else [where] if where is not None else []
    kept, bound = [], None
    for part in parts:
        if isinstance(part, sql.Compared) and part.left == sql.Column("", "rownum"):
            if not isinstance(part.right, sql.Number) or part.right.value is None or part.sign not in ("<", "<="):
                raise broken("ROWNUM can only be less than a number.")
            found = max(0, int(part.right.value) - (part.sign == "<"))
            bound = found if bound is None else min(bound, found)
        else:
            kept.append(part)
    if bound is None or not kept:
        return (where if bound is None else None), bound
    return (kept[0] if len(kept) == 1 else sql.All(tuple(kept))), bound
