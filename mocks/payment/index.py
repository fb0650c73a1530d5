"""An index of metadata, so that a search by one value stays fast however many objects there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class MetadataIndex:
    """Ids by (kind, metadata key, value). A key is indexed from the first search for it on."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], dict[str, list[str]]] = {}
        self.names: set[str] = set()  # what has been searched for

    def note(self, kind: str, key: str, metadata: Mapping[str, str]) -> None:
        """Take note of an object's metadata; a value it had before stays listed, so callers check what they find."""
        for name in self._names(kind, metadata):
            ids = self._ids[kind, name].setdefault(metadata[name], [])
            if key not in ids[-8:]:
                ids.append(key)

    def find(self, kind: str, name: str, value: str, records: Mapping[str, Any]) -> Iterable[str]:
        """Return the ids whose metadata has, or had, a value; the first search for a name builds its index."""
        table = self._ids.get((kind, name))
        if table is None:
            table = self._ids[kind, name] = {}
            self.names.add(name)
            for key, record in records.items():
                if name in record.metadata:
                    table.setdefault(record.metadata[name], []).append(key)
        return dict.fromkeys(table.get(value, ()))

    def _names(self, kind: str, metadata: Mapping[str, str]) -> list[str]:
        return [name for name in metadata if (kind, name) in self._ids] if self._ids else []
