"""The records of the organisation: a table per object, and the indexes its fields ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mocks.crm.schema import ID, ID_TYPES, IS_DELETED, TEXT_TYPES, Field, Row, Schema, SObject
from mocks.kernel.tables import IN_MEMORY, Listing, Table, Tables, enlist, strike_off

NOTHING: tuple[str, ...] = ()


class Keyed:
    """Ids by value, for fields with few records per value. Text is matched without case (`folds`), ids are not."""

    def __init__(self, folds: bool, ids: Listing) -> None:
        self.folds = folds
        self.ids = ids

    def add(self, value: Any, key: str) -> None:
        """Add a record."""
        enlist(self.ids, value.lower() if self.folds else value, key)

    def remove(self, value: Any, key: str) -> None:
        """Take a record out."""
        strike_off(self.ids, value.lower() if self.folds else value, key)

    def find(self, value: Any) -> Sequence[str]:
        """Return the ids of the records with a value, oldest entry first."""
        return self.ids.get(value.lower() if self.folds else value, NOTHING)


class Grouped:
    """Ids by value, for fields with few values: a table for each."""

    def __init__(self, folds: bool, tables: Tables) -> None:
        self.folds = folds
        self.ids: dict[Any, Table[None]] = {}
        self._tables = tables

    def add(self, value: Any, key: str) -> None:
        """Add a record."""
        value = value.lower() if self.folds else value
        ids = self.ids.get(value)
        if ids is None:
            ids = self.ids[value] = self._tables.table()
        ids[key] = None

    def remove(self, value: Any, key: str) -> None:
        """Take a record out."""
        del self.ids[value.lower() if self.folds else value][key]

    def find(self, value: Any) -> Sequence[str]:
        """Return the ids of the records with a value, oldest entry first."""
        return tuple(self.ids.get(value.lower() if self.folds else value, NOTHING))


def folded(value: Any) -> Any:
    """Return a value as comparisons see it: text without case."""
    return value.lower() if isinstance(value, str) else value


def _index(field: Field, tables: Tables) -> Keyed | Grouped:
    folds = field.type in TEXT_TYPES - ID_TYPES
    return Keyed(folds, tables.table()) if field.index == "key" else Grouped(folds, tables)


class Store:
    """Every record by object and id. Rows are values: a change puts a new row in the place of the old one."""

    def __init__(self, schema: Schema, tables: Tables = IN_MEMORY) -> None:
        self.schema = schema
        self.tables: dict[str, Table[Row]] = {each.name: tables.table() for each in schema.objects}
        self._indexes: dict[str, dict[int, Keyed | Grouped]] = {
            each.name: {at: _index(field, tables) for at, field in enumerate(each.fields) if field.index}
            for each in schema.objects
        }
        self.watch: Callable[[SObject, Row | None, Row], None] | None = None  # is told of every change
        self._indexed = {name: tuple(indexes.items()) for name, indexes in self._indexes.items()}

    def get(self, of: SObject, key: str) -> Row | None:
        """Return a record that is not deleted, or None."""
        row = self.tables[of.name].get(key)
        return None if row is None or row[IS_DELETED] else row

    def put(self, of: SObject, row: Row) -> None:
        """Keep a new record, or one in the place of its former state."""
        key = row[ID]
        table = self.tables[of.name]
        before = table.get(key)
        table[key] = row
        if self.watch is not None:
            self.watch(of, before, row)
        for at, index in self._indexed[of.name]:
            value = row[at]
            if before is not None:
                former = before[at]
                if former == value:
                    continue
                if former is not None:
                    index.remove(former, key)
            if value is not None:
                index.add(value, key)

    def restore(self, of: SObject, key: str, before: Row | None) -> None:
        """Put a record back as it was; one that was not there is taken out."""
        if before is not None:
            self.put(of, before)
            return
        row = self.tables[of.name].pop(key)
        for at, index in self._indexed[of.name]:
            if row[at] is not None:
                index.remove(row[at], key)

    def index(self, of: SObject, at: int) -> Keyed | Grouped | None:
        """Return the index of a field, or None."""
        return self._indexes[of.name].get(at)

    def find(self, of: SObject, at: int, value: Any) -> list[Row]:
        """Return the live records whose indexed field has a value."""
        found = []
        table, index = self.tables[of.name], self._indexes[of.name][at]
        for key in index.ids.get(value.lower() if index.folds else value, NOTHING):
            row = table[key]
            if not row[IS_DELETED]:
                found.append(row)
        return found
