"""Query plans: a parsed statement checked against the objects, ready to run for any values of its literals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any, TypeVar

import msgspec

from mocks.crm.aggregates import Grouping, grouping, is_grouped
from mocks.crm.conditions import Literals, Target, Test, compile_condition, local, record_key, resolve
from mocks.crm.schema import ID, ID_TYPES, IS_DELETED, TEXT_TYPES, Row, Schema, SObject
from mocks.crm.shapes import NOTHING, Branch, Shape, Twig, picking
from mocks.crm.soql import parse
from mocks.crm.soql_tree import (
    Aggregate,
    Column,
    Comparison,
    Condition,
    Everything,
    Junction,
    Lifted,
    Membership,
    Ordering,
    Path,
    Query,
)
from mocks.crm.store import Store
from mocks.kernel.operations import Refusal
from mocks.kernel.tables import glancing

Kept = TypeVar("Kept")
Entry = tuple[Kept, list[Any]]
"""What is kept of a row, and the values it is sorted by."""
_LIMIT_MAX, _OFFSET_MAX, _FIELDS_LIMIT_MAX = 50_000, 2_000, 200


class SortKey(msgspec.Struct, frozen=True):
    """One key of ORDER BY, resolved."""

    target: Target
    descending: bool
    nulls_last: bool


class Probe(msgspec.Struct, frozen=True):
    """An index that narrows the candidates: the field at `position` must equal one of the lifted literals.

    With `others` (conditions joined by OR) the records that they offer are candidates as well.
    """

    position: int
    literals: tuple[int, ...]
    keyed: bool  # the literals are record ids
    others: tuple[Probe, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A statement ready to run."""

    of: SObject
    shape: Shape
    test: Test | None
    probes: tuple[Probe, ...]
    backwards: tuple[SortKey, ...]  # the keys of ORDER BY, the last one first
    limit: int | None
    offset: int
    counts: bool
    groups: Grouping | None


def plan(schema: Schema, query: Query, of: SObject | None = None) -> Plan:
    """Return the plan of a query; raise Refusal in the vendor's terms for what the objects do not have."""
    whole = of is None
    of = of or schema.find(query.source)
    if of is None:
        raise Refusal("invalid_type", f"sObject type '{query.source}' is not supported.", query.source)
    if of.is_event:
        raise Refusal("invalid_type", f"entity type cannot be queried: {of.name}", query.source)
    if (query.limit is not None and query.limit > _LIMIT_MAX) or query.offset > _OFFSET_MAX:
        raise Refusal("number_outside_range", f"LIMIT may be up to {_LIMIT_MAX} and OFFSET up to {_OFFSET_MAX}")
    groups = grouping(schema, of, query) if is_grouped(query) else None
    where = query.where
    probes = _probes(schema, of, where) if where is not None else ()
    covered = where is None or (whole and bool(probes) and not isinstance(where, Junction))  # the index says it all
    return Plan(
        of=of,
        shape=_shape(schema, of, _written_out(of, query)) if groups is None else NOTHING,
        test=compile_condition(schema, of, where, _subselect) if where is not None and not covered else None,
        probes=probes,
        backwards=tuple([_sort_key(schema, of, each) for each in reversed(query.order)]) if groups is None else (),
        limit=query.limit,
        offset=query.offset,
        counts=query.counts,
        groups=groups,
    )


def _sort_key(schema: Schema, of: SObject, ordering: Ordering) -> SortKey:
    if isinstance(ordering.path, Aggregate):
        raise Refusal("malformed_query", "only grouped statements are ordered by a function")
    return SortKey(resolve(schema, of, local(of, ordering.path)), ordering.descending, ordering.nulls_last)


def _subselect(schema: Schema, query: Query) -> Callable[[Store, Literals], list[Any]]:
    """Return what finds the values of the one column of a semi-join's sub-select."""
    if query.counts or len(query.fields) != 1 or not isinstance(query.fields[0], tuple):
        raise Refusal("malformed_query", "the sub-select of a semi-join has one column")
    of = schema.find(query.source)
    if of is None:
        raise Refusal("invalid_type", f"sObject type '{query.source}' is not supported.", query.source)
    target = resolve(schema, of, local(of, query.fields[0]))
    if target.steps or target.field.type not in ID_TYPES:
        raise Refusal("malformed_query", "the column of a semi-join's sub-select is an id of its object")
    chosen = plan(schema, query)

    def values(store: Store, literals: Literals) -> list[Any]:
        rows = map(glancing(store.tables[chosen.of.name]), select(store, chosen, literals))
        return [row[target.position] for row in rows]

    return values


