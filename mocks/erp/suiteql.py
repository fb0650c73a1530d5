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
from functools import lru_cache

from mocks.erp import sql_nodes as sql
from mocks.erp.sql_expressions import Expressions
from mocks.erp.sql_nodes import Condition, broken
from mocks.erp.sql_tokens import Cursor, tokens_of

_TEXT = re.compile(r"'(?:[^']|'')*'")
_TEXT_OR_COMMENT = re.compile(r"('(?:[^']|'')*')|--[^\n]*|/\*.*?\*/", re.DOTALL)
_LONGEST = 20_000
Texts = tuple[str, ...]
"""The text literals of one query, in order."""


def parse(text: str) -> tuple[sql.Select, Texts]:
    """Return the parsed statement and its text literals, or refuse it as the vendor does.

    A sweep asks the same again and again with another instant, so statements are remembered by all but their texts.
    """
    if len(text) > _LONGEST:
        raise broken(f"The query is longer than {_LONGEST} characters.")
    if "--" in text or "/*" in text:
        text = _TEXT_OR_COMMENT.sub(lambda found: found[1] or " ", text)
    texts = tuple([found[1:-1].replace("''", "'") for found in _TEXT.findall(text)])
    return _parsed(_TEXT.sub("''", text) if texts else text), texts


@lru_cache(maxsize=1024)
def _parsed(skeleton: str) -> sql.Select:
    return _Statements(Cursor(tokens_of(skeleton))).statement()


class _Statements:
    def __init__(self, cursor: Cursor) -> None:
        self._at = cursor
        self._inner = Expressions(cursor)

    def statement(self) -> sql.Select:
        """Take a whole query."""
        self._at.expect("SELECT")
        distinct = self._at.accept("DISTINCT")
        top = self._top()
        fields = self._at.list_of(self._field)
        self._at.expect("FROM")
        sources = self._sources()
        where = self._inner.condition() if self._at.accept("WHERE") else None
        group = self._at.list_of(self._inner.expression) if self._at.accept("GROUP", "BY") else ()
        having = self._inner.condition() if self._at.accept("HAVING") else None
        order = self._at.list_of(self._order) if self._at.accept("ORDER", "BY") else ()
        offset, limit = self._slice()
        if not self._at.is_done():
            raise broken(f"Unexpected {self._at.peek()}.")
        where, rownum = _without_rownum(where)
        return sql.Select(
            fields=fields, distinct=distinct, sources=sources, where=where, group=group, having=having, order=order,
            offset=offset, limit=limit if top is None else top, rownum=rownum,
        )  # fmt: skip

    def _top(self) -> int | None:
        if self._at.peek() != "TOP" or not self._at.peek(1).isdecimal():
            return None
        self._at.skip(1)
        return self._at.count()

    def _field(self) -> sql.Field:
        if self._at.accept("*"):
            return sql.Field("*", None)
        if self._at.is_name() and self._at.peek(1) == "." and self._at.peek(2) == "*":
            source = self._at.name()
            self._at.skip(2)
            return sql.Field("*", None, source)
        node = self._inner.expression()
        if self._at.accept("AS") or self._at.is_name():
            return sql.Field(self._at.name(), node)
        return sql.Field(node.name if isinstance(node, sql.Column) else "", node)

    def _sources(self) -> tuple[sql.Source, ...]:
        sources = [sql.Source(*self._table())]
        while True:
            if self._at.accept(","):
                sources.append(sql.Source(*self._table(), "cross"))
                continue
            kind = self._join()
            if not kind:
                return tuple(sources)
            table, alias = self._table()
            on = None
            if kind != "cross":
                self._at.expect("ON")
                on = self._inner.condition()
            sources.append(sql.Source(table, alias, kind, on))

    def _join(self) -> str:
        if self._at.accept("CROSS", "JOIN"):
            return "cross"
        if self._at.accept("LEFT", "OUTER", "JOIN") or self._at.accept("LEFT", "JOIN"):
            return "left"
        if self._at.accept("INNER", "JOIN") or self._at.accept("JOIN"):
            return "inner"
        if self._at.peek() in ("RIGHT", "FULL"):
            raise broken(f"{self._at.peek()} joins are not supported here: turn the tables round and use LEFT JOIN.")
        return ""

    def _table(self) -> tuple[str, str]:
        if self._at.peek() == "(":
            raise broken("A query within FROM is not supported here.")
        table = self._at.name()
        alias = self._at.name() if self._at.accept("AS") or self._at.is_name() else table
        return table, alias

    def _order(self) -> sql.Order:
        node = self._inner.expression()
        if isinstance(node, sql.Text):
            raise broken("ORDER BY needs columns.")
        descending = self._at.accept("DESC")
        if not descending:
            self._at.accept("ASC")
        nulls_first = descending
        if self._at.accept("NULLS", "FIRST"):
            nulls_first = True
        elif self._at.accept("NULLS", "LAST"):
            nulls_first = False
        return sql.Order(node, descending, nulls_first)

    def _slice(self) -> tuple[int, int | None]:
        offset = 0
        if self._at.accept("OFFSET"):
            offset = self._at.count()
            if not self._at.accept("ROWS"):
                self._at.expect("ROW")
        if not self._at.accept("FETCH"):
            return offset, None
        if not self._at.accept("FIRST"):
            self._at.expect("NEXT")
        limit = self._at.count()
        if not self._at.accept("ROWS"):
            self._at.expect("ROW")
        self._at.expect("ONLY")
        return offset, limit


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
