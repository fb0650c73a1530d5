"""From bytes to typed bodies: exact by default, custom fields let through, wrong ones named by their path."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

from mocks.erp.auth import TOKEN_PATH
from mocks.kernel.codec import Undecodable, decode_form, decode_json
from mocks.kernel.operations import Call, Refusal

NAME_VALIDATION = "x-netsuite-propertynamevalidation"
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")
_CUSTOM = ("cust",)


@lru_cache(maxsize=64)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decode(call: Call, unknown_properties: str) -> Any:
    """Return the body of a call as its operation's type; refuse what does not fit."""
    kind = call.operation.body
    body = call.request.body
    if call.request.target.startswith(TOKEN_PATH):
        return decode_form(body)
    if kind is None:
        return None
    if not body and call.operation.name.startswith("transform"):
        body = b"{}"
    try:
        return _decoder(kind).decode(body)
    except msgspec.ValidationError:
        mode = call.request.headers.get(NAME_VALIDATION, unknown_properties).lower()
        return _leniently(kind, decode_json(body), mode)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(f"The request body is not valid JSON: {error}") from error


def _leniently(kind: Any, raw: Any, mode: str) -> Any:
    """Drop the fields we do not know (or refuse them), then tell what else is wrong."""
    known = _pruned(raw, kind, "", mode)
    try:
        return msgspec.json.decode(msgspec.json.encode(known), type=kind)
    except msgspec.ValidationError as error:
        text = str(error)
        path = _PATH.search(text)
        field = path.group(1) if path is not None else ""
        raise Refusal("invalid_content", _PATH.sub("", text) + ".", field) from error


def _pruned(raw: Any, kind: Any, path: str, mode: str) -> Any:
    """Return the value without fields its type does not have; containers of structs are followed."""
    if isinstance(raw, list):
        return [_pruned(part, kind, f"{path}[{index}]", mode) for index, part in enumerate(raw)]
    fields = _fields(kind)
    if not isinstance(raw, dict) or fields is None:
        return raw
    result = {}
    for name, value in raw.items():
        where = f"{path}.{name}" if path else name
        if name in fields:
            result[name] = _pruned(value, fields[name], where, mode)
        elif mode == "error" and not name.startswith(_CUSTOM):
            raise Refusal("invalid_content", f"Unknown reference or field '{name}'.", where)
    return result


@lru_cache(maxsize=256)
def _fields(kind: Any) -> dict[str, Any] | None:
    struct = _struct_in(kind)
    if struct is None:
        return None
    return {field.encode_name: field.type for field in msgspec.structs.fields(struct)}


def _struct_in(kind: Any) -> Any:
    """Return the struct inside an annotation such as `Ref | str | None` or `tuple[LineBody, ...]`, or None."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    for part in getattr(kind, "__args__", ()):
        found = _struct_in(part)
        if found is not None:
            return found
    return None