def prepared(schema: Schema, skeleton: str) -> Plan:
    """Return the plan of a statement whose literals were lifted."""
    return plan(schema, parse(skeleton))


# --- SELECT -------------------------------------------------------------------------------------------------------


def _written_out(of: SObject, query: Query) -> tuple[Column | Query, ...]:
    """Return the columns with FIELDS() written out."""
    columns: list[Column | Query] = []
    for each in query.fields:
        if not isinstance(each, Everything):
            columns.append(each)
            continue
        if each.scope != "STANDARD" and (query.limit is None or query.limit > _FIELDS_LIMIT_MAX):
            detail = f"The SOQL FIELDS function must have a LIMIT of at most {_FIELDS_LIMIT_MAX}"
            raise Refusal("malformed_query", detail)
        is_custom = {"ALL": (True, False), "STANDARD": (False,), "CUSTOM": (True,)}[each.scope]
        columns += [(field.name,) for field in of.fields if field.name.endswith("__c") in is_custom]
    return tuple(columns)


def _shape(schema: Schema, of: SObject, fields: tuple[Column | Query, ...]) -> Shape:
    """Return the columns in the order of their first mention; dotted paths of one parent share a branch."""
    columns: dict[str, int] = {}
    below: dict[int, list[Path]] = {}
    children: list[Twig] = []
    for each in fields:
        if isinstance(each, Query):
            children.append(_twig(schema, of, each))
            _place(columns, children[-1].name, ID)
            continue
        assert isinstance(each, tuple), "functions are summed up, FIELDS() is written out"
        field = local(of, each)
        if len(field) == 1:
            at = resolve(schema, of, field).position
            _place(columns, of.fields[at].name, at)
        else:
            at = resolve(schema, of, field).steps[0][0]
            below.setdefault(at, []).append(field[1:])
            columns[of.fields[at].reads_as] = at
    parents = [_branch(schema, of, at, paths) for at, paths in below.items()]
    return picking(of, columns, parents, children)


def _place(columns: dict[str, int], name: str, position: int) -> None:
    if name in columns:
        raise Refusal("malformed_query", f"duplicate field selected: {name}")
    columns[name] = position


def _branch(schema: Schema, of: SObject, at: int, paths: list[Path]) -> Branch:
    field = of.fields[at]
    parent = schema[field.refers_to]
    return Branch(field.reads_as, parent, _shape(schema, parent, tuple(paths)))


def _twig(schema: Schema, of: SObject, query: Query) -> Twig:
    child = of.children.get(query.source.lower())
    if child is None:
        detail = f"Didn't understand relationship '{query.source}' in FROM part of query call."
        raise Refusal("invalid_type", detail, query.source)
    if query.counts or is_grouped(query):
        raise Refusal("malformed_query", "a sub-select may not count")
    name, target, reference = child
    child_object = schema[target]
    chosen, position = plan(schema, query, child_object), child_object.at(reference)

    def find(store: Store, key: str, literals: Literals) -> list[Row]:
        rows = _matching(store, chosen, store.find(child_object, position, key), literals, False)
        return _in_order(store, chosen, rows, _itself)

    return Twig(name, child_object, chosen.shape, find)


# --- indexes ------------------------------------------------------------------------------------------------------


def _probes(schema: Schema, of: SObject, where: Condition) -> tuple[Probe, ...]:
    """Return the indexes that every record must be found by, because the conditions are joined by AND."""
    conditions = where.conditions if isinstance(where, Junction) and where.connective == "AND" else (where,)
    found = (_probe(schema, of, condition) for condition in conditions)
    return tuple(probe for probe in found if probe is not None)


