"""Joins: by hash where an equality ties the new table to the others, else each row with each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from mocks.erp import sql_nodes as sql
from mocks.erp.sql_functions import Value
from mocks.erp.sql_nodes import Condition, Node, broken
from mocks.erp.sql_plan import Env, Read, Rows, Scope, Test, reader, tester
from mocks.erp.sql_tables import Find

_MOST_PAIRS = 300_000
INTEGER = re.compile(r"0|[1-9]\d{0,17}", re.ASCII)


class Join(msgspec.Struct, frozen=True):
    """One table to add: the pair of expressions that must be equal (when there is one), and what else must hold."""

    rows: Callable[[Any, int], Any]
    find: Find | None
    place: int
    is_outer: bool
    known: Read | None
    new: Read | None
    test: Test | None


def conjuncts(condition: Condition | None) -> list[Condition]:
    """Return the parts every row must meet."""
    if condition is None:
        return []
    return list(condition.parts) if isinstance(condition, sql.All) else [condition]


def join_of(source: sql.Source, place: int, scope: Scope, where: list[Condition]) -> tuple[Join, list[Condition]]:
    """Return the join of a source, and WHERE without the equality it has used."""
    parts = conjuncts(source.on)
    for part in parts:
        if any(found > place for found in places_of(part, scope)):
            raise broken(f"ON of '{source.alias}' names a table that is joined later.")
    tie = next((part for part in parts if sides_of(part, place, scope)), None)
    if tie is not None:
        parts.remove(tie)
    elif source.kind == "cross":
        tie = next((part for part in where if sides_of(part, place, scope)), None)
        where = [part for part in where if part is not tie]
    sides = sides_of(tie, place, scope) if tie is not None else None
    rest = None if not parts else parts[0] if len(parts) == 1 else sql.All(tuple(parts))
    join = Join(
        rows=scope.tables[place].rows, find=_index(sides, place, scope), place=place, is_outer=source.kind == "left",
        known=reader(sides[0], scope) if sides else None, new=reader(sides[1], scope) if sides else None,
        test=tester(rest, scope, reader) if rest is not None else None,
    )  # fmt: skip
    return join, where


def sides_of(condition: Condition | None, place: int, scope: Scope) -> tuple[Node, Node] | None:
    """Return an equality as (side of the tables before, side of the new one), None when it is no such tie."""
    if not isinstance(condition, sql.Compared) or condition.sign != "=":
        return None
    left, right = _places(condition.left, scope), _places(condition.right, scope)
    if left and right == {place} and max(left) < place:
        return condition.left, condition.right
    if right and left == {place} and max(right) < place:
        return condition.right, condition.left
    return None


def _places(node: Node | None, scope: Scope) -> set[int]:
    if isinstance(node, sql.Column):
        return {scope.place(node)}
    if isinstance(node, sql.Function):
        return set().union(*[_places(part, scope) for part in node.arguments])
    if isinstance(node, sql.Aggregate):
        raise broken(f"{node.name} is not allowed here.")
    if isinstance(node, sql.Case):
        found = [_places(then, scope) | places_of(test, scope) for test, then in node.branches]
        return _places(node.otherwise, scope).union(*found)
    return set()


def places_of(condition: Condition, scope: Scope) -> set[int]:
    """Return the numbers of the sources a condition names."""
    if isinstance(condition, sql.All | sql.Some):
        return set().union(*[places_of(part, scope) for part in condition.parts])
    if isinstance(condition, sql.Not):
        return places_of(condition.part, scope)
    nodes: list[Node] = [condition.left]
    if isinstance(condition, sql.Compared):
        nodes.append(condition.right)
    elif isinstance(condition, sql.OneOf):
        nodes += condition.options
    elif isinstance(condition, sql.Between):
        nodes += [condition.low, condition.high]
    elif isinstance(condition, sql.Like):
        nodes.append(condition.pattern)
    return set().union(*[_places(node, scope) for node in nodes])


def joined(join: Join, env: Env, rows: list[Rows]) -> list[Rows]:
    """Return the rows with the records of one more table."""
    candidates: Callable[[Rows], Sequence[Any]]
    if join.find is not None and join.known is not None:
        candidates = _by_index(join.find, join.known, env)
    elif join.known is None or join.new is None:
        records = list(join.rows(env.erp, 0))
        if len(rows) * len(records) > _MOST_PAIRS:
            raise broken("The query is too complex: join the tables by an equality.")
        candidates = lambda _row: records  # noqa: E731
    else:
        candidates = _by_key(join.known, join.new, join.place, env, list(join.rows(env.erp, 0)))
    test, result = join.test, []
    for row in rows:
        pairs = [(*row, record) for record in candidates(row)]
        if test is not None:
            pairs = [pair for pair in pairs if test(env, pair)]
        if not pairs and join.is_outer:
            pairs = [(*row, None)]
        result += pairs
        if len(result) > _MOST_PAIRS:
            raise broken("The query is too complex: it joins too many rows.")
    return result


def _index(sides: tuple[Node, Node] | None, place: int, scope: Scope) -> Find | None:
    new = sides[1] if sides else None
    return scope.tables[place].finds.get(new.name) if isinstance(new, sql.Column) else None


def _by_index(find: Find, known: Read, env: Env) -> Callable[[Rows], Sequence[Any]]:
    def candidates(row: Rows) -> Sequence[Any]:
        value = known(env, row)
        return find(env.erp, str(value)) if value is not None else ()

    return candidates


def _by_key(known: Read, new: Read, place: int, env: Env, records: list[Any]) -> Callable[[Rows], list[Any]]:
    index: dict[Value, list[Any]] = {}
    before = (None,) * place
    for record in records:
        key = _key(new(env, (*before, record)))
        if key is not None:
            index.setdefault(key, []).append(record)
    return lambda row: index.get(_key(known(env, row)), [])


def _key(value: Value) -> Value:
    """Return what equal values share: a number and the text of it are equal."""
    if type(value) is str and INTEGER.fullmatch(value):
        return int(value)
    return value
