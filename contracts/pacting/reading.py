"""What a reader really reads of a JSON value, found out by experiment: take a part away, and see what it makes of it.

Nobody has to declare what the integration reads, so the declaration cannot be wrong. A part that may be missing without
any difference is not read. One whose absence makes a difference but no error is optional. Where null is taken, it is
nullable; where a word nobody knows is taken, unknown values are tolerated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

Way = tuple[str | int, ...]
Reader = Callable[[Any], Any]
STRANGE = "q2c_unknown_value"


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What is read: the value with everything else left out, and the ways to parts with a freedom of their own."""

    value: Any
    optional: tuple[str, ...] = ()
    nullable: tuple[str, ...] = ()
    tolerates_unknown_values: tuple[str, ...] = ()


_REFUSED = object()


def what_is_read(value: Any, reader: Reader) -> Read:
    """Return what a reader reads of a value; the reader must take the value itself.

    Lists keep all of their items: how many there are is part of what is told.
    """
    whole = reader(value)
    kept = value
    for way in sorted(_ways(value), key=len):
        if _at(kept, way) is not _REFUSED and _tried(reader, _without(kept, way)) == whole:
            kept = _without(kept, way)
    found: dict[str, list[str]] = {"optional": [], "nullable": [], "tolerates_unknown_values": []}
    for way in _ways(kept):
        if _tried(reader, _without(kept, way)) is not _REFUSED:
            found["optional"].append(_pointer(way))
        if _tried(reader, _with(kept, way, None)) is not _REFUSED:
            found["nullable"].append(_pointer(way))
        if isinstance(_at(kept, way), str) and _tried(reader, _with(kept, way, STRANGE)) is not _REFUSED:
            found["tolerates_unknown_values"].append(_pointer(way))
    return Read(value=kept, **{name: tuple(dict.fromkeys(ways)) for name, ways in found.items()})


def _tried(reader: Reader, value: Any) -> Any:
    # Whatever a reader raises is a refusal: it is what it does with a reply that is not as agreed.
    try:
        return reader(value)
    except Exception:
        return _REFUSED


def _ways(value: Any, way: Way = ()) -> Iterator[Way]:
    """Yield the ways to all members of objects, however deep; items of lists only as steps."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*way, name)
            yield from _ways(inner, (*way, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _ways(inner, (*way, index))


def _at(value: Any, way: Way) -> Any:
    for step in way:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return _REFUSED
    return value


def _without(value: Any, way: Way) -> Any:
    head, *rest = way
    if rest:
        return _replaced(value, head, _without(value[head], tuple(rest)))
    return {name: inner for name, inner in value.items() if name != head}


def _with(value: Any, way: Way, new: Any) -> Any:
    head, *rest = way
    return _replaced(value, head, _with(value[head], tuple(rest), new) if rest else new)


def _replaced(value: Any, step: str | int, new: Any) -> Any:
    if isinstance(value, list):
        return [new if index == step else inner for index, inner in enumerate(value)]
    return {**value, step: new}


def _pointer(way: Way) -> str:
    return "".join(f"/{'*' if isinstance(step, int) else step}" for step in way)