def _probe(schema: Schema, of: SObject, condition: Condition) -> Probe | None:
    if isinstance(condition, Junction):
        return _any_of(schema, of, condition) if condition.connective == "OR" else None
    if isinstance(condition, Membership):
        operands = () if condition.negated else condition.operands
    elif isinstance(condition, Comparison):
        operands = (condition.operand,) if condition.operator == "=" else ()
    else:
        return None
    if not operands or not all(isinstance(operand, Lifted) for operand in operands):
        return None
    target = resolve(schema, of, local(of, condition.path))
    if target.steps or (target.position != ID and not target.field.index):
        return None
    indexes = tuple(operand.index for operand in operands if isinstance(operand, Lifted))
    return Probe(target.position, indexes, target.field.type in ID_TYPES)


def _any_of(schema: Schema, of: SObject, junction: Junction) -> Probe | None:
    """Return the indexes that together find every record of conditions joined by OR; None when one has no index."""
    found = [_probe(schema, of, condition) for condition in junction.conditions]
    probes = [probe for probe in found if probe is not None]
    return msgspec.structs.replace(probes[0], others=tuple(probes[1:])) if len(probes) == len(found) else None


def candidates(store: Store, of: SObject, probe: Probe, literals: Literals) -> list[str]:
    """Return the ids an index offers, each once."""
    field = of.fields[probe.position]
    index = None if probe.position == ID else store.index(of, probe.position)
    found: dict[str, None] = {}
    for at in probe.literals:
        value = literals[at]
        if probe.keyed:
            value = record_key(field, value)
        if index is None:
            found[value] = None
        else:
            found.update(dict.fromkeys(index.find(value)))
    for other in probe.others:
        found.update(dict.fromkeys(candidates(store, of, other, literals)))
    return sorted(found)  # ids sort in order of creation


# --- running ------------------------------------------------------------------------------------------------------


def select(store: Store, chosen: Plan, literals: Literals, deleted: bool = False) -> list[str]:
    """Return the ids of the records that match, sorted and cut; deleted ones only when asked for.

    A record is looked at and let go, so that a list of some thousand of them takes little memory.
    """
    table = store.tables[chosen.of.name]
    probes = chosen.probes
    if not probes:
        rows: Iterable[Row] = table.values()
    else:
        keys = candidates(store, chosen.of, probes[0], literals)
        for probe in probes[1:]:
            keys = min(keys, candidates(store, chosen.of, probe, literals), key=len)
        rows = (row for key in keys if (row := table.get(key)) is not None)
    return _in_order(store, chosen, _matching(store, chosen, rows, literals, deleted), _id_of)


def _matching(store: Store, chosen: Plan, rows: Iterable[Row], literals: Literals, deleted: bool) -> Iterator[Row]:
    test = chosen.test
    for row in rows:
        if (deleted or not row[IS_DELETED]) and (test is None or test(store, row, literals)):
            yield row


def _in_order(store: Store, chosen: Plan, rows: Iterable[Row], kept: Callable[[Row], Kept]) -> list[Kept]:
    """Return what is kept of each row, sorted and cut; who sums rows up cuts the sums."""
    if chosen.groups is not None:
        return [kept(row) for row in rows]
    if not chosen.backwards:
        found = [kept(row) for row in rows]
    else:
        held = [(kept(row), [key.target.value(store, row) for key in chosen.backwards]) for row in rows]
        for at, key in enumerate(chosen.backwards):
            held = _sorted(held, at, key)
        found = [each for each, _ in held]
    return found if chosen.limit is None and not chosen.offset else found[chosen.offset :][: chosen.limit]


def _sorted(held: list[Entry[Kept]], at: int, key: SortKey) -> list[Entry[Kept]]:
    """Return entries sorted by the value at a position, those without one before or after all others."""
    empty = [entry for entry in held if entry[1][at] is None]
    full = [entry for entry in held if entry[1][at] is not None] if empty else held
    if key.target.field.type in TEXT_TYPES:
        full = sorted(full, key=lambda entry: entry[1][at].lower(), reverse=key.descending)
    else:
        full = sorted(full, key=lambda entry: entry[1][at], reverse=key.descending)
    return full + empty if key.nulls_last else empty + full


_id_of = itemgetter(ID)


def _itself(row: Row) -> Row:
    return row
