"""Schemas of documents made ready for a validator: references put in place, null spelled as JSON Schema does."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from contracts.compatibility.documents import Node

DEPTH_MAX = 12
"""How deep a schema that refers to itself is followed: deeper than any example of a pact."""
_MAPS = ("properties", "patternProperties")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLES = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
_WORDS = ("example", "examples", "xml", "description", "title")


def errors(schema: Node, value: Any) -> Iterator[tuple[str, str]]:
    """Yield (way, problem) for what a schema refuses in a value."""
    from jsonschema_rs import Draft202012Validator

    for error in Draft202012Validator(inlined(schema)).iter_errors(value):
        yield "/" + "/".join(map(str, error.instance_path)), error.message


def first_error(schema: Node, value: Any) -> tuple[str, str] | None:
    """Return the first of the errors, or None."""
    return next(errors(schema, value), None)


@lru_cache(maxsize=1_024)
def _pattern(text: str) -> Any:
    from jsonschema_rs import Draft202012Validator, ValidationError

    try:
        return Draft202012Validator({"pattern": text})
    except ValidationError:
        return None


def fits(pattern: str, text: str) -> bool:
    """Tell whether a text has what a pattern of JSON Schema (ECMA 262) describes; what is no pattern takes all."""
    known = _pattern(pattern)
    return known is None or bool(known.is_valid(text))


def inlined(node: Node, depth: int = 0) -> Any:
    """Return a schema without references; what lies deeper than DEPTH_MAX may be anything."""
    node = node.resolved()
    if not isinstance(node.value, dict) or depth > DEPTH_MAX:
        return node.value if isinstance(node.value, bool) else {}
    found = {name: inner for name, inner in node.value.items() if name not in _WORDS}
    for name in (*_MAPS, *_LISTS, *_SINGLES):
        inner = node.get(name)
        if inner is None:
            continue
        if name in _MAPS:
            found[name] = {key: inlined(value, depth + 1) for key, value in inner.members()}
        elif name in _LISTS:
            found[name] = [inlined(value, depth + 1) for _, value in inner.members()]
        else:
            found[name] = inlined(inner, depth + 1)
    return _as_2020(found)


def _as_2020(said: dict[str, Any]) -> dict[str, Any]:
    """Return a schema of OpenAPI 3.0 as JSON Schema says it."""
    if said.pop("nullable", False) and "type" in said:
        said["type"] = [*(said["type"] if isinstance(said["type"], list) else [said["type"]]), "null"]
        if isinstance(said.get("enum"), list):
            said["enum"] = [*said["enum"], None]
    for flag, bound in (("exclusiveMaximum", "maximum"), ("exclusiveMinimum", "minimum")):
        if isinstance(said.get(flag), bool):
            strict = said.pop(flag)
            if strict and bound in said:
                said[flag] = said.pop(bound)
    return said
