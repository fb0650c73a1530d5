"""WHERE clauses: a condition of the tree becomes a function of the record, checked against the object's fields.

Comparisons follow the vendor: text without case, null never smaller or greater than anything, `!=` true for null.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from domain.currency import EXPONENTS
from mocks.crm import ids
from mocks.crm.date_ranges import days_of, midnight_us
from mocks.crm.schema import CURRENCY, ID_TYPES, NUMBER_TYPES, TEXT_TYPES, Field, Row, Schema, SObject
from mocks.crm.soql_tree import (
    Comparison,
    Condition,
    Constant,
    Junction,
    Membership,
    Negation,
    Operand,
    Path,
    Query,
    Relative,
    SemiJoin,
)
from mocks.crm.store import Store, folded
from mocks.crm.values import DEFAULT_CURRENCY
from mocks.kernel.operations import Refusal

Literals = tuple[Any, ...]
"""The values lifted out of a statement, and behind them the instant at which it runs."""

Test = Callable[[Store, Row, Literals], bool]
Reader = Callable[[Store, Row], Any]
SubSelect = Callable[[Schema, Query], Callable[[Store, Literals], list[Any]]]
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Target(msgspec.Struct, frozen=True):
    """A resolved path: the field it ends at, how to read its record and where the record keeps it."""

    field: Field
    of: SObject
    position: int
    steps: tuple[tuple[int, SObject], ...] = ()

    def record(self, store: Store, row: Row) -> Row | None:
        """Return the record that holds the field: the row itself or one of its parents."""
        found: Row | None = row
        for position, parent in self.steps:
            if found is None or found[position] is None:
                return None
            found = store.get(parent, found[position])
        return found

    def value(self, store: Store, row: Row) -> Any:
        """Return the value of the field as it is kept; None without the parent that has it."""
        held = row if not self.steps else self.record(store, row)
        return None if held is None else held[self.position]


def local(of: SObject, path: Path) -> Path:
    """Return the path without the object's own name in front (`Quote.Status` from Quote is `Status`)."""
    first = path[0].lower()
    return path[1:] if len(path) > 1 and first == of.name.lower() and first not in of.parents else path


def resolve(schema: Schema, of: SObject, path: Path) -> Target:
    """Return what a dotted path means on an object; raise Refusal for an unknown field or relationship."""
    steps: list[tuple[int, SObject]] = []
    current = of
    for name in path[:-1]:
        position = current.parents.get(name.lower())
        if position is None:
            detail = f"Didn't understand relationship '{name}' in field path of entity '{current.name}'."
            raise Refusal("invalid_field", detail, ".".join(path))
        current = schema[current.fields[position].refers_to]
        steps.append((position, current))
    at = current.positions.get(path[-1].lower())
    if at is None:
        raise Refusal("invalid_field", f"No such column '{path[-1]}' on entity '{current.name}'.", ".".join(path))
    return Target(current.fields[at], current, at, tuple(steps))


def compile_condition(schema: Schema, of: SObject, condition: Condition, subselect: SubSelect) -> Test:
    """Return the condition as a function of (store, record, literals); `subselect` prepares the one of a semi-join."""
    if isinstance(condition, Junction):
        tests = tuple([compile_condition(schema, of, each, subselect) for each in condition.conditions])
        if condition.connective == "AND":
            return lambda store, row, literals: all(test(store, row, literals) for test in tests)
        return lambda store, row, literals: any(test(store, row, literals) for test in tests)
    if isinstance(condition, Negation):
        inner = compile_condition(schema, of, condition.condition, subselect)
        return lambda store, row, literals: not inner(store, row, literals)
    target = resolve(schema, of, local(of, condition.path))
    if target.field.type == "textarea":
        name = target.field.name
        raise Refusal("invalid_field", f"field '{name}' can not be filtered in a query call", name)
    if isinstance(condition, SemiJoin):
        return _semi_join(target, condition, subselect(schema, condition.query))
    if isinstance(condition, Membership):
        return _membership(target, condition)
    return _comparison(target, condition)


def _semi_join(target: Target, condition: SemiJoin, run: Callable[[Store, Literals], list[Any]]) -> Test:
    if target.field.type not in ID_TYPES:
        raise Refusal("invalid_field", "a semi-join compares ids", target.field.name)
    read, negated = _reader(target), condition.negated
    known: list[tuple[Literals, frozenset[Any]]] = []  # what the sub-select found in the run at work

    def joined(store: Store, row: Row, literals: Literals) -> bool:
        if not known or known[0][0] is not literals:
            known[:] = [(literals, frozenset(run(store, literals)))]
        return (read(store, row) in known[0][1]) is not negated

    return joined


