"""Positions: the line and column, from 1, of what a JSON Pointer leads to in the text of a document."""

from __future__ import annotations

import re
from json import JSONDecoder
from typing import Any

import yaml

_SPACE = re.compile(r"[ \t\n\r]*")
_decoder = JSONDecoder()


def json_position(text: str, names: list[str]) -> tuple[int, int]:
    """Return the position of a member's name (or of a list's item) in JSON text; of the nearest parent if gone."""
    at = shown = _after_space(text, 0)
    for name in names:
        found = _member(text, at, name) if text[at] == "{" else _item(text, at, name) if text[at] == "[" else None
        if found is None:
            break
        shown, at = found
    before = text.rfind("\n", 0, shown)
    return text.count("\n", 0, shown) + 1, shown - before


def _member(text: str, at: int, wanted: str) -> tuple[int, int] | None:
    """Return where a member's name and its value begin, in the object that begins at an offset."""
    at = _after_space(text, at + 1)
    while text[at] == '"':
        start = at
        name, at = _decoder.raw_decode(text, at)
        at = _after_space(text, _after_space(text, at) + 1)
        if name == wanted:
            return start, at
        at = _next(text, at)
    return None


def _item(text: str, at: int, wanted: str) -> tuple[int, int] | None:
    at = _after_space(text, at + 1)
    index = 0
    while text[at] != "]":
        if str(index) == wanted:
            return at, at
        at, index = _next(text, at), index + 1
    return None


def _next(text: str, at: int) -> int:
    """Skip a value and the comma after it."""
    _, at = _decoder.raw_decode(text, at)
    at = _after_space(text, at)
    return _after_space(text, at + 1) if text[at] == "," else at


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def yaml_position(node: Any, names: list[str]) -> tuple[int, int]:
    """Return the position of a member's name (or of a list's item) in composed YAML; of the nearest parent if gone."""
    mark = node.start_mark
    for name in names:
        pair = None
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == name), None)
        elif isinstance(node, yaml.SequenceNode) and name.isdecimal() and int(name) < len(node.value):
            pair = (node.value[int(name)],) * 2
        if pair is None:
            break
        mark, node = pair[0].start_mark, pair[1]
    return mark.line + 1, mark.column + 1
