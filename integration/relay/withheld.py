"""Events that no broker takes: each becomes a case, and the later events of its subject wait for the decision.

The case is that of an ordinary flow, `withheld`: it has an owner and a due time, escalates, is seen in the tower. A
re-drive sends the event again; a re-drive with the decision "cancel", or a discard, leaves it out. Either way the later
events of the subject follow in order; all other subjects never waited.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.history import FLOW_OVER
from integration.effects import Start
from integration.flow import FlowContext
from integration.flows.steps import ask_a_person
from integration.journal.protocol import FlowRow, OutboxRow

FLOW = "withheld"
CAUGHT_UP = 2**62
"""The cursor of a withheld event whose subject has caught up."""


class Withheld(msgspec.Struct, frozen=True, kw_only=True):
    """An event set aside: its number and subject, and the flow that holds its case."""

    flow: str
    number: int
    subject: str


async def withheld(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Hold an event until a person decides. Arguments: event, type, number, subject, code, detail."""
    about = {name: arguments[name] for name in ("event", "type", "number", "subject")}
    await ask_a_person(arguments["code"], f"no broker takes the event: {arguments['detail']}", **about)
    return {"decision": "retry"}


def start_of(row: OutboxRow, turn: int, code: str, detail: str) -> Start:
    """Return the start of the flow of an event that is set aside for the turn-th time."""
    return Start(
        flow_id=f"withheld/{row.id}/{turn}",
        name=FLOW,
        arguments={
            "event": row.id, "type": row.type, "number": row.number, "subject": row.subject, "code": code,
            "detail": detail,
        },
        txn=row.txn,
    )  # fmt: skip


def of_flow(row: FlowRow) -> Withheld:
    """Return the event that a flow holds."""
    told = msgspec.msgpack.decode(row.arguments)
    return Withheld(flow=row.id, number=told["number"], subject=told["subject"])


def is_over(row: FlowRow) -> bool:
    """Tell whether it has been decided."""
    return row.status in FLOW_OVER


def is_skipped(row: FlowRow) -> bool:
    """Tell whether the decision is to leave the event out."""
    if row.status == "discarded":
        return True
    result = msgspec.msgpack.decode(row.result) if row.result else None
    return not (isinstance(result, dict) and result.get("decision") == "retry")
