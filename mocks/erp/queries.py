"""Runs parsed queries over the tables; every value of an answer is text, as SuiteQL over REST returns it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from domain.calendar import SECOND_US
from mocks.erp import sql_nodes as sql
from mocks.erp.model import Erp
from mocks.erp.sql_functions import Value, instant
from mocks.erp.sql_joins import INTEGER, Join, conjuncts, join_of, joined, places_of, sides_of
from mocks.erp.sql_nodes import Condition, Node, broken
from mocks.erp.sql_plan import Env, Read, Rows, Scope, Test, group_reader, reader, sort_key, tester
from mocks.erp.sql_tables import Find, Some, day_text

_FLOOR = "lastmodifieddate"
Answer = list[tuple[Value, ...]]


class Through(msgspec.Struct, frozen=True):
    """The way to the rows of the first source by another one: found there by a literal, then here by the join."""

    there: Find
    wanted: Read
    place: int
    tie: Read
    here: Find


class Plan(msgspec.Struct, frozen=True):
    """A query ready to run; `floors` are the slots of the instants that every row of the first source must reach."""

    names: tuple[str, ...]
    reads: tuple[Read, ...]
    source: Callable[[Any, int], Any]
    floors: tuple[int, ...]
    index: tuple[Find, Read, bool] | None
    through: Through | None
    some: Some | None
    first: Test | None  # what of WHERE the first source alone can tell, when others are joined to it
    joins: tuple[Join, ...]
    where: Test | None
    groups: tuple[Read, ...] | None  # None: not grouped
    having: Test | None
    order: tuple[tuple[Read, bool, bool], ...]
    select: sql.Select


def run(erp: Erp, select: sql.Select, texts: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the rows of a query with these text literals, before paging, as the reply shows them."""
    plan = _plan(select)
    literals = tuple([instant(text) for text in texts]) if texts else texts
    env = Env(erp, literals, day_text(erp.desk.now_us))
    names = plan.names
    shown = []
    for row in _answer(plan, env):
        item: dict[str, Any] = {"links": []}
        for name, value in zip(names, row, strict=True):
            if value is not None:
                item[name] = value if type(value) is str else _text(value)
        shown.append(item)
    return shown


def _text(value: Value) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _answer(plan: Plan, env: Env) -> Answer:
    select = plan.select
    rows: list[Any] = [(record,) for record in _first_source(plan, env)]
    if plan.first is not None:
        rows = [row for row in rows if plan.first(env, row)]
    for join in plan.joins:
        rows = joined(join, env, rows)
    where = plan.where
    if where is not None:
        rows = [row for row in rows if where(env, row)]
    if select.rownum is not None:
        rows = rows[: select.rownum]
    if plan.groups is not None:
        rows = _grouped(plan, env, rows)
    for read, descending, nulls_first in reversed(plan.order):
        rows = _sorted(rows, read, env, descending, nulls_first)
    reads = plan.reads
    result = [tuple([read(env, row) for read in reads]) for row in rows]
    if select.distinct:
        result = list(dict.fromkeys(result))
    if select.offset or select.limit is not None:
        result = result[select.offset : None if select.limit is None else select.offset + select.limit]
    return result


def _first_source(plan: Plan, env: Env) -> Iterable[Any]:
    """Return the records of the first table that can meet WHERE, by an index where there is one."""
    if plan.index is not None:
        find, read, is_number = plan.index
        value = read(env, None)
        text = f"{value:f}" if isinstance(value, Decimal) else str(value)
        if not is_number or INTEGER.fullmatch(text):
            return find(env.erp, text)
    if plan.through is not None:
        return _through(plan.through, env)
    if plan.some is not None:
        return plan.some(env.erp)
    return plan.source(env.erp, _floor_us(plan, env.texts))  # type: ignore[no-any-return]


def _through(way: Through, env: Env) -> list[Any]:
    rows: list[Any] = []
    before = (None,) * way.place
    for record in way.there(env.erp, str(way.wanted(env, None))):
        value = way.tie(env, (*before, record))
        rows += way.here(env.erp, str(value)) if value is not None else ()
    return rows


