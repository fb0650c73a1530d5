"""Forms: bodies of `application/x-www-form-urlencoded` as the values that their schema means by them.

Names in brackets make objects and lists: `lines[0][sku]=a` as most vendors write it, `lines[sku][0]=a` as Chargebee
does. A text becomes a number or a truth value only where the schema wants one; everything else stays the text it is.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from contracts.compatibility.documents import Node
from contracts.compatibility.shapes import Shape, shape_of

MEDIA_TYPE = "application/x-www-form-urlencoded"
_PART = re.compile(r"\[([^\]]*)\]")


def value_of(text: str, schema: Node) -> Any:
    """Return what a form says, by its schema."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first, _, rest = name.partition("[")
        _put(tree, [first, *_PART.findall(f"[{rest}" if rest else "")], value)
    return _meant(tree, shape_of(schema))


def typed(text: str, shape: Shape) -> Any:
    """Return the value that a text stands for where a value of this shape is wanted."""
    types = _types(shape)
    if types & {"integer", "number"} and re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text) if "." in text else int(text)
    if "boolean" in types and text in ("true", "false"):
        return text == "true"
    return [text] if "array" in types and "string" not in types else text


def _types(shape: Shape) -> frozenset[str]:
    """Return the types that a shape takes; of alternatives, those of all."""
    found = set(shape.types or ())
    for branch in (*shape.any_of, *shape.one_of):
        found |= _types(shape_of(branch))
    return frozenset(found)


def _put(tree: dict[str, Any], names: list[str], value: str) -> None:
    for name in names[:-1]:
        inner = tree.setdefault(name, {})
        tree = inner if isinstance(inner, dict) else tree.setdefault(f"{name}[]", {})
    last = names[-1] or str(len(tree))
    tree[last] = value if last not in tree else [*_listed(tree[last]), value]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _meant(value: Any, shape: Shape) -> Any:
    if isinstance(value, list):
        return [_meant(each, _of_items(shape)) for each in value]
    if not isinstance(value, dict):
        return typed(value, shape)
    if "array" in _types(shape) and (rows := _rows(value)):
        return [_meant(row, _of_items(shape)) for row in rows]
    return {name: _meant(inner, _of_member(shape, name)) for name, inner in value.items()}


def _rows(value: dict[str, Any]) -> list[Any]:
    """Return the items of a list, whether the number comes first or last in their names."""
    if value and all(name.isdecimal() for name in value):
        return [value[name] for name in sorted(value, key=int)]
    if not value or not all(isinstance(inner, dict) and _is_numbered(inner) for inner in value.values()):
        return []
    numbers = sorted({number for inner in value.values() for number in inner}, key=int)
    return [{name: inner[number] for name, inner in value.items() if number in inner} for number in numbers]


def _is_numbered(value: dict[str, Any]) -> bool:
    return all(name.isdecimal() for name in value)


def _of_items(shape: Shape) -> Shape:
    found = [each for each in _branches(shape) if each.items is not None]
    return shape_of(found[0].items) if found and found[0].items is not None else _anything(shape)


def _of_member(shape: Shape, name: str) -> Shape:
    for each in _branches(shape):
        if name in each.properties:
            return shape_of(each.properties[name])
        if isinstance(each.additional, Node):
            return shape_of(each.additional)
    return _anything(shape)


def _branches(shape: Shape) -> list[Shape]:
    inner = [shape_of(branch) for branch in (*shape.any_of, *shape.one_of)]
    return [shape, *(each for branch in inner for each in _branches(branch))]


def _anything(shape: Shape) -> Shape:
    return shape_of(Node(shape.node.document, shape.node.pointer, {}))
