"""Query plans: a parsed statement checked against the objects, ready to run for any values of its literals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import msgspec

from mocks.crm.conditions import Literals, Target, Test, compile_condition, local, record_key, resolve
from mocks.crm.schema import ID, IS_DELETED, Row, Schema, SObject
from mocks.crm.soql import Comparison, Condition, Junction, Lifted, Membership, Path, Query, parse
from mocks.crm.store import Store, folded
from mocks.crm.values import WRITERS
from mocks.kernel.operations import Refusal

_LIMIT_MAX, _OFFSET_MAX = 50_000, 2_000


class Leaf(msgspec.Struct, frozen=True):
    """A field of the record itself."""

    name: str
    position: int
    write: Callable[[Any, Row], Any] | None


class Branch(msgspec.Struct, frozen=True):
    """Fields of a parent record."""

    name: str
    position: int
    of: SObject
    columns: tuple[Leaf | Branch | Twig, ...]


class Twig(msgspec.Struct, frozen=True):
    """A child sub-select: the plan of the children, and where they keep the reference to this record."""

    name: str
    position: int
    plan: Plan


Column = Leaf | Branch | Twig


class SortKey(msgspec.Struct, frozen=True):
    """One key of ORDER BY, resolved."""

    target: Target
    descending: bool
    nulls_last: bool


class Probe(msgspec.Struct, frozen=True):
    """An index that narrows the candidates: the field at `position` must equal one of the lifted literals."""

    position: int
    literals: tuple[int, ...]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A statement ready to run."""

    of: SObject
    columns: tuple[Column, ...]
    test: Test | None
    probes: tuple[Probe, ...]
    order: tuple[SortKey, ...]
    limit: int | None
    offset: int
    counts: bool


def plan(schema: Schema, query: Query, of: SObject | None = None) -> Plan:
    """Return the plan of a query; raise Refusal in the vendor's terms for what the objects do not have."""
    of = of or schema.find(query.source)
    if of is None:
        raise Refusal("invalid_type", f"sObject type '{query.source}' is not supported.", query.source)
    if (query.limit is not None and query.limit > _LIMIT_MAX) or query.offset > _OFFSET_MAX:
        raise Refusal("number_outside_range", f"LIMIT may be up to {_LIMIT_MAX} and OFFSET up to {_OFFSET_MAX}")
    where = query.where
    return Plan(
        of=of,
        columns=_columns(schema, of, query.fields),
        test=compile_condition(schema, of, where) if where is not None else None,
        probes=_probes(schema, of, where) if where is not None else (),
        order=tuple(SortKey(resolve(schema, of, local(of, o.path)), o.descending, o.nulls_last) for o in query.order),
        limit=query.limit,
        offset=query.offset,
        counts=query.counts,
    )


@lru_cache(maxsize=1024)
def prepared(schema: Schema, skeleton: str) -> Plan:
    """Return the plan of a statement whose literals were lifted, remembered for the next one that differs in these."""
    return plan(schema, parse(skeleton))


def every_field(of: SObject, positions: Iterable[int] | None = None) -> tuple[Leaf, ...]:
    """Return columns for the fields at these positions, or for all of an object."""
    chosen = range(len(of.fields)) if positions is None else positions
    return tuple(Leaf(of.fields[at].name, at, WRITERS.get(of.fields[at].type)) for at in chosen)


# --- SELECT -------------------------------------------------------------------------------------------------------


def _columns(schema: Schema, of: SObject, fields: tuple[Path | Query, ...]) -> tuple[Column, ...]:
    """Return the columns in the order of their first mention; dotted paths of one parent share a branch."""
    own: dict[str, Column | list[Path]] = {}
    for each in fields:
        field = each if isinstance(each, Query) else local(of, each)
        if isinstance(field, Query):
            _place(own, field.source.lower(), _twig(schema, of, field))
        elif len(field) == 1:
            _place(own, field[0].lower(), every_field(of, [resolve(schema, of, field).position])[0])
        else:
            paths = own.setdefault(field[0].lower() + ".", [])
            assert isinstance(paths, list), "dotted names are kept apart from plain ones"
            paths.append(field)
    return tuple(_branch(schema, of, value) if isinstance(value, list) else value for value in own.values())


def _place(own: dict[str, Column | list[Path]], name: str, column: Column) -> None:
    if name in own:
        raise Refusal("malformed_query", f"duplicate field selected: {name}")
    own[name] = column


def _branch(schema: Schema, of: SObject, paths: list[Path]) -> Column:
    position = resolve(schema, of, paths[0]).steps[0][0]
    field = of.fields[position]
    parent = schema[field.refers_to]
    rest: list[Path | Query] = [path[1:] for path in paths]
    return Branch(field.reads_as, position, parent, _columns(schema, parent, tuple(rest)))


