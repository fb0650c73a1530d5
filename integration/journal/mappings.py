"""The cross-reference as the engine sees it: a view of its table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, cast

import msgspec

Ask = Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]
"""Runs a query and returns all rows."""

_decode = msgspec.msgpack.Decoder().decode


class StoredMappings(MutableMapping[tuple[str, str], dict[str, Any]]):
    """Reads the table, which grows with the business and which other workers may write too; `mark` stands for an
    argument of a query. Setting and deleting is for memory that follows a commit, and there is none here: the commit
    has changed the table."""

    def __init__(self, ask: Ask, mark: str) -> None:
        self._ask = ask
        self._find = f"SELECT value FROM mapping WHERE kind = {mark} AND key = {mark}"

    def __getitem__(self, place: tuple[str, str]) -> dict[str, Any]:
        rows = self._ask(self._find, place)
        if not rows:
            raise KeyError(place)
        return cast("dict[str, Any]", _decode(rows[0][0]))

    def __setitem__(self, place: tuple[str, str], value: dict[str, Any]) -> None: ...

    def __delitem__(self, place: tuple[str, str]) -> None: ...

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter([(kind, key) for kind, key in self._ask("SELECT kind, key FROM mapping ORDER BY kind, key", ())])

    def __len__(self) -> int:
        return int(self._ask("SELECT count(*) FROM mapping", ())[0][0])
