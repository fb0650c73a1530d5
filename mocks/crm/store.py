"""The records of the organisation: a table per object, and the indexes its fields ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mocks.crm.schema import ID, IS_DELETED, Row, Schema, SObject

NOTHING: tuple[str, ...] = ()


class Keyed:
    """Ids by value, for fields with few records per value. Values of text are matched without case."""

    def __init__(self) -> None:
        self._ids: dict[object, tuple[str, ...]] = {}

    def add(self, value: object, key: str) -> None:
        """Add a record."""
        value = folded(value)
        self._ids[value] = (*self._ids.get(value, NOTHING), key)

    def remove(self, value: object, key: str) -> None:
        """Take a record out."""
        value = folded(value)
        rest = tuple(each for each in self._ids[value] if each != key)
        if rest:
            self._ids[value] = rest
        else:
            del self._ids[value]

    def find(self, value: object) -> Iterable[str]:
        """Return the ids of the records with a value, oldest entry first."""
        return self._ids.get(folded(value), NOTHING)


class Grouped:
    """Ids by value, for fields with few values."""

    def __init__(self) -> None:
        self._ids: dict[object, dict[str, None]] = {}

    def add(self, value: object, key: str) -> None:
        """Add a record."""
        self._ids.setdefault(folded(value), {})[key] = None

    def remove(self, value: object, key: str) -> None:
        """Take a record out."""
        del self._ids[folded(value)][key]

    def find(self, value: object) -> Iterable[str]:
        """Return the ids of the records with a value, oldest entry first."""
        return tuple(self._ids.get(folded(value), NOTHING))


def folded(value: object) -> object:
    """Return a value as comparisons see it: text without case."""
    return value.lower() if isinstance(value, str) else value


_KINDS: Mapping[str, type[Keyed] | type[Grouped]] = {"key": Keyed, "group": Grouped}


class Store:
    """Every record by object and id. Rows are values: a change puts a new row in the place of the old one."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.tables: dict[str, dict[str, Row]] = {each.name: {} for each in schema.objects}
        self._indexes: dict[str, list[tuple[int, Keyed | Grouped]]] = {
            each.name: [(at, _KINDS[field.index]()) for at, field in enumerate(each.fields) if field.index]
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
        for at, index in self._indexes[of.name]:
            if before is not None:
                if before[at] == row[at]:
                    continue
                if before[at] is not None:
                    index.remove(before[at], key)
            if row[at] is not None:
                index.add(row[at], key)

    def index(self, of: SObject, at: int) -> Keyed | Grouped | None:
        """Return the index of a field, or None."""
        for position, index in self._indexes[of.name]:
            if position == at:
                return index
        return None

    def find(self, of: SObject, at: int, value: object) -> list[Row]:
        """Return the live records whose indexed field has a value."""
        index = self.index(of, at)
        assert index is not None, f"{of.name}.{of.fields[at].name} has no index"
        rows = (self.get(of, key) for key in index.find(value))
        return [row for row in rows if row is not None]
