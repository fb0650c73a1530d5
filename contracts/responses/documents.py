"""JSON as it stands on the wire: numbers keep their digits, members their order, and a writer that can be told how."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

Tree = Any
"""A value of JSON; numbers are `Number`."""
Path = tuple[str | int, ...]
_plain = json.JSONEncoder(ensure_ascii=False).encode
_ascii = json.JSONEncoder().encode


class Unreadable(Exception):
    """The bytes are not JSON."""


class Number(msgspec.Struct, frozen=True):
    """A number as it was written: "20.00" is not "20"."""

    text: str

    @property
    def value(self) -> Decimal:
        """What it is worth."""
        return Decimal(self.text)

    @property
    def is_decimal(self) -> bool:
        """Tell whether it was written with decimals."""
        return "." in self.text or "e" in self.text.lower()


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """How a tree is written: `is_ascii` escapes all else, `doubled` writes each first member twice."""

    is_ascii: bool = False
    indent: bool = False
    has_mark: bool = False
    doubled: bool = False


def read(body: bytes) -> Tree:
    """Return the tree of a body; raise Unreadable."""
    try:
        return json.loads(body, parse_int=Number, parse_float=Number, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from None


def _no_constant(name: str) -> Number:
    raise ValueError(f"{name} is no JSON")


def write(tree: Tree, style: Style = Style()) -> bytes:  # noqa: B008
    """Return the bytes of a tree."""
    text = _text(tree, style, 0)
    return (b"\xef\xbb\xbf" if style.has_mark else b"") + text.encode("utf-8", "surrogatepass")


def _text(tree: Tree, style: Style, depth: int) -> str:
    kind = type(tree)
    if kind is Number:
        return str(tree.text)
    if kind is str:
        return (_ascii if style.is_ascii else _plain)(tree)
    if kind is dict:
        members = [f"{_plain(name)}:{_text(inner, style, depth + 1)}" for name, inner in tree.items()]
        if style.doubled and members:
            members.insert(0, f'{_plain(next(iter(tree)))}:"q2c: the first of two members with one name"')
        return _group("{}", members, style, depth)
    if kind is list or kind is tuple:
        return _group("[]", [_text(inner, style, depth + 1) for inner in tree], style, depth)
    return json.dumps(tree)


def _group(brackets: str, parts: list[str], style: Style, depth: int) -> str:
    if not style.indent or not parts:
        return f"{brackets[0]}{','.join(parts)}{brackets[1]}"
    gap = "\n" + "\t" * (depth + 1)
    return f"{brackets[0]}{gap}{(',' + gap).join(parts)}\n" + "\t" * depth + brackets[1]


def walk(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, Tree]]:
    """Iterate over all values of a tree with their paths, outer ones first."""
    yield path, tree
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, value in inner:
        yield from walk(value, (*path, name))


def mapped(tree: Tree, change: Callable[[Path, Tree], Tree], path: Path = ()) -> Tree:
    """Return a tree in which every value is what `change` makes of it, inner ones first."""
    kind = type(tree)
    if kind is dict:
        tree = {name: mapped(inner, change, (*path, name)) for name, inner in tree.items()}
    elif kind is list:
        tree = [mapped(inner, change, (*path, index)) for index, inner in enumerate(tree)]
    return change(path, tree)


def place_of(path: Path) -> str:
    """Return where in every answer of its kind a value stands: names, and `*` for what is repeated."""
    return "/".join("*" if isinstance(step, int) else step for step in path)


def name_of(path: Path) -> str:
    """Return the member's name that a value stands under."""
    return next((step for step in reversed(path) if isinstance(step, str)), "")
