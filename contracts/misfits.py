"""Misfits: what in a file does not fit the kind that it is read as, where it stands, and what would have fitted."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any, get_args, get_type_hints

import msgspec

_PATH = re.compile(r" - at `(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`$")


def misfit(error: msgspec.ValidationError, kind: type) -> tuple[list[str], str]:
    """Return the names that lead to what does not fit a kind, and a sentence with what was found and expected.

    >>> class Order(msgspec.Struct, forbid_unknown_fields=True):
    ...     sku: str
    >>> try:
    ...     msgspec.convert({"skew": "a"}, Order)
    ... except msgspec.ValidationError as error:
    ...     misfit(error, Order)
    (['skew'], "found 'skew', expected one of 'sku'; did you mean 'sku'?")
    """
    text = str(error)
    path = _PATH.search(text)
    said = text[: path.start()] if path else text
    names = [name or index for name, index in _STEP.findall(path["path"])] if path else []
    unknown = _UNKNOWN.match(said)
    if unknown is None:
        return names, f"{said[0].lower()}{said[1:]}"
    name, known = unknown["name"], _fields(kind, names)
    near = get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return [*names, name], f"found {name!r}, expected one of {', '.join(map(repr, known))}{hint}"


def _fields(kind: Any, names: list[str]) -> tuple[str, ...]:
    """Return the fields of the structure that names lead to; indexes of lists lead to what all of the list are."""
    found = _structure(kind)
    for name in names:
        if found is not None and not name.isdecimal():
            found = _structure(get_type_hints(found).get(name))
    return found.__struct_fields__ if found is not None else ()


def _structure(hint: Any) -> type[msgspec.Struct] | None:
    """Return the structure in a type: itself, or what a list, a mapping or an alternative holds."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    return next((found for inner in get_args(hint) if (found := _structure(inner)) is not None), None)
