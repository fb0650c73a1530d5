"""The AsyncAPI 3 document of the canonical events, made from the registry: a channel and a message for each type.

    document()   as plain values
    text()       as JSON, sorted and indented

A message is a CloudEvent in structured form. Its `data` is the payload of the registry; its schema is plain, so that
any tool that reads AsyncAPI 3 can make types of it. The same messages come over HTTP (`/events`, `/events/stream`).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from domain.events.fact import EventType
from domain.events.registry import REGISTRY
from integration.relay.cloud_event import MEDIA_TYPE

VERSION = "1.0.0"
_SCHEMA = "#/components/schemas/{name}"
_ABOUT = (
    "Canonical events of quote-to-cash. Each is told at least once, in order for each subject, and kept: a consumer "
    "takes it once by (source, id), or for ever by idempotencykey. Readers ignore what they do not know; a field that "
    "goes or changes makes a new major version of the type, told beside the old one."
)


@cache
def text() -> str:
    """Return the document as JSON text."""
    return msgspec.json.format(msgspec.json.encode(document(), order="sorted"), indent=2).decode() + "\n"


def document() -> dict[str, Any]:
    """Return the AsyncAPI 3 document as plain JSON values."""
    rows = sorted(REGISTRY.values(), key=lambda row: row.type)
    payloads = [row.payload for row in rows]
    references, schemas = msgspec.json.schema_components(payloads, ref_template=_SCHEMA)
    found = {
        "asyncapi": "3.0.0",
        "id": "urn:q2c:integration",
        "info": {
            "title": "q2c integration: canonical events",
            "version": VERSION,
            "description": _ABOUT,
            "tags": [{"name": name} for name in sorted({_object(row) for row in rows})],
        },
        "defaultContentType": MEDIA_TYPE,
        "channels": {_key(row): _channel(row) for row in rows},
        "operations": {f"tell{_pascal(row.name)}": _operation(row) for row in rows},
        "components": {
            "messages": {_pascal(row.name): _message(row) for row in rows},
            "schemas": {
                "CloudEvent": _ENVELOPE,
                **{name: _bare(schema) for name, schema in schemas.items()},
                **{
                    f"{_pascal(row.name)}Event": _event(row, reference)
                    for row, reference in zip(rows, references, strict=True)
                },
            },
        },
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return plain


def _object(row: EventType) -> str:
    return row.name.partition(".")[0]


def _key(row: EventType) -> str:
    """Return the name of a channel in the document: letters, digits and underscores only."""
    return row.type.removeprefix("q2c.").replace(".", "_")


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.replace(".", "_").split("_"))


def _first_sentence(row: EventType) -> str:
    return " ".join((row.payload.__doc__ or row.name).strip().split("\n\n")[0].split())


def _channel(row: EventType) -> dict[str, Any]:
    name = _pascal(row.name)
    return {
        "address": row.type,
        "title": row.name,
        "description": f"In order for each `{row.partition_key}`.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "tags": [{"name": _object(row)}],
    }


def _operation(row: EventType) -> dict[str, Any]:
    channel = f"#/channels/{_key(row)}"
    return {
        "action": "send",
        "title": row.name,
        "summary": _first_sentence(row),
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{_pascal(row.name)}"}],
    }


def _message(row: EventType) -> dict[str, Any]:
    name = _pascal(row.name)
    return {
        "name": row.type,
        "title": row.name,
        "summary": _first_sentence(row),
        "contentType": MEDIA_TYPE,
        "correlationId": {"description": "The business transaction.", "location": "$message.payload#/correlationid"},
        "payload": {"$ref": f"#/components/schemas/{name}Event"},
        "tags": [{"name": _object(row)}],
        "x-idempotency-key": row.idempotency_key,
        "x-partition-key": row.partition_key,
        "x-facts-of": list(row.producers),
        "x-consumers": list(row.consumers),
    }


def _event(row: EventType, reference: dict[str, Any]) -> dict[str, Any]:
    return {
        "allOf": [
            {"$ref": "#/components/schemas/CloudEvent"},
            {
                "type": "object",
                "required": ["type", "data"],
                "properties": {
                    "type": {"const": row.type},
                    "dataschema": {"const": row.dataschema},
                    "data": reference,
                },
            },
        ]
    }


def _bare(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a payload; what is not in it may come, so it is open."""
    return {**schema, "additionalProperties": True} if schema.get("type") == "object" else schema


_WORD = {"type": "string", "minLength": 1}
_ENVELOPE: dict[str, Any] = {
    "type": "object",
    "description": "A CloudEvents 1.0 envelope in structured form.",
    "required": [
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "partitionkey", "sequence",
        "idempotencykey", "data",
    ],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {**_WORD, "description": "Unique with `source`; the same in every repetition."},
        "source": {**_WORD, "format": "uri-reference", "description": "/q2c/{system}/{legal entity}"},
        "type": {**_WORD, "pattern": r"^q2c\.[a-z_]+\.[a-z_]+\.v[1-9][0-9]*$"},
        "subject": {**_WORD, "description": "The aggregate that the fact is about."},
        "time": {**_WORD, "format": "date-time", "description": "The instant of the fact, not of publishing."},
        "datacontenttype": {"const": "application/json"},
        "dataschema": {**_WORD, "format": "uri", "description": "There when `data` keeps to that schema."},
        "partitionkey": {**_WORD, "description": "Facts with the same key come in order."},
        "sequence": {**_WORD, "pattern": "^[0-9]{12}$", "description": "Counts the facts of the subject, gapless."},
        "correlationid": {**_WORD, "description": "The business transaction."},
        "causationid": {**_WORD, "description": "What led to it."},
        "idempotencykey": {**_WORD, "description": "The business key under which it is taken once."},
        "legalentity": _WORD,
        "businessdate": {**_WORD, "format": "date", "description": "The local date of the books."},
        "traceparent": {**_WORD, "description": "W3C Trace Context."},
        "replayed": {"enum": ["true", "false"]},
        "data": {"type": "object"},
    },
}  # fmt: skip