def _twig(schema: Schema, of: SObject, query: Query) -> Twig:
    child = of.children.get(query.source.lower())
    if child is None:
        detail = f"Didn't understand relationship '{query.source}' in FROM part of query call."
        raise Refusal("invalid_type", detail, query.source)
    if query.counts:
        raise Refusal("malformed_query", "a sub-select may not count")
    name, target, reference = child
    child_object = schema[target]
    return Twig(name, child_object.at(reference), plan(schema, query, child_object))


# --- indexes ------------------------------------------------------------------------------------------------------


def _probes(schema: Schema, of: SObject, where: Condition) -> tuple[Probe, ...]:
    """Return the indexes that every record must be found by, because the conditions are joined by AND."""
    conditions = where.conditions if isinstance(where, Junction) and where.connective == "AND" else (where,)
    found = (_probe(schema, of, condition) for condition in conditions)
    return tuple(probe for probe in found if probe is not None)


def _probe(schema: Schema, of: SObject, condition: Condition) -> Probe | None:
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
    return Probe(target.position, tuple(operand.index for operand in operands if isinstance(operand, Lifted)))


def candidates(store: Store, of: SObject, probe: Probe, literals: Literals) -> list[str]:
    """Return the ids an index offers, each once."""
    values = [literals[index] for index in probe.literals]
    field = of.fields[probe.position]
    if field.type in ("id", "reference"):
        values = [record_key(field, value) for value in values]
    if probe.position == ID:
        return list(dict.fromkeys(values))
    index = store.index(of, probe.position)
    assert index is not None, "a probe was planned on a field without an index"
    return list(dict.fromkeys(key for value in values for key in index.find(value)))


# --- running ------------------------------------------------------------------------------------------------------


def select(store: Store, chosen: Plan, literals: Literals, deleted: bool = False) -> list[Row]:
    """Return the records that match, sorted and cut; deleted ones only when asked for."""
    rows = _matching(store, chosen, _offered(store, chosen, literals), literals, deleted)
    return _cut(store, chosen, rows)


def _offered(store: Store, chosen: Plan, literals: Literals) -> Iterable[Row]:
    table = store.tables[chosen.of.name]
    if not chosen.probes:
        return table.values()
    offers = [candidates(store, chosen.of, probe, literals) for probe in chosen.probes]
    return (table[key] for key in min(offers, key=len) if key in table)


def _matching(store: Store, chosen: Plan, rows: Iterable[Row], literals: Literals, deleted: bool) -> list[Row]:
    test = chosen.test
    if deleted:
        return [row for row in rows if test is None or test(store, row, literals)]
    return [row for row in rows if not row[IS_DELETED] and (test is None or test(store, row, literals))]


def _cut(store: Store, chosen: Plan, rows: list[Row]) -> list[Row]:
    for key in reversed(chosen.order):
        rows = _sorted(store, key, rows)
    if chosen.offset:
        rows = rows[chosen.offset :]
    return rows if chosen.limit is None else rows[: chosen.limit]


def _sorted(store: Store, key: SortKey, rows: list[Row]) -> list[Row]:
    position, record = key.target.position, key.target.record
    held = [(record(store, row), row) for row in rows]
    empty = [row for found, row in held if found is None or found[position] is None]
    full = [(folded(found[position]), row) for found, row in held if found is not None and found[position] is not None]
    full.sort(key=_first, reverse=key.descending)
    filled = [row for _, row in full]
    return filled + empty if key.nulls_last else empty + filled


def _first(pair: tuple[Any, Row]) -> Any:
    return pair[0]


def render(store: Store, of: SObject, columns: tuple[Column, ...], row: Row, base: str, literals: Literals) -> Any:
    """Return a record as the vendor writes it; `base` is the versioned path of the sObject resources."""
    key = row[ID]
    record: dict[str, Any] = {"attributes": {"type": of.name, "url": f"{base}{of.name}/{key}"}}
    for column in columns:
        if type(column) is Leaf:
            value = row[column.position]
            record[column.name] = value if column.write is None or value is None else column.write(value, row)
        elif type(column) is Branch:
            parent = store.get(column.of, row[column.position]) if row[column.position] is not None else None
            record[column.name] = (
                render(store, column.of, column.columns, parent, base, literals) if parent is not None else None
            )
        else:
            assert isinstance(column, Twig), "a column is a leaf, a branch or a twig"
            record[column.name] = _children(store, column, key, base, literals)
    return record


def _children(store: Store, twig: Twig, key: str, base: str, literals: Literals) -> Any:
    chosen = twig.plan
    rows = store.find(chosen.of, twig.position, key)
    rows = _cut(store, chosen, _matching(store, chosen, rows, literals, deleted=False))
    if not rows:
        return None
    records = [render(store, chosen.of, chosen.columns, row, base, literals) for row in rows]
    return {"totalSize": len(records), "done": True, "records": records}
