"""Shapes: which columns of a record are shown, and how a record is rendered in one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from operator import itemgetter
from typing import Any

import msgspec

from domain.currency import EXPONENTS
from mocks.crm.conditions import Literals
from mocks.crm.schema import CURRENCY, ID, Row, SObject
from mocks.crm.store import Store
from mocks.crm.values import DEFAULT_CURRENCY, WRITERS


class Shape(msgspec.Struct, frozen=True):
    """What to show of a record: `names` of columns and `pick` their values, and what replaces some of these.

    `amounts` are kept in minor units, `written` are of a type that JSON does not write by itself, `parents` and
    `children` those that are records themselves.
    """

    names: tuple[str, ...]
    pick: Callable[[Row], tuple[Any, ...]]
    amounts: tuple[str, ...] = ()
    written: tuple[tuple[str, Callable[[Any], Any]], ...] = ()
    parents: tuple[Branch, ...] = ()
    children: tuple[Twig, ...] = ()


NOTHING = Shape((), lambda _row: ())


class Branch(msgspec.Struct, frozen=True):
    """Fields of a parent record; the reference is the value the shape picks for `name`."""

    name: str
    of: SObject
    shape: Shape


class Twig(msgspec.Struct, frozen=True):
    """A child sub-select: the shape of the children, and what finds them for the id of this record."""

    name: str
    of: SObject
    shape: Shape
    find: Callable[[Store, str, Literals], list[Row]]


def every_field(of: SObject, positions: Iterable[int] | None = None) -> Shape:
    """Return the shape of the fields at these positions, or of all fields of an object."""
    chosen = tuple(range(len(of.fields)) if positions is None else positions)
    return picking(of, {of.fields[at].name: at for at in chosen})


def picking(of: SObject, columns: dict[str, int], parents: Any = (), children: Any = ()) -> Shape:
    """Return a shape of named columns and the positions they are picked from."""
    kinds = {name: of.fields[at].type for name, at in columns.items()}
    written = tuple((name, WRITERS[kind]) for name, kind in kinds.items() if kind in WRITERS)
    positions = tuple(columns.values())
    pick = itemgetter(*positions) if len(positions) > 1 else lambda row: tuple(row[at] for at in positions)
    amounts = tuple(name for name, kind in kinds.items() if kind == "currency")
    return Shape(tuple(columns), pick, amounts, written, tuple(parents), tuple(children))


def render(store: Store, of: SObject, shape: Shape, row: Row, base: str, literals: Literals) -> Any:
    """Return a record as the vendor writes it; `base` is the versioned path of the sObject resources."""
    key = row[ID]
    record: dict[str, Any] = {"attributes": {"type": of.name, "url": f"{base}{of.name}/{key}"}}
    record.update(zip(shape.names, shape.pick(row), strict=True))
    if shape.amounts:
        shift = -EXPONENTS[row[CURRENCY] or DEFAULT_CURRENCY]
        for name in shape.amounts:
            if record[name] is not None:
                record[name] = Decimal(record[name]).scaleb(shift)
    for name, write in shape.written:
        value = record[name]
        if value is not None:
            record[name] = write(value)
    for branch in shape.parents:
        reference = record[branch.name]
        parent = store.get(branch.of, reference) if reference is not None else None
        shown = render(store, branch.of, branch.shape, parent, base, literals) if parent is not None else None
        record[branch.name] = shown
    for twig in shape.children:
        record[twig.name] = _children(store, twig, key, base, literals)
    return record


def _children(store: Store, twig: Twig, key: str, base: str, literals: Literals) -> Any:
    rows = twig.find(store, key, literals)
    if not rows:
        return None
    records = [render(store, twig.of, twig.shape, row, base, literals) for row in rows]
    return {"totalSize": len(records), "done": True, "records": records}


def columns_of(shape: Shape, before: str = "") -> tuple[str, ...]:
    """Return the names of all columns of a shape, those of parents dotted."""
    branches = {branch.name: branch for branch in shape.parents}
    names: list[str] = []
    for name in shape.names:
        if name in branches:
            names += columns_of(branches[name].shape, f"{before}{name}.")
        else:
            names.append(before + name)
    return tuple(names)


def text_of(record: Any, name: str) -> str:
    """Return one column of a rendered record as the text of a cell."""
    for part in name.split("."):
        record = record.get(part) if isinstance(record, dict) else None
    if record is None:
        return ""
    return str(record).lower() if isinstance(record, bool) else str(record)
