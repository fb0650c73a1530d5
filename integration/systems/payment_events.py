"""What the payment service told, asked for again: it keeps its events for 30 days (Stripe v1)."""

from __future__ import annotations

import msgspec

from integration.effects import Call
from integration.outcomes import Answer, Message
from integration.systems.payment import Event, behind, get, message_of
from integration.systems.wire import read

AWAITED = ("payment_intent.succeeded", "payment_intent.payment_failed", "charge.dispute.closed")
"""The events that a flow waits for. Those that begin one are about documents, whose own lists say what is new."""


def told_since(since_us: int) -> Call:
    """Ask for the events since an instant that a flow may wait for, a page of 100."""
    types = "".join([f"&types[]={each}" for each in AWAITED])
    return get(f"/events?created[gte]={since_us // 1_000_000}&limit=100{types}", "", "list_events")


class _Events(msgspec.Struct):
    data: list[Event]
    has_more: bool = False


_events = msgspec.json.Decoder(_Events)


def told_page(call: Call, answer: Answer) -> tuple[list[Message], Call | None]:
    """Return the messages of a page of `told_since`, and the call for the next page."""
    found = read(answer, _events)
    messages = [message_of(event) for event in found.data]
    return messages, behind(call, messages, found.has_more)
