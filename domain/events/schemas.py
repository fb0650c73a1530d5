"""JSON Schemas (2020-12) of the payloads, made from the types."""

from typing import Any

import msgspec

from domain.events.registry import BY_NAME, REGISTRY


def schema(event: str) -> dict[str, Any]:
    """Return the JSON Schema of a payload by full type (`q2c.order.booked.v1`) or short name (`order.booked`).

    Raises KeyError with the asked name when the registry has no such type.
    """
    row = REGISTRY.get(event) or BY_NAME[event]
    return {"$id": row.dataschema, **msgspec.json.schema(row.payload)}


def schemas() -> dict[str, dict[str, Any]]:
    """Return every payload schema by its CloudEvents type."""
    return {event: schema(event) for event in REGISTRY}
