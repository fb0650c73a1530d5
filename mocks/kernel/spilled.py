"""Tables that keep in memory what was touched last; the rest lies in a temporary file."""

from __future__ import annotations

from collections import deque
from collections.abc import ItemsView, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from typing import Any, TypeVar, cast

from mocks.kernel.spill_file import SpilledRows, SpillFile, unpickled

V = TypeVar("V")
HOT_MAX = 16_384
"""Entries of all tables together that stay in memory: those of some hundred orders, more than are at work at once."""
_SPILLED_AT_ONCE_MAX = 32
"""So few are written at once that no request waits for it."""
_ABSENT: Any = object()


class SpilledTables:
    """Tables that share a file, and the memory: `hot_max` entries of them all. One thread at a time uses them."""

    def __init__(self, hot_max: int = HOT_MAX) -> None:
        self.file = SpillFile()
        self._at_once = min(_SPILLED_AT_ONCE_MAX, max(1, hot_max // 8))
        self._arrivals_max = hot_max + self._at_once
        self._arrivals: deque[SpilledTable[Any]] = deque()  # whose entry came into memory, the earliest first

    def table(self) -> SpilledTable[Any]:
        """Return a new table."""
        return SpilledTable(self)

    def log(self) -> SpilledTable[Any]:
        """Return a new table: the first entry of each is found at once."""
        return SpilledTable(self)

    def arrived(self, table: SpilledTable[Any]) -> None:
        """Take note that an entry of a table came into memory; let go of what came first when there are too many."""
        arrivals = self._arrivals
        arrivals.append(table)
        if len(arrivals) > self._arrivals_max:
            with self.file.written_at_once():
                for _ in range(self._at_once):
                    arrivals.popleft().spill()


class SpilledTable(MutableMapping[str, V]):
    """A dict whose entries lie in a file, but for those that came into memory last.

    Order, views and errors are those of a dict. Values must be picklable, and what comes back equals what went, but is
    another object: who changes a value in place changes nothing.
    """

    def __init__(self, tables: SpilledTables) -> None:
        self._tables = tables
        self._hot: dict[str, V] = {}  # who came first goes first
        self._places: dict[str, int] = {}  # of what is in memory
        self._unsaved: set[str] = set()  # in memory, and not so in the file
        self._rows: SpilledRows | None = None
        self._missed: str | None = None  # what was looked for last in vain: most keys are, right before they are put
        self._count = self._last = self._spills = 0

    # --- finding ----------------------------------------------------------------------------------------------------

    def __getitem__(self, key: str) -> V:
        value = self._hot.get(key, _ABSENT)
        if value is _ABSENT and (value := self._fetched(key)) is _ABSENT:
            raise KeyError(key)
        return cast("V", value)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, or the default."""
        value = self._hot.get(key, _ABSENT)
        if value is _ABSENT and (value := self._fetched(key)) is _ABSENT:
            return default
        return value

    def glance(self, key: str) -> V:
        """Return the value of a key, for who looks through many once: what lies in the file stays there."""
        value = self._hot.get(key, _ABSENT)
        if value is not _ABSENT:
            return cast("V", value)
        found = self._rows.find(key) if self._rows is not None else None
        if found is None:
            raise KeyError(key)
        return cast("V", found[1])

    def __contains__(self, key: object) -> bool:
        return key in self._hot or (self._rows is not None and self._rows.place(cast("str", key)) is not None)

    def __len__(self) -> int:
        return self._count

    def _fetched(self, key: str) -> Any:
        found = self._rows.find(key) if self._rows is not None else None
        if found is None:
            self._missed = key
            return _ABSENT
        place, value = found
        self._hold(key, value, place)
        return value

    # --- changing ---------------------------------------------------------------------------------------------------

    def __setitem__(self, key: str, value: V) -> None:
        self._unsaved.add(key)
        if key in self._hot:
            self._hot[key] = value
            return
        place = self._rows.place(key) if self._rows is not None and key != self._missed else None
        if place is None:
            self._missed = None
            self._count += 1
            place = self._last = self._last + 1
        self._hold(key, value, place)

    def __delitem__(self, key: str) -> None:
        was_hot = self._hot.pop(key, _ABSENT) is not _ABSENT
        was_stored = self._rows is not None and self._rows.drop(key)
        if not was_hot and not was_stored:
            raise KeyError(key)
        self._places.pop(key, None)
        self._unsaved.discard(key)
        self._count -= 1

    def popitem(self, last: bool = True) -> tuple[str, V]:
        """Remove and return the last entry, or the first."""
        for key, value in self._pairs(backwards=last):
            del self[key]
            return key, value
        raise KeyError("popitem(): dictionary is empty")

    def clear(self) -> None:
        """Remove all entries."""
        self._hot.clear()
        self._places.clear()
        self._unsaved.clear()
        self._count = 0
        if self._rows is not None:
            self._rows.clear()

    def _hold(self, key: str, value: V, place: int) -> None:
        self._hot[key] = value
        self._places[key] = place
        self._tables.arrived(self)

    def spill(self) -> None:
        """Let go of the entry that came into memory first, if there is one; write it unless the file knows it."""
        key = next(iter(self._hot), None)
        if key is None:
            return
        if self._rows is None:
            self._rows = SpilledRows(self._tables.file)
        if key in self._unsaved:
            self._rows.write(self._places[key], key, self._hot[key])
            self._unsaved.remove(key)
        del self._hot[key], self._places[key]
        self._spills += 1

    # --- all of them ------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self._pairs())

    def __reversed__(self) -> Iterator[str]:
        return (key for key, _ in self._pairs(backwards=True))

    def keys(self) -> _Keys:
        """Return a view of the keys."""
        return _Keys(self)

    def values(self) -> _Values[V]:
        """Return a view of the values."""
        return _Values(self)

    def items(self) -> _Items[V]:
        """Return a view of the entries."""
        return _Items(self)

    def _pairs(self, backwards: bool = False) -> Iterator[tuple[str, V]]:
        """Iterate over the entries in order of creation; a change of their number ends it, as with a dict."""
        count, hot = self._count, set(self._places)
        there = sorted([(place, key) for key, place in self._places.items()], reverse=backwards)
        for key, value in self._merged(there, hot, backwards):
            if self._count != count:
                raise RuntimeError("dictionary changed size during iteration")
            yield key, value

    def _merged(self, there: list[tuple[int, str]], hot: set[str], backwards: bool) -> Iterator[tuple[str, V]]:
        """Merge what was in memory at the beginning with what only the file had."""
        at, sign = 0, -1 if backwards else 1
        for place, key, pickled in self._stored(backwards):
            spills = self._spills
            while at < len(there) and there[at][0] * sign < place * sign:
                yield there[at][1], self[there[at][1]]
                at += 1
            if key not in hot:
                value = self._hot.get(key, _ABSENT)
                if value is _ABSENT:  # it may have come and gone since its row was read
                    value = unpickled(pickled) if self._spills == spills else self.get(key)
                yield key, value
        for _, key in there[at:]:
            yield key, self[key]

    def _stored(self, backwards: bool) -> Iterator[tuple[int, str, bytes]]:
        """Iterate over what the file has; what is spilled meanwhile may have changed, so that is read again."""
        if self._rows is None:
            return
        place = self._last + 1 if backwards else 0
        while rows := self._rows.beyond(place, backwards):
            spills = self._spills
            for row in rows:
                place = row[0]
                yield row
                if self._spills != spills:
                    break


class _Keys(KeysView[str]):
    _mapping: Mapping[str, Any]

    def __reversed__(self) -> Iterator[str]:
        return reversed(cast("SpilledTable[Any]", self._mapping))


class _Values(ValuesView[V]):
    _mapping: Mapping[Any, V]

    def __iter__(self) -> Iterator[V]:
        return (value for _, value in cast("SpilledTable[V]", self._mapping)._pairs())

    def __reversed__(self) -> Iterator[V]:
        return (value for _, value in cast("SpilledTable[V]", self._mapping)._pairs(backwards=True))


class _Items(ItemsView[str, V]):
    _mapping: Mapping[str, V]

    def __iter__(self) -> Iterator[tuple[str, V]]:
        return cast("SpilledTable[V]", self._mapping)._pairs()

    def __reversed__(self) -> Iterator[tuple[str, V]]:
        return cast("SpilledTable[V]", self._mapping)._pairs(backwards=True)
