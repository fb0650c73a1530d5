"""What an sObject is: a table of fields, each with its type, its limits and the owner of its content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from domain.currency import EXPONENTS
from mocks.kernel.operations import Refusal

Row = tuple[Any, ...]
"""A record: its values in the order of its object's fields. Amounts are minor units, instants microseconds UTC."""

ID, IS_DELETED, CREATED, MODIFIED, MODSTAMP, CURRENCY = range(6)
"""Where every row keeps what all objects have."""

ID_TYPES = frozenset({"id", "reference"})
TEXT_TYPES = frozenset({"string", "textarea", "picklist", "id", "reference"})
NUMBER_TYPES = frozenset({"currency", "double", "percent", "int"})


class Field(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One field of an sObject.

    `owner` is the field group of `domain.ownership`; an API user may not write a group the CRM itself owns. `index` is
    `key` (few records per value) or `group` (few values), empty for none. `reads_as` names the relationship of a
    reference to the object `refers_to`. `required` fields must be given on creation; others default to null, checkboxes
    to false. An external id is unique unless it `repeats`. `numbered` is the form of a number that the organisation
    gives itself. A field that `joins` others has their texts, a space between them.
    """

    name: str
    type: str
    length: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    required: bool = False
    external_id: bool = False
    repeats: bool = False
    owner: str = ""
    index: str = ""
    refers_to: str = ""
    reads_as: str = ""
    picklist: tuple[str, ...] = ()
    numbered: str = ""
    joins: tuple[str, ...] = ()
    scale: int = 0


@dataclass(frozen=True, eq=False)
class SObject:
    """One kind of record; `exact` finds fields by name, `positions` and `parents` by the name in lower case.

    `defaults`, `numbered` and `joined` are what the organisation gives to fields by itself; `is_event` says that
    records are published and not kept.
    """

    name: str
    label_plural: str
    prefix: str
    fields: tuple[Field, ...]
    exact: Mapping[str, int]
    positions: Mapping[str, int]
    parents: Mapping[str, int]
    children: Mapping[str, tuple[str, str, str]]
    unique_fields: frozenset[str]
    defaults: Mapping[str, Any]
    numbered: Mapping[str, str]
    joined: Mapping[str, tuple[str, ...]]
    is_event: bool

    def at(self, name: str) -> int:
        """Return where a row keeps a field, given its exact name in any case."""
        return self.positions[name.lower()]

    def position(self, name: str) -> int:
        """Return where a row keeps a field that a caller names; raise Refusal when there is none."""
        at = self.positions.get(name.lower())
        if at is None:
            raise Refusal("invalid_field", f"No such column '{name}' on entity '{self.name}'.", name)
        return at

    def row(self, values: Mapping[str, Any]) -> Row:
        """Return a row of these values by field name, null for the others."""
        cells: list[Any] = [None] * len(self.fields)
        exact = self.exact
        for name, value in values.items():
            cells[exact[name]] = value
        return tuple(cells)

    def touched(self, row: Row, values: Mapping[str, Any], now_us: int) -> Row:
        """Return the row with some values replaced, as changed now."""
        cells = list(row)
        cells[MODIFIED] = cells[MODSTAMP] = now_us
        exact = self.exact
        for name, value in values.items():
            cells[exact[name]] = value
        return tuple(cells)

    def changed(self, row: Row, values: Mapping[str, Any]) -> Row:
        """Return the row with some values replaced."""
        cells = list(row)
        exact = self.exact
        for name, value in values.items():
            cells[exact[name]] = value
        return tuple(cells)


def _system(name: str, kind: str, **extra: Any) -> Field:
    return Field(name=name, type=kind, createable=False, updateable=False, nillable=False, **extra)


SYSTEM_FIELDS = (
    _system("Id", "id", length=18),
    _system("IsDeleted", "boolean"),
    _system("CreatedDate", "datetime"),
    _system("LastModifiedDate", "datetime"),
    _system("SystemModstamp", "datetime"),
    Field(name="CurrencyIsoCode", type="picklist", length=3, picklist=tuple(EXPONENTS)),
)


def sobject(
    name: str,
    label_plural: str,
    prefix: str,
    fields: Sequence[Field],
    children: Mapping[str, tuple[str, str]] | None = None,
) -> SObject:
    """Return an object with the system fields first; `children` maps a relationship to (object, its reference)."""
    every = (*SYSTEM_FIELDS, *fields)
    below = {key.lower(): (key, *value) for key, value in (children or {}).items()}
    return SObject(
        name=name,
        label_plural=label_plural,
        prefix=prefix,
        fields=every,
        exact={field.name: at for at, field in enumerate(every)},
        positions={field.name.lower(): at for at, field in enumerate(every)},
        parents={field.reads_as.lower(): at for at, field in enumerate(every) if field.reads_as},
        children=below,
        unique_fields=frozenset(field.name for field in every if field.external_id and not field.repeats),
        defaults={field.name: False for field in fields if field.type == "boolean"},
        numbered={field.name: field.numbered for field in fields if field.numbered},
        joined={field.name: field.joins for field in fields if field.joins},
        is_event=name.endswith("__e"),
    )


class Schema:
    """The objects of one organisation, found by name in any case."""

    def __init__(self, objects: Sequence[SObject]) -> None:
        self.objects = tuple(objects)
        self.exact = {each.name: each for each in objects}
        self._by_prefix = {each.prefix: each for each in objects}
        self._by_name = {each.name.lower(): each for each in objects}

    def find(self, name: str) -> SObject | None:
        """Return an object, or None."""
        return self._by_name.get(name.lower())

    def prefixed(self, prefix: str) -> SObject | None:
        """Return the object whose record ids start so, or None."""
        return self._by_prefix.get(prefix)

    def __getitem__(self, name: str) -> SObject:
        return self._by_name[name.lower()]
