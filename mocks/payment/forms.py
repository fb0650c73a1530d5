"""Form parameters: bracketed names become nested values, and those must fit the operation's type."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from mocks.kernel.codec import Undecodable
from mocks.kernel.operations import Refusal

_PATH = re.compile(r"at `\$\.?([^`]*)`")
_FIELD = re.compile(r"field `([^`]+)`")
_INDEX = re.compile(r"\.?([^.\[\]]+)|\[[^\]]*\]")


def decode(text: bytes | str) -> dict[str, Any]:
    """Return the fields of a form or query: {'a[b]': 'c', 'd[]': 'e'} becomes {'a': {'b': 'c'}, 'd': ['e']}.

    Raises Undecodable when it is not ASCII or a name is both a value and a container.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("ascii")
        except UnicodeDecodeError as error:
            raise Undecodable("a form is ASCII with percent escapes") from error
    fields: dict[str, Any] = {}
    for pair in text.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in value or "+" in value:
            value = unquote_plus(value)
        path = _path(name)
        if len(path) == 1:
            fields[path[0]] = value
        else:
            _place(fields, path, value, name)
    return fields


@lru_cache(maxsize=4_096)
def _path(name: str) -> tuple[str, ...]:
    """Return the parts of a raw name: 'a%5Bb%5D' is (a, b). Callers send few names, again and again."""
    return tuple(unquote_plus(name).replace("]", "").split("["))


def _place(fields: dict[str, Any], path: tuple[str, ...], value: str, name: str) -> None:
    node: Any = fields
    for part, following in pairwise(path):
        fresh: Any = [] if following == "" or (following.isdigit() and part in _LISTS) else {}
        node = _child(node, part, fresh, name)
    if isinstance(node, list):
        node.append(value)
    else:
        node[path[-1]] = value


def _child(node: Any, part: str, fresh: Any, name: str) -> Any:
    if isinstance(node, list):
        node.append(fresh)
        return fresh
    child = node.setdefault(part, fresh)
    if type(child) is not type(fresh):
        raise Undecodable(f"{name} is used both as a value and as a container")
    return child


_LISTS = frozenset({"expand", "payment_method_types", "preferred_locales"})


def fit(fields: dict[str, Any], model: Any) -> Any:
    """Return the fields as the operation's type; raise Refusal in the vendor's words when they do not fit."""
    try:
        return msgspec.convert(fields, model, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error


def _refusal(problem: str) -> Refusal:
    path, field = _PATH.search(problem), _FIELD.search(problem)
    parts = [part for part in _INDEX.findall(path.group(1)) if part] if path else []
    if field is not None:
        param = _bracketed([*parts, field.group(1)])
        if "unknown field" in problem:
            return Refusal("parameter_unknown", f"Received unknown parameter: {param}", field=param)
        return Refusal("parameter_missing", f"Missing required param: {param}.", field=param)
    param = _bracketed(parts)
    if "Expected `int" in problem:
        return Refusal("parameter_invalid_integer", f"Invalid integer for {param}.", field=param)
    return Refusal("parameter_invalid", f"Invalid value for {param}: {problem.partition(' - at ')[0]}.", field=param)


def _bracketed(parts: list[str]) -> str:
    return parts[0] + "".join(f"[{part}]" for part in parts[1:]) if parts else ""