def _grouped(plan: Plan, env: Env, rows: list[Rows]) -> list[Any]:
    assert plan.groups is not None
    if not plan.groups:
        groups = [rows]
    else:
        found: dict[tuple[Value, ...], list[Rows]] = {}
        for row in rows:
            found.setdefault(tuple([read(env, row) for read in plan.groups]), []).append(row)
        groups = list(found.values())
    having = plan.having
    return groups if having is None else [members for members in groups if having(env, members)]


def _sorted(rows: list[Any], read: Read, env: Env, descending: bool, nulls_first: bool) -> list[Any]:
    known, unknown = [], []
    for row in rows:
        value = read(env, row)
        if value is None:
            unknown.append(row)
        else:
            known.append((sort_key(value), row))
    known.sort(key=_first, reverse=descending)
    ordered = [row for _, row in known]
    return unknown + ordered if nulls_first else ordered + unknown


def _first(pair: tuple[Any, Any]) -> Any:
    return pair[0]


def _floor_us(plan: Plan, texts: tuple[str, ...]) -> int:
    """Return an instant before which no row can match, so that a sweep does not read what has not changed."""
    if not plan.floors:
        return 0
    text = max([texts[slot] for slot in plan.floors])
    try:
        day = date.fromisoformat(text[:10])
        clock = [int(part) for part in text[11:19].split(":")] if len(text) >= 19 else [0, 0, 0]
    except ValueError:
        return 0
    midnight = (day.toordinal() - date(1970, 1, 1).toordinal()) * 86_400
    return (midnight + clock[0] * 3600 + clock[1] * 60 + clock[2]) * SECOND_US


# --- planning -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _plan(select: sql.Select) -> Plan:
    scope = Scope(select.sources)
    index = _index(select, scope)
    through = _way(select, scope) if index is None else None
    some, parts = (None, conjuncts(select.where)) if index or through else _positives(select, scope)
    joins, parts = _joins(select, scope, parts)
    early = [part for part in parts if joins and places_of(part, scope) <= {0}]
    first, where = _all(early), _all([part for part in parts if part not in early])
    named = _named_fields(select, scope)
    is_grouped = bool(select.group or select.having) or any(_has_aggregate(node) for _, node in named)

    def compiled(node: Node, within: Scope) -> Read:
        return group_reader(node, within, select.group) if is_grouped else reader(node, within)

    return Plan(
        names=tuple([name for name, _ in named]),
        reads=tuple([compiled(node, scope) for _, node in named]),
        source=scope.tables[0].rows,
        floors=_floors(select, scope),
        index=index,
        through=through,
        some=some,
        first=tester(first, scope, reader) if first is not None else None,
        joins=joins,
        where=tester(where, scope, reader) if where is not None else None,
        groups=tuple([reader(node, scope) for node in select.group]) if is_grouped else None,
        having=tester(select.having, scope, compiled) if select.having is not None else None,
        order=tuple([(compiled(_ordered(part, named), scope), part.descending, part.nulls_first)
                     for part in select.order]),
        select=select,
    )  # fmt: skip


def _joins(select: sql.Select, scope: Scope, left: list[Condition]) -> tuple[tuple[Join, ...], list[Condition]]:
    """Return the joins, and what is left of WHERE when those with a comma have taken their equalities from it."""
    joins = []
    for place, source in enumerate(select.sources[1:], 1):
        join, left = join_of(source, place, scope, left)
        joins.append(join)
    return tuple(joins), left


def _all(parts: list[Condition]) -> Condition | None:
    return None if not parts else parts[0] if len(parts) == 1 else sql.All(tuple(parts))


def _named_fields(select: sql.Select, scope: Scope) -> list[tuple[str, Node]]:
    """Return the selected expressions with their names; a star is all columns, an expression without a name exprN."""
    named: list[tuple[str, Node]] = []
    for number, field in enumerate(select.fields, 1):
        if field.node is not None:
            named.append((field.name or f"expr{number}", field.node))
            continue
        if field.source and field.source not in scope.aliases:
            raise broken(f"Unknown table or alias '{field.source}'.")
        for alias, table in zip(scope.aliases, scope.tables, strict=True):
            if field.source in ("", alias):
                named += [(name, sql.Column(alias, name)) for name in table.columns]
    return named


