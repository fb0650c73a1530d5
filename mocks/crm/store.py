"""The records of the organisation: a table per object, and the indexes its fields ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mocks.crm.schema import ID, ID_TYPES, IS_DELETED, TEXT_TYPES, Field, Row, Schema, SObject

NOTHING: tuple[str, ...] = ()


class Keyed:
    """Ids by value, for fields with few records per value. Text is matched without case, ids are not."""

    def __init__(self, folds: bool) -> None:
        self._folds = folds
        self._ids: dict[object, tuple[str, ...]] = {}

    def add(self, value: object, key: str) -> None:
        """Add a record."""
        value = folded(value) if self._folds else value
        known = self._ids.get(value)
        self._ids[value] = (key,) if known is None else (*known, key)

    def remove(self, value: object, key: str) -> None:
        """Take a record out."""
        value = folded(value) if self._folds else value
        rest = tuple(each for each in self._ids[value] if each != key)
        if rest:
            self._ids[value] = rest
        else:
            del self._ids[value]

    def find(self, value: object) -> Sequence[str]:
        """Return the ids of the records with a value, oldest entry first."""
        return self._ids.get(folded(value) if self._folds else value, NOTHING)


class Grouped:
    """Ids by value, for fields with few values."""

    def __init__(self, folds: bool) -> None:
        self._folds = folds
        self._ids: dict[object, dict[str, None]] = {}

    def add(self, value: object, key: str) -> None:
        """Add a record."""
        self._ids.setdefault(folded(value) if self._folds else value, {})[key] = None

    def remove(self, value: object, key: str) -> None:
        """Take a record out."""
        del self._ids[folded(value) if self._folds else value][key]

    def find(self, value: object) -> Sequence[str]:
        """Return the ids of the records with a value, oldest entry first."""
        return tuple(self._ids.get(folded(value) if self._folds else value, NOTHING))


def folded(value: object) -> object:
    """Return a value as comparisons see it: text without case."""
    return value.lower() if isinstance(value, str) else value


_KINDS: Mapping[str, type[Keyed] | type[Grouped]] = {"key": Keyed, "group": Grouped}


def _index(field: Field) -> Keyed | Grouped:
    return _KINDS[field.index](field.type in TEXT_TYPES - ID_TYPES)


class Store:
    """Every record by object and id. Rows are values: a change puts a new row in the place of the old one."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.tables: dict[str, dict[str, Row]] = {each.name: {} for each in schema.objects}
        self._indexes: dict[str, dict[int, Keyed | Grouped]] = {
            each.name: {at: _index(field) for at, field in enumerate(each.fields) if field.index}
            for each in schema.objects
        }

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
        for at, index in self._indexes[of.name].items():
            if before is not None:
                if before[at] == row[at]:
                    continue
                if before[at] is not None:
                    index.remove(before[at], key)
            if row[at] is not None:
                index.add(row[at], key)

    def index(self, of: SObject, at: int) -> Keyed | Grouped | None:
        """Return the index of a field, or None."""
        return self._indexes[of.name].get(at)

    def find(self, of: SObject, at: int, value: object) -> list[Row]:
        """Return the live records whose indexed field has a value."""
        index = self._indexes[of.name].get(at)
        assert index is not None, f"{of.name}.{of.fields[at].name} has no index"
        table = self.tables[of.name]
        return [row for row in [table[key] for key in index.find(value)] if not row[IS_DELETED]]