def _relative(target: Target, operator: str, relative: Relative) -> Test:
    """Return a comparison with a range of days: equal is inside, smaller before, greater after."""
    if target.field.type not in ("date", "datetime"):
        raise Refusal("invalid_field", f"{relative.name} compares with dates", target.field.name)
    read, edge = _reader(target), (lambda day: day) if target.field.type == "date" else midnight_us
    name, count = relative.name, relative.count

    def compared(store: Store, row: Row, literals: Literals) -> bool:
        value = read(store, row)
        if value is None:
            return operator == "!="
        first, after = map(edge, days_of(name, count, literals[-1]))
        return _IN_RANGE[operator](value < first, value >= after)

    return compared


_IN_RANGE: dict[str, Callable[[bool, bool], bool]] = {  # is before, is after
    "=": lambda before, after: not before and not after,
    "!=": lambda before, after: before or after,
    "<": lambda before, after: before,
    "<=": lambda before, after: not after,
    ">": lambda before, after: after,
    ">=": lambda before, after: not before,
}


def _membership(target: Target, condition: Membership) -> Test:
    values = [_operand(target.field, each) for each in condition.operands]
    read, negated = _reader(target), condition.negated
    return lambda store, row, literals: (read(store, row) in [value(literals) for value in values]) is not negated


def _comparison(target: Target, condition: Comparison) -> Test:
    if isinstance(condition.operand, Relative):
        if condition.operator == "LIKE":
            raise Refusal("bad_operator", "invalid operator LIKE on a date", target.field.name)
        return _relative(target, condition.operator, condition.operand)
    value, read = _operand(target.field, condition.operand), _reader(target)
    if condition.operator == "=":
        return lambda store, row, literals: read(store, row) == value(literals)
    if condition.operator == "!=":
        return lambda store, row, literals: read(store, row) != value(literals)
    if condition.operator == "LIKE":
        return _like(target, value)
    order = _ORDERS[condition.operator]
    if target.field.type == "boolean":
        raise Refusal("bad_operator", f"the operator {condition.operator} is not for booleans", target.field.name)

    def ordered(store: Store, row: Row, literals: Literals) -> bool:
        left, right = read(store, row), value(literals)
        return left is not None and right is not None and order(left, right)

    return ordered


def _like(target: Target, value: Callable[[Literals], Any]) -> Test:
    if target.field.type not in TEXT_TYPES - {"id", "reference"}:
        raise Refusal("bad_operator", "invalid operator LIKE on a field that is not text", target.field.name)
    read = _reader(target)

    def like(store: Store, row: Row, literals: Literals) -> bool:
        text, pattern = read(store, row), value(literals)
        return text is not None and pattern is not None and _pattern(pattern).fullmatch(text) is not None

    return like


def _pattern(text: str) -> re.Pattern[str]:
    """Return a LIKE pattern as a regular expression: % any text, _ any character, both plain after a backslash."""
    parts = re.findall(r"\\.|[%_]|[^\\%_]+|\\", text, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(part) or re.escape(part.removeprefix("\\")) for part in parts), re.DOTALL)


def _reader(target: Target) -> Reader:
    """Return a function that reads the field as comparisons see it: text folded, amounts as exact major units."""
    position, kind, record = target.position, target.field.type, target.record
    if kind == "currency":

        def amount(store: Store, row: Row) -> Any:
            found = record(store, row)
            if found is None or found[position] is None:
                return None
            return Decimal(found[position]).scaleb(-EXPONENTS[found[CURRENCY] or DEFAULT_CURRENCY])

        return amount
    fold = kind in TEXT_TYPES and kind not in ("id", "reference")
    if not target.steps:
        if fold:
            return lambda _store, row: folded(row[position])
        return lambda _store, row: row[position]

    def parent(store: Store, row: Row) -> Any:
        found = record(store, row)
        value = None if found is None else found[position]
        return folded(value) if fold else value

    return parent


def _operand(field: Field, operand: Operand) -> Callable[[Literals], Any]:
    if isinstance(operand, Constant):
        value = operand.value
        _require_kind(field, _constant_kind(value))
        return lambda _literals: value
    if isinstance(operand, Relative):
        raise Refusal("malformed_query", f"{operand.name} cannot stand in a list")
    index = operand.index
    _require_kind(field, operand.kind)
    if field.type in ("id", "reference"):
        return lambda literals: record_key(field, literals[index])
    if operand.kind == "string":
        return lambda literals: folded(literals[index])
    return lambda literals: literals[index]


def record_key(field: Field, text: str) -> str:
    """Return the 18-character id of a literal; raise Refusal when it is none."""
    key = ids.canonical(text)
    if key is None:
        raise Refusal("bad_operator", f"invalid ID field: {text}", field.name)
    return key


def _constant_kind(value: Decimal | bool | None) -> str:
    return "null" if value is None else "boolean" if isinstance(value, bool) else "number"


def _require_kind(field: Field, kind: str) -> None:
    if kind == "null":
        return
    wanted = "string" if field.type in TEXT_TYPES else "number" if field.type in NUMBER_TYPES else field.type
    if kind != wanted:
        detail = f"value of filter criterion for field '{field.name}' must be of type {field.type}"
        hint = " and should be enclosed in quotes" if wanted == "string" else ""
        raise Refusal("invalid_field", detail + hint, field.name)
