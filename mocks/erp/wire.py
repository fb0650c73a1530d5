"""From bytes to typed bodies: exact by default, custom fields let through, wrong ones named by their path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

import msgspec

from mocks.erp.bodies import Collection, TokenBody
from mocks.kernel.codec import Undecodable, decode_form, decode_json
from mocks.kernel.operations import Call, Refusal

NAME_VALIDATION = "x-netsuite-propertynamevalidation"
VALUE_VALIDATION = "x-netsuite-propertyvaluevalidation"
_STEP = re.compile(r"(\w+)|\[(\d+)\]")
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")
_CUSTOM = ("cust",)
COLLECTION, _BATCH_MAX = "type=collection", 100


@lru_cache(maxsize=64)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decode(call: Call, unknown_properties: str) -> Any:
    """Return the body of a call as its operation's type; refuse what does not fit."""
    kind = call.operation.body
    if kind is None:
        return None
    body = call.request.body
    if kind is object:
        return _anything(body, call.request.headers)
    if kind is TokenBody:
        return msgspec.convert(decode_form(body), TokenBody)
    if COLLECTION in call.request.headers.get("content-type", "") and call.operation.name.startswith("create_"):
        kind = _collection(kind)
    if not body and call.operation.name.startswith("transform"):
        body = b"{}"
    try:
        return _decoder(kind).decode(body)
    except msgspec.ValidationError:
        pass
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(f"The request body is not valid JSON: {error}") from error
    try:
        return _leniently(kind, decode_json(body), call.request.headers, unknown_properties)
    except RecursionError as error:
        raise Undecodable("The request body is nested too deeply.") from error


def _anything(body: bytes, headers: Mapping[str, str]) -> Any:
    """Return the body of a call to a script, which alone knows what it takes: JSON, else text; None when empty."""
    if not body:
        return None
    if "json" in headers.get("content-type", ""):
        return decode_json(body)
    return body.decode("utf-8", "replace")


@lru_cache(maxsize=64)
def _collection(kind: Any) -> Any:
    """Return the type of a collection of bodies."""
    at_most = Annotated[tuple[kind, ...], msgspec.Meta(min_length=1, max_length=_BATCH_MAX)]
    return msgspec.defstruct("Batch", [("items", at_most)], bases=(Collection,), frozen=True)


def _leniently(kind: Any, raw: Any, headers: Mapping[str, str], unknown_properties: str) -> Any:
    """Drop the fields we do not know (or refuse them), then those with a wrong value (or tell what is wrong)."""
    known = _pruned(raw, kind, "", headers.get(NAME_VALIDATION, unknown_properties).lower())
    is_strict = headers.get(VALUE_VALIDATION, "error").lower() == "error"
    while True:
        try:
            return msgspec.convert(known, kind, strict=True)
        except msgspec.ValidationError as error:
            text = str(error)
            path = _PATH.search(text)
            field = path.group(1) if path is not None else ""
            if is_strict or not _dropped(known, field):
                raise Refusal("invalid_content", _PATH.sub("", text) + ".", field) from error


def _dropped(known: Any, field: str) -> bool:
    """Take the field with a wrong value out; tell whether it was there to be taken out."""
    steps = _STEP.findall(field)
    for name, index in steps[:-1]:
        known = known[int(index)] if index else known.get(name)
    if not steps or not steps[-1][0] or not isinstance(known, dict):
        return False
    return known.pop(steps[-1][0], None) is not None


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
