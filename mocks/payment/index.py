"""An index of metadata, so that a search by one value stays fast however many objects there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mocks.kernel.tables import Listing, Tables, enlist


class MetadataIndex:
    """Ids by (kind, metadata key, value). A key is indexed from the first search for it on."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._ids: dict[tuple[str, str], Listing] = {}
        self.names: set[str] = set()  # what has been searched for

    def note(self, kind: str, key: str, metadata: Mapping[str, str]) -> None:
        """Take note of an object's metadata; a value it had before stays listed, so callers check what they find."""
        for name in self._names(kind, metadata):
            listing = self._ids[kind, name]
            if key not in listing.get(metadata[name], ())[-8:]:
                enlist(listing, metadata[name], key)

    def find(self, kind: str, name: str, value: str, records: Mapping[str, Any]) -> Iterable[str]:
        """Return the ids whose metadata has, or had, a value; the first search for a name builds its index."""
        listing = self._ids.get((kind, name))
        if listing is None:
            listing = self._ids[kind, name] = self._tables.table()
            self.names.add(name)
            for key, record in records.items():
                if name in record.metadata:
                    enlist(listing, record.metadata[name], key)
        return dict.fromkeys(listing.get(value, ()))

    def _names(self, kind: str, metadata: Mapping[str, str]) -> list[str]:
        return [name for name in metadata if (kind, name) in self._ids] if self._ids else []