def _ordered(part: sql.Order, named: Sequence[tuple[str, Node]]) -> Node:
    """Return what is ordered by: a field by its number or name, else the expression itself."""
    node = part.node
    if isinstance(node, sql.Number):
        index = int(node.value or 0)
        if not 1 <= index <= len(named):
            raise broken(f"There is no field {index} to order by.")
        return named[index - 1][1]
    if isinstance(node, sql.Column) and not node.source:
        for name, found in named:
            if name == node.name:
                return found
    return node


def _has_aggregate(node: Node) -> bool:
    if isinstance(node, sql.Aggregate):
        return True
    if isinstance(node, sql.Function):
        return any(_has_aggregate(part) for part in node.arguments)
    if isinstance(node, sql.Case):
        results = [then for _, then in node.branches] + ([node.otherwise] if node.otherwise is not None else [])
        return any(_has_aggregate(part) for part in results)
    return False


def _index(select: sql.Select, scope: Scope) -> tuple[Find, Read, bool] | None:
    """Return the index a query may use, what it looks for, and whether that must be a whole number."""
    for part in conjuncts(select.where):
        if isinstance(part, sql.Compared) and part.sign == "=" and isinstance(part.left, sql.Column):
            is_literal = isinstance(part.right, sql.Text) or (isinstance(part.right, sql.Number) and part.right.value)
            find = scope.tables[0].finds.get(part.left.name)
            if is_literal and find is not None and scope.place(part.left) == 0:
                return find, reader(part.right, scope), part.left.name != "externalid"
    return None


def _way(select: sql.Select, scope: Scope) -> Through | None:
    """Return the way by a table that is joined, when WHERE asks for one of its external ids and the join is indexed."""
    for part in conjuncts(select.where):
        if not isinstance(part, sql.Compared) or part.sign != "=" or not isinstance(part.left, sql.Column):
            continue
        place = scope.place(part.left)
        there = scope.tables[place].finds.get(part.left.name)
        if there is None or part.left.name != "externalid" or not isinstance(part.right, sql.Text):
            continue
        found = _tied(select.sources[place], place, scope)
        if found is not None:
            return Through(there, reader(part.right, scope), place, *found)
    return None


def _tied(source: sql.Source, place: int, scope: Scope) -> tuple[Read, Find] | None:
    """Return what of an inner join's table an indexed column of the first source must be equal to, and that index."""
    for tie in conjuncts(source.on) if source.kind == "inner" else ():
        sides = sides_of(tie, place, scope)
        if sides is not None and isinstance(sides[0], sql.Column) and scope.place(sides[0]) == 0:
            here = scope.tables[0].finds.get(sides[0].name)
            if here is not None:
                return reader(sides[1], scope), here
    return None


def _positives(select: sql.Select, scope: Scope) -> tuple[Some | None, list[Condition]]:
    """Return an index that gives only the rows WHERE wants above zero in a column, and the rest of WHERE."""
    parts = conjuncts(select.where)
    for part in parts:
        if isinstance(part, sql.Compared) and part.sign == ">" and isinstance(part.left, sql.Column):
            some = scope.tables[0].positives.get(part.left.name)
            is_zero = isinstance(part.right, sql.Number) and part.right.value == 0
            if some is not None and is_zero and scope.place(part.left) == 0:
                return some, [other for other in parts if other is not part]
    return None, parts


def _floors(select: sql.Select, scope: Scope) -> tuple[int, ...]:
    if _FLOOR not in scope.tables[0].columns:
        return ()
    return tuple(
        [
            part.right.slot
            for part in conjuncts(select.where)
            if isinstance(part, sql.Compared)
            and part.sign in (">", ">=")
            and isinstance(part.left, sql.Column)
            and part.left.name == _FLOOR
            and isinstance(part.right, sql.Text)
            and scope.place(part.left) == 0
        ]
    )
