"""Grouped statements: GROUP BY and the functions that sum many records up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from mocks.crm.conditions import Target, local, resolve
from mocks.crm.schema import NUMBER_TYPES, Row, Schema, SObject
from mocks.crm.soql_tree import Aggregate, Everything, Path, Query
from mocks.crm.store import Store, folded
from mocks.crm.values import shown
from mocks.kernel.operations import Refusal

_ATTRIBUTES = {"type": "AggregateResult"}


class Figure(msgspec.Struct, frozen=True):
    """One column of the result: a grouped field (no function), or a function of a field (COUNT() has none)."""

    name: str
    function: str
    target: Target | None


class Grouping(msgspec.Struct, frozen=True):
    """A grouped statement, resolved."""

    keys: tuple[Target, ...]
    figures: tuple[Figure, ...]
    order: tuple[tuple[str, bool, bool], ...]  # column, is descending, are nulls last


def is_grouped(query: Query) -> bool:
    """Tell whether a statement sums records up."""
    return bool(query.groups) or any(isinstance(each, Aggregate) for each in query.fields)


def grouping(schema: Schema, of: SObject, query: Query) -> Grouping:
    """Return the grouping of a statement; raise Refusal for a column that is neither grouped nor summed up."""
    keys = tuple([resolve(schema, of, local(of, path)) for path in query.groups])
    names = dict(query.aliases)
    figures: list[Figure] = []
    for each in query.fields:
        if isinstance(each, (Query, Everything)):
            raise Refusal("malformed_query", "a grouped statement has no sub-select and no FIELDS()")
        if isinstance(each, Aggregate):
            unnamed = sum(1 for figure in figures if figure.name.startswith("expr"))
            figures.append(_function(schema, of, each, each.alias or f"expr{unnamed}"))
            continue
        target = resolve(schema, of, local(of, each))
        if not any(target.position == key.position and target.steps == key.steps for key in keys):
            raise Refusal("malformed_query", f"Field must be grouped or aggregated: {'.'.join(each)}")
        figures.append(Figure(names.get(each, target.field.name), "", target))
    order = tuple([(_ordered(schema, of, o.path, figures), o.descending, o.nulls_last) for o in query.order])
    return Grouping(keys, tuple(figures), order)


def _function(schema: Schema, of: SObject, asked: Aggregate, name: str) -> Figure:
    target = resolve(schema, of, local(of, asked.path)) if asked.path else None
    if target is not None and asked.function in ("SUM", "AVG") and target.field.type not in NUMBER_TYPES:
        detail = f"field {target.field.name} does not support aggregate operator {asked.function}"
        raise Refusal("invalid_field", detail, target.field.name)
    return Figure(name, asked.function, target)


def _ordered(schema: Schema, of: SObject, path: Path | Aggregate, figures: Sequence[Figure]) -> str:
    if isinstance(path, Aggregate):
        wanted = _function(schema, of, path, "")
    elif len(path) == 1 and any(figure.name == path[0] for figure in figures):
        return path[0]
    else:
        wanted = Figure("", "", resolve(schema, of, local(of, path)))
    for figure in figures:
        if figure.function == wanted.function and figure.target == wanted.target:
            return figure.name
    raise Refusal("malformed_query", "a grouped statement is ordered by its own columns")


def summed(store: Store, chosen: Grouping, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the records of the result: one per group, one in all when there are no keys."""
    groups: dict[tuple[Any, ...], list[Row]] = {} if chosen.keys else {(): list(rows)}
    if chosen.keys:
        for row in rows:
            key = tuple([folded(_value(store, each, row)) for each in chosen.keys])
            groups.setdefault(key, []).append(row)
    records = [_record(store, chosen, members) for members in groups.values()]
    for name, descending, nulls_last in reversed(chosen.order):
        empty = [record for record in records if record[name] is None]
        full = [record for record in records if record[name] is not None]
        full.sort(key=_by(name), reverse=descending)
        records = full + empty if nulls_last else empty + full
    return records


def _by(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda record: folded(record[name])


def _record(store: Store, chosen: Grouping, rows: Sequence[Row]) -> dict[str, Any]:
    record: dict[str, Any] = {"attributes": _ATTRIBUTES}
    for figure in chosen.figures:
        if figure.target is None:
            record[figure.name] = len(rows)
            continue
        target = figure.target
        values = [_value(store, target, row) for row in (rows if figure.function else rows[:1])]
        record[figure.name] = _FUNCTIONS[figure.function]([value for value in values if value is not None])
    return record


def _value(store: Store, target: Target, row: Row) -> Any:
    held = target.record(store, row)
    return None if held is None else shown(target.of, target.position, held)


def _average(values: Sequence[Any]) -> Any:
    return round(Decimal(sum(values)) / len(values), 6).normalize() + Decimal(0) if values else None


_FUNCTIONS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "": lambda values: values[0] if values else None,
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len({folded(value) for value in values}),
    "SUM": lambda values: sum(values) if values else None,
    "AVG": _average,
    "MIN": lambda values: min(values, key=folded, default=None),
    "MAX": lambda values: max(values, key=folded, default=None),
}
