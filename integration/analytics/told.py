"""An event as a consumer sees it: from the event log, or as a CloudEvent from a broker."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.events.envelope import microseconds
from integration.journal.protocol import OutboxRow


class NotAnEvent(ValueError):
    """A message is no CloudEvent of ours; the text says what it lacks."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One event: `id` is unique for ever, `sequence` counts the events of its subject from 1."""

    id: str
    type: str
    subject: str
    sequence: int
    txn: str
    at_us: int
    body: dict[str, Any]


class _Wire(msgspec.Struct):
    id: str
    type: str
    subject: str
    time: str
    data: dict[str, Any]
    sequence: str = "0"
    correlationid: str = ""


_wire = msgspec.json.Decoder(_Wire)


def of_row(row: OutboxRow) -> Told:
    """Return an event of the log."""
    return Told(
        id=row.id, type=row.type, subject=row.subject, sequence=row.sequence, txn=row.txn, at_us=row.created_us,
        body=row.body,
    )  # fmt: skip


def of_cloud_event(body: bytes) -> Told:
    """Return the event of a CloudEvent in structured JSON; raise NotAnEvent for anything else."""
    try:
        wire = _wire.decode(body)
        return Told(
            id=wire.id, type=wire.type, subject=wire.subject, sequence=int(wire.sequence),
            txn=str(wire.data.get("txnid", wire.correlationid)), at_us=microseconds(wire.time), body=wire.data,
        )  # fmt: skip
    except (msgspec.MsgspecError, ValueError) as wrong:
        raise NotAnEvent(f"no CloudEvent: {wrong}") from wrong
