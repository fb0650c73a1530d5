"""The canonical events as they are published, one example of each type of the registry."""

from __future__ import annotations

from typing import Any

import msgspec

from contracts.pacting.stage import OPENS_US, TODAY
from domain.events.envelope import encode, wrap
from domain.events.fact import EventType, Fact
from domain.events.registry import REGISTRY

_WORDS = {"currency": "USD", "legal_entity": "US", "txnid": "Q-000001", "country": "US"}
_INTEGERS = (("_us", OPENS_US), ("_minor", 536_25), ("month", 12), ("quantity", 10))


def example(row: EventType) -> Fact:
    """Return a fact of a type with a plausible value in every field, made from its schema."""
    schema = msgspec.json.schema(row.payload)
    definitions = schema["$defs"]

    def value(name: str, part: dict[str, Any]) -> Any:
        if "$ref" in part:
            return record(definitions[part["$ref"].rsplit("/", 1)[1]])
        if "anyOf" in part:
            return value(name, part["anyOf"][0])
        if "enum" in part:
            return part["enum"][0]
        if part.get("type") == "array":
            return [value(name, part["items"])]
        if part.get("type") == "object":
            return {"note": "1"}
        return _plain(name, part)

    def record(definition: dict[str, Any]) -> Any:
        if "enum" in definition:
            return definition["enum"][0]
        return {name: value(name, part) for name, part in definition["properties"].items()}

    return msgspec.convert(record(definitions[row.payload.__name__]), row.payload)


def _plain(name: str, part: dict[str, Any]) -> Any:
    if part.get("format") == "date":
        return TODAY.isoformat()
    if part.get("format") == "decimal":
        return "12.50"
    if part.get("type") == "integer":
        return next((number for end, number in _INTEGERS if name.endswith(end)), 1)
    if part.get("type") == "boolean":
        return True
    return _WORDS.get(name, f"{name.removesuffix('_id')}-000001")


def published(row: EventType) -> bytes:
    """Return an event of a type as the integration publishes it."""
    return encode(wrap(example(row), id=f"evt-{row.row:06d}", at_us=OPENS_US, sequence=row.row))


TYPES = tuple(sorted(REGISTRY))
