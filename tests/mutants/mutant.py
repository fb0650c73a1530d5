"""Mutants: known ways to get an integration wrong, each a value that takes effect in a `with` block only.

A mutant replaces functions, methods or table rows of the reference integration, which itself knows nothing of mutants.
A patch whose target is not there any more fails loudly, and the end of the block puts everything back as it was.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import Any

import msgspec

from tests.mutants.grounds import Ground

GROUPS = (
    "keys", "retries", "timeouts", "webhooks", "ordering", "money", "tax", "calendar", "proration", "paging", "enums",
    "mapping", "limits", "credentials", "exceptions", "compensation", "audit",
)  # fmt: skip
"""The kinds of mistakes, in the order of the table."""
_ROOM = "integration"
_TABLES = (dict, list, tuple, MappingProxyType, msgspec.Struct)


@dataclass(frozen=True)
class Patch:
    """One thing to replace: an attribute of a module, of a class or of a struct, or a row of a table.

    A function of a module is replaced in every module and table of the integration that refers to it.
    """

    owner: Any
    name: str
    value: Any


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One way to get it wrong. `mistake` says in one sentence what it does and where teams make it (with the source).

    `caught_by` are the checks meant to notice it; one of them is enough. `ground` is the small scenario on which it is
    hunted. `patches` makes the replacements anew for each run, so that what they remember begins anew as well.
    """

    name: str
    group: str
    mistake: str
    caught_by: tuple[str, ...]
    ground: Ground
    patches: Callable[[], Sequence[Patch]]

    def __post_init__(self) -> None:
        assert self.group in GROUPS, f"{self.name}: there is no group {self.group!r}"
        assert self.caught_by, f"{self.name} is caught by nothing"


@contextmanager
def applied(patches: Sequence[Patch]) -> Iterator[None]:
    """Replace things until the block ends."""
    with ExitStack() as undoing:
        for patch in patches:
            undoing.callback(_put(patch))
        yield


def _put(patch: Patch) -> Callable[[], None]:
    """Replace one thing; return what puts it back."""
    owner, name, new = _table(patch.owner), patch.name, patch.value
    old = _read(owner, name)
    if not (isinstance(owner, ModuleType) and callable(old)):
        _write(owner, name, new)
        return lambda: _write(owner, name, old)
    try:
        _replace_everywhere(old, new)
    except AssertionError:
        _replace_everywhere(new, old)
        raise
    return lambda: _replace_everywhere(new, old)


def _table(owner: Any) -> Any:
    """Return the table that a read-only view shows."""
    return gc.get_referents(owner)[0] if isinstance(owner, MappingProxyType) else owner


def _read(owner: Any, name: str) -> Any:
    known: Mapping[str, Any]
    if isinstance(owner, dict):
        known, said = owner, "a table"
    elif isinstance(owner, msgspec.Struct):
        known, said = {field: getattr(owner, field) for field in owner.__struct_fields__}, type(owner).__name__
    else:
        known, said = vars(owner), owner.__name__
    assert name in known, f"{said} has no {name!r} any more: mend the mutant that replaces it"
    return known[name]


def _write(owner: Any, name: Any, value: Any) -> None:
    assert not isinstance(owner, tuple), f"{value} would stand in a tuple, which cannot be changed: patch its user"
    if isinstance(owner, dict | list):
        owner[name] = value
    elif isinstance(owner, msgspec.Struct):
        msgspec.structs.force_setattr(owner, name, value)
    else:
        setattr(owner, name, value)


def _replace_everywhere(old: Any, new: Any) -> None:
    """Replace a function wherever a module of the integration, or a table of it, refers to it."""
    seen: set[int] = set()
    for name, module in list(sys.modules.items()):
        if name == _ROOM or name.startswith(f"{_ROOM}."):
            _replace_in(vars(module), old, new, seen)


def _replace_in(place: Any, old: Any, new: Any, seen: set[int]) -> None:
    """Replace a function in a table, and in the tables and structs in it."""
    place = _table(place)
    if id(place) in seen:
        return
    seen.add(id(place))
    for name, value in _rows(place):
        if value is old:
            _write(place, name, new)
        elif isinstance(value, _TABLES):
            _replace_in(value, old, new, seen)


def _rows(place: Any) -> list[tuple[Any, Any]]:
    if isinstance(place, dict):
        return [row for row in place.items() if row[0] != "__builtins__"]
    if isinstance(place, msgspec.Struct):
        return [(name, getattr(place, name)) for name in place.__struct_fields__]
    return list(enumerate(place))
