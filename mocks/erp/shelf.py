"""A shelf holds the records of one type and finds them as an address names them."""

from __future__ import annotations

from typing import Generic, TypeVar

from mocks.kernel.operations import Refusal
from mocks.kernel.tables import Table, Tables

R = TypeVar("R")


class Shelf(Generic[R]):
    """The records of one type by internal id (`records`), and their internal ids by external id."""

    def __init__(self, noun: str, tables: Tables) -> None:
        self.noun = noun
        self.records: Table[R] = tables.table()
        self._ids: Table[str] = tables.table()

    def find(self, name: str) -> R | None:
        """Return the record named by `eid:...` or internal id, or None."""
        if name.startswith("eid:"):
            name = self._ids.get(name[4:], "")
        return self.records.get(name)

    def of_external(self, external_id: str) -> R | None:
        """Return the record of an external id, or None; an empty one names nothing."""
        return self.records.get(self._ids.get(external_id, "")) if external_id else None

    def require_free(self, external_id: str | None) -> str:
        """Return the external id of a new record (empty when it has none); refuse one that is taken."""
        if external_id and external_id in self._ids:
            detail = f"This record already exists: a {self.noun} has the external id {external_id}."
            raise Refusal("duplicate", detail, "externalId")
        return external_id or ""

    def know(self, external_id: str, key: str) -> None:
        """Remember the internal id behind an external id; the first one counts."""
        if external_id:
            self._ids.setdefault(external_id, key)

    def drop(self, key: str, external_id: str) -> None:
        """Forget a deleted record and its external id."""
        del self.records[key]
        self._ids.pop(external_id, None)
