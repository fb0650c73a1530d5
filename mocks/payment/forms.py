"""Form parameters: each body type knows the names its fields have in a form, so a form is read straight into it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from mocks.kernel.codec import Undecodable, unescaped
from mocks.kernel.operations import Refusal

_PATH = re.compile(r"at `\$\.?([^`]*)`")
_FIELD = re.compile(r"field `([^`]+)`")
_INDEX = re.compile(r"\.?([^.\[\]]+)|\[[^\]]*\]")
_NAMES_MAX = 4_096  # metadata has any names: those beyond are worked out anew each time
_DEPTH_MAX = 12
_INDEX_DIGITS_MAX = 6

Part = str | int
Place = tuple[Part, ...]
"""Where a value belongs, from the outside in; an int is a position in an array, -1 the next free one."""


@cache
def form_of(model: Any) -> Form:
    """Return the form of a body type."""
    return Form(model)


class Form:
    """The names of one body type's fields, and how to read a form or a query into it."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self._shape = inspect.type_info(model)
        self._places: dict[str, str | Place] = {}

    def read(self, text: str) -> Any:
        """Return the body a form describes: 'a[b]=c&d[]=e'.

        Raises Refusal in the vendor's words when a name is unknown, missing or does not fit its type, and Undecodable
        when a name is used both as a value and as a container.
        """
        fields: dict[Any, Any] = {}
        arrays: list[tuple[dict[Any, Any], Part]] = []
        places = self._places
        for pair in text.split("&"):
            name, _, value = pair.partition("=")
            place = places.get(name)
            if place is None:
                if not name:
                    continue
                place = self._find(name)
            if "%" in value or "+" in value:
                value = unescaped(value)
            if place.__class__ is str:
                fields[place] = value
            else:
                _lay(fields, place, value, arrays)  # type: ignore[arg-type]  # the class was looked at above
        for holder, key in reversed(arrays):
            found = holder[key]
            if any(index.__class__ is not int for index in found):
                raise Undecodable(f"{key} is used both as an array and as a hash")
            holder[key] = [found[index] for index in sorted(found)]
        try:
            return msgspec.convert(fields, self.model, strict=False)
        except msgspec.ValidationError as error:
            raise _refusal(str(error)) from error

    def _find(self, raw: str) -> str | Place:
        """Return where the value of a raw name belongs, and keep it for the next form."""
        names = unescaped(raw).replace("]", "").split("[")
        if len(names) > _DEPTH_MAX:
            raise Refusal("parameter_unknown", f"Received unknown parameter: {names[0]}", field=names[0])
        parts: list[Part] = []
        shape: Any = self._shape
        for depth, name in enumerate(names):
            part, shape = _step(shape, name, names[: depth + 1])
            parts.append(part)
        place = names[0] if len(parts) == 1 else tuple(parts)
        if len(self._places) < _NAMES_MAX:
            self._places[raw] = place
        return place


def _step(shape: Any, name: str, path: list[str]) -> tuple[Part, Any]:
    """Return the part a name is inside a shape, and the shape of what it names."""
    shape = _container(shape)
    if isinstance(shape, inspect.StructType):
        for field in shape.fields:
            if field.encode_name == name:
                return name, field.type
        raise Refusal("parameter_unknown", f"Received unknown parameter: {_bracketed(path)}", field=_bracketed(path))
    if isinstance(shape, inspect.DictType):
        return name, shape.value_type
    if isinstance(shape, inspect.ListType | inspect.VarTupleType):
        if name == "":
            return -1, shape.item_type
        if name.isascii() and name.isdecimal() and len(name) <= _INDEX_DIGITS_MAX:
            return int(name), shape.item_type
        raise Refusal("parameter_invalid", f"Invalid array: {_bracketed(path[:-1])}", field=_bracketed(path[:-1]))
    if isinstance(shape, inspect.AnyType):
        return (-1 if name == "" else name), shape
    raise Refusal("parameter_invalid", f"Invalid value for {_bracketed(path[:-1])}.", field=_bracketed(path[:-1]))


def _container(shape: Any) -> Any:
    """Return the member of a union that holds other values."""
    if isinstance(shape, inspect.UnionType):
        for member in shape.types:
            if isinstance(member, inspect.StructType | inspect.DictType | inspect.ListType | inspect.VarTupleType):
                return member
    return shape


def _lay(node: dict[Any, Any], place: Place, value: str, arrays: list[tuple[dict[Any, Any], Part]]) -> None:
    """Put a value into its place, making the containers on the way; arrays are dictionaries until the form is read."""
    last = len(place) - 1
    if last == 1 and place[1].__class__ is str:  # the common case: metadata[order]
        child = node.setdefault(place[0], {})
        if child.__class__ is not dict:
            raise Undecodable(f"{place[0]} is used both as a value and as a container")
        child[place[1]] = value
        return
    for depth in range(last):
        part, following = place[depth], place[depth + 1]
        if part == -1:
            part = _position(node, following)
        child = node.get(part)
        if child is None:
            child = node[part] = {}
            if following.__class__ is int:
                arrays.append((node, part))
        elif child.__class__ is not dict:
            raise Undecodable(f"{place[0]} is used both as a value and as a container")
        node = child
    part = place[last]
    node[len(node) if part == -1 else part] = value


def _position(node: dict[Any, Any], following: Part) -> int:
    """Return the element of an array of containers that a[][b] means: the last one, until it has a b."""
    last = len(node) - 1
    return last if last >= 0 and following not in node[last] else last + 1


def _refusal(problem: str) -> Refusal:
    path, field = _PATH.search(problem), _FIELD.search(problem)
    parts = [part for part in _INDEX.findall(path.group(1)) if part] if path else []
    if field is not None:
        param = _bracketed([*parts, field.group(1)])
        return Refusal("parameter_missing", f"Missing required param: {param}.", field=param)
    param = _bracketed(parts)
    if "Expected `int" in problem:
        return Refusal("parameter_invalid_integer", f"Invalid integer for {param}.", field=param)
    return Refusal("parameter_invalid", f"Invalid value for {param}: {problem.partition(' - at ')[0]}.", field=param)


def _bracketed(parts: list[str]) -> str:
    return parts[0] + "".join(f"[{part}]" for part in parts[1:]) if parts else ""
