"""What events of the CRM mean to us: a quote that was accepted is the same message as the CRM's own one.

A change event names what changed and nothing else, so the number of the quote is read first, by a flow; a platform
event (`Quote__c`, `QuoteNumber__c`, `Version__c`) says it all. Both end in the flow of the quote, whose id is its
business key: a quote that is learned of three times is one quote.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from domain.http import Request
from integration.cdc.bayeux import Told
from integration.effects import Call, Start
from integration.flow import FlowContext, Program
from integration.flows.starts import start_quote
from integration.flows.steps import do, until_given_up
from integration.intake import Route, Source, Unreadable
from integration.outcomes import Message
from integration.systems import crm
from integration.systems.wire import quoted

PATH = "/changes/crm"
"""The path of the source: no door leads there, only the subscriber hands requests to it."""
CHANNEL = "/data/QuoteChangeEvent"
ACCEPTED = "Accepted"
_WHOLE_BEFORE = 2**53  # what JSON numbers hold exactly
_QUERY = "SELECT Id, QuoteNumber, Version__c, Kind__c FROM Quote WHERE Id = '%s' AND Status = 'Accepted'"


class Change(msgspec.Struct, frozen=True):
    """An event that matters, as it is handed to the intake."""

    id: str
    quote_id: str
    number: str = ""
    version: int = 1
    at_us: int = 0


_changes = msgspec.json.Decoder(list[Change])
_encode = msgspec.json.Encoder().encode


def changes_of(event: Told) -> list[Change]:
    """Return what an event says of quotes that may have been accepted; nothing when it is about something else."""
    payload = event.content.get("payload") or {}
    header = payload.get("ChangeEventHeader")
    if isinstance(header, Mapping):
        return _changed(event, payload, header)
    if event.channel.startswith("/event/") and payload.get("Quote__c"):
        number, version = str(payload.get("QuoteNumber__c") or ""), _whole(payload.get("Version__c") or 1)
        known = number if version else ""
        return [Change(_id(event, payload["Quote__c"]), str(payload["Quote__c"]), known, version or 1)]
    return []


def is_overflow(event: Told) -> bool:
    """Tell whether the CRM had more changes than it could tell: only a sweep finds them."""
    header = (event.content.get("payload") or {}).get("ChangeEventHeader")
    return isinstance(header, Mapping) and header.get("changeType") == "GAP_OVERFLOW"


def _changed(event: Told, payload: Mapping[str, Any], header: Mapping[str, Any]) -> list[Change]:
    kind = str(header.get("changeType", ""))
    # A gap event says that these records changed, not how: each is looked at.
    wanted = kind.startswith("GAP_") or (kind != "DELETE" and payload.get("Status") == ACCEPTED)
    if not wanted or header.get("entityName") != "Quote":
        return []
    number, version = str(payload.get("QuoteNumber") or ""), _whole(payload.get("Version__c"))
    at_us = _whole(header.get("commitTimestamp")) * 1000
    known = number if version else ""
    return [
        Change(_id(event, record), str(record), known, version or 1, at_us) for record in header.get("recordIds") or ()
    ]


def _whole(said: Any) -> int:
    """Return a number that an event says, 0 for anything that is none: the quote is then read, as after a gap.

    An event that cannot be understood must not be an error: it would be told again for ever, and hold up all others.
    """
    try:
        number = float(said)
    except (TypeError, ValueError, OverflowError):
        return 0
    return int(number) if 0 < number < _WHOLE_BEFORE and number.is_integer() else 0


def _id(event: Told, record: Any) -> str:
    return f"{event.channel}/{event.replay_id}/{record}"


def request_of(changes: list[Change]) -> Request:
    """Return changes as a request for the intake."""
    return Request("integration", "POST", PATH, {}, _encode(changes))


def _parse(request: Request) -> list[Message]:
    try:
        return [_message(change) for change in _changes.decode(request.body)]
    except msgspec.MsgspecError as wrong:
        raise Unreadable(str(wrong)) from wrong


def _message(change: Change) -> Message:
    if change.number:
        reference = f"{change.number}-v{change.version}"
        return Message(
            source="crm", id=change.id, topic="quote.accepted", key=reference, txn=change.number,
            body={"quote_id": change.quote_id, "reference": reference}, sent_us=change.at_us,
        )  # fmt: skip
    return Message(
        source="crm", id=change.id, topic="quote.changed", key=change.quote_id,
        body={"quote_id": change.quote_id, "change": change.id}, sent_us=change.at_us,
    )  # fmt: skip


def _learn(message: Message) -> Start:
    told = message.body
    return Start(flow_id=f"changed/{told['change']}", name="learn_quote", arguments={"quote_id": told["quote_id"]})


def _trusted(_request: Request, _now_us: int) -> None:
    """Nobody but our own subscriber, which has signed in to the CRM, hands requests to this source."""


async def learn_quote(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start the flow of a changed quote if it is accepted. Arguments: quote_id."""
    rows = crm.accepted_rows(await do(context, read_number(arguments["quote_id"])))
    for row in rows:
        await start_quote(row.Id, f"{row.QuoteNumber}-v{int(row.Version__c)}", row.QuoteNumber)
    return {"accepted": bool(rows)}


def read_number(quote_id: str) -> Call:
    """Ask for the number and version of a quote, if it is accepted."""
    before, after = _QUERY.split("%s")
    target = f"{crm.BASE}/query?q={quoted(before)}{quoted(quote_id)}{quoted(after)}"
    return Call(system="crm", operation="query", target=target, timeout_seconds=30)


PROGRAMS: Mapping[str, Program] = MappingProxyType({"learn_quote": until_given_up(learn_quote)})
SOURCE = Source("crm", PATH, _trusted, _parse)
ROUTES = (Route(source="crm", topic="quote.changed", start=_learn, deliver=False),)

__all__ = ["CHANNEL", "PATH", "PROGRAMS", "ROUTES", "SOURCE", "Change", "changes_of", "is_overflow", "request_of"]
