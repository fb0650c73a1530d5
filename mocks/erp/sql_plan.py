"""From a parsed query to functions of a row: columns found in their tables, once per shape of a query."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from mocks.erp import sql_nodes as sql
from mocks.erp.columns import TABLES
from mocks.erp.sql_functions import CLOCK, COMPARISONS, FUNCTIONS, Value, compare, number, pattern
from mocks.erp.sql_nodes import Condition, Node, broken
from mocks.erp.sql_tables import Table

Rows = tuple[Any, ...]
"""One record of each source, None where an outer join found none."""


class Env:
    """What a query runs against: the ERP, its text literals, and today."""

    __slots__ = ("erp", "texts", "today")

    def __init__(self, erp: Any, texts: tuple[str, ...], today: str) -> None:
        self.erp = erp
        self.texts = texts
        self.today = today


Read = Callable[[Env, Any], Value]
Test = Callable[[Env, Any], bool]
Compiled = Callable[[sql.Node, "Scope"], Read]


class Scope:
    """The sources of a query and how their columns are read."""

    def __init__(self, sources: Sequence[sql.Source]) -> None:
        self.tables: list[Table] = []
        self.aliases: list[str] = []
        for source in sources:
            table = TABLES.get(source.table)
            if table is None:
                raise broken(f"Record '{source.table}' was not found.")
            if source.alias in self.aliases:
                raise broken(f"The alias '{source.alias}' is used twice.")
            self.tables.append(table)
            self.aliases.append(source.alias)

    def place(self, column: sql.Column) -> int:
        """Return the number of the source a column comes from, or refuse."""
        if column.source:
            if column.source not in self.aliases:
                raise broken(f"Unknown table or alias '{column.source}'.")
            found = [self.aliases.index(column.source)]
            found = [index for index in found if column.name in self.tables[index].columns]
        else:
            found = [index for index, table in enumerate(self.tables) if column.name in table.columns]
        if len(found) > 1:
            raise broken(f"The identifier '{column.name}' is ambiguous: say which table it is of.")
        if not found:
            known = sorted({name for table in self.tables for name in table.columns})
            raise broken(f"Unknown identifier '{column.name}'. Available: {', '.join(known)}.")
        return found[0]

    def column(self, column: sql.Column) -> Read:
        """Return how a column is read."""
        place = self.place(column)
        getter = self.tables[place].columns[column.name]
        return lambda env, rows: getter(env.erp, rows[place]) if rows[place] is not None else None

    def display(self, node: Node) -> Read:
        """Return how BUILTIN.DF shows a column: the name behind an id or code, where there is one."""
        if not isinstance(node, sql.Column):
            raise broken("BUILTIN.DF needs a column.")
        place = self.place(node)
        getter = self.tables[place].displays.get(node.name)
        if getter is None:
            return self.column(node)
        return lambda env, rows: getter(env.erp, rows[place]) if rows[place] is not None else None


# --- expressions ----------------------------------------------------------------------------------------------------


def reader(node: Node, scope: Scope) -> Read:
    """Return the function that evaluates an expression for one joined row."""
    if isinstance(node, sql.Column):
        return scope.column(node)
    if isinstance(node, sql.Function) and node.name == "BUILTIN.DF":
        if len(node.arguments) != 1:
            raise broken("BUILTIN.DF needs one column.")
        return scope.display(node.arguments[0])
    if isinstance(node, sql.Aggregate):
        raise broken(f"{node.name} is not allowed here.")
    return _combined(node, scope, reader)


def group_reader(node: Node, scope: Scope, group: tuple[Node, ...]) -> Read:
    """Return the function that evaluates an expression for the list of rows of one group."""
    if node in group:
        inner = reader(node, scope)
        return lambda env, members: inner(env, members[0])
    if isinstance(node, sql.Aggregate):
        return _fold(node, scope)
    if isinstance(node, sql.Column):
        raise broken(f"Column '{node.name}' must appear in GROUP BY.")
    return _combined(node, scope, lambda part, inner_scope: group_reader(part, inner_scope, group))


def _combined(node: Node, scope: Scope, compiled: Compiled) -> Read:
    """Return how a literal, function or CASE is evaluated; `compiled` compiles its parts."""
    if isinstance(node, sql.Text):
        slot = node.slot
        return lambda env, _row: env.texts[slot]
    if isinstance(node, sql.Number):
        value = node.value
        return lambda _env, _row: value
    if isinstance(node, sql.Function):
        return _function(node, [compiled(part, scope) for part in node.arguments])
    assert isinstance(node, sql.Case), "columns and aggregates are compiled by the caller"
    branches = [(tester(test, scope, compiled), compiled(then, scope)) for test, then in node.branches]
    otherwise = compiled(node.otherwise, scope) if node.otherwise is not None else None

    def choose(env: Env, row: Any) -> Value:
        for test, then in branches:
            if test(env, row):
                return then(env, row)
        return otherwise(env, row) if otherwise is not None else None

    return choose


def _function(node: sql.Function, arguments: list[Read]) -> Read:
    if node.name in CLOCK:
        return lambda env, _row: env.today
    if node.name == "BUILTIN.DF":
        raise broken("BUILTIN.DF of a group must be grouped by.")
    fewest, most, plain = FUNCTIONS[node.name]
    if not fewest <= len(arguments) <= most:
        raise broken(f"{node.name} takes {fewest} to {most} arguments, not {len(arguments)}.")

    def apply(env: Env, row: Any) -> Value:
        try:
            return plain(*[argument(env, row) for argument in arguments])
        except ArithmeticError:
            raise broken(f"{node.name} cannot be calculated.") from None

    return apply


def _fold(node: sql.Aggregate, scope: Scope) -> Read:
    if node.argument is None:
        return lambda _env, members: len(members)
    inner, name = reader(node.argument, scope), node.name

    def fold(env: Env, members: list[Rows]) -> Value:
        values = [value for row in members if (value := inner(env, row)) is not None]
        if node.distinct:
            values = list(dict.fromkeys(values))
        if name == "COUNT":
            return len(values)
        if not values:
            return None
        if name in ("MIN", "MAX"):
            ordered = sorted(values, key=sort_key)
            return ordered[0 if name == "MIN" else -1]
        try:
            total = sum([Decimal(number(value)) for value in values], Decimal(0))
        except ArithmeticError:
            raise broken(f"{name} needs numbers.") from None
        return total if name == "SUM" else total / len(values)

    return fold


def sort_key(value: Value) -> tuple[int, Any]:
    """Return what a value sorts by: numbers before texts."""
    return (1, value) if type(value) is str else (0, value)


# --- conditions -----------------------------------------------------------------------------------------------------


def tester(condition: Condition, scope: Scope, compiled: Compiled) -> Test:
    """Return the function that tells whether a row (or group) meets a condition."""
    if isinstance(condition, sql.All | sql.Some):
        return _joined([tester(part, scope, compiled) for part in condition.parts], isinstance(condition, sql.All))
    if isinstance(condition, sql.Not):
        inner = tester(condition.part, scope, compiled)
        return lambda env, row: not inner(env, row)
    left = compiled(condition.left, scope)
    if isinstance(condition, sql.Compared):
        right, sign = compiled(condition.right, scope), COMPARISONS[condition.sign]
        return lambda env, row: compare(left(env, row), right(env, row), sign)
    if isinstance(condition, sql.IsNull):
        return lambda env, row: left(env, row) is None
    if isinstance(condition, sql.Like):
        like = compiled(condition.pattern, scope)
        return lambda env, row: _is_like(left(env, row), like(env, row))
    if isinstance(condition, sql.Between):
        low, high = compiled(condition.low, scope), compiled(condition.high, scope)
        return lambda env, row: (
            compare(left(env, row), low(env, row), COMPARISONS[">="])
            and compare(left(env, row), high(env, row), COMPARISONS["<="])
        )
    options = [compiled(option, scope) for option in condition.options]
    return lambda env, row: _is_one_of(left(env, row), [option(env, row) for option in options])


def _joined(tests: list[Test], is_all: bool) -> Test:
    def decide(env: Env, row: Any) -> bool:
        for test in tests:
            if test(env, row) is not is_all:
                return not is_all
        return is_all

    return decide


def _is_like(value: Value, like: Value) -> bool:
    return value is not None and like is not None and pattern(str(like)).fullmatch(str(value)) is not None


def _is_one_of(value: Value, options: list[Value]) -> bool:
    return any(compare(value, option, operator.eq) for option in options)
