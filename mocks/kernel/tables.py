"""Where models keep what they know: tables in memory, or tables whose older entries lie in a temporary file.

A rehearsal lasts for seconds and keeps all in memory. A live world lasts for hours, and systems of record forget
nothing: what was not touched lately leaves the memory (`spilled`), and comes back when it is asked for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from mocks.kernel.spilled import SpilledTable

V = TypeVar("V")
Table = dict[str, V] | SpilledTable[V]
"""Entries by id, in order of creation. Values are frozen: a change puts another value in the place of the old one."""
Listing = Table[tuple[str, ...]]
"""An index: the ids that are listed under a name, the oldest first; few under each."""
Log = OrderedDict[str, V] | SpilledTable[V]
"""A table whose first entry can be taken out: `popitem(last=False)`."""


def glancing(table: Table[V]) -> Callable[[str], V]:
    """Return what reads a value that is needed once, as of a row of a long list: it takes the place of no other one.

    A page of some thousand rows would drive what is at work out of the memory, and leave holes in it.
    """
    return table.glance if isinstance(table, SpilledTable) else table.__getitem__


def enlist(listing: Listing, name: str, key: str) -> None:
    """List an id under a name."""
    listing[name] = (*listing.get(name, ()), key)


def strike_off(listing: Listing, name: str, key: str) -> None:
    """List an id no longer under a name; nothing happens when it is not."""
    left = tuple([each for each in listing.get(name, ()) if each != key])
    if left:
        listing[name] = left
    else:
        listing.pop(name, None)


class Tables(Protocol):
    """Makes the tables of a model."""

    def table(self) -> Table[Any]:
        """Return a new table."""
        ...

    def log(self) -> Log[Any]:
        """Return a new table whose first entry is found at once, however many were removed before it."""
        ...


class MemoryTables:
    """Tables in memory."""

    def table(self) -> Table[Any]:
        """Return a new table."""
        return {}

    def log(self) -> Log[Any]:
        """Return a new table whose first entry is found at once: a dict would look at all that were removed."""
        return OrderedDict()


IN_MEMORY = MemoryTables()
