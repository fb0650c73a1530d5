"""An event of the log as a CloudEvent 1.0: the same envelope for brokers, portals and server-sent events.

`dataschema` is there only when the payload keeps to the schema of the registry (`domain.events`): a consumer may trust
what it names. `legalentity` and `businessdate` are there when the payload tells them; `correlationid` is
the business transaction, for what has none the subject itself. A reader that wants the strict
form decodes with `domain.events.envelope.decode`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from domain.events.envelope import CONTENT_TYPE, SEQUENCE_DIGITS, SPECVERSION, rfc3339
from domain.events.fact import EventType
from domain.events.registry import REGISTRY, schema_problem
from integration.journal.protocol import OutboxRow
from integration.outbox import payload_of

MEDIA_TYPE = "application/cloudevents+json"
SYSTEM = "integration"
ANY_ENTITY = "all"
_encoder = msgspec.json.Encoder()


def cloud_event(row: OutboxRow, traceparent: str = "") -> dict[str, Any]:
    """Return the CloudEvent of an event in structured form, ready for JSON; equal rows give equal events."""
    payload = payload_of(row)
    kind = REGISTRY.get(row.type)
    entity = payload.get("legal_entity") or ""
    event: dict[str, Any] = {
        "specversion": SPECVERSION,
        "id": row.id,
        "source": f"/q2c/{SYSTEM}/{entity or ANY_ENTITY}",
        "type": row.type,
        "subject": row.subject,
        "time": rfc3339(row.created_us),
        "datacontenttype": CONTENT_TYPE,
        "partitionkey": _partition_key(kind, payload) or row.subject,
        "sequence": f"{row.sequence:0{SEQUENCE_DIGITS}d}",
        "correlationid": row.txn or row.subject,
        "causationid": row.id.rpartition("/")[0],
        "idempotencykey": _idempotency_key(kind, payload) or row.id,
        "legalentity": entity,
        "businessdate": payload.get("business_date") or "",
        "traceparent": traceparent,
    }
    if kind is not None and not schema_problem(row.type, payload):
        event["dataschema"] = kind.dataschema
    told = {name: value for name, value in event.items() if value != ""}
    return {**told, "data": payload}


def encoded(row: OutboxRow, traceparent: str = "") -> bytes:
    """Return the CloudEvent of an event as JSON; raise TypeError for a payload that JSON cannot say."""
    return _encoder.encode(cloud_event(row, traceparent))


def _partition_key(kind: EventType | None, payload: Mapping[str, Any]) -> str:
    return str(payload.get(kind.partition_key) or "") if kind is not None else ""


def _idempotency_key(kind: EventType | None, payload: Mapping[str, Any]) -> str:
    """Return the business key under which a consumer takes the fact once; empty when the payload lacks a part of it."""
    if kind is None:
        return ""
    try:
        return _template(kind.idempotency_key).format(fact=payload)
    except KeyError:
        return ""


@cache
def _template(template: str) -> str:
    """Turn "{order_id}:booked" into a template over a mapping called `fact`."""
    return template.replace("{", "{fact[").replace("}", "]}")
