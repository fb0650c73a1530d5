"""Bodies and queries on the wire: compact JSON, and forms with bracketed names."""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

import msgspec

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder().decode
_ESCAPED = re.compile(r"[^%\r\n]*(?:%[0-9A-Fa-f]{2}[^%\r\n]*)*", re.ASCII).fullmatch


class Undecodable(Exception):
    """A body that is not what its content type says."""


def encode_json(value: Any) -> bytes:
    """Return compact JSON; Decimals become numbers, dates ISO strings."""
    return _encode(value)


def decode_json(body: bytes) -> Any:
    """Return the value of a JSON body; raise Undecodable when it is not JSON or not UTF-8."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Undecodable(str(error)) from error


def decode_form(body: bytes) -> dict[str, str]:
    """Return the flat fields of a form body, names undecoded of their brackets: {'a[b][0]': 'c'}."""
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError as error:
        raise Undecodable("a form body is ASCII with percent escapes") from error
    return _fields(text)


def decode_query(target: str) -> dict[str, str]:
    """Return the query of a raw target; a repeated name keeps its last value."""
    _, _, query = target.partition("?")
    return _fields(query) if query else {}


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            fields[_name(name)] = unescaped(value) if "%" in value or "+" in value else value
    return fields


def unescaped(text: str) -> str:
    """Return a name or a value without its escapes, as `urllib.parse.unquote_plus` does.

    Quoted-printable is the same escape by another sign, and C reads it.
    """
    if not text.isascii() or _ESCAPED(text) is None:
        return unquote_plus(text)
    return a2b_qp(text.replace("+", " ").replace("=", "=3D").replace("%", "=")).decode("utf-8", "replace")


_name = lru_cache(maxsize=4_096)(unescaped)  # callers send few names, again and again


def nest(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return bracketed form fields as nested dictionaries: {'a[b][0]': 'c'} becomes {'a': {'b': {'0': 'c'}}}.

    A name used both as a value and as a container is Undecodable.
    """
    root: dict[str, Any] = {}
    for name, value in fields.items():
        path = _path(name)
        if len(path) == 1:
            root[name] = value
        else:
            _place(root, path, value, name)
    return root


@lru_cache(maxsize=4_096)
def _path(name: str) -> tuple[str, ...]:
    return tuple(name.replace("]", "").split("[")) if "[" in name else (name,)


def _place(root: dict[str, Any], path: tuple[str, ...], value: str, name: str) -> None:
    node = root
    for part in path[:-1]:
        child = node.setdefault(part, {})
        if not isinstance(child, dict):
            raise Undecodable(f"{name} is used both as a value and as a container")
        node = child
    node[path[-1]] = value
