"""Request bodies: forms with bracketed names, read into typed bodies; what a type does not name is refused.

Lists of objects travel as columns (`subscription_items[quantity][0]`) and are read as rows. Custom fields (`cf_...`)
are collected in `custom` of the bodies that allow them.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import Any

import msgspec

from mocks.billing.bodies import IGNORED
from mocks.kernel.codec import Undecodable, decode_form
from mocks.kernel.operations import Call, Refusal

Custom = dict[str, str]
NOTHING: frozenset[str] = frozenset()

KEY_HEADER = "chargebee-idempotency-key"
KEY_LENGTH_MAX = 100

_PATH = re.compile(r"`\$\.?(.*?)`")
_ROW = re.compile(r"(\w+)\[(\d+|\.\.\.)\]\.?(\w+)?")
_UNKNOWN = re.compile(r"unknown field `(\w+)`")
_MISSING = re.compile(r"missing required field `(\w+)`")
_KEPT_EMPTY = ("id", "meta_data")
_JSON = ("meta_data", "metadata")


def read(call: Call) -> Any:
    """Return the body of a request as its operation's type; raise Refusal naming the wrong parameter."""
    if len(call.key) > KEY_LENGTH_MAX and KEY_HEADER in call.request.headers:
        raise Refusal("param_wrong_value", f"expected at most {KEY_LENGTH_MAX} characters", field=KEY_HEADER)
    type_ = call.operation.body
    if type_ is None:
        return None
    try:
        form = _tabulated(call.request.body, IGNORED.get(type_, NOTHING))
        for head in _JSON:
            if head in form:
                form[head] = _json(form[head])
        return msgspec.convert(form, type_, strict=False)
    except msgspec.ValidationError as error:
        raise Refusal("param_wrong_value", _reason(str(error)), field=_parameter(str(error))) from error


def _tabulated(body: bytes, ignored: frozenset[str]) -> dict[str, Any]:
    """Return a form nested, with columns turned into rows and custom fields collected under `custom`."""
    nested: dict[str, Any] = {}
    custom: Custom = {}
    tables: dict[str, dict[int, Any]] = {}
    lists: dict[str, dict[int, Any]] = {}
    for name, value in decode_form(body).items():
        head, inner, row = _place(name)
        if head in ignored or (inner and not value):  # clients send what is not set as an empty text
            continue
        if row >= 0:
            if inner:
                tables.setdefault(head, {}).setdefault(row, {})[inner[0]] = value
            else:
                lists.setdefault(head, {})[row] = value
        elif inner:
            _put(nested, head, inner, value)
        elif head.startswith("cf_"):
            custom[head] = value
        elif (value or head in _KEPT_EMPTY) and nested.setdefault(head, value) is not value:
            raise _both(head)
    for head, rows in (*tables.items(), *lists.items()):
        if head in nested:
            raise _both(head)
        nested[head] = [rows[row] for row in sorted(rows)]
    if custom:
        nested["custom"] = custom
    return nested


def _json(written: Any) -> str:
    """Return an object as JSON, whether it came as brackets, as JSON, or as the vendor's Python client writes it.

    That client sends the object as Python prints it, in single quotes; the vendor's parser takes these too.
    """
    if type(written) is dict:
        return msgspec.json.encode(written).decode()
    if written.startswith("{'"):
        try:
            return msgspec.json.encode(ast.literal_eval(written)).decode()
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return str(written)
    return str(written)


def _both(name: str) -> Undecodable:
    return Undecodable(f"{name} is used both as a value and as a container")


@lru_cache(maxsize=4_096)
def _place(name: str) -> tuple[str, tuple[str, ...], int]:
    """Return where a form field belongs: its name, its brackets, and its row (-1: none).

    A number in the last bracket is a row: `coupon_ids[0]` of a list, `subscription_items[quantity][0]` of a column.
    """
    if "[" not in name:
        return name, (), -1
    head, *inner = name.replace("]", "").split("[")
    if head in _JSON:
        return head, tuple(inner), -1
    if len(inner) > 2:
        raise Undecodable(f"{name[:100]} has more brackets than any parameter")
    *columns, row = inner
    if row.isdecimal() and row.isascii() and len(row) <= 4:
        return head, tuple(columns), int(row)
    if columns:
        raise Undecodable(f"{head}[{columns[0]}][{row[:20]}] needs a number as its last bracket")
    return head, (row,), -1


def _put(nested: dict[str, Any], head: str, inner: tuple[str, ...], value: str) -> None:
    node = nested.setdefault(head, {})
    for part in inner[:-1]:
        node = node.setdefault(part, {}) if type(node) is dict else None
    if type(node) is not dict or type(node.get(inner[-1], "")) is not str:
        raise _both(head)
    node[inner[-1]] = value


def _parameter(message: str) -> str:
    """Return the name, as it stands in the form, of the parameter that a validation error is about."""
    named = _UNKNOWN.search(message) or _MISSING.search(message)
    found = _PATH.findall(message)
    path = found[-1] if found and " - at " in message else ""
    row = _ROW.fullmatch(path)
    if row is not None:
        return f"{row[1]}[{row[3] or (named[1] if named else '')}][{row[2]}]"
    head, _, rest = path.partition(".")
    parts = [part for part in (rest, named[1] if named else "") if part]
    if not head:
        return parts[0] if parts else ""
    return head + "".join(f"[{part}]" for part in parts)


def _reason(message: str) -> str:
    text = message.partition(" - at ")[0]
    if _UNKNOWN.search(text):
        return "is no parameter of this operation"
    if _MISSING.search(text):
        return "cannot be blank"
    return text[:1].lower() + text[1:]
