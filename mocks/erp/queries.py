"""Runs parsed queries over the tables; every value of an answer is text, as SuiteQL over REST returns it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from domain.calendar import SECOND_US
from mocks.erp.columns import TABLES, Table, Value
from mocks.erp.model import Erp
from mocks.erp.suiteql import Field, Operand, Read, Statement, Texts, broken, compare

Row = dict[str, Value]
_FLOOR = "lastmodifieddate"


class _Reading:
    """Reads one row of a table."""

    __slots__ = ("_columns", "_erp", "_row", "texts")

    def __init__(self, erp: Erp, table: Table, row: Any, texts: Texts) -> None:
        self._erp = erp
        self._columns = table.columns
        self._row = row
        self.texts = texts

    def __call__(self, column: str) -> Value:
        getter = self._columns.get(column)
        if getter is None:
            raise broken(f"Unknown identifier '{column}'.")
        return getter(self._erp, self._row)


def run(erp: Erp, statement: Statement, texts: Texts) -> list[Row]:
    """Return the rows of a statement with these text literals in its order, before paging."""
    table = TABLES.get(statement.table)
    if table is None:
        raise broken(f"Record '{statement.table}' was not found.")
    fields = statement.fields or tuple(Field(name, Operand(column=name)) for name in table.columns)
    _check_columns(statement, table, fields)
    rows: list[Read] = [_Reading(erp, table, row, texts) for row in table.rows(erp, _floor_us(statement, texts))]
    if statement.where is not None:
        rows = [read for read in rows if statement.where(read)]
    if statement.group or any(field.aggregate for field in fields):
        result = [_aggregate(fields, statement.group, members) for members in _groups(statement, rows)]
        result = _sorted(result, statement, lambda row, name: row.get(name))
    else:
        rows = _sorted(rows, statement, lambda read, name: read(name))
        result = [{field.name: field.operand.value(read) for field in fields} for read in rows]
    if statement.distinct:
        result = list({tuple(row.items()): row for row in result}.values())
    return result if statement.limit is None else result[: statement.limit]


def _check_columns(statement: Statement, table: Table, fields: Sequence[Field]) -> None:
    asked = [field.operand.column for field in fields if field.operand.column]
    names = {field.name for field in fields}
    asked += [*statement.group, *(name for name, _ in statement.order if name not in names)]
    for name in asked:
        if name not in table.columns:
            raise broken(f"Unknown identifier '{name}'. Available: {', '.join(sorted(table.columns))}.")


def _floor_us(statement: Statement, texts: Texts) -> int:
    """Return an instant before which no row can match, so that a sweep does not read what has not changed."""
    text = max([texts[slot] for column, slot in statement.floors if column == _FLOOR], default="")
    if len(text) < 10:
        return 0
    try:
        day = date.fromisoformat(text[:10])
        clock = [int(part) for part in text[11:19].split(":")] if len(text) >= 19 else [0, 0, 0]
    except ValueError:
        return 0
    midnight = (day.toordinal() - date(1970, 1, 1).toordinal()) * 86_400
    return (midnight + clock[0] * 3600 + clock[1] * 60 + clock[2]) * SECOND_US


def _groups(statement: Statement, rows: list[Read]) -> list[list[Read]]:
    if not statement.group:
        return [rows]
    groups: dict[tuple[Value, ...], list[Read]] = {}
    for read in rows:
        groups.setdefault(tuple(read(name) for name in statement.group), []).append(read)
    return list(groups.values())


def _aggregate(fields: Sequence[Field], group: Sequence[str], members: list[Read]) -> Row:
    row: Row = {}
    for field in fields:
        if field.aggregate:
            row[field.name] = _fold(field, members)
        elif field.operand.column in group:
            row[field.name] = field.operand.value(members[0])
        else:
            raise broken(f"Column '{field.name}' must appear in GROUP BY.")
    return row


def _fold(field: Field, members: list[Read]) -> Value:
    if field.aggregate == "COUNT" and not field.operand.column:
        return len(members)
    values = [value for read in members if (value := field.operand.value(read)) is not None]
    if field.aggregate == "COUNT":
        return len(values)
    if not values:
        return None
    if field.aggregate in ("MIN", "MAX"):
        ordered = sorted(values, key=cmp_to_key(_order))
        return ordered[0 if field.aggregate == "MIN" else -1]
    if not all(isinstance(value, int | Decimal) for value in values):
        raise broken(f"{field.aggregate} needs numbers.")
    total = sum((Decimal(str(value)) for value in values), Decimal(0))
    return total if field.aggregate == "SUM" else total / len(values)


def _order(left: Value, right: Value) -> int:
    if left is None or right is None:
        return (left is not None) - (right is not None)
    return -1 if compare(left, right, lambda order: order < 0) else int(compare(left, right, lambda order: order > 0))


def _sorted(rows: list[Any], statement: Statement, get: Callable[[Any, str], Value]) -> list[Any]:
    for name, descending in reversed(statement.order):
        rows = sorted(rows, key=_sort_key(get, name), reverse=descending)
    return rows


def _sort_key(get: Callable[[Any, str], Value], name: str) -> Callable[[Any], Any]:
    by_value = cmp_to_key(_order)
    return lambda row: by_value(get(row, name))


def as_text(row: Row) -> dict[str, Any]:
    """Return a row as the reply shows it: text only, without the columns that are NULL."""
    shown = {name: _shown(value) for name, value in row.items() if value is not None}
    return {"links": [], **shown}


def _shown(value: Value) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
